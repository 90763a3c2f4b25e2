"""Variational codes in levels: the upper ones say where to expect the lower ones."""

import functools
import itertools
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.checks import Shape, positive, sequence
from aezoo.layers.gaussian import LEAST, MOST, Gaussian, flat, log_normal
from aezoo.layers.objectives import Term
from aezoo.registry import register


@register(purpose="generation")
def hierarchical(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    levels: int = 2,
    prior_units: Shape = (128, 128),
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> Variational:
    """A VAE whose code has levels: only the top one's prior is N(0, I), the others' are learned.

    The numbers of a code are shared out among the levels, the top one first. A dense network makes
    the prior of each level of what was drawn above it, and the encoder says by how much a sample
    differs from that: in its mean, and in the logarithm of its variance. The decoder sees all
    levels. As one model of codes, the prior can so have any shape.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has in all, as many as levels or more.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        levels: Positive integer; with one it is `aezoo.variational`.
        prior_units: Sequence of positive integers, the hidden layers of each level's prior.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `Variational`, see `aezoo.variational`. `encode` gives the mean of each level
        given those above it, `encode_distribution` and `kl_divergence` are likewise of such means.
        Its log has `kl`, the mean total in nats.

    Raises:
        ValueError: For more levels than numbers, an unknown backbone or option, or a value out of
            its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.hierarchical((8, 8, 1), 4, prior_units=(16,))
    >>> ae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Sonderby et al., "Ladder Variational Autoencoders", NIPS 2016, arXiv:1602.02282; what the
        encoder says is relative to the prior as in Vahdat and Kautz, "NVAE", NeurIPS 2020,
        arXiv:2007.03898, equation 2.
    """
    if positive("levels", levels) > positive("latent_dim", latent_dim):
        raise ValueError(
            f"{levels} levels need a code of as many numbers or more. latent_dim is {latent_dim!r}."
        )
    return variational_of(
        functools.partial(Hierarchical, levels=levels, prior_units=prior_units),
        input_shape,
        latent_dim,
        options,
        name="hierarchical",
        backbone=backbone,
        likelihood=likelihood,
        beta=beta,
        normalization=normalization,
    )


@keras.saving.register_keras_serializable("aezoo")
class Hierarchical(Gaussian):
    """A `Gaussian` in levels along its last axis, each around a mean that those above it give.

    Args:
        values, beta, seed: See `aezoo.layers.gaussian.Gaussian`.
        levels, prior_units: See `hierarchical`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, values, beta=1.0, levels=2, prior_units=(128, 128), seed=None, **kwargs):
        super().__init__(values, beta, seed, **kwargs)
        self.levels = positive("levels", levels)
        self.prior_units = [
            positive("prior_units", unit) for unit in sequence("prior_units", prior_units)
        ]

    def build(self, input_shape):
        ends = np.linspace(0, input_shape[-1] // 2, self.levels + 1).round().astype(int)
        self.spans = [(int(a), int(b)) for a, b in itertools.pairwise(ends)]
        self.networks = []
        for level, (first, end) in enumerate(self.spans[1:]):
            shape, network = (*input_shape[:-1], first), []
            for i, units in enumerate([*self.prior_units, 2 * (end - first)]):
                last = i == len(self.prior_units)  # a prior starts as N(0, I)
                seed = None if self.seed is None else self.seed + 100 * level + i
                start = "zeros" if last else keras.initializers.GlorotUniform(seed)
                activation = "linear" if last else "relu"
                how = {"activation": activation, "kernel_initializer": start, "dtype": "float32"}
                network.append(layers.Dense(units, **how))
                network[-1].build(shape)
                shape = (*shape[:-1], units)
            self.networks.append(network)

    def call(self, inputs, training=False):
        if training:
            return self.draw(inputs, self.seed_generator)
        shift, code = self.apart(inputs)[0], None
        for i, (first, end) in enumerate(self.spans):  # as `down`, of what TFLite has in int8
            mean = shift[..., first:end]
            if i > 0:
                mean = self.told(i, code)[..., : end - first] + mean
            code = mean if code is None else ops.concatenate([code, mean], axis=-1)
        return code

    def split(self, inputs):
        mean, log_var, _, _ = self.down(inputs)
        return mean, log_var

    def draw(self, features, seed=None):
        return self.down(features, self.noise_of(features, seed))[2]

    def noise_of(self, features, seed):
        shape = (*ops.shape(features)[:-1], features.shape[-1] // 2)
        return keras.random.normal(shape, dtype=features.dtype, seed=seed)

    def terms(self, forward):
        kl = self.between(*self.apart(forward.features), self.priors(forward.code)[1])
        kl = ops.sum(ops.mean(kl, axis=0))
        return {"kl": Term(kl, self.share(kl, forward))}

    def divergence(self, inputs):
        """KL of each number from its level's prior, given the means of those above, in nats."""
        return self.between(*self.apart(inputs), self.down(inputs)[3])

    def down(self, features, noise=None):
        """From the top level to the lowest.

        Args:
            features: Tensor of shape `(..., 2 * D)`, how means and logarithms of variances differ
                from those of the prior.
            noise: Tensor of shape `(..., D)`, or `None` for codes that are means.

        Returns:
            Means, logarithms of variances, codes, and the logarithms of the variances of the
            prior, `(..., D)` each.
        """
        shift, stretch = self.apart(features)
        levels, code = [], None
        for i, (first, end) in enumerate(self.spans):
            here = (..., slice(first, end))
            center, spread = self.prior_of(i, code, shift[here])
            mean = center + shift[here]
            log_var = ops.clip(spread + stretch[here], LEAST, MOST)
            z = mean if noise is None else mean + ops.exp(0.5 * log_var) * noise[here]
            code = z if code is None else ops.concatenate([code, z], axis=-1)
            levels.append((mean, log_var, z, spread))
        return [ops.concatenate(parts, axis=-1) for parts in zip(*levels, strict=True)]

    def priors(self, code):
        """Means and logarithms of variances of the prior, given the levels above of a code."""
        found = [
            self.prior_of(i, code[..., :first], code[..., first:end])
            for i, (first, end) in enumerate(self.spans)
        ]
        return [ops.concatenate(parts, axis=-1) for parts in zip(*found, strict=True)]

    def prior_of(self, level, above, like):
        """The prior's mean and logarithm of the variance of a level, of the shape of `like`."""
        if level == 0:
            return ops.zeros_like(like), ops.zeros_like(like)
        mean, log_var = ops.split(self.told(level, above), 2, axis=-1)
        return mean, ops.clip(log_var, LEAST, MOST)

    def told(self, level, above):
        """What the network of a level makes of the levels above: means beside logarithms."""
        x = above
        for layer in self.networks[level - 1]:
            x = layer(x)
        return x

    def log_prior(self, z):
        """The logarithm of the prior's density of codes: `(B, ..., D) -> (B,)`."""
        return ops.sum(flat(log_normal(z, *self.priors(z))), axis=1)

    def apart(self, features):
        """By how much means and logarithms of variances differ from the prior's."""
        half = features.shape[-1] // 2
        return features[..., :half], ops.clip(features[..., half:], LEAST, MOST)

    @staticmethod
    def between(shift, stretch, prior_log_var):
        """KL(N(m + shift, v exp(stretch)) || N(m, v)) of each number, v = exp(prior_log_var)."""
        moved = ops.square(shift) * ops.exp(-prior_log_var)
        return 0.5 * (moved + ops.exp(stretch) - 1.0 - stretch)

    def prior(self, n, latent_shape, seed=None):
        noise = super().prior(n, latent_shape, seed)
        nothing = ops.zeros((n, *latent_shape[:-1], 2 * latent_shape[-1]))
        return ops.convert_to_numpy(self.down(nothing, ops.convert_to_tensor(noise))[2])

    def get_config(self):
        own = {"levels": self.levels, "prior_units": self.prior_units}
        return {**super().get_config(), **own}
