"""A distribution of codes for each sample, close to a normal one that can be drawn from."""

import functools
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number, positive
from aezoo.layers.gaussian import Gaussian
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
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
) -> Variational:
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
    if capacity is None and capacity_steps is not None:
        raise ValueError("capacity_steps are of a capacity: give capacity, too.")
    steps = 10_000 if capacity_steps is None else capacity_steps
    own = {"capacity": capacity, "capacity_steps": steps, "free_bits": free_bits}
    return variational_of(
        functools.partial(GaussianSampling, **own),
        input_shape,
        latent_dim,
        options,
        name="variational",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class GaussianSampling(Gaussian):
    """A `Gaussian` whose divergence counts from free bits on, or as far from a capacity.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        capacity, capacity_steps, free_bits: See `variational`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

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
        super().__init__(values, beta, seed, **kwargs)
        self.capacity = capacity if capacity is None else number("capacity", capacity, above=0)
        self.capacity_steps = positive("capacity_steps", capacity_steps)
        self.free_bits = number("free_bits", free_bits, least=0)

    def build(self, input_shape):
        self.updates = self.add_weight(
            name="updates", shape=(), initializer="zeros", trainable=False, dtype="float32"
        )

    def terms(self, forward):
        divergence = self.divergence(forward.features)
        kl = ops.sum(ops.mean(divergence, axis=0))
        loss = self.share(self._objective(divergence), forward)
        if self.capacity is not None and forward.training and not forward.again:
            self.updates.assign_add(1.0)
        return {"kl": Term(kl, loss)}

    def _objective(self, divergence):
        each = ops.mean(divergence, axis=0)  # (B, ..., D) -> (..., D)
        total = ops.sum(ops.maximum(each, self.free_bits))
        if self.capacity is None:
            return total
        grown = ops.minimum(self.updates / self.capacity_steps, 1.0)
        return ops.abs(total - self.capacity * grown)

    def get_config(self):
        names = ("capacity", "capacity_steps", "free_bits")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
