"""Variational codes judged by several draws of each: importance-weighted bounds."""

import functools
import math
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number, positive
from aezoo.layers.gaussian import Gaussian, flat, log_normal, weight_of_nats
from aezoo.layers.likelihoods import errors_of
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
def importance_weighted(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    draws: int = 5,
    elbo_weight: float = 0.0,
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """An IWAE: several draws of each code, for a bound that is closer to the likelihood.

    The loss is -beta / N * [(1 - elbo_weight) * log(mean of w over draws) + elbo_weight * mean of
    log w], with w = p(x | z) p(z) / q(z | x) and N values in a sample. A step decodes each draw.
    More draws let codes be less like normal distributions, and fewer of their units fall silent,
    but say less of what the encoder should do: `elbo_weight` is for that.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood: `"gaussian"` or `"bernoulli"`, see `aezoo.variational`.
        draws: Positive integer, of each code; with one it is `aezoo.variational`.
        elbo_weight: Float from 0 to 1, of the bound that `variational` has: 0 for IWAE, between
            for the combined bound (CIWAE).
        beta: Float above 0, twice the variance of the errors of a Gaussian likelihood, by default
            learned, see `aezoo.variational`. For `"bernoulli"` the default is 1.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. Its log has `bound`, the bound of the
        logarithm of the likelihood of a sample in nats, the mean of a batch. Weights of samples
        count for the first draw alone.

    Raises:
        ValueError: For an unknown likelihood, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.importance_weighted((8, 8, 1), 4, draws=3, elbo_weight=0.1)
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
        arXiv:1509.00519, equation 8; combined: Rainforth et al., "Tighter Variational Bounds are
        Not Necessarily Better", ICML 2018, arXiv:1802.04537, equation 16.
    """
    own = {"draws": draws, "elbo_weight": elbo_weight, "likelihood": likelihood}
    return variational_of(
        functools.partial(ImportanceWeighted, **own),
        input_shape,
        latent_dim,
        options,
        name="importance_weighted",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class ImportanceWeighted(Gaussian):
    """A `Gaussian` that weighs several draws by how likely they are.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        draws, elbo_weight, likelihood: See `importance_weighted`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("bound",)

    def __init__(
        self,
        values,
        beta=1.0,
        draws=5,
        elbo_weight=0.0,
        likelihood="gaussian",
        seed=None,
        **kwargs,
    ):
        super().__init__(values, beta, seed, **kwargs)
        self.draws = positive("draws", draws)
        self.elbo_weight = number("elbo_weight", elbo_weight, least=0, most=1)
        self.likelihood = likelihood

    def terms(self, forward):
        beta = weight_of_nats(self.beta, forward)
        codes, errors = self.drawn(forward)
        z_mean, z_log_var = (flat(part) for part in self.split(forward.features))
        ratios = log_normal(codes) - log_normal(codes, z_mean, z_log_var)
        log_w = ops.sum(ratios, axis=2) - self.values * errors / beta  # (K, B)
        tight = ops.mean(ops.logsumexp(log_w, axis=0)) - math.log(self.draws)
        bound = (1 - self.elbo_weight) * tight + self.elbo_weight * ops.mean(log_w)
        # the reconstruction's part of the loss is the error of the first draw
        loss = -beta * bound / self.values - ops.mean(errors[0])
        if self.likelihood == "gaussian":  # of the variance beta / 2
            constant = math.log(math.pi) + ops.log(ops.cast(beta, "float32"))
            bound = bound - 0.5 * self.values * constant
        return {"bound": Term(bound, loss)}

    def drawn(self, forward):
        """K draws of each code as vectors, `(K, B, M)`, and the error of each, `(K, B)`.

        The first one is what came out of the bottleneck.
        """
        codes, outputs = forward.code[None], forward.output[None]  # (1, B, ..., D), (1, B, ...)
        if self.draws > 1:
            z_mean, z_log_var = self.split(forward.features)
            means = ops.stack([z_mean] * (self.draws - 1))
            others = means + ops.exp(0.5 * z_log_var) * self.noise(means, forward.training)
            # (K - 1, B, ..., D) -> ((K - 1) * B, ..., D)
            others_flat = ops.reshape(others, (-1, *z_mean.shape[1:]))
            decoded = forward.decoder(others_flat, training=forward.training)
            decoded = ops.reshape(decoded, (self.draws - 1, -1, *forward.output.shape[1:]))
            codes = ops.concatenate([codes, others])
            outputs = ops.concatenate([outputs, ops.cast(decoded, "float32")])
        errors = errors_of(self.likelihood, forward.target, outputs)
        errors = ops.mean(errors, axis=range(2, len(errors.shape)))
        return ops.reshape(codes, (self.draws, -1, math.prod(codes.shape[2:]))), errors

    def get_config(self):
        names = ("draws", "elbo_weight", "likelihood")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
