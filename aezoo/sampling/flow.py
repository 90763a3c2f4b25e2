"""A normalizing flow: codes as a normal distribution, and draws from that as codes."""

import keras
import numpy as np
from keras import layers, ops

from aezoo.sampling.learning import learned

COUPLINGS = 8
HIDDEN = 128
MOST_SCALE = 2.0  # of the logarithm, in one coupling


def drawn(codes: np.ndarray, n: int, seed: int | None = None) -> np.ndarray:
    """New codes, like those given.

    Args:
        codes: float array of shape `(m, D)`.
        n: Positive integer.
        seed: Integer or `None`.

    Returns:
        float64 array of shape `(n, D)`.

    Example:

    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(5.0, 1.0, (200, 2))
    >>> bool(abs(drawn(codes, 500, seed=0).mean() - 5) < 0.5)
    True

    Reference:
        Dinh et al., "Density Estimation Using Real NVP", ICLR 2017, arXiv:1605.08803.
    """
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    vary = deviation > 0  # of what never changes any density would do
    found = np.repeat(mean[np.newaxis], n, axis=0)
    if vary.any():
        mean, deviation = mean[vary], deviation[vary]
        flow = Flow(int(vary.sum()), seed=seed)
        scaled = ((codes[:, vary] - mean) / deviation).astype("float32")
        learned(flow, scaled, np.zeros(len(scaled)), negative_log_likelihood, seed)
        noise = np.random.default_rng(seed).normal(size=(n, len(mean)))
        found[:, vary] = mean + deviation * flow.inverse(noise.astype("float32"))
    return found


class Flow(keras.Model):
    """Couplings, each of which moves and scales half of the numbers by what the others are.

    Args:
        size: Positive integer, the numbers of a code.
        seed: Integer or `None`, of the weights and of how numbers are divided.

    Call arguments:
        x: Tensor of shape `(B, D)`. Returns a tensor of shape `(B, D + 1)`: what should be
        normal, and the logarithm of by how much volumes grow on the way there.

    Example:

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    >>> flow = Flow(3, seed=0)
    >>> bool(np.allclose(flow.inverse(flow(x)[:, :3]), x, atol=1e-5))
    True
    """

    def __init__(self, size: int, seed: int | None = None):
        super().__init__(name="flow")
        rng = np.random.default_rng(seed)
        self.orders = [rng.permutation(size) for _ in range(COUPLINGS)]
        self.networks = [_network(size, rng) for _ in range(COUPLINGS)]

    def call(self, x):
        grown = 0.0
        for order, network in zip(self.orders, self.networks, strict=True):
            kept, moved = self._halves(ops.take(x, order, axis=1))
            move, scale = self._told(network, kept)
            x = ops.concatenate([kept, moved * ops.exp(scale) + move], axis=1)
            grown += ops.sum(scale, axis=1, keepdims=True)
        return ops.concatenate([x, grown], axis=1)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """What becomes z: (n, D) -> (n, D)."""
        x = ops.convert_to_tensor(z)
        for order, network in reversed([*zip(self.orders, self.networks, strict=True)]):
            kept, moved = self._halves(x)
            move, scale = self._told(network, kept)
            x = ops.concatenate([kept, (moved - move) * ops.exp(-scale)], axis=1)
            x = ops.take(x, np.argsort(order), axis=1)
        return ops.convert_to_numpy(x)

    def _halves(self, x):
        half = x.shape[1] // 2
        return x[:, :half], x[:, half:]

    def _told(self, network, kept):
        if not kept.shape[1]:  # a single number, of which nothing is kept
            kept = ops.ones((ops.shape(kept)[0], 1))
        move, scale = ops.split(network(kept), 2, axis=1)
        return move, MOST_SCALE * ops.tanh(scale / MOST_SCALE)


def negative_log_likelihood(_, found):
    """Of what a flow makes of codes, in nats, but for a constant: (B, D + 1) -> (B,)."""
    return 0.5 * ops.sum(ops.square(found[:, :-1]), axis=1) - found[:, -1]


def _network(size, rng):
    half = size // 2

    def dense(units, **options):
        initializer = keras.initializers.GlorotUniform(seed=int(rng.integers(2**31)))
        return layers.Dense(units, **{"kernel_initializer": initializer, **options})

    return keras.Sequential(
        [
            keras.Input((max(1, half),)),
            dense(HIDDEN, activation="relu"),
            dense(HIDDEN, activation="relu"),
            dense(2 * (size - half), kernel_initializer="zeros"),
        ]
    )
