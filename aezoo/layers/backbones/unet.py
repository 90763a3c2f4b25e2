"""Convolutions at several sizes, with skip connections between those of one size."""

from collections.abc import Callable

import keras
from keras import layers

from aezoo.checks import Shape, count, positive, sequence
from aezoo.layers.backbones.options import (
    between_layers,
    checked_rank,
    cropped,
    l2_penalty,
    output_layer,
    residual_block,
)
from aezoo.layers.bottleneck import Whole

STEM = 5  # pixels of the first kernel and the last: each place is covered by several


def unet(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    filters: Shape = (32, 64, 128),
    blocks: int = 1,
    activation: str = "relu",
    output_activation: str = "auto",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_normalization: bool = False,
) -> tuple[keras.Model, keras.Model]:
    """Convolutions at a half, a quarter and less of the size, added to what goes around them.

    What the network makes of a sample is a correction, which is added to it: at first nothing. It
    has no narrow code, since the skip connections go around one: its code is the corrected sample,
    and the decoder no more than its activation. That is for noise, which has to be told from what
    is seen, and not for compression. All layers are convolutions, so that the same weights do for
    samples of any size, see `aezoo.denoise`.

    Args:
        input_shape: Tuple of positive integers: `(steps, channels)`, `(height, width, channels)`
            or `(depth, height, width, channels)`. Axes need not be even.
        latent_dim: Positive integer, as every backbone has it. There is no code to be sized by it.
        filters: Sequence of positive integers, the filters at a half of the size, a quarter, ...
        blocks: Integer, 0 or more: residual blocks of two convolutions at each size, on the way
            down and, but for the last, on the way up.
        activation, output_activation, dropout, l2, batch_normalization: As in `dense`. The output
            of images is cut off at 0 and 1 by default.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range, or a shape without spatial axes.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.unet((45, 30, 1), 1, filters=(8, 16))
    >>> encoder.output_shape
    (None, 45, 30, 1)

    Reference:
        Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
        MICCAI 2015, arXiv:1505.04597, with additions in place of concatenations; the noise as
        what is learned: Zhang et al., "Beyond a Gaussian Denoiser", IEEE TIP 26, 2017,
        arXiv:1608.03981.
    """
    checked_rank("unet", input_shape)
    between = between_layers(activation, dropout, batch_normalization)
    inputs = keras.Input(input_shape, name="input")
    x = corrected(inputs, filters, blocks, between, l2_penalty(l2))
    encoder = keras.Model(inputs, Whole(name="bottleneck", dtype="float32")(x), name="encoder")

    inputs = keras.Input(input_shape, name="code")
    output = output_layer(output_activation, input_shape, False, linear_path=True, dtype="float32")
    return encoder, keras.Model(inputs, output(inputs), name="decoder")


def corrected(
    x: keras.KerasTensor,
    filters: Shape,
    blocks: int,
    between: Callable,
    kernel_regularizer: keras.regularizers.Regularizer | None = None,
) -> keras.KerasTensor:
    """Adds to samples what a unet makes of them: at first nothing.

    Args:
        x: Tensor of shape `(B, ..., C)` with one to three spatial axes.
        filters, blocks: See `unet`.
        between: What stands between two layers, of `between_layers`.
        kernel_regularizer: Keras regularizer, or `None`.

    Returns:
        Tensor of the shape of `x`.

    Raises:
        ValueError: For a value out of its range.
    """
    filters = [positive("filters", f) for f in sequence("filters", filters)]
    if not filters:
        raise ValueError("filters must name at least one level. Received: ()")
    blocks = count("blocks", blocks)
    rank = len(x.shape) - 2
    convolution, transposed = (
        getattr(layers, name.format(rank)) for name in ("Conv{}D", "Conv{}DTranspose")
    )
    shared = {"padding": "same", "kernel_regularizer": kernel_regularizer}

    def level(x, f, name):
        for i in range(1, blocks + 1):
            x = residual_block(
                x, lambda **kw: convolution(f, 3, **shared, **kw), between, f"{name}_{i}"
            )
        return x

    skips = []
    for i, f in enumerate(filters, start=1):
        skips.append(x)
        x = convolution(f, 2 if i > 1 else STEM, strides=2, name=f"down_{i}", **shared)(x)
        x = level(x, f, f"down_{i}")
    for i, skip in reversed([*enumerate(skips, start=1)]):
        if i < len(filters):
            x = level(x, filters[i - 1], f"up_{i}")
        x = between(x, f"up_{i}")
        own = {"kernel_size": 2} if i > 1 else {"kernel_size": STEM, "kernel_initializer": "zeros"}
        x = transposed(skip.shape[-1], strides=2, name=f"up_{i}", **own, **shared)(x)
        # in mixed precision, too, what goes around the network is not rounded
        own = {} if i > 1 else {"dtype": "float32"}
        x = layers.Add(name=f"add_{i}", **own)([skip, cropped(x, skip.shape[1:-1], f"crop_{i}")])
    return x
