"""Codes on a sphere, drawn from von Mises-Fisher distributions."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number, positive
from aezoo.layers import backbones
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.gaussian import share
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Term
from aezoo.layers.spherical import angles, divergence
from aezoo.registry import register

LEAST = 1.0  # concentration, as in the paper: nearly the uniform distribution
MOST = 1e4  # beyond which float32 has no finer angles


@register(purpose="generation")
def hyperspherical(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> "Hyperspherical":
    """A VAE on a sphere: codes of length 1, whose prior has no middle to be pulled to.

    The loss is the reconstruction's + beta * KL / N, with N values in a sample. The distribution
    of a code is a von Mises-Fisher one, a direction and how near to it draws are; the prior is
    uniform on the sphere.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Integer, 2 or more, how many numbers a code has: with 3 codes lie on a globe.
            The paper finds the sphere better up to about 20 of them.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Hyperspherical`, an `aezoo.Autoencoder`. `encode` gives the directions,
        `encode_distribution` also the concentrations. Its log has `kl`, the mean in nats. There is
        no export in int16x8, where TFLite cannot bring codes to their length.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.hyperspherical(input_shape=(8, 8, 1), latent_dim=3)
    >>> codes = ae.encode(np.random.rand(5, 8, 8, 1))
    >>> np.linalg.norm(codes, axis=1).round(4).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]

    Reference:
        Davidson et al., "Hyperspherical Variational Auto-Encoders", UAI 2018, arXiv:1804.00891;
        here draws come from the inverse of the distribution function, whose gradients need no
        correction, in place of rejections.
    """
    if positive("latent_dim", latent_dim) < 2:
        raise ValueError("A sphere has 2 numbers or more: latent_dim is too small. Received: 1")
    if options.get("linear_path"):
        raise ValueError("Codes on a sphere are no components of PCA: there is no linear_path.")
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "Directions have any sign: latent_activation must be 'linear'. Received: "
            f"{options['latent_activation']!r}"
        )
    loss = loss_of(likelihood, options)
    features = latent_dim + 1  # a direction, and how sure of it the encoder is
    encoder, decoder = backbones.build(
        backbone, input_shape, latent_dim, features=features, **options
    )
    layer = VonMisesFisher(
        math.prod(encoder.input_shape[1:]),
        beta=1.0 if beta is None and likelihood == "bernoulli" else beta,
        name="bottleneck",
        dtype="float32",
    )
    return Hyperspherical(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=loss,
        name="hyperspherical",
    )


@keras.saving.register_keras_serializable("aezoo")
class Hyperspherical(Autoencoder):
    """An autoencoder with codes on a sphere. See `aezoo.hyperspherical`, which makes one."""

    def encode_distribution(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Distributions of codes.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            A pair of NumPy arrays: mean directions, of shape `(n, *latent_shape)`, and how near to
            them codes are, of shape `(n, ..., 1)`, 1 and more.
        """

        def both(batch):  # (B, ..., D) and (B, ..., 1) -> (B, ..., D + 1)
            return ops.concatenate(self.bottleneck.split(self._features(batch)), axis=-1)

        found = self._batched(both, x)
        return found[..., :-1], found[..., -1:]


@keras.saving.register_keras_serializable("aezoo")
class VonMisesFisher(Bottleneck):
    """Draws codes on the unit sphere while training; gives their mean directions otherwise.

    Args:
        values: Positive integer, the values of an input, which nats are divided by.
        beta: Float above 0, or `None` for a learned one, see `aezoo.variational`.
        seed: Integer or `None`, for repeatable draws.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., D + 1)`, a direction of any length and one number that
            tells the concentration.
    """

    has_prior = True
    term_names = ("kl",)
    autoencoder = Hyperspherical

    def __init__(self, values, beta=1.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.values = values
        self.beta = beta if beta is None else number("beta", beta, above=0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        return self.draw(inputs, self.seed_generator) if training else self._direction(inputs)

    def draw(self, features, seed=None):
        mean, concentration = self.split(features)
        noise = keras.random.normal(ops.shape(features), dtype=features.dtype, seed=seed)
        # a normal number is a uniform one by its own distribution function
        uniform = 0.5 * (1 + ops.erf(noise[..., -1:] / math.sqrt(2)))
        angle = angles(concentration, mean.shape[-1], uniform)
        noise = noise[..., :-1]  # and others are a direction, of which what is across is kept
        across = noise - ops.sum(noise * mean, axis=-1, keepdims=True) * mean
        return ops.cos(angle) * mean + ops.sin(angle) * _of_length_1(across)

    def terms(self, forward):
        mean, concentration = self.split(forward.features)
        each = ops.mean(divergence(concentration, mean.shape[-1]), axis=0)  # (B, ..., 1)
        kl = ops.sum(each)
        return {"kl": Term(kl, share(kl, self.values, self.beta, forward))}

    def split(self, inputs):
        """Mean directions, `(B, ..., D)`, and concentrations, `(B, ..., 1)`."""
        concentration = ops.clip(ops.softplus(inputs[..., -1:]) + LEAST, LEAST, MOST)
        return self._direction(inputs), concentration

    def prior(self, n, latent_shape, seed=None):
        drawn = np.random.default_rng(seed).normal(size=(n, *latent_shape))
        return self.project(drawn).astype("float32")

    def project(self, codes):
        return codes / np.maximum(np.linalg.norm(codes, axis=-1, keepdims=True), 1e-12)

    def line(self, first, last, steps):
        return self.project(super().line(first, last, steps))

    def _direction(self, inputs):
        return _of_length_1(inputs[..., :-1])

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] - 1)

    def get_config(self):
        own = {"values": self.values, "beta": self.beta, "seed": self.seed}
        return {**super().get_config(), **own}


def _of_length_1(x):
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), 1e-12))
