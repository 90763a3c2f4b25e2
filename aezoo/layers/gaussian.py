"""Codes that are normal distributions, and codes that are to be as if drawn from one."""

import math

import keras
import numpy as np
from keras import ops

from aezoo.checks import number
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term

LEAST, MOST = -20.0, 20.0  # logarithms of variances, past which exp is of no use
FIXED = (
    1  # seed of what is drawn in evaluation beside codes, which have another: the same each time
)


@keras.saving.register_keras_serializable("aezoo")
class NormalPrior(Bottleneck):
    """A bottleneck whose codes are points, and are to lie as draws of N(0, I) do.

    It leaves to an objective, or to `terms` of a subclass, what pulls them there.

    Args:
        seed: Integer or `None`, for repeatable draws.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:

    >>> from aezoo.layers.gaussian import NormalPrior
    >>> NormalPrior().prior(3, (2,), seed=0).shape
    (3, 2)
    """

    has_prior = True

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def prior(self, n, latent_shape, seed=None):
        return np.random.default_rng(seed).normal(size=(n, *latent_shape)).astype("float32")

    def noise(self, like, training):
        """Draws of N(0, 1), one for each number; in evaluation the same ones each time.

        Args:
            like: Tensor.
            training: Boolean.

        Returns:
            Tensor of the shape and dtype of `like`.
        """
        seed = self.seed_generator if training else FIXED
        return keras.random.normal(ops.shape(like), dtype=like.dtype, seed=seed)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class Gaussian(NormalPrior):
    """Draws z = z_mean + exp(z_log_var / 2) * noise while training; gives z_mean otherwise.

    Its loss is the KL divergence from N(0, I). Subclass it for another, whose parts in nats
    `share` brings to the scale of the reconstruction's.

    Args:
        values: Positive integer, the values of an input, which nats are divided by.
        beta: Float above 0, what nats are multiplied with, or `None` for twice the mean squared
            error of each batch, see `aezoo.variational`.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., 2 * D)`, `z_mean` beside `z_log_var`.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.gaussian import Gaussian
    >>> layer = Gaussian(values=1)
    >>> np.asarray(layer.divergence(np.float32([[1.0, 0.0]]))).tolist()
    [[0.5]]
    """

    term_names = ("kl",)

    def __init__(self, values, beta=1.0, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.values = values
        self.beta = beta if beta is None else number("beta", beta, above=0)

    def call(self, inputs, training=False):
        return self.draw(inputs, self.seed_generator) if training else self.split(inputs)[0]

    def draw(self, features, seed=None):
        z_mean, z_log_var = self.split(features)
        noise = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=seed)
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def linear_start(self, noise):
        noise = np.clip(noise, np.exp(LEAST), 0.99)
        return np.sqrt(1 - noise), np.log(noise)

    def terms(self, forward):
        kl = ops.sum(ops.mean(self.divergence(forward.features), axis=0))
        return {"kl": Term(kl, self.share(kl, forward))}

    def share(self, nats, forward):
        """What nats count for in the loss, see `share`."""
        return share(nats, self.values, self.beta, forward)

    def split(self, inputs):
        """`z_mean` and `z_log_var`; variances from e^-20 to e^20."""
        half = inputs.shape[-1] // 2
        return inputs[..., :half], ops.clip(inputs[..., half:], LEAST, MOST)

    def divergence(self, inputs):
        """KL(N(z_mean, exp(z_log_var)) || N(0, 1)) of each dimension, in nats."""
        z_mean, z_log_var = self.split(inputs)
        return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self):
        return {**super().get_config(), "values": self.values, "beta": self.beta}


def share(nats, values, beta, forward):
    """What nats count for in a loss that is a mean over values: beta * nats / values.

    Args:
        nats: Tensor.
        values: Positive integer, how many a sample has.
        beta: Float, or `None` for twice the mean squared error of the batch.
        forward: `aezoo.layers.objectives.Forward`.

    Returns:
        Tensor.
    """
    return weight_of_nats(beta, forward) * nats / values


def weight_of_nats(beta, forward):
    """Beta, and where it is learned what it is for a batch: a constant to the gradient.

    Args:
        beta: Float or `None`, see `share`.
        forward: `aezoo.layers.objectives.Forward`.

    Returns:
        Float, or scalar tensor.
    """
    if beta is not None:
        return beta
    return 2 * ops.stop_gradient(ops.mean(ops.square(forward.target - forward.output)))


def log_normal(z, mean=0.0, log_var=0.0):
    """Logarithms of normal densities, of each number.

    Args:
        z: Float tensor.
        mean, log_var: Float tensors that go with it, or floats.

    Returns:
        Tensor of the shape that they have together.

    Example:

    >>> from aezoo.layers.gaussian import log_normal
    >>> round(float(log_normal(0.0)), 4)
    -0.9189
    """
    z, mean, log_var = (ops.convert_to_tensor(part, "float32") for part in (z, mean, log_var))
    return -0.5 * (math.log(2 * math.pi) + log_var + ops.square(z - mean) * ops.exp(-log_var))


def flat(codes):
    """Codes as vectors: `(B, ..., D) -> (B, M)`."""
    return ops.reshape(codes, (-1, math.prod(codes.shape[1:])))
