"""Strided convolutions."""

import math

import keras
from keras import layers

from aezoo.checks import Shape, count, positive, sequence
from aezoo.layers.backbones.options import (
    activation_layer,
    between_layers,
    check_linear_path,
    checked_rank,
    cropped,
    l2_penalty,
    output_layer,
    residual_block,
)
from aezoo.layers.backbones.refinement import refined
from aezoo.layers.covering import CoveringConv2D, CoveringConv2DTranspose
from aezoo.layers.linear_path import beside_linear_path, linear_layer


def conv(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    filters: Shape = (32, 64),
    kernel_size: int = 3,
    bottleneck: str = "dense",
    activation: str = "relu",
    latent_activation: str = "linear",
    output_activation: str = "auto",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_normalization: bool = False,
    blocks: int = 0,
    refinement: int = 0,
    refinement_filters: int = 32,
    linear_path: bool = False,
) -> tuple[keras.Model, keras.Model]:
    """Strided convolutions down to a code, and transposed convolutions back.

    Each level halves every spatial axis, rounding up; the decoder crops what rounding added, so
    that the output has exactly the input's shape.

    Args:
        input_shape: Tuple of positive integers: `(steps, channels)` for signals, `(height, width,
            channels)` for images, `(depth, height, width, channels)` for volumes.
        latent_dim: Positive integer, how many numbers the code has.
        filters: Sequence of positive integers, the filters of each level from the input on. With
            refinement it may be empty: the code is a linear map then, of what is refined.
        kernel_size: Positive integer, the kernel's length along each spatial axis.
        bottleneck: `"dense"` for a flat code of shape `(latent_dim,)`, `"conv"` for a convolution
            whose kernel covers the whole last feature map, with a code of shape `(1, ...,
            latent_dim)`. They encode alike; the second decodes with fewer parameters.
            `"spatial"` for a code of `latent_dim` numbers at each place of the last feature map.
        activation: String, activation of the hidden layers. The default trained as well here as
            the leaky ReLU of `dense`, and loses less in int8.
        latent_activation, output_activation, dropout, l2, batch_normalization: As in `dense`.
        blocks: Integer, 0 or more: residual blocks of two convolutions at each level, as in
            `dense`.
        refinement: Integer, 0 or more: residual blocks at half the input's size that correct what
            goes in, for the code to hold more, and what comes out, such as edges. They have no
            dropout.
        refinement_filters: Positive integer, the channels of these blocks.
        linear_path: As in `dense`. Not for a `"spatial"` bottleneck.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range, or a shape without spatial axes.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.conv((28, 28, 1), 16, filters=(8,))
    >>> encoder.get_layer("conv_1").output.shape
    (None, 14, 14, 8)

    Reference:
        Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
        ICANN 2011, with strided convolutions in place of pooling.
    """
    rank = checked_rank("conv", input_shape)
    if bottleneck not in ("dense", "conv", "spatial"):
        raise ValueError(
            f"bottleneck must be 'dense', 'conv' or 'spatial'. Received: {bottleneck!r}"
        )
    if linear_path and bottleneck == "spatial":
        raise ValueError("A spatial bottleneck has no linear path: its codes are of places.")
    filters = [positive("filters", f) for f in sequence("filters", filters)]
    refinement = count("refinement", refinement)
    refinement_filters = positive("refinement_filters", refinement_filters)
    if not filters and (not refinement or bottleneck != "dense"):
        raise ValueError(
            "filters must name at least one level, but for a dense bottleneck with refinement. "
            "Received: ()"
        )
    between = between_layers(activation, dropout, batch_normalization)
    shared = {"kernel_regularizer": l2_penalty(l2)}
    kernel_size = positive("kernel_size", kernel_size)
    strided = shared | {
        "kernel_size": kernel_size,
        "strides": 2,
        "padding": "same",
    }
    conv_layer = getattr(layers, f"Conv{rank}D")
    transpose_layer = getattr(layers, f"Conv{rank}DTranspose")
    covering, uncovering = conv_layer, transpose_layer
    if rank == 2:
        covering, uncovering = CoveringConv2D, CoveringConv2DTranspose
    blocks = count("blocks", blocks)
    check_linear_path(linear_path, latent_activation, output_activation)

    def level(x, f, i):
        for j in range(1, blocks + 1):
            x = residual_block(
                x,
                lambda **kw: conv_layer(f, kernel_size, padding="same", **shared, **kw),
                between,
                f"{i}_{j}",
            )
        return between(x, i)

    def linear(x, units, name):
        if linear_path and not filters:  # the path is all that there is
            return linear_layer(units, False, **shared)(x)
        return layers.Dense(units, name=name, **shared)(x)

    def refine(x):
        own = {"activation": activation, "batch_normalization": batch_normalization, **shared}
        return refined(x, refinement_filters, refinement, **own) if refinement else x

    inputs = keras.Input(input_shape, name="input")
    x = beside = refine(inputs)
    sizes = []  # the spatial shape before each level, to crop back to
    for i, f in enumerate(filters, start=1):
        sizes.append(x.shape[1:-1])
        x = level(conv_layer(f, name=f"conv_{i}", **strided)(x), f, i)
    features = x.shape[1:]
    if bottleneck == "dense":
        x = layers.Flatten(name="flatten")(x)  # (B, h, w, F) -> (B, h * w * F)
        x = linear(x, latent_dim, "latent")
    else:  # (B, h, w, F) -> (B, 1, 1, D), or (B, h, w, D)
        make, size = (covering, features[:-1]) if bottleneck == "conv" else (conv_layer, 1)
        x = make(latent_dim, kernel_size=size, name="latent", **shared)(x)
    if linear_path and filters:
        x = beside_linear_path(x, beside)
    code = activation_layer(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    if bottleneck == "dense":
        name = "features" if filters else "output"
        x = linear(inputs, math.prod(features), name)
        x = layers.Reshape(features, name="reshape")(x)  # (B, h * w * F) -> (B, h, w, F)
    elif bottleneck == "conv":  # (B, 1, 1, D) -> (B, h, w, F)
        x = uncovering(filters[-1], kernel_size=features[:-1], name="features", **shared)(inputs)
    else:  # (B, h, w, D) -> (B, h, w, F)
        x = conv_layer(filters[-1], kernel_size=1, name="features", **shared)(inputs)
    if filters:
        x = level(x, filters[-1], 0)
    for i, size in enumerate(reversed(sizes), start=1):
        last = i == len(sizes)
        f = input_shape[-1] if last else filters[-1 - i]
        x = transpose_layer(f, name="output" if last else f"conv_{i}", **strided)(x)
        x = cropped(x, size, f"crop_{i}")
        if not last:
            x = level(x, f, i)
    if linear_path and filters:
        x = beside_linear_path(x, inputs)
    outputs = output_layer(output_activation, input_shape, False, linear_path)(refine(x))
    return encoder, keras.Model(inputs, outputs, name="decoder")
