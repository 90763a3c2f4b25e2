"""Convolutions at several sizes, with skip connections between those of one size."""

import math

import keras
from keras import layers

from aezoo.checks import Shape, count, positive, sequence
from aezoo.layers.backbones.options import (
    between_layers,
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
    rank = len(input_shape) - 1
    if rank not in (1, 2, 3):
        raise ValueError(
            "A unet backbone takes signals (steps, channels), images (height, width, channels) or "
            f"volumes (depth, height, width, channels). Received: input_shape={input_shape}"
        )
    filters = [positive("filters", f) for f in sequence("filters", filters)]
    if not filters:
        raise ValueError("filters must name at least one level. Received: ()")
    blocks = count("blocks", blocks)
    between = between_layers(activation, dropout, batch_normalization)
    convolution, transposed = (
        getattr(layers, name.format(rank)) for name in ("Conv{}D", "Conv{}DTranspose")
    )
    shared = {"padding": "same", "kernel_regularizer": l2_penalty(l2)}

    def level(x, f, name):
        for i in range(1, blocks + 1):
            x = residual_block(
                x, lambda **kw: convolution(f, 3, **shared, **kw), between, f"{name}_{i}"
            )
        return x

    inputs = keras.Input(input_shape, name="input")
    x, skips = inputs, []
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
    encoder = keras.Model(inputs, Whole(name="bottleneck", dtype="float32")(x), name="encoder")

    inputs = keras.Input(input_shape, name="code")
    output = output_layer(output_activation, input_shape, False, linear_path=True, dtype="float32")
    return encoder, keras.Model(inputs, output(inputs), name="decoder")


def coarsest_step(encoder: keras.Model) -> int:
    """How far apart the coarsest features of a unet are: 2 for each of its levels.

    Args:
        encoder: `keras.Model` of a unet.

    Returns:
        Positive integer.
    """
    return math.prod(layer.strides[0] for layer in _convolutions(encoder) if not _widens(layer))


def reach(encoder: keras.Model) -> int:
    """How far away a value can be that has a part in another one's result.

    Args:
        encoder: `keras.Model` of a unet.

    Returns:
        Positive integer, of pixels or steps along an axis.
    """
    found, step = 0, 1
    for layer in _convolutions(encoder):
        if _widens(layer):
            step //= layer.strides[0]
        found += step * -(-(layer.kernel_size[0] - 1) // 2)  # half a kernel, rounded up
        if not _widens(layer):
            step *= layer.strides[0]
    return found


def _convolutions(encoder):
    return [layer for layer in encoder.layers if hasattr(layer, "kernel_size")]


def _widens(layer):
    return "Transpose" in type(layer).__name__
