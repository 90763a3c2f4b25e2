"""Variational codes whose units tell nothing of one another: beta-TCVAE."""

import functools
import math
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number, positive
from aezoo.layers.gaussian import Gaussian, flat, log_normal
from aezoo.layers.objectives import Term
from aezoo.registry import register

ESTIMATORS = ("weighted", "stratified")


@register(purpose="factors")
def total_correlation(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    weight: float = 6.0,
    information_weight: float = 1.0,
    dimension_weight: float = 1.0,
    estimator: str = "weighted",
    samples: int | None = None,
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """A beta-TCVAE: units that tell nothing of one another, by what a batch says of all codes.

    The KL divergence of `aezoo.variational` is taken apart: information between sample and code +
    total correlation between units + divergence of each unit from the prior. The second is what
    keeps units apart, and costs `weight` times as much; with all weights 1 it is `variational`.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`; here beta is of all three parts.
        weight: Float, 0 or more, of the total correlation: the paper's beta.
        information_weight: Float, 0 or more, of the information: the paper's alpha.
        dimension_weight: Float, 0 or more, of the divergence of units: the paper's gamma.
        estimator: `"weighted"` or `"stratified"`, how densities of all codes are told from a
            batch. Densities by the second are right in the mean over batches; it needs `samples`.
        samples: Integer, 2 or more, how many samples there are to train on. To the first estimator
            it makes no difference but in the figures of the log: by default, they are as if a
            batch were all.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. Its log has `information`,
        `total_correlation` and `dimension_kl`, estimates in nats, which batches of a few hundred
        tell better than small ones.

    Raises:
        ValueError: For an unknown estimator, one without what it needs, an unknown backbone or
            option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.total_correlation((8, 8, 1), 4, estimator="stratified", samples=1437)
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in Variational Autoencoders", NeurIPS
        2018, arXiv:1802.04942, equation 2, estimators from section 3.1 and appendix C.2.
    """
    own = {
        "weight": weight,
        "information_weight": information_weight,
        "dimension_weight": dimension_weight,
        "estimator": estimator,
        "samples": samples,
    }
    return variational_of(
        functools.partial(TotalCorrelation, **own),
        input_shape,
        latent_dim,
        options,
        name="total_correlation",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class TotalCorrelation(Gaussian):
    """A `Gaussian` whose divergence from the prior is taken apart.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        weight, information_weight, dimension_weight, estimator, samples: See `total_correlation`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("information", "total_correlation", "dimension_kl")

    def __init__(
        self,
        values,
        beta=1.0,
        weight=6.0,
        information_weight=1.0,
        dimension_weight=1.0,
        estimator="weighted",
        samples=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(values, beta, seed, **kwargs)
        if estimator not in ESTIMATORS:
            raise ValueError(f"estimator must be one of {ESTIMATORS}. Received: {estimator!r}")
        self.weight = number("weight", weight, least=0)
        self.information_weight = number("information_weight", information_weight, least=0)
        self.dimension_weight = number("dimension_weight", dimension_weight, least=0)
        if estimator == "stratified" and samples is None:
            raise ValueError(
                "A stratified estimator needs to know how many samples there are to train on: give "
                "samples, or estimator='weighted'."
            )
        if samples is not None and positive("samples", samples) < 2:
            raise ValueError(f"samples must be an integer, 2 or more. Received: {samples!r}")
        self.estimator = estimator
        self.samples = samples

    def terms(self, forward):
        joint, product, own, prior = self.densities(forward)
        found = {
            "information": (self.information_weight, own - joint),
            "total_correlation": (self.weight, joint - product),
            "dimension_kl": (self.dimension_weight, product - prior),
        }
        means = {name: (weight, ops.mean(each)) for name, (weight, each) in found.items()}
        return {
            name: Term(mean, self.share(weight * mean, forward))
            for name, (weight, mean) in means.items()
        }

    def densities(self, forward):
        """Logarithms of densities of each draw z, `(B,)` each.

        Returns:
            log q(z), the log of the product of all q(z_d), log q(z | x) and log p(z).
        """
        z = flat(forward.code)  # (B, ..., D) -> (B, M)
        mean, log_var = (flat(part) for part in self.split(forward.features))
        pairs = log_normal(z[:, None], mean[None], log_var[None])  # (B, B, M), of z_i given x_j
        weights = self._weights(ops.shape(z)[0])
        joint = ops.logsumexp(weights + ops.sum(pairs, axis=2), axis=1)
        product = ops.sum(ops.logsumexp(weights[:, :, None] + pairs, axis=1), axis=1)
        own = ops.sum(log_normal(z, mean, log_var), axis=1)
        return joint, product, own, ops.sum(log_normal(z), axis=1)

    def _weights(self, count):
        """Logarithms of what q(z_i | x_j) counts for in q(z_i): `(B, B)`."""
        own = ops.eye(count)
        count = ops.cast(count, "float32")
        if self.estimator == "weighted":
            # the number of samples is a constant, without a gradient
            total = 1.0 if self.samples is None else float(self.samples)
            return ops.zeros_like(own) - ops.log(count * total)
        # x_i is in every batch that z_i is drawn in, each other one stands for those that are not;
        # the paper lets one of them, by its place, stand for more: this is the mean over places
        total = float(self.samples)
        others = (total - 1) / (total * ops.maximum(count - 1, 1.0))
        return ops.where(own > 0, -math.log(total), ops.log(others))

    def get_config(self):
        names = ("weight", "information_weight", "dimension_weight", "estimator", "samples")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
