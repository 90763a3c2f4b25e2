"""Variational codes whose prior is made of the codes of pseudo-inputs: a VampPrior."""

import functools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, positive
from aezoo.layers.backbones.options import shape_of
from aezoo.layers.gaussian import Gaussian, flat, log_normal
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
def vamp(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    pseudo_inputs: int = 100,
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> "Vamp":
    """A VAE with a VampPrior: samples come from codes of inputs that are learned, not from N(0, I).

    The prior is the mean of the encoder's distributions for some pseudo-inputs, which are weights
    of the model. Codes may then lie in as many groups as the data have. A step encodes all
    pseudo-inputs, too.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        pseudo_inputs: Positive integer, how many there are. With one the prior is one normal
            distribution, which is learned.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Vamp`, a `Variational`, see `aezoo.variational`. Its log has `kl`, the mean
        total in nats as one draw tells it; `ae.pseudo_inputs` are in the units of the input.
        `kl_divergence` is of N(0, 1), as elsewhere.

    Raises:
        ValueError: For an unknown backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.vamp(input_shape=(8, 8, 1), latent_dim=4, pseudo_inputs=20)
    >>> ae.pseudo_inputs.shape, ae.sample(3).shape
    ((20, 8, 8, 1), (3, 8, 8, 1))

    Reference:
        Tomczak and Welling, "VAE with a VampPrior", AISTATS 2018, arXiv:1705.07120, equation 9.
    """
    own = {"shape": shape_of(input_shape), "pseudo_inputs": pseudo_inputs}
    return variational_of(
        functools.partial(VampPrior, **own),
        input_shape,
        latent_dim,
        options,
        name="vamp",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class Vamp(Variational):
    """A variational autoencoder with pseudo-inputs. See `aezoo.vamp`, which makes one."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.bottleneck.encoded = lambda x: self._before_bottleneck(x, training=False)

    @property
    def pseudo_inputs(self) -> np.ndarray:
        """NumPy array of shape `(n, *input_shape)`, in the units of the input."""
        return self.denormalize(ops.convert_to_numpy(self.bottleneck.pseudo))


@keras.saving.register_keras_serializable("aezoo")
class VampPrior(Gaussian):
    """A `Gaussian` whose prior is the mixture of the distributions of its pseudo-inputs.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        shape: Tuple of positive integers, of one input.
        pseudo_inputs: See `vamp`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    encoded = None  # a function from inputs to features, which the model gives

    def __init__(self, values, beta=1.0, shape=(1,), pseudo_inputs=100, seed=None, **kwargs):
        super().__init__(values, beta, seed, **kwargs)
        self.shape = tuple(shape)
        self.pseudo_inputs = positive("pseudo_inputs", pseudo_inputs)

    def build(self, input_shape):
        # where values of images are, and those of what is scaled
        images = len(self.shape) > 2
        start = keras.initializers.RandomUniform(0, 1, seed=self.seed)
        if not images:
            start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        shape = (self.pseudo_inputs, *self.shape)
        self.pseudo = self.add_weight(name="pseudo_inputs", shape=shape, initializer=start)

    def terms(self, forward):
        z = flat(forward.code)  # (B, ..., D) -> (B, M)
        own = log_normal(z, *map(flat, self.split(forward.features)))
        kl = ops.mean(ops.sum(own, axis=1) - self.log_prior(z))
        return {"kl": Term(kl, self.share(kl, forward))}

    def log_prior(self, z):
        """The logarithm of the prior's density of codes as vectors: `(B, M) -> (B,)`."""
        mean, log_var = (flat(part)[None] for part in self.components())  # (1, K, M)
        each = ops.sum(log_normal(z[:, None], mean, log_var), axis=2)  # (B, K)
        return ops.logsumexp(each, axis=1) - math.log(self.pseudo_inputs)

    def components(self):
        """`z_mean` and `z_log_var` of the pseudo-inputs, `(K, ..., D)` each."""
        return self.split(ops.cast(self.encoded(self.pseudo), "float32"))

    def prior(self, n, latent_shape, seed=None):
        mean, log_var = (ops.convert_to_numpy(part) for part in self.components())
        rng = np.random.default_rng(seed)
        which = rng.integers(self.pseudo_inputs, size=n)
        noise = rng.normal(size=(n, *latent_shape))
        return (mean[which] + np.exp(log_var[which] / 2) * noise).astype("float32")

    def get_config(self):
        own = {"shape": self.shape, "pseudo_inputs": self.pseudo_inputs}
        return {**super().get_config(), **own}


VampPrior.autoencoder = Vamp
