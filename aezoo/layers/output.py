"""What ends a decoder, and what its backbone declares there of the whole network."""

from typing import NamedTuple

import keras
from keras import layers

MOVES = (  # layers that move values and leave them as they are
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Cropping3D,
    layers.Dropout,
    layers.Flatten,
    layers.Permute,
    layers.Reshape,
)


@keras.saving.register_keras_serializable("aezoo")
class Output(keras.layers.Activation):
    """The activation of a decoder's output, with what its backbone says of the network.

    Args:
        activation: String, the name of one of Keras's, or `"clip"`, which cuts off at 0 and 1.
        bias_layer: String, the name of the layer in the decoder whose bias is added right before.
        xla: Boolean, whether XLA makes the network faster on CPUs, too.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.build("dense", 8, 2)
    >>> decoder.layers[-1].activation.__name__, decoder.layers[-1].xla
    ('linear', True)
    """

    def __init__(self, activation: str, bias_layer: str = "output", xla: bool = False, **kwargs):
        super().__init__(clip if activation == "clip" else activation, **kwargs)
        self.bias_layer = bias_layer
        self.xla = xla

    def get_config(self):
        own = {"activation": "clip"} if self.activation is clip else {}
        return {**super().get_config(), **own, "bias_layer": self.bias_layer, "xla": self.xla}


def clip(x):
    """Values cut off at 0 and 1."""
    return keras.ops.clip(x, 0.0, 1.0)


BOUNDED = ("clip", "sigmoid")  # activations whose values stay in [0, 1]


class Ending(NamedTuple):
    """How a decoder ends.

    Attributes:
        activation: String, the name of the output's activation, or `None` if it is not known.
        bias: Keras variable that is added right before it, or `None`.
        xla: Boolean, whether XLA makes the network faster on CPUs, too.
    """

    activation: str | None
    bias: keras.Variable | None
    xla: bool


def ending(decoder: keras.Model) -> Ending:
    """How a decoder ends: as its `Output` declares, or as its last layers say without one.

    Args:
        decoder: `keras.Model`.

    Returns:
        `Ending`. Of a network that declares nothing, the activation is that of the last layer that
        changes values.

    Example:

    >>> import keras
    >>> from aezoo.layers.output import ending
    >>> inputs = keras.Input((2,))
    >>> ending(keras.Model(inputs, keras.layers.Dense(4, "sigmoid")(inputs))).activation
    'sigmoid'
    """
    stack = list(flat_layers(decoder))
    if stack and isinstance(last := stack[-1], Output):
        biased = [layer for layer in stack if layer.name == last.bias_layer]
        bias = getattr(biased[-1], "bias", None) if biased else None
        return Ending(last.activation.__name__, bias, last.xla)
    changing = [layer for layer in stack if not isinstance(layer, (layers.InputLayer, *MOVES))]
    if not changing:
        return Ending(None, None, False)
    last = changing[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if isinstance(last, layers.Activation) and len(changing) > 1:
        last = changing[-2]
        if getattr(getattr(last, "activation", None), "__name__", "linear") != "linear":
            return Ending(activation, None, False)
    return Ending(activation, getattr(last, "bias", None) if activation else None, False)


def flat_layers(model: keras.Model):
    """The layers of a model, with those of models inside of it in their place.

    Args:
        model: `keras.Model`.

    Yields:
        Keras layers, in their order.
    """
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flat_layers(layer)
        else:
            yield layer
