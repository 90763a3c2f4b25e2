"""Codes that hardly change when the input does: a penalty on the encoder's Jacobian."""

import math
from typing import Any

import keras
from keras import layers, ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number
from aezoo.layers import backbones
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term
from aezoo.registry import register

LOGGED = 8  # samples of a batch that evaluation looks at: a Jacobian costs as much as training
SLOPES = {  # derivatives of activations, from the sum s and the value a
    "elu": lambda s, a: ops.where(s > 0, 1.0, a + 1.0),
    "leaky_relu": lambda s, a: ops.where(s > 0, 1.0, 0.2),
    "linear": lambda s, a: ops.ones_like(s),
    "relu": lambda s, a: ops.where(s > 0, 1.0, 0.0),
    "sigmoid": lambda s, a: a * (1.0 - a),
    "softplus": lambda s, a: ops.sigmoid(s),
    "tanh": lambda s, a: 1.0 - ops.square(a),
}


@register(purpose="features")
def contractive(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "dense",
    weight: float = 1e-3,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Penalizes how codes change with the input: features that ignore small disturbances.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has. A training step takes about as
            many backward passes through the encoder.
        backbone: `"dense"`, `"conv"` (many times slower here) or `"auto"`, see
            `aezoo.backbones.build`. The Jacobian is exact at any depth; it is that of a chain of
            layers, so there is no `"residual"`, and neither `dropout` nor `batch_normalization`.
        weight: Float, 0 or more: the factor of the penalty, which is the squared Frobenius norm
            of the Jacobian d code / d input, the mean over samples and units.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`. `activation` and
            `latent_activation` are `"elu"`, `"leaky_relu"`, `"linear"`, `"relu"`, `"sigmoid"`,
            `"softplus"` or `"tanh"`.

    Returns:
        A compiled `aezoo.Autoencoder`. Its log has `jacobian`, the penalty before its weight, in
        evaluation that of a few samples of each batch. `val_loss` is the reconstruction's alone.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.contractive(input_shape=20, latent_dim=4, activation="sigmoid", weight=0.01)
    >>> ae.bottleneck.weight
    0.01

    Reference:
        Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction",
        ICML 2011, equation 7 for one layer; here the chain rule takes it through all.
    """
    if backbone in ("residual", "unet") or options.get("blocks"):
        raise ValueError(
            "The Jacobian is that of a chain of layers: use backbone='dense' or 'conv' without "
            "blocks."
        )
    if options.get("linear_path"):
        raise ValueError("A contractive encoder has no linear_path: its Jacobian is of a chain.")
    for option in ("dropout", "batch_normalization"):
        if options.get(option):
            raise ValueError(f"A contractive encoder has no {option}: its Jacobian is of a sample.")
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    return Autoencoder(
        keras.Model(
            encoder.inputs[0],
            JacobianPenalty(encoder, weight, name="bottleneck", dtype="float32")(encoder.inputs[0]),
            name="encoder",
        ),
        decoder,
        normalization=normalization,
        name="contractive",
    )


@keras.saving.register_keras_serializable("aezoo")
class JacobianPenalty(Bottleneck):
    """An encoder, with the squared Frobenius norm of its Jacobian in the loss while training.

    Args:
        encoder: `keras.Model`, a chain of dense or convolutional layers and activations.
        weight: Float, 0 or more, the factor of the penalty.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    by_place = False  # it holds the whole encoder
    term_names = ("jacobian",)

    def __init__(self, encoder, weight=1e-3, **kwargs):
        super().__init__(encoder.layers[-1].activation.__name__, **kwargs)
        for layer in encoder.layers:
            activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
            if activation not in SLOPES:
                raise ValueError(
                    f"No derivative of the activation {activation!r} here. Use one of: "
                    f"{', '.join(SLOPES)}."
                )
        self.encoder = encoder
        self.weight = number("weight", weight, least=0)

    def call(self, inputs):
        return self.encoder(inputs)

    def terms(self, forward):
        if not forward.training:
            return {"jacobian": Term(self.jacobian(forward.features[:LOGGED]))}
        jacobian = self.jacobian(forward.features)
        return {"jacobian": Term(jacobian, self.weight * jacobian)}

    def jacobian(self, inputs):
        """Mean over samples and units of the squares of d unit / d input, summed over the input.

        Backwards from the code, one sample for each of its D units: a gradient g before a layer
        is its transposed linear map of the g behind it, times the slope of its activation.
        """
        values = [inputs]
        chain = self.encoder.layers[1:]
        for layer in chain:
            values.append(ops.cast(layer(values[-1]), "float32"))
        shape = values[-1].shape[1:]
        units = math.prod(shape)
        g = ops.tile(ops.eye(units), (ops.shape(inputs)[0], 1))  # (D, D) -> (B * D, D)
        g = ops.reshape(g, (-1, *shape))  # (B * D, D) -> (B * D, ..., D)
        for layer, before, after in zip(chain[::-1], values[-2::-1], values[:0:-1], strict=True):
            if hasattr(layer, "kernel"):
                g = _transposed(layer, g, before.shape)
            elif isinstance(layer, layers.Activation):
                slope = SLOPES[layer.activation.__name__](before, after)
                g = g * ops.repeat(slope, units, axis=0)
            else:  # a change of shape
                g = ops.reshape(g, (-1, *before.shape[1:]))
        return ops.mean(ops.sum(ops.square(g), axis=range(1, len(g.shape))))  # (B * D, ...) -> ()

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    def get_config(self):
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), "encoder": encoder, "weight": self.weight}

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**{**config, "encoder": encoder})


def _transposed(layer, g, shape):
    """The transposed linear map of a dense layer or a convolution."""
    if isinstance(layer, layers.Dense):
        return ops.matmul(g, ops.transpose(layer.kernel))
    g = ops.conv_transpose(g, layer.kernel, strides=layer.strides, padding="valid")
    # "same" padding is a crop of the whole, which may also end before the input does
    for axis, (size, stride, length) in enumerate(
        zip(shape[1:-1], layer.strides, layer.kernel_size, strict=True), start=1
    ):
        padding = max((-(-size // stride) - 1) * stride + length - size, 0)
        before = padding // 2 if layer.padding == "same" else 0
        missing = max(before + size - g.shape[axis], 0)
        pads = [(0, 0)] * len(g.shape)
        pads[axis] = (0, missing)
        g = ops.pad(g, pads)[(slice(None),) * axis + (slice(before, before + size),)]
    return g
