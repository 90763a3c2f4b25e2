"""Variational codes that keep what they know of a sample: InfoVAE, and with it the MMD-VAE."""

import functools
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number
from aezoo.layers.discrepancy import KERNELS, mmd
from aezoo.layers.gaussian import Gaussian
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
def info(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    alpha: float = 1.0,
    weight: float = 100.0,
    kernel: str = "rbf",
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """An InfoVAE: pulls all codes together towards the prior, and each but as far as is asked.

    The loss is the reconstruction's + beta * [(1 - alpha) KL + (alpha + weight - 1) MMD] / N, with
    N values in a sample. With alpha = 1, the default, no code is pulled for itself (MMD-VAE), so
    that none falls silent; with alpha = 0 and weight = 1 it is `aezoo.variational`.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        alpha: Float, 1 at most, how much of the information between sample and code is given back:
            of the KL divergence 1 - alpha counts.
        weight: Float, 1 - alpha or more, the paper's lambda, of all codes' distance from the prior.
        kernel: `"rbf"` or `"imq"`, see `aezoo.wasserstein`.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. Its log has `kl`, the mean total in
        nats, and `mmd`, the squared maximum mean discrepancy of codes from draws of the prior.

    Raises:
        ValueError: For an unknown kernel, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.info(input_shape=(8, 8, 1), latent_dim=4, alpha=0.5)
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Zhao, Song and Ermon, "InfoVAE: Balancing Learning and Inference in Variational
        Autoencoders", AAAI 2019, arXiv:1706.02262, equation 6.
    """
    return variational_of(
        functools.partial(InfoSampling, alpha=alpha, weight=weight, kernel=kernel),
        input_shape,
        latent_dim,
        options,
        name="info",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class InfoSampling(Gaussian):
    """A `Gaussian` whose draws, taken together, are compared with those of the prior.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        alpha, weight, kernel: See `info`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("kl", "mmd")

    def __init__(
        self, values, beta=1.0, alpha=1.0, weight=100.0, kernel="rbf", seed=None, **kwargs
    ):
        super().__init__(values, beta, seed, **kwargs)
        if kernel not in KERNELS:
            raise ValueError(f"kernel must be one of {KERNELS}. Received: {kernel!r}")
        self.alpha = number("alpha", alpha, most=1)
        self.weight = number("weight", weight, least=1 - self.alpha)
        self.kernel = kernel

    def terms(self, forward):
        kl = ops.sum(ops.mean(self.divergence(forward.features), axis=0))
        found = mmd(forward.code, self.noise(forward.code, forward.training), self.kernel)
        return {
            "kl": Term(kl, self.share((1 - self.alpha) * kl, forward)),
            "mmd": Term(found, self.share((self.alpha + self.weight - 1) * found, forward)),
        }

    def get_config(self):
        own = {"alpha": self.alpha, "weight": self.weight, "kernel": self.kernel}
        return {**super().get_config(), **own}
