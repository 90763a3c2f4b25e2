"""A distribution of codes for each sample, close to a normal one that can be drawn from."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number, positive
from aezoo.layers import backbones
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term
from aezoo.registry import register

LOSSES = {"gaussian": "mse", "bernoulli": "binary_crossentropy"}


@register
def variational(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    beta: float | None = None,
    capacity: float | None = None,
    capacity_steps: int | None = None,
    free_bits: float = 0.0,
    normalization: str | None = None,
    **options: Any,
) -> "Variational":
    """A VAE: draws new samples, and has smooth, often disentangled codes (beta).

    The loss is the negative evidence lower bound by input value: reconstruction + beta * KL / N,
    with N values in a sample, so that beta = 1 is the bound itself: in nats it is N times as much.
    It takes a draw of the code in `evaluate` and validation, too, the same ones each time, but
    others with XLA than without.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood: `"gaussian"`, whose loss is the squared error, or `"bernoulli"` for outputs in
            [0, 1], with cross-entropy.
        beta: Float above 0, the weight of the KL divergence: less for sharper samples, more for
            codes closer to the prior. Default: 1 for `"bernoulli"`. For `"gaussian"` beta is
            twice the variance of the errors, and by default learned: twice the mean squared error
            of each batch, with which the bound is highest. It is a constant to the gradient, which
            is that of the bound then, times beta / N. The loss itself, mse * (1 + 2 KL / N), tells
            epochs apart only about as the bound does, by mse * exp(2 KL / N).
        capacity: `None`, or a float above 0 in nats: the penalty is `beta * |KL - C|`, with C
            growing from 0 to the capacity.
        capacity_steps: Positive integer, the updates in which C grows. Default: 10,000.
        free_bits: Float, 0 or more, in nats: each dimension's KL counts from there on only.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, an `aezoo.Autoencoder`. `encode` gives `z_mean`,
        `encode_distribution` also `z_log_var`, `kl_divergence` the KL by sample and dimension,
        `sample` new samples. Its log has `kl`, the mean total in nats.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.variational(input_shape=(8, 8, 1), latent_dim=4, beta=0.1)
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, arXiv:1312.6114; beta:
        Higgins et al., "beta-VAE", ICLR 2017; capacity: Burgess et al., arXiv:1804.03599; free
        bits: Kingma et al., arXiv:1606.04934, section C.8; learned: Rybkin et al., "Simple and
        Effective VAE Training with Calibrated Decoders", ICML 2021, arXiv:2006.13202.
    """
    if likelihood not in LOSSES:
        raise ValueError(f"likelihood must be one of {tuple(LOSSES)}. Received: {likelihood!r}")
    if (
        likelihood == "bernoulli"
        and options.setdefault("output_activation", "sigmoid") != "sigmoid"
    ):
        raise ValueError(
            "A Bernoulli likelihood needs output_activation='sigmoid'. Received: "
            f"{options['output_activation']!r}"
        )
    if capacity is None and capacity_steps is not None:
        raise ValueError("capacity_steps are of a capacity: give capacity, too.")
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "The code of a variational model is a mean and a logarithm, of any sign: "
            f"latent_activation must be 'linear'. Received: {options['latent_activation']!r}"
        )
    decoder = backbones.build(backbone, input_shape, latent_dim, **options)[1]
    encoder = backbones.build(backbone, input_shape, 2 * latent_dim, **options)[0]
    layer = GaussianSampling(
        math.prod(encoder.input_shape[1:]),
        beta=1.0 if beta is None and likelihood == "bernoulli" else beta,
        capacity=capacity,
        capacity_steps=10_000 if capacity_steps is None else capacity_steps,
        free_bits=free_bits,
        name="bottleneck",
        dtype="float32",
    )
    return Variational(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=LOSSES[likelihood],
        name="variational",
    )


@keras.saving.register_keras_serializable("aezoo")
class Variational(Autoencoder):
    """An autoencoder whose codes are distributions. See `variational`, which makes one."""

    def encode_distribution(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Distributions of codes.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            A pair of NumPy arrays of shape `(n, *latent_shape)`: `z_mean` and `z_log_var`, mean
            and logarithm of the variance.
        """

        def both(batch):  # (B, ..., D) twice -> (B, ..., 2 * D)
            return ops.concatenate(self.bottleneck.split(self._features(batch)), axis=-1)

        return tuple(np.split(self._batched(both, x), 2, axis=-1))

    def kl_divergence(self, x: Any) -> np.ndarray:
        """KL divergence of each dimension's distribution from the prior.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *latent_shape)`, nats; a sample's sum is its total.
        """
        return self._batched(lambda b: self.bottleneck.divergence(self._features(b)), x)


@keras.saving.register_keras_serializable("aezoo")
class GaussianSampling(Bottleneck):
    """Draws z = z_mean + exp(z_log_var / 2) * noise while training; gives z_mean otherwise.

    Args:
        values: Positive integer, the values of an input, which the KL is divided by.
        beta, capacity, capacity_steps, free_bits: See `variational`; a beta of `None` is learned.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., 2 * D)`, `z_mean` beside `z_log_var`.
    """

    has_prior = True
    term_names = ("kl",)

    def __init__(
        self,
        values,
        beta=1.0,
        capacity=None,
        capacity_steps=10_000,
        free_bits=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.values = values
        self.beta = beta if beta is None else number("beta", beta, above=0)
        self.capacity = capacity if capacity is None else number("capacity", capacity, above=0)
        self.capacity_steps = positive("capacity_steps", capacity_steps)
        self.free_bits = number("free_bits", free_bits, least=0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.updates = self.add_weight(
            name="updates", shape=(), initializer="zeros", trainable=False, dtype="float32"
        )

    def call(self, inputs, training=False):
        return self.draw(inputs, self.seed_generator) if training else self.split(inputs)[0]

    def draw(self, features, seed=None):
        z_mean, z_log_var = self.split(features)
        noise = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=seed)
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def prior(self, n, latent_shape, seed=None):
        return np.random.default_rng(seed).normal(size=(n, *latent_shape)).astype("float32")

    def linear_start(self, noise):
        noise = np.clip(noise, np.exp(-20.0), 0.99)
        return np.sqrt(1 - noise), np.log(noise)

    def terms(self, forward):
        divergence = self.divergence(forward.features)
        kl = ops.sum(ops.mean(divergence, axis=0))
        beta = self.beta
        if beta is None:
            error = ops.mean(ops.square(forward.target - forward.output))
            beta = 2 * ops.stop_gradient(error)
        loss = beta * self._objective(divergence) / self.values
        if self.capacity is not None and forward.training:
            self.updates.assign_add(1.0)
        return {"kl": Term(kl, loss)}

    def split(self, inputs):
        """`z_mean` and `z_log_var`; variances from e^-20 to e^20, past which exp is of no use."""
        half = inputs.shape[-1] // 2
        return inputs[..., :half], ops.clip(inputs[..., half:], -20.0, 20.0)

    def divergence(self, inputs):
        """KL(N(z_mean, exp(z_log_var)) || N(0, 1)) of each dimension, in nats."""
        z_mean, z_log_var = self.split(inputs)
        return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)

    def _objective(self, divergence):
        each = ops.mean(divergence, axis=0)  # (B, ..., D) -> (..., D)
        total = ops.sum(ops.maximum(each, self.free_bits))
        if self.capacity is None:
            return total
        grown = ops.minimum(self.updates / self.capacity_steps, 1.0)
        return ops.abs(total - self.capacity * grown)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self):
        names = ("values", "beta", "capacity", "capacity_steps", "free_bits", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


GaussianSampling.autoencoder = Variational
