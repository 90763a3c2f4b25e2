"""Variational codes whose units a discriminator cannot tell from shuffled ones: FactorVAE."""

import functools
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, number
from aezoo.layers.adversary import Discriminator
from aezoo.layers.gaussian import FIXED, Gaussian, flat, share
from aezoo.layers.objectives import Objective, Term, gradient_to, without_value
from aezoo.registry import register


@register(purpose="factors")
def factor(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    weight: float = 10.0,
    discriminator_units: Shape = (256, 256),
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """A FactorVAE: units that tell nothing of one another, as far as a discriminator can tell.

    The loss is that of `aezoo.variational` + beta * weight * TC / N, with N values in a sample. TC,
    the total correlation of units, is the mean logit of a discriminator that learns, in the same
    `fit`, to tell codes from such whose units come from different samples of the batch.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        weight: Float, 0 or more, of the total correlation: the paper's gamma.
        discriminator_units: Sequence of positive integers, the sizes of its hidden layers.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. Its log has `kl`, the mean total in
        nats, `total_correlation`, and `discriminator`, its loss, which is not part of `loss`: log 2
        where it cannot tell.

    Raises:
        ValueError: For a discriminator of no width, an unknown backbone or option, or a value out
            of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.factor((8, 8, 1), 4, discriminator_units=(64,))
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Kim and Mnih, "Disentangling by Factorising", ICML 2018, arXiv:1802.05983, algorithm 2; here
        units are shuffled within the batch itself.
    """
    own = {"weight": weight, "units": discriminator_units}
    return variational_of(
        FactorSampling,
        input_shape,
        latent_dim,
        options,
        name="factor",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
        objectives=[functools.partial(ShuffledUnits, **own, name="factor", dtype="float32")],
    )


@keras.saving.register_keras_serializable("aezoo")
class FactorSampling(Gaussian):
    """The bottleneck of `factor`, a `Gaussian` like any other."""


@keras.saving.register_keras_serializable("aezoo")
class ShuffledUnits(Objective):
    """Tells codes from such whose units are shuffled, and the encoder how to make them alike.

    Args:
        values: Positive integer, the values of an input, which nats are divided by.
        beta: Float or `None`, see `aezoo.layers.gaussian.Gaussian`.
        weight: Float, 0 or more, of the total correlation.
        units: Sequence of positive integers, see `aezoo.layers.adversary.Discriminator`.
        seed: Integer or `None`, for repeatable weights and orders.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("total_correlation", "discriminator")

    def __init__(self, values, beta=1.0, weight=10.0, units=(256, 256), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.values = values
        self.beta = beta
        self.weight = number("weight", weight, least=0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.discriminator = Discriminator(units, seed, dtype="float32")

    def terms(self, forward):
        z = flat(forward.code)  # (B, ..., D) -> (B, M)
        correlation = ops.mean(gradient_to(self.discriminator, z))
        told = ops.stop_gradient(z)
        loss = self.discriminator.loss(told, self.shuffled(told, forward.training))
        cost = share(self.weight * correlation, self.values, self.beta, forward)
        return {
            "total_correlation": Term(correlation, cost),
            "discriminator": Term(loss, without_value(loss)),
        }

    def shuffled(self, z, training):
        """Codes whose units are each in an order of its own."""
        seed = self.seed_generator if training else FIXED
        order = ops.argsort(keras.random.uniform(ops.shape(z), seed=seed), axis=0)
        return ops.take_along_axis(z, order, axis=0)

    def get_config(self):
        names = ("values", "beta", "weight", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "units": self.discriminator.units}
