"""Codes that a discriminator cannot tell from draws of the prior: an adversarial autoencoder."""

import math
from typing import Any

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number
from aezoo.layers import backbones
from aezoo.layers.adversary import Discriminator
from aezoo.layers.gaussian import FIXED, NormalPrior, flat
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Objective, Term, gradient_to, without_value
from aezoo.registry import register


@register(purpose="generation")
def adversarial(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    weight: float = 0.3,
    discriminator_units: Shape = (64,),
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """An AAE: codes that a discriminator cannot tell from draws of a normal distribution.

    The discriminator learns in the same `fit` to tell one from the other, and the encoder, by
    weight * -log D(z) / N with N values in a sample, to have its codes taken for draws. What is
    logged as `loss` is the reconstruction's alone.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood: `"gaussian"` or `"bernoulli"`, see `aezoo.variational`.
        weight: Float above 0, of what the discriminator says, to the encoder.
        discriminator_units: Sequence of positive integers, the sizes of its hidden layers. Of
            digits, larger ones, and larger weights, drove codes about.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`. Its log has `discriminator`, the loss of it, which is not
        part of `loss`: log 2 where it cannot tell.

    Raises:
        ValueError: For a discriminator of no width, an unknown backbone or option, or a value out
            of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.adversarial((8, 8, 1), 4, discriminator_units=(64,))
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Makhzani et al., "Adversarial Autoencoders", 2015, arXiv:1511.05644, section 2; the loss of
        the encoder, which does not fade where the discriminator wins: Goodfellow et al.,
        "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661, section 3.
    """
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "Codes are to lie as a normal distribution does: latent_activation must be 'linear'. "
            f"Received: {options['latent_activation']!r}"
        )
    loss = loss_of(likelihood, options)
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    values = math.prod(encoder.input_shape[1:])
    critic = PriorCritic(
        number("weight", weight, above=0) / values,
        discriminator_units,
        name="adversary",
        dtype="float32",
    )
    layer = NormalPrior(name="bottleneck", dtype="float32")
    return Autoencoder(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=loss,
        objectives=[critic],
        name="adversarial",
    )


@keras.saving.register_keras_serializable("aezoo")
class PriorCritic(Objective):
    """Tells draws of N(0, I) from codes, whose encoder learns to make that hard.

    Args:
        factor: Float above 0, of the encoder's part of the loss.
        units: Sequence of positive integers, see `aezoo.layers.adversary.Discriminator`.
        seed: Integer or `None`, for repeatable weights and draws.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    term_names = ("discriminator",)

    def __init__(self, factor, units=(64,), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.discriminator = Discriminator(units, seed, dtype="float32")

    def terms(self, forward):
        z = flat(forward.code)  # (B, ..., D) -> (B, M)
        seed = self.seed_generator if forward.training else FIXED
        drawn = keras.random.normal(keras.ops.shape(z), seed=seed)
        loss = self.discriminator.loss(drawn, keras.ops.stop_gradient(z))
        # a reversed gradient of the discriminator's loss is 0 where it wins, and it does
        taken = keras.ops.mean(keras.ops.softplus(-gradient_to(self.discriminator, z)))
        return {"discriminator": Term(loss, without_value(loss + self.factor * taken))}

    def get_config(self):
        own = {"factor": self.factor, "units": self.discriminator.units, "seed": self.seed}
        return {**super().get_config(), **own}
