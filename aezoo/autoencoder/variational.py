"""The model of codes that are distributions, and what the families of such models share."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo.autoencoder.model import Autoencoder
from aezoo.checks import Shape, positive
from aezoo.layers import backbones
from aezoo.layers.gaussian import Gaussian
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Objective


@keras.saving.register_keras_serializable("aezoo")
class Variational(Autoencoder):
    """An autoencoder whose codes are distributions. See `aezoo.variational`, which makes one."""

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
        """KL divergence of each dimension's distribution from N(0, 1).

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *latent_shape)`, nats; a sample's sum is its total.
        """
        return self._batched(lambda b: self.bottleneck.divergence(self._features(b)), x)


Gaussian.autoencoder = Variational


def variational_of(
    bottleneck: Callable[..., Gaussian],
    input_shape: Shape,
    latent_dim: int,
    options: dict[str, Any],
    *,
    name: str,
    backbone: str,
    likelihood: str,
    beta: float | None,
    normalization: str | None,
    objectives: Sequence[Callable[..., Objective]] = (),
) -> Variational:
    """Builds a variational autoencoder around its bottleneck.

    Args:
        bottleneck: Function of `values`, `beta` and arguments of `keras.layers.Layer` that returns
            a `aezoo.layers.gaussian.Gaussian`.
        input_shape, latent_dim, backbone, likelihood, beta, normalization: See
            `aezoo.variational`.
        options: Dictionary of options of the backbone.
        name: String, the family's name.
        objectives: Sequence of functions of `values` and `beta` that return an
            `aezoo.layers.objectives.Objective`, further terms of the loss.

    Returns:
        A compiled `Variational`.

    Raises:
        ValueError: For an unknown likelihood, backbone or option, or a value out of its range.

    Example:

    >>> from aezoo.autoencoder.variational import variational_of
    >>> how = {"backbone": "dense", "likelihood": "gaussian", "beta": 1.0, "normalization": None}
    >>> variational_of(Gaussian, 6, 2, {}, name="plain", **how).latent_shape
    (2,)
    """
    options = dict(options)
    loss = loss_of(likelihood, options)
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "The code of a variational model is a mean and a logarithm, of any sign: "
            f"latent_activation must be 'linear'. Received: {options['latent_activation']!r}"
        )
    features = 2 * positive("latent_dim", latent_dim)  # a mean and a variance of each
    encoder, decoder = backbones.build(
        backbone, input_shape, latent_dim, features=features, **options
    )
    values = math.prod(encoder.input_shape[1:])
    beta = 1.0 if beta is None and likelihood == "bernoulli" else beta
    layer = bottleneck(values, beta=beta, name="bottleneck", dtype="float32")
    model = layer.autoencoder or Variational
    return model(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=loss,
        objectives=[objective(values, beta=beta) for objective in objectives],
        name=name,
    )
