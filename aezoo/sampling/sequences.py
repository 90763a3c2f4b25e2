"""Places in a codebook, drawn one after the other, each by those before it."""

import keras
import numpy as np
from keras import layers, ops

from aezoo.sampling.learning import LARGEST, learned

WIDTH = 64  # of what stands for a place
HEADS = 4
BLOCKS = 2
MOST_LOGITS = 2**24  # at once, 64 MB, and a few times as much while they are learned from


def drawn(indices: np.ndarray, levels: int, n: int, seed: int | None = None) -> np.ndarray:
    """New places in a codebook, like those given.

    Args:
        indices: Integer array of shape `(m, ...)`, from 0 to `levels - 1`.
        levels: Positive integer.
        n: Positive integer.
        seed: Integer or `None`.

    Returns:
        Integer array of shape `(n, ...)`.

    Example:

    >>> import numpy as np
    >>> first = np.random.default_rng(0).integers(0, 2, 400)
    >>> drawn(np.stack([first, 1 - first], axis=1), 2, 50, seed=0).sum(axis=1).tolist() == [1] * 50
    True

    Reference:
        That codes are learned first, and what goes together of them after: van den Oord et al.,
        "Neural Discrete Representation Learning", NeurIPS 2017, arXiv:1711.00937; by attention to
        what came before: Vaswani et al., 2017, arXiv:1706.03762.
    """
    flat = indices.reshape(len(indices), -1)  # (m, ...) -> (m, L)
    sequences = Sequences(levels, flat.shape[1], seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    learned(sequences, flat, flat, loss, seed, min(LARGEST, _at_once(flat.shape[1], levels)))
    return sequences.draw(n, seed).reshape(n, *indices.shape[1:])


class Sequences(keras.Model):
    """A small transformer that tells each place by those before it in reading order.

    Args:
        levels: Positive integer.
        length: Positive integer, of a sequence.
        seed: Integer or `None`, of the weights.

    Call arguments:
        indices: Integer tensor of shape `(B, length)`. Returns logits, `(B, length, levels)`.

    Example:

    >>> import numpy as np
    >>> tuple(Sequences(5, 6, seed=0)(np.zeros((2, 6), int)).shape)
    (2, 6, 5)
    """

    def __init__(self, levels: int, length: int, seed: int | None = None):
        super().__init__(name="sequences")
        self.levels, self.length = levels, length
        rng = np.random.default_rng(seed)

        def start(scale=None):
            own = int(rng.integers(2**31))
            if scale is None:
                return keras.initializers.GlorotUniform(seed=own)
            return keras.initializers.RandomNormal(stddev=scale, seed=own)

        def dense(units, **options):
            return layers.Dense(units, kernel_initializer=start(), **options)

        # one more, for the place before the first
        self.before = layers.Embedding(levels + 1, WIDTH, embeddings_initializer=start(0.1))
        self.at = layers.Embedding(length, WIDTH, embeddings_initializer=start(0.1))
        self.norms = [layers.LayerNormalization() for _ in range(2 * BLOCKS + 1)]
        self.queries = [dense(3 * WIDTH) for _ in range(BLOCKS)]
        self.mixes = [dense(WIDTH) for _ in range(BLOCKS)]
        self.widen = [dense(4 * WIDTH, activation="gelu") for _ in range(BLOCKS)]
        self.narrow = [dense(WIDTH) for _ in range(BLOCKS)]
        self.logits = dense(levels)

    def call(self, indices):
        indices = ops.cast(indices, "int32")
        first = ops.full((ops.shape(indices)[0], 1), self.levels, "int32")
        count = indices.shape[1]
        before = ops.concatenate([first, indices[:, :-1]], axis=1)
        x = self.before(before) + self.at(ops.arange(count))  # (B, L, W)
        for i in range(BLOCKS):
            x = x + self.mixes[i](_attention(self.queries[i](self.norms[2 * i](x))))
            x = x + self.narrow[i](self.widen[i](self.norms[2 * i + 1](x)))
        return self.logits(self.norms[-1](x))

    def draw(self, n: int, seed: int | None = None) -> np.ndarray:
        """New sequences: integers of shape `(n, length)`."""
        rng = np.random.default_rng(seed)
        found = np.zeros((n, self.length), np.int64)
        some = _at_once(self.length, self.levels)
        for start in range(0, n, some):
            part = found[start : start + some]
            for i in range(self.length):
                logits = ops.convert_to_numpy(self(part[:, : i + 1])[:, i])
                # the largest after such noise comes as often as it is likely (Gumbel, 1954)
                part[:, i] = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        return found


def _at_once(length, levels):
    return max(1, MOST_LOGITS // (length * levels))


def _attention(told):
    """What each place takes from those up to it: (B, L, 3 W) -> (B, L, W)."""
    count = told.shape[1]
    parts = ops.reshape(told, (-1, count, 3, HEADS, WIDTH // HEADS))
    query, key, value = ops.unstack(ops.transpose(parts, (2, 0, 3, 1, 4)), 3)  # (B, H, L, w)
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / (WIDTH / HEADS) ** 0.5
    later = np.triu(np.full((count, count), -1e9, "float32"), 1)
    # of a single place Keras would warn that there is nothing to choose from
    shares = ops.softmax(scores + later) if count > 1 else ops.ones_like(scores)
    found = ops.matmul(shares, value)
    return ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (-1, count, WIDTH))
