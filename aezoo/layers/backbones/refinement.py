"""Convolutions beside a whole network, that correct what goes into it or comes out of it."""

import keras
from keras import layers

from aezoo.layers.backbones.options import between_layers, cropped, residual_block
from aezoo.layers.linear_path import REFINED

STRIDED = {"kernel_size": 4, "strides": 2, "padding": "same"}  # a kernel of two strides


def refined(
    x: keras.KerasTensor,
    filters: int,
    blocks: int,
    *,
    activation: str = "relu",
    batch_normalization: bool = False,
    kernel_regularizer: keras.regularizers.Regularizer | None = None,
) -> keras.KerasTensor:
    """Adds to samples what residual blocks at half their size make of them: at first nothing.

    Such a correction is the same everywhere in a sample, so that a few hundred of them are many.

    Args:
        x: Tensor of shape `(B, steps, C)`, `(B, height, width, C)` or `(B, depth, height, width,
            C)`.
        filters: Positive integer, the channels of the blocks.
        blocks: Positive integer, how many.
        activation, batch_normalization: As in `aezoo.backbones.dense`.
        kernel_regularizer: Keras regularizer, or `None`.

    Returns:
        Tensor of the shape of `x`.

    Example:

    >>> import keras, numpy as np
    >>> inputs = keras.Input((7, 8, 3))
    >>> model = keras.Model(inputs, refined(inputs, 4, blocks=1))
    >>> x = np.random.default_rng(0).random((2, 7, 8, 3), "float32")
    >>> bool(np.array_equal(model(x), x))
    True

    Reference:
        That convolutions restore what a linear map of images lost: Dong et al., "Learning a Deep
        Convolutional Network for Image Super-Resolution", ECCV 2014, arXiv:1501.00092.
    """
    rank = len(x.shape) - 2
    convolution, transposed = (
        getattr(layers, name.format(rank)) for name in ("Conv{}D", "Conv{}DTranspose")
    )
    between = between_layers(activation, 0.0, batch_normalization)
    own = {"kernel_regularizer": kernel_regularizer}
    y = convolution(filters, name="refinement", **STRIDED, **own)(x)
    for i in range(1, blocks + 1):
        y = residual_block(
            y,
            lambda **kw: convolution(filters, 3, padding="same", **own, **kw),
            between,
            f"refinement_{i}",
        )
    y = between(y, "refinement")
    y = transposed(x.shape[-1], kernel_initializer="zeros", name=REFINED, **STRIDED, **own)(y)
    y = cropped(y, x.shape[1:-1], f"crop_{REFINED}")
    return layers.Add(name=f"add_{REFINED}")([x, y])
