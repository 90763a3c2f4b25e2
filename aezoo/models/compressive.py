"""Codes that take few bits, trained for the bits as well as for the error."""

import math
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number
from aezoo.layers import backbones
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term
from aezoo.registry import register

STEP = 0.125  # that codes are rounded to: untrained ones are some steps wide
OCTAVES = 1.0  # that it varies by while training, up and down
PARTS = 3  # of the density of each unit
FASTER = 10.0  # that densities learn than networks, whose codes they have to follow
FLOOR = 1e-9  # that a probability is at least


@register(purpose="compression")
def compressive(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    rate: float = 0.002,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Codes trained to take few bits once they are rounded: for `aezoo.compress`.

    The loss is the reconstruction error + rate * bits, where bits are what the codes of a pixel
    take. While training, noise as wide as the step stands for rounding, and a density that is
    learned for each unit tells the bits. The step varies, from half of the one that `rate` is for
    to twice as much, and the rate by its square, so that one model does for small files and for
    large ones. Units that are not worth their bits fall silent, so that a code may well be wide.

    Photographs want `backbone="lapped"`, whose codes are of places: `aezoo.compress` takes images
    of any size then, each as a whole.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has, at each place where it has
            places.
        backbone: `"dense"`, `"conv"`, `"residual"`, `"lapped"` or `"auto"`, see
            `aezoo.backbones.build`.
        rate: Float, 0 or more: the error that a bit for each pixel (a step of a signal, a number
            of a vector) is worth, where codes are rounded to the middle one of the steps. By
            default about what it is where rounding costs as much as it spares.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`. Its log has `bits`, of a pixel. `encode` and `reconstruct`
        do not round; `evaluate` and validation do, by noise of the middle step.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> x = aezoo.load_dataset("digits", "test").x
    >>> ae = aezoo.compressive((8, 8, 1), 16)
    >>> aezoo.decompress(aezoo.compress(ae, x), ae).shape
    (360, 8, 8, 1)

    Reference:
        Balle et al., "End-to-end Optimized Image Compression", ICLR 2017, arXiv:1611.01704; Theis
        et al., "Lossy Image Compression with Compressive Autoencoders", ICLR 2017,
        arXiv:1703.00395; steps that vary, and what a bit is worth at each: Sullivan and Wiegand,
        "Rate-Distortion Optimization for Video Compression", IEEE Signal Processing Magazine 15,
        1998.
    """
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    shape = encoder.input_shape[1:]
    layer = Rate(
        rate,
        math.prod(shape[:-1]) if len(shape) > 1 else shape[0],
        options.get("latent_activation", "linear"),
        name="bottleneck",
        dtype="float32",
    )
    return Autoencoder(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        name="compressive",
    )


@keras.saving.register_keras_serializable("aezoo")
class Rate(Bottleneck):
    """Adds noise as wide as a step while training, and counts the bits of what is rounded to it.

    The bits of a code z are -log2 of the probability of [z - step / 2, z + step / 2], by a mixture
    of logistic distributions for each unit, which is trained with the model.

    Args:
        rate: Float, see `compressive`.
        pixels: Positive integer, how many an input has.
        activation: String, of the code.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., D)`.

    Example:

    >>> import numpy as np
    >>> from aezoo.models.compressive import Rate
    >>> layer = Rate(0.01, pixels=1)
    >>> code = layer(np.zeros((1, 2), "float32"))
    >>> near, far = (layer.bits(np.full((1, 2), z, "float32")) for z in (0.0, 3.0))
    >>> bool(near[0] < far[0])
    True
    """

    term_names = ("bits",)
    step = STEP

    def __init__(self, rate, pixels, activation="linear", seed=None, **kwargs):
        super().__init__(activation, **kwargs)
        self.rate = number("rate", rate, least=0)
        self.pixels = pixels
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        shape = (PARTS, input_shape[-1])
        spread = keras.initializers.RandomUniform(-1 / FASTER, 1 / FASTER, seed=self.seed)
        self.middles = self.add_weight(name="middles", shape=shape, initializer=spread)
        self.log_widths = self.add_weight(name="log_widths", shape=shape, initializer="zeros")
        self.logits = self.add_weight(name="logits", shape=shape, initializer="zeros")

    def call(self, inputs, training=False):
        if not training:
            return inputs
        return inputs + self._steps(inputs) * self._noise(inputs, self.seed_generator)

    def draw(self, features, seed=None):
        return features + self.step * self._noise(features, seed)

    def terms(self, forward):
        code, steps = forward.code, self.step
        if forward.training:  # with steps of its own: those that the code was drawn with are gone
            steps = self._steps(forward.features)
            code = forward.features + steps * self._noise(forward.features, self.seed_generator)
        found = self.bits(code, steps) / self.pixels
        worth = ops.square(ops.reshape(steps / self.step, (-1,)))
        return {"bits": Term(ops.mean(found), self.rate * ops.mean(worth * found))}

    def bits(self, code, steps=STEP):
        """The bits of each sample's code, rounded to a step: (B, ..., D) -> (B,)."""
        half = ops.expand_dims(steps * ops.ones_like(code), -2) / 2
        away = ops.expand_dims(code, -2) - STEP * FASTER * self.middles  # (B, ..., PARTS, D)
        away = -ops.abs(away)  # below the middle nothing cancels
        widths = STEP * ops.exp(ops.clip(FASTER * self.log_widths, -4.0, 10.0))
        inside = ops.sigmoid((away + half) / widths) - ops.sigmoid((away - half) / widths)
        found = ops.sum(ops.softmax(FASTER * self.logits, axis=0) * inside, axis=-2)
        nats = -ops.log(ops.maximum(found, FLOOR))
        return ops.sum(nats, axis=tuple(range(1, len(nats.shape)))) / math.log(2)

    def _noise(self, features, seed):
        return keras.random.uniform(ops.shape(features), -0.5, 0.5, features.dtype, seed)

    def _steps(self, features):
        """A step for each sample: (B, ..., D) -> (B, ..., 1)."""
        shape = (ops.shape(features)[0], *[1] * (len(features.shape) - 1))
        octaves = keras.random.uniform(shape, -OCTAVES, OCTAVES, seed=self.seed_generator)
        return self.step * ops.power(2.0, octaves)

    def get_config(self):
        names = ("rate", "pixels", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "activation": self.code_activation}
