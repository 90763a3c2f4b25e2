"""Encoder and decoder stacks: what turns an input into a code and a code into an output.

A backbone is a function of `input_shape` and `latent_dim` that returns two Keras models, the
encoder and the decoder. Families choose one by name through `build` and add what makes them
different.
"""

import difflib
import inspect
import math

import keras
from keras import layers

ACTIVATIONS = (
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "swish",
    "tanh",
)


def build(backbone, input_shape, latent_dim, **options):
    """Builds the encoder and decoder of a backbone given by name.

    Args:
        backbone: String, `"dense"` or `"conv"`.
        input_shape: Tuple of positive integers, the shape of one sample without the batch axis,
            or one integer for vectors. Channels come last.
        latent_dim: Positive integer, how many numbers a code has.
        **options: Options of the backbone, see `dense` and `conv`.

    Returns:
        A pair of `keras.Model`: the encoder, `(B, *input_shape) -> (B, *latent_shape)`, and the
        decoder, `(B, *latent_shape) -> (B, *input_shape)`.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.build("dense", (28, 28, 1), 16, hidden_units=(128,))
    >>> encoder.output_shape, decoder.output_shape
    ((None, 16), (None, 28, 28, 1))
    """
    if backbone not in BACKBONES:
        raise ValueError(
            f"Unknown backbone. Expected one of {sorted(BACKBONES)}. Received: {backbone!r}"
        )
    function = BACKBONES[backbone]
    valid = list(inspect.signature(function).parameters)[2:]
    for option in options:
        if option not in valid:
            near = difflib.get_close_matches(option, valid, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"Unknown option {option!r}.{hint} "
                f"The {backbone} backbone takes: {', '.join(sorted(valid))}."
            )
    return function(_shape(input_shape), _positive("latent_dim", latent_dim), **options)


def dense(
    input_shape,
    latent_dim,
    *,
    hidden_units=(512, 256),
    activation="leaky_relu",
    latent_activation="linear",
    output_activation="auto",
    dropout=0.0,
    l2=0.0,
    batch_normalization=False,
):
    """Fully connected encoder and its mirror image, for inputs of any shape.

    Args:
        input_shape: Tuple of positive integers, the shape of one sample.
        latent_dim: Positive integer, the number of units of the code.
        hidden_units: Sequence of positive integers, the layer sizes from the input to the code;
            the decoder has them in reverse. Empty for a network whose only hidden layer is the
            code.
        activation: String, activation of the hidden layers. The default trained better here than
            ReLU, and runs in int8 on every TFLite runtime.
        latent_activation: String, activation of the code.
        output_activation: String, activation of the output. `"auto"` is `"sigmoid"` for images
            and volumes (three axes or more, values in [0, 1]), else `"linear"`.
        dropout: Float in [0, 1), the rate after each hidden layer.
        l2: Float, 0 or more: the factor of the L2 penalty on kernels.
        batch_normalization: Boolean, whether to normalize before each hidden activation.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range.

    Reference:
        Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
        Science 313, 2006.
    """
    units = [_positive("hidden_units", unit) for unit in _sequence("hidden_units", hidden_units)]
    between = _between(activation, dropout, batch_normalization)
    regularizer = _l2(l2)

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    if len(input_shape) > 1:
        x = layers.Flatten(name="flatten")(x)  # (B, ...) -> (B, N)
    for i, unit in enumerate(units, start=1):
        x = between(layers.Dense(unit, kernel_regularizer=regularizer, name=f"dense_{i}")(x), i)
    x = layers.Dense(latent_dim, kernel_regularizer=regularizer, name="latent")(x)
    code = _activation(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    x = inputs
    for i, unit in enumerate(reversed(units), start=1):
        x = between(layers.Dense(unit, kernel_regularizer=regularizer, name=f"dense_{i}")(x), i)
    x = layers.Dense(math.prod(input_shape), kernel_regularizer=regularizer, name="output")(x)
    if len(input_shape) > 1:
        x = layers.Reshape(input_shape, name="reshape")(x)  # (B, N) -> (B, ...)
    outputs = _activation(_resolve(output_activation, input_shape), "output_activation")(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")


def conv(
    input_shape,
    latent_dim,
    *,
    filters=(32, 64),
    kernel_size=3,
    bottleneck="dense",
    activation="relu",
    latent_activation="linear",
    output_activation="auto",
    dropout=0.0,
    l2=0.0,
    batch_normalization=False,
):
    """Strided convolutions down to a code, and transposed convolutions back.

    Each level halves every spatial axis, rounding up; the decoder crops what rounding added, so
    that the output has exactly the input's shape.

    Args:
        input_shape: Tuple of positive integers: `(steps, channels)` for signals, `(height, width,
            channels)` for images, `(depth, height, width, channels)` for volumes.
        latent_dim: Positive integer, how many numbers the code has.
        filters: Sequence of positive integers, the filters of each level from the input on.
        kernel_size: Positive integer, the kernel's length along each spatial axis.
        bottleneck: `"dense"` for a flat code of shape `(latent_dim,)`, `"conv"` for a convolution
            whose kernel covers the whole last feature map, with a code of shape `(1, ...,
            latent_dim)`. They encode alike; the second decodes with fewer parameters.
        activation: String, activation of the hidden layers. The default trained as well here as
            the leaky ReLU of `dense`, and loses less in int8.
        latent_activation, output_activation, dropout, l2, batch_normalization: As in `dense`.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range, or a shape without spatial axes.

    Reference:
        Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
        ICANN 2011, with strided convolutions in place of pooling.
    """
    rank = len(input_shape) - 1
    if rank not in (1, 2, 3):
        raise ValueError(
            "A conv backbone takes signals (steps, channels), images (height, width, channels) or "
            f"volumes (depth, height, width, channels). Received: input_shape={input_shape}. "
            "For vectors use a dense backbone, or add an axis of one channel."
        )
    if bottleneck not in ("dense", "conv"):
        raise ValueError(f"bottleneck must be 'dense' or 'conv'. Received: {bottleneck!r}")
    filters = [_positive("filters", f) for f in _sequence("filters", filters)]
    if not filters:
        raise ValueError("filters must name at least one level. Received: ()")
    between = _between(activation, dropout, batch_normalization)
    shared = {"kernel_regularizer": _l2(l2)}
    strided = shared | {
        "kernel_size": _positive("kernel_size", kernel_size),
        "strides": 2,
        "padding": "same",
    }
    conv_layer = getattr(layers, f"Conv{rank}D")
    transpose_layer = getattr(layers, f"Conv{rank}DTranspose")
    cropping_layer = getattr(layers, f"Cropping{rank}D")

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    sizes = []  # the spatial shape before each level, to crop back to
    for i, f in enumerate(filters, start=1):
        sizes.append(x.shape[1:-1])
        x = between(conv_layer(f, name=f"conv_{i}", **strided)(x), i)
    features = x.shape[1:]
    if bottleneck == "dense":
        x = layers.Flatten(name="flatten")(x)  # (B, h, w, F) -> (B, h * w * F)
        x = layers.Dense(latent_dim, name="latent", **shared)(x)
    else:  # (B, h, w, F) -> (B, 1, 1, D)
        x = conv_layer(latent_dim, kernel_size=features[:-1], name="latent", **shared)(x)
    code = _activation(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    if bottleneck == "dense":
        x = layers.Dense(math.prod(features), name="features", **shared)(inputs)
        x = layers.Reshape(features, name="reshape")(x)  # (B, h * w * F) -> (B, h, w, F)
    else:  # (B, 1, 1, D) -> (B, h, w, F)
        x = transpose_layer(filters[-1], kernel_size=features[:-1], name="features", **shared)(
            inputs
        )
    x = between(x, 0)
    for i, size in enumerate(reversed(sizes), start=1):
        last = i == len(sizes)
        f = input_shape[-1] if last else filters[-1 - i]
        x = transpose_layer(f, name="output" if last else f"conv_{i}", **strided)(x)
        excess = [(0, grown - n) for grown, n in zip(x.shape[1:-1], size, strict=True)]
        if any(after for _, after in excess):
            cropping = excess[0] if rank == 1 else excess
            x = cropping_layer(cropping, name=f"crop_{i}")(x)
        if not last:
            x = between(x, i)
    outputs = _activation(_resolve(output_activation, input_shape), "output_activation")(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")


BACKBONES = {"dense": dense, "conv": conv}


def _between(activation, dropout, batch_normalization):
    """Returns what stands between two layers: normalization, activation, dropout."""
    _activation(activation)  # an unknown name is refused before anything is built
    if not isinstance(dropout, (int, float)) or not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a number in [0, 1). Received: {dropout!r}")
    if not isinstance(batch_normalization, bool):
        raise ValueError(
            f"batch_normalization must be True or False. Received: {batch_normalization!r}"
        )

    def apply(x, i):
        if batch_normalization:
            x = layers.BatchNormalization(name=f"batch_normalization_{i}")(x)
        x = _activation(activation, f"activation_{i}")(x)
        return layers.Dropout(dropout, name=f"dropout_{i}")(x) if dropout else x

    return apply


def _activation(activation, name=None):
    try:
        return layers.Activation(activation, name=name)
    except (ValueError, TypeError):
        near = difflib.get_close_matches(str(activation), ACTIVATIONS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Unknown activation {activation!r}.{hint} Known names: {', '.join(ACTIVATIONS)}."
        ) from None


def _resolve(output_activation, input_shape):
    if output_activation != "auto":
        return output_activation
    return "sigmoid" if len(input_shape) >= 3 else "linear"


def _l2(factor):
    if not isinstance(factor, (int, float)) or not factor >= 0:
        raise ValueError(f"l2 must be a number, 0 or more. Received: {factor!r}")
    return keras.regularizers.L2(factor) if factor else None


def _shape(input_shape):
    shape = (input_shape,) if hasattr(input_shape, "__index__") else tuple(input_shape)
    if not shape:
        raise ValueError("input_shape must have at least one axis. Received: ()")
    return tuple(_positive("input_shape", size) for size in shape)


def _sequence(name, value):
    if hasattr(value, "__index__"):
        return (value,)
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be a sequence of positive integers. Received: {value!r}")
    return tuple(value)


def _positive(name, value):
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} must be made of positive integers. Received: {value!r}")
    return int(value)
