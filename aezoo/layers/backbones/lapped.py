"""A cosine transform of blocks that overlap, with convolutions that correct it."""

import itertools
import math

import keras
import numpy as np
from keras import layers

from aezoo.checks import Shape, count, positive
from aezoo.layers.backbones.options import (
    between_layers,
    checked_rank,
    cropped,
    l2_penalty,
    output_layer,
)
from aezoo.layers.backbones.refinement import refined
from aezoo.layers.backbones.unet import corrected


def lapped(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    block: int = 16,
    refinement: int = 2,
    refinement_filters: int = 32,
    filters: Shape = (32, 64, 128),
    activation: str = "relu",
    output_activation: str = "auto",
    l2: float = 0.0,
) -> tuple[keras.Model, keras.Model]:
    """A linear map of each block of a sample, as JPEG has one, with networks before and after it.

    At first the code of a block is its lowest frequencies, by the discrete cosine transform, and
    the decoder its inverse. Both are trained: the map sees half a block beyond each edge, residual
    blocks correct what goes in, and a unet corrects what comes out, seams between blocks among
    it. All layers are convolutions, so that the same weights do for samples of any size.

    Args:
        input_shape: Tuple of positive integers: `(steps, channels)`, `(height, width, channels)`
            or `(depth, height, width, channels)`.
        latent_dim: Positive integer, how many numbers the code of a block has; at most as many as
            the block.
        block: Even positive integer, its length along each axis.
        refinement: Integer, 0 or more: residual blocks that correct what goes in, see `conv`.
        refinement_filters: Positive integer, their channels.
        filters: Sequence of positive integers, the levels of the unet that corrects what comes
            out, see `unet`.
        activation, output_activation, l2: As in `dense`. The output of images is cut off at 0 and
            1 by default.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range, or a shape without spatial axes.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.lapped((45, 32, 1), 20, filters=(8,))
    >>> encoder.output_shape, decoder.output_shape
    ((None, 3, 2, 20), (None, 45, 32, 1))

    Reference:
        Malvar and Staelin, "The LOT: Transform Coding without Blocking Effects", IEEE Transactions
        on Acoustics, Speech, and Signal Processing 37, 1989.
    """
    rank = checked_rank("lapped", input_shape)
    channels = input_shape[-1]
    if positive("block", block) % 2:
        raise ValueError(f"block must be an even number. Received: {block}")
    most = block**rank * channels
    if latent_dim > most:
        raise ValueError(f"A block has {most} numbers, its code at most as many: {latent_dim}")
    between = between_layers(activation, 0.0, False)
    shared = {
        "kernel_size": 2 * block,
        "strides": block,
        "padding": "same",
        "kernel_initializer": Cosines(),
        "kernel_regularizer": l2_penalty(l2),
    }

    inputs = x = keras.Input(input_shape, name="input")
    beyond = [-n % block for n in input_shape[:-1]]
    if any(beyond):
        pad = getattr(layers, f"ZeroPadding{rank}D")
        beyond = [(0, n) for n in beyond]
        x = pad(beyond[0] if rank == 1 else tuple(beyond), name="pad")(x)
    if count("refinement", refinement):
        x = refined(x, refinement_filters, refinement, activation=activation)
    x = getattr(layers, f"Conv{rank}D")(latent_dim, name="latent", dtype="float32", **shared)(x)
    encoder = keras.Model(inputs, x, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    transposed = getattr(layers, f"Conv{rank}DTranspose")
    x = transposed(channels, name="blocks", dtype="float32", **shared)(inputs)
    x = cropped(x, input_shape[:-1], "crop")
    x = corrected(x, filters, 1, between, l2_penalty(l2))
    output = output_layer(output_activation, input_shape, False, linear_path=True, dtype="float32")
    return encoder, keras.Model(inputs, output(x), name="decoder")


@keras.saving.register_keras_serializable("aezoo")
class Cosines(keras.initializers.Initializer):
    """The cosines of a block's lowest frequencies, in the middle of a kernel twice as long.

    Example:

    >>> kernel = Cosines()((4, 1, 2))  # blocks of 2: their mean and difference, orthonormal
    >>> (kernel[:, 0] * 2**0.5).round().tolist()
    [[0.0, 0.0], [1.0, 1.0], [1.0, -1.0], [0.0, 0.0]]

    Reference:
        Ahmed, Natarajan and Rao, "Discrete Cosine Transform", IEEE Transactions on Computers C-23,
        1974.
    """

    def __call__(self, shape, dtype=None):
        *size, channels, units = shape
        block = size[0] // 2
        places = np.arange(block) + 0.5
        lowest = sorted(
            itertools.product(*[range(block)] * len(size), range(channels)),
            key=lambda at: (sum(f * f for f in at[:-1]), at),
        )
        kernel = np.zeros(shape, "float32")
        middle = (slice(block // 2, block // 2 + block),) * len(size)
        for unit, (*frequencies, channel) in enumerate(lowest[:units]):
            wave = np.ones(())
            for frequency in frequencies:
                scale = math.sqrt((2 if frequency else 1) / block)
                one = scale * np.cos(math.pi / block * frequency * places)
                wave = np.multiply.outer(wave, one)
            kernel[(*middle, channel, unit)] = wave
        return kernel
