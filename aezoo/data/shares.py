"""The rows of each batch that one of several processes has, all of which hold all of the data."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from aezoo.data.inputs import is_dataset


class Together(keras.distribution.DataParallel):
    """Several processes that train one model, each with a part of each batch, on JAX.

    Every process has all of the data, and `aezoo.Autoencoder.fit` takes from arrays, and from
    datasets of batches, what is its own. Other distributions of Keras expect of each process that
    it has only its own part.

    Args:
        seed: Integer, of the order of samples in arrays.

    Example:

    >>> import keras
    >>> from aezoo.data.shares import Together, together
    >>> together(), isinstance(keras.distribution.distribution(), Together)
    (None, False)
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(auto_shard_dataset=False)
        self.seed = seed

    @property
    def rank(self) -> int:
        """Integer, which of the processes this is."""
        return self._process_id


def together() -> Together | None:
    """The distribution under which data are to be shared, or `None`."""
    found = keras.distribution.distribution()
    return found if isinstance(found, Together) else None


def of_fit(arrays: tuple, validation_data: Any, batch_size: int, first: int = 0) -> tuple[Any, Any]:
    """What this process has of what `fit` is given, under `Together`.

    Args:
        arrays: Tuple of inputs, targets or `None` and weights or `None`, or of a `tf.data.Dataset`
            of batches of inputs, which is the same on all processes, and twice `None`.
        validation_data: `None`, or an array or a tuple of such.
        batch_size: Positive integer, of all processes together.
        first: Integer, 0 or more, the epoch to begin with, whose order arrays have.

    Returns:
        A pair of datasets, the second `None` if there is no validation.

    Raises:
        ValueError: For other data, or batches that do not come apart evenly.
    """
    distribution = together()
    devices = distribution.num_model_replicas
    if batch_size % devices:
        raise ValueError(
            f"batch_size is that of all devices: give a multiple of {devices}. Received: "
            f"{batch_size}"
        )
    place = distribution.rank, distribution.num_processes
    parts = validation_data if isinstance(validation_data, tuple) else (validation_data,)
    if any(is_dataset(part) for part in parts if part is not None):
        raise ValueError("Several processes share arrays for validation. Received: a dataset")
    if parts[0] is not None:
        parts = (*parts, None, None)[:3]
        validation_data = Share(parts, batch_size, None, *place)
    if not is_dataset(arrays[0]):
        return Share(arrays, batch_size, distribution.seed, *place, first), validation_data
    if not hasattr(arrays[0], "element_spec") or isinstance(arrays[0].element_spec, (tuple, dict)):
        raise ValueError(
            "Several processes share arrays, or a tf.data.Dataset of batches of inputs. Received: "
            f"{type(arrays[0]).__name__}"
        )
    own = partial(_own_of, size=batch_size, rank=place[0], processes=place[1])
    return arrays[0].map(own), validation_data


class Share(keras.utils.PyDataset):
    """What one process has of arrays.

    All batches have the same size. The last is filled up with samples of it, whose weight is 0.

    Args:
        arrays: Sequence of an array, a target or `None`, and weights or `None`, of equal length.
        batch_size: Positive integer, of all processes together, a multiple of their number.
        seed: Integer, of an order that is a new one in each epoch, or `None` for that of the
            arrays, with weights for which the mean over the batches is that over the samples.
        rank: Integer, which of the processes this is.
        processes: Positive integer.
        epoch: Integer, 0 or more, the one to begin with.

    Example:

    >>> import numpy as np
    >>> share = Share((np.arange(10), None, None), 4, None, rank=1, processes=2)
    >>> [share[i][0].tolist() for i in range(len(share))]
    [[2, 3], [6, 7], [8, 9]]
    >>> np.allclose(share[0][2], 3 * 4 / 10), share[2][2].tolist()
    (True, [0.0, 0.0])
    """

    def __init__(
        self,
        arrays: Sequence[np.ndarray | None],
        batch_size: int,
        seed: int | None,
        rank: int,
        processes: int,
        epoch: int = 0,
    ) -> None:
        super().__init__()
        x, y, weights = arrays
        self.arrays = (x, x if y is None else y, weights)
        self.alone = y is None and weights is None and not len(x) % batch_size
        self.batch_size, self.seed, self.epoch = batch_size, seed, epoch
        self.own = _slice(batch_size, rank, processes)
        self._order()

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index):
        batch = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        count = len(batch) if self.seed is not None else len(self.order) / len(self)
        places, weights = _filled(len(batch), self.batch_size, count, self.own)
        rows = batch[places]
        x, y, given = (None if array is None else array[rows] for array in self.arrays)
        if self.alone:  # of no remainder
            return (x,)
        return x, y, (weights if given is None else weights * given)

    def on_epoch_end(self):
        self.epoch += 1
        self._order()

    def _order(self):
        count = len(self.arrays[0])
        if self.seed is None:
            self.order = np.arange(count)
        else:
            self.order = np.random.default_rng([self.seed, self.epoch]).permutation(count)


def _slice(size, rank, processes):
    return slice(*(size // processes * i for i in (rank, rank + 1)))


def _filled(count, size, real, own):
    """Places in a batch of `count` for `size` samples, and weights for a mean over `real`."""
    places = np.arange(size)[own]
    weights = np.where(places < count, size / real, 0.0).astype("float32")
    return places % count, weights


def _own_of(batch, size, rank, processes):
    """As `_filled`, of a tensor of TensorFlow."""
    import tensorflow as tf

    count = tf.shape(batch)[0]
    places = tf.range(size)[_slice(size, rank, processes)]
    rows = tf.gather(batch, places % count)
    full = tf.cast(size / count, "float32")
    return rows, rows, tf.where(places < count, full, 0.0)
