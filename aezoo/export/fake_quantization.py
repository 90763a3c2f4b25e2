"""A model as it computes in int8, in float: values rounded where TensorFlow Lite rounds them."""

from collections import defaultdict

import keras
import numpy as np
from keras import layers, ops

from aezoo.export.scales import SIGMOID_END
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.linear_path import Limit
from aezoo.layers.output import MOVES, flat_layers

SPEED = 3.0  # times the learning rate of weights that logarithms of ranges change by
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
WEIGHTED = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, *TRANSPOSED)
COMBINING = (layers.Add, layers.Concatenate, layers.Multiply, layers.Subtract)
ACTIVATIONS = (layers.Activation, layers.ELU, layers.LeakyReLU, layers.ReLU)
FOLDED = (layers.BatchNormalization,)  # into the layers before them
PASSING = (  # layers with one scale before and after
    *MOVES,
    Bottleneck,
    Limit,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
)
FUSED = ("linear", "relu", "relu6")  # activations that are a part of the operator before them
ENDS = {"sigmoid": (0.0, 255 / 256), "tanh": (-1.0, 127 / 128)}  # ranges that TFLite prescribes


def fake_quantized(model: keras.Model, *, open_end: bool = False) -> keras.Model:
    """A model of the same layers, whose weights and values are rounded as in int8.

    Weights are rounded to 127 steps each side of 0, those of convolutions by filter. Values are
    rounded after each layer, or after the ReLU that TFLite makes a part of it.

    Args:
        model: `keras.Model`, `(B, ...) -> (B, ...)`. Its batch normalizations are left out: see
            `fold`.
        open_end: Boolean, whether the output is left to be rounded by what comes next.

    Returns:
        `keras.Model`, which shares the layers. It is without dropout, and works as at rest while
        training, too. Its values have no ranges yet, see `observing`.

    Raises:
        ValueError: If there is a layer that cannot be rounded as TFLite does it.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.build("dense", 8, 2, hidden_units=(4,))
    >>> [type(layer).__name__ for layer in fake_quantized(decoder).layers[1:4]]
    ['RoundedWeights', 'Rounded', 'AtRest']

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, section 3; trained ranges:
        Jain et al., "Trained Quantization Thresholds", MLSys 2020, arXiv:1903.08066.
    """
    model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)  # of a Sequential, too
    readers = readers_of(model)
    fused = set()  # activations that the layer before them has applied already

    def settled(layer, x):
        """The output of a layer, rounded unless what reads it does that."""
        after = _reader(readers, layer)
        while isinstance(after, (*MOVES, *FOLDED, Bottleneck)) or _name(after) == "linear":
            layer, after = after, _reader(readers, after)
        if _name(after) in FUSED:  # also through a change of shape, which it does not depend on
            fused.add(after)
            x = AtRest(after)(x)
        elif open_end and not readers[layer]:
            return x
        return Rounded(SIGMOID_END if _name(after) == "sigmoid" else None)(x)

    def call(layer, x, **kwargs):
        inner = layer if isinstance(layer, keras.Model) else getattr(layer, "encoder", None)
        if inner is not None:
            return fake_quantized(inner, open_end=open_end and not readers[layer])(x)
        if isinstance(layer, (layers.Dropout, *FOLDED)) or layer in fused:
            return x
        if isinstance(layer, PASSING) or _name(layer) == "linear":
            return AtRest(layer)(x)
        if isinstance(layer, WEIGHTED):
            if layer.activation.__name__ not in FUSED:
                raise ValueError(
                    f"The layer {layer.name!r} cannot be fine-tuned for int8: its activation "
                    f"{layer.activation.__name__!r} must be a layer of its own."
                )
            return settled(layer, RoundedWeights(layer)(x))
        if isinstance(layer, ACTIVATIONS) and _name(layer) in ENDS:
            return Rounded(ends=ENDS[_name(layer)])(AtRest(layer)(x))
        if isinstance(layer, (*COMBINING, *ACTIVATIONS)):
            return settled(layer, AtRest(layer)(x))
        raise ValueError(
            f"The layer {layer.name!r} cannot be fine-tuned for int8: where TFLite rounds in a "
            f"{type(layer).__name__} is not known. Export without fine_tune."
        )

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def fold(model: keras.Model) -> None:
    """Takes batch normalizations into the layers before them, in place: they then change nothing.

    Args:
        model: `keras.Model`.

    Raises:
        ValueError: If one comes after something else than a dense layer or a convolution.
    """
    model = keras.Model(model.inputs[0], model.outputs[0])
    readers = readers_of(model)
    before = {after[0]: layer for layer, after in readers.items() if len(after) == 1}
    for layer in model.layers:
        if not isinstance(layer, layers.BatchNormalization):
            continue
        layer.trainable = False
        weighted = before.get(layer)
        while isinstance(weighted, MOVES):
            weighted = before.get(weighted)
        count = layer.moving_mean.shape[0]
        if (
            not isinstance(weighted, WEIGHTED)
            or weighted.activation.__name__ != "linear"
            or weighted.bias is None
            or weighted.bias.shape[0] % count
        ):
            raise ValueError(
                f"The batch normalization {layer.name!r} cannot be folded: it must be all that "
                "reads a dense layer or a convolution with a bias."
            )
        _fold(layer, weighted)


def _fold(layer, weighted):
    zero, one, epsilon = 0.0, 1.0, layer.epsilon
    mean, variance = (np.array(v) for v in (layer.moving_mean, layer.moving_variance))
    beta = np.array(layer.beta) if layer.center else zero * mean
    factor = (np.array(layer.gamma) if layer.scale else one) / np.sqrt(variance + epsilon)
    # of a dense layer whose units become places and channels, channels come last
    mean, beta, factor = (np.resize(v, weighted.bias.shape) for v in (mean, beta, factor))
    across = factor[:, np.newaxis] if isinstance(weighted, TRANSPOSED) else factor
    weighted.kernel.assign(np.array(weighted.kernel) * across)
    weighted.bias.assign((np.array(weighted.bias) - mean) * factor + beta)
    ends = {"beta": zero, "moving_mean": zero, "gamma": one, "moving_variance": one - epsilon}
    for name, value in ends.items():
        variable = getattr(layer, name, None)
        if variable is not None:
            variable.assign(np.full(variable.shape, value))


def readers_of(model: keras.Model) -> dict[keras.layers.Layer, list[keras.layers.Layer]]:
    """The layers that read the output of each layer.

    Args:
        model: Functional `keras.Model`.

    Returns:
        Dictionary of lists, empty for a layer that nothing reads.
    """
    found = defaultdict(list)

    def call(layer, *args, **kwargs):
        for tensor in keras.tree.flatten(args):
            found[tensor._keras_history.operation].append(layer)
        return layer(*args, **kwargs)

    keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    return found


class AtRest(layers.Layer):
    """A layer of another model, which works as at rest while training, too.

    Args:
        layer: Keras layer.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs, training=False)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


class RoundedWeights(AtRest):
    """A dense layer or a convolution of another model, with its kernel in steps of int8.

    Gradients pass as if the kernel were not rounded.

    Attributes:
        exact: Boolean, whether to leave the kernel as it is.
        per_unit: Boolean, whether a dense layer has steps for each unit in place of one for all.
        most: Integer, how many steps there are to each side.
    """

    exact = False
    per_unit = False
    most = 127

    def call(self, inputs):
        if self.exact:
            return self.layer(inputs)
        kinds = (self.layer.trainable_variables, self.layer.non_trainable_variables)
        values = [
            [self.in_steps(v.value) if v is self.layer.kernel else v.value for v in kind]
            for kind in kinds
        ]
        return self.layer.stateless_call(*values, inputs)[0]

    def in_steps(self, kernel):
        """A kernel as it is rounded."""
        rank = len(kernel.shape)
        axes = tuple(range(rank - 1))  # (..., in, out)
        if isinstance(self.layer, layers.Dense) and not self.per_unit:
            axes = None
        elif isinstance(self.layer, TRANSPOSED):
            axes = (*range(rank - 2), rank - 1)  # (..., out, in)
        largest = ops.max(ops.abs(kernel), axis=axes, keepdims=True)
        step = ops.maximum(largest, keras.config.epsilon()) / self.most
        return kernel + ops.stop_gradient(ops.round(kernel / step) * step - kernel)


class Rounded(layers.Layer):
    """Values in 256 steps over a range, which is cut off there.

    Gradients pass within the range, whose ends are trained, too: the logarithm of a factor of each.

    Args:
        most: Float, where the range ends at the latest, to each side, or `None`.
        ends: Pair of floats, the range, or `None` for that of the values that were observed.
        **kwargs: Arguments of `keras.layers.Layer`.

    Attributes:
        seen: List of the pairs of least and largest value that were observed, or `None` if the
            values are rounded.
    """

    def __init__(self, most=None, ends=None, **kwargs):
        super().__init__(**kwargs)
        self.most = most
        self.ends = ends
        self.seen = None

    def build(self, input_shape):
        for name in ("low", "high"):
            weight = self.add_weight(shape=(), initializer="zeros", trainable=False, name=name)
            setattr(self, name, weight)
        if self.ends is None:
            self.factors = self.add_weight(shape=(2,), initializer="zeros", name="factors")

    def call(self, inputs):
        import tensorflow as tf  # whose operator is also what the converter knows

        if self.seen is not None:
            self.seen.append((float(ops.min(inputs)), float(ops.max(inputs))))
            return inputs
        return tf.quantization.fake_quant_with_min_max_vars(inputs, *self.range())

    def range(self):
        """A pair of scalar tensors, the ends of the range."""
        low, high = self.low.value, self.high.value
        if self.ends is None:
            factors = ops.exp(SPEED * self.factors)
            low, high = low * factors[0], high * factors[1]
        return low, high

    def compute_output_shape(self, input_shape):
        return input_shape

    def settle(self):
        """Takes the range of what was observed, which holds 0."""
        lows, highs = zip((0.0, 0.0), *self.seen, strict=True)
        low, high = self.ends or (min(lows), max(highs))
        if self.most is not None:
            low, high = max(low, -self.most), min(high, self.most)
        self.seen = None
        self.low.assign(low)
        self.high.assign(max(high, low + keras.config.epsilon()))
        if self.ends is None:
            self.factors.assign((0.0, 0.0))


def rounding_layers(*models: keras.Model) -> tuple[list[Rounded], list[RoundedWeights]]:
    """The layers that round, each once: values, and weights."""
    found = list(dict.fromkeys(layer for model in models for layer in flat_layers(model)))
    return tuple([x for x in found if isinstance(x, kind)] for kind in (Rounded, RoundedWeights))


def _reader(readers, layer):
    """What reads the output of a layer, if that is one alone."""
    return readers[layer][0] if len(readers[layer]) == 1 else None


def _name(layer):
    """The name of the activation that a layer is, or `None`."""
    if isinstance(layer, layers.ReLU):
        plain = not layer.negative_slope and not layer.threshold
        return {None: "relu", 6.0: "relu6"}.get(layer.max_value) if plain else None
    return layer.activation.__name__ if isinstance(layer, layers.Activation) else None
