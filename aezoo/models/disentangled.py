"""Variational codes whose covariance is to be the identity: DIP-VAE, I and II."""

import functools
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number
from aezoo.layers.gaussian import Gaussian, flat
from aezoo.layers.objectives import Term
from aezoo.registry import register

OF = ("means", "codes")


@register(purpose="factors")
def disentangled(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    covariance: str = "means",
    weight: float = 10.0,
    variance_weight: float | None = None,
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """A DIP-VAE: units that are not correlated, and of variance 1, over all samples.

    The loss is that of `aezoo.variational` + beta * [weight * the sum of squared covariances of
    two units + variance_weight * that of (variance of a unit - 1)^2] / N, with N values in a
    sample, and the covariance that of a batch.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        covariance: `"means"` for that of `z_mean`, DIP-VAE-I, or `"codes"` for that of draws,
            which has the mean variance of the draws beside, DIP-VAE-II.
        weight: Float, 0 or more, of covariances between two units.
        variance_weight: Float, 0 or more, of variances. Default: as in the paper, 10 times
            `weight` for means, as much for codes.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. Its log has `kl`, the mean total in
        nats, `covariance` and `variance`, the two sums before their weights.

    Raises:
        ValueError: For an unknown covariance, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.disentangled((8, 8, 1), 4, covariance="codes")
    >>> ae.bottleneck.variance_weight
    10.0

    Reference:
        Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts
        from Unlabeled Observations", ICLR 2018, arXiv:1711.00848, equations 6 and 7.
    """
    return variational_of(
        functools.partial(
            InferredPrior, covariance=covariance, weight=weight, variance_weight=variance_weight
        ),
        input_shape,
        latent_dim,
        options,
        name="disentangled",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class InferredPrior(Gaussian):
    """A `Gaussian` that asks that the covariance of its codes is the identity.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        covariance, weight, variance_weight: See `disentangled`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("kl", "covariance", "variance")

    def __init__(
        self,
        values,
        beta=1.0,
        covariance="means",
        weight=10.0,
        variance_weight=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(values, beta, seed, **kwargs)
        if covariance not in OF:
            raise ValueError(f"covariance must be one of {OF}. Received: {covariance!r}")
        self.covariance = covariance
        self.weight = number("weight", weight, least=0)
        if variance_weight is None:
            variance_weight = (10 if covariance == "means" else 1) * self.weight
        self.variance_weight = number("variance_weight", variance_weight, least=0)

    def terms(self, forward):
        matrix = self.matrix(forward.features)
        identity = ops.eye(matrix.shape[0])
        between = ops.sum(ops.square(matrix * (1 - identity)))
        own = ops.sum(ops.square((matrix - 1) * identity))
        return {
            **super().terms(forward),
            "covariance": Term(between, self.share(self.weight * between, forward)),
            "variance": Term(own, self.share(self.variance_weight * own, forward)),
        }

    def matrix(self, features):
        """The covariance of a batch, `(M, M)`, with M the numbers of a code."""
        z_mean, z_log_var = (flat(part) for part in self.split(features))  # (B, ..., D) -> (B, M)
        centred = z_mean - ops.mean(z_mean, axis=0)
        count = ops.cast(ops.shape(z_mean)[0], z_mean.dtype)
        found = ops.matmul(ops.transpose(centred), centred) / count
        if self.covariance == "means":
            return found
        return found + ops.eye(found.shape[0]) * ops.mean(ops.exp(z_log_var), axis=0)

    def get_config(self):
        names = ("covariance", "weight", "variance_weight")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
