"""Places in a codebook, drawn one after the other, each by those before it."""

import keras
import numpy as np
from keras import layers, ops

from aezoo.sampling.learning import learned

UNITS = 256
WIDTH = 64  # of what stands for a place in the codebook


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
        "Neural Discrete Representation Learning", NeurIPS 2017, arXiv:1711.00937, here with a
        recurrent network: Cho et al., arXiv:1406.1078.
    """
    flat = indices.reshape(len(indices), -1)  # (m, ...) -> (m, L)
    width = indices.shape[-1] if indices.ndim > 2 else flat.shape[1]
    sequences = Sequences(levels, flat.shape[1], width, seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    learned(sequences, flat, flat, loss, seed)
    return sequences.draw(n, seed).reshape(n, *indices.shape[1:])


class Sequences(keras.Model):
    """A recurrent network that tells each place by those before it in reading order.

    It is shown the last one, the one above, and where it is.

    Args:
        levels: Positive integer.
        length: Positive integer, of a sequence.
        width: Positive integer, of a row.
        seed: Integer or `None`, of the weights.

    Call arguments:
        indices: Integer tensor of shape `(B, length)`. Returns logits, `(B, length, levels)`.

    Example:

    >>> import numpy as np
    >>> Sequences(5, 6, 3, seed=0)(np.zeros((2, 6), int)).shape
    TensorShape([2, 6, 5])
    """

    def __init__(self, levels: int, length: int, width: int, seed: int | None = None):
        super().__init__(name="sequences")
        self.levels, self.length, self.width = levels, length, width
        seeds = (int(s) for s in np.random.default_rng(seed).integers(2**31, size=6))

        def embedding(count):
            uniform = keras.initializers.RandomUniform(seed=next(seeds))
            return layers.Embedding(count, WIDTH, embeddings_initializer=uniform)

        self.before, self.above = embedding(levels + 1), embedding(levels + 1)
        self.at = embedding(length)
        self.recurrent = layers.GRU(
            UNITS,
            return_sequences=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        )
        self.logits = layers.Dense(
            levels, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds))
        )

    def call(self, indices):
        indices = ops.cast(indices, "int32")
        before, above = (self._later(indices, by) for by in (1, self.width))
        shown = self.before(before) + self.above(above) + self.at(ops.arange(self.length))
        return self.logits(self.recurrent(shown))

    def draw(self, n: int, seed: int | None = None) -> np.ndarray:
        """New sequences: integers of shape `(n, length)`."""
        rng = np.random.default_rng(seed)
        found = np.full((n, self.width + self.length), self.levels)  # a row of nothing above
        state = [ops.zeros((n, UNITS))]
        for i in range(self.length):
            before = found[:, self.width + i - 1] if i else np.full(n, self.levels)
            shown = self.before(before) + self.above(found[:, i]) + self.at(np.array([i]))
            output, state = self.recurrent.cell(shown, state)
            logits = ops.convert_to_numpy(self.logits(output))
            # the largest after such noise comes as often as it is likely (Gumbel, 1954)
            found[:, self.width + i] = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        return found[:, self.width :]

    def _later(self, indices, by):
        """Each index where the one `by` places on is, with a level of its own where none is."""
        start = ops.full((ops.shape(indices)[0], by), self.levels, "int32")
        return ops.concatenate([start, indices], axis=1)[:, : self.length]
