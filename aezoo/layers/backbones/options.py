"""What the backbones share: their options, checked, and what stands between two layers."""

import difflib
import math

import keras
from keras import layers

from aezoo.checks import number, positive, sequence
from aezoo.layers.linear_path import KEPT, STARTED
from aezoo.layers.linear_path import NAME as LINEAR_PATH
from aezoo.layers.output import Output

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


def between_layers(activation, dropout, batch_normalization):
    """Returns what stands between two layers: normalization, activation, dropout."""
    activation_layer(activation)  # an unknown name is refused before anything is built
    dropout = number("dropout", dropout, least=0, below=1)
    if not isinstance(batch_normalization, bool):
        raise ValueError(
            f"batch_normalization must be True or False. Received: {batch_normalization!r}"
        )

    def apply(x, i):
        if batch_normalization:
            x = layers.BatchNormalization(name=f"batch_normalization_{i}")(x)
        x = activation_layer(activation, f"activation_{i}")(x)
        return layers.Dropout(dropout, name=f"dropout_{i}")(x) if dropout else x

    return apply


def residual_block(x, make_layer, between, name):
    """What comes in plus two layers of it: x + W2 f(W1 f(x))."""
    branch = make_layer(name=f"block_{name}_1")(between(x, f"{name}_1"))
    branch = between(branch, f"{name}_2")
    branch = make_layer(name=f"block_{name}_2", kernel_initializer="zeros")(branch)
    return layers.Add(name=f"add_{name}")([x, branch])


def checked_rank(backbone, input_shape):
    """Returns how many spatial axes samples have; none, or more than three, are refused."""
    rank = len(input_shape) - 1
    if rank not in (1, 2, 3):
        raise ValueError(
            f"A {backbone} backbone takes signals (steps, channels), images (height, width, "
            "channels) or volumes (depth, height, width, channels). Received: "
            f"input_shape={input_shape}. For vectors use a dense backbone, or add an axis of one "
            "channel."
        )
    return rank


def cropped(x, size, name):
    """What rounding up has added to an axis, taken off again."""
    excess = [(0, grown - n) for grown, n in zip(x.shape[1:-1], size, strict=True)]
    if not any(after for _, after in excess):
        return x
    layer = getattr(layers, f"Cropping{len(excess)}D")
    return layer(excess[0] if len(excess) == 1 else excess, name=name)(x)


def activation_layer(activation, name=None):
    """Returns the layer of an activation by name; an unknown one is refused."""
    try:
        return layers.Activation(activation, name=name)
    except (ValueError, TypeError):
        near = difflib.get_close_matches(str(activation), ACTIVATIONS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Unknown activation {activation!r}.{hint} Known names: {', '.join(ACTIVATIONS)}."
        ) from None


def output_layer(activation, input_shape, xla, linear_path=False, **options):
    """Returns the end of a decoder; by default images are in [0, 1], and all else is not."""
    if activation == "auto":
        bounded = "clip" if linear_path else "sigmoid"  # to PCA's reconstructions a clip is kind
        activation = bounded if len(input_shape) >= 3 else "linear"
    if activation != "clip":
        activation_layer(activation)
    bias_layer = LINEAR_PATH if linear_path else "output"
    own = {"bias_layer": bias_layer, "xla": xla, "name": "output_activation"}
    return Output(activation, **own, **options)


def check_linear_path(linear_path, latent_activation, output_activation):
    """Refuses a linear path where it could not start at principal components."""
    if not isinstance(linear_path, bool):
        raise ValueError(f"linear_path must be True or False. Received: {linear_path!r}")
    if linear_path and latent_activation not in STARTED:
        raise ValueError(
            f"A linear path needs a latent_activation among {STARTED}. Received: "
            f"{latent_activation!r}"
        )
    if linear_path and output_activation not in KEPT:
        raise ValueError(
            f"A linear path needs an output_activation among {KEPT}. Received: "
            f"{output_activation!r}"
        )


def l2_penalty(factor):
    """Returns the L2 regularizer of a factor, `None` for 0."""
    factor = number("l2", factor, least=0)
    return keras.regularizers.L2(factor) if factor else None


def steps_of(input_shape):
    """Returns how many steps samples have, and how many numbers each step has."""
    return input_shape[0], math.prod(input_shape[1:])


def shape_of(input_shape):
    """Returns an input shape as a tuple of integers; one integer is a vector's."""
    shape = sequence("input_shape", input_shape)
    if not shape:
        raise ValueError("input_shape must have at least one axis. Received: ()")
    return tuple(positive("input_shape", size) for size in shape)
