"""Codes that, taken together, lie as the prior does: a Wasserstein autoencoder."""

import math
from typing import Any

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number
from aezoo.layers import backbones
from aezoo.layers.discrepancy import KERNELS, mmd
from aezoo.layers.gaussian import NormalPrior
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
def wasserstein(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    kernel: str = "imq",
    weight: float = 10.0,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """A WAE: codes are points, which all together lie as a normal distribution does.

    The loss is the reconstruction's + weight * MMD / N, with N values in a sample. Where a
    variational model pulls the code of each sample towards the prior, this one pulls those of a
    batch as a whole: its batches want 100 samples or more.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has. More than the data have of their
            own leave holes in the prior, which points cannot fill.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood: `"gaussian"` or `"bernoulli"`, see `aezoo.variational`.
        kernel: `"imq"`, inverse multiquadratics, or `"rbf"`, which does not feel what is far away.
        weight: Float above 0, of the squared maximum mean discrepancy.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`. Its log has `mmd`, the squared maximum mean discrepancy of
        a batch's codes from as many draws of the prior, about 0 where they are alike.

    Raises:
        ValueError: For an unknown kernel, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.wasserstein(input_shape=(8, 8, 1), latent_dim=4, kernel="rbf")
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Tolstikhin et al., "Wasserstein Auto-Encoders", ICLR 2018, arXiv:1711.01558, algorithm 2.
    """
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "Codes are to lie as a normal distribution does: latent_activation must be 'linear'. "
            f"Received: {options['latent_activation']!r}"
        )
    loss = loss_of(likelihood, options)
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    values = math.prod(encoder.input_shape[1:])
    layer = MatchedPrior(values, weight, kernel, name="bottleneck", dtype="float32")
    return Autoencoder(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=loss,
        name="wasserstein",
    )


@keras.saving.register_keras_serializable("aezoo")
class MatchedPrior(NormalPrior):
    """Compares the codes of a batch with as many draws of N(0, I).

    Args:
        values: Positive integer, the values of an input, which the discrepancy is divided by.
        weight, kernel: See `wasserstein`.
        seed: Integer or `None`, for repeatable draws.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("mmd",)

    def __init__(self, values, weight=10.0, kernel="imq", seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        if kernel not in KERNELS:
            raise ValueError(f"kernel must be one of {KERNELS}. Received: {kernel!r}")
        self.values = values
        self.weight = number("weight", weight, above=0)
        self.kernel = kernel

    def terms(self, forward):
        drawn = self.noise(forward.code, forward.training)
        found = mmd(forward.code, drawn, self.kernel)
        return {"mmd": Term(found, self.weight * found / self.values)}

    def get_config(self):
        own = {"values": self.values, "weight": self.weight, "kernel": self.kernel}
        return {**super().get_config(), **own}
