"""How arrays come into a training loop."""

import itertools
from typing import Any

import keras
import numpy as np


def worthwhile(model):
    """Whether batches come faster from here than from Keras: with TensorFlow on one CPU.

    On JAX they are as fast, and in an order that does not depend on what was trained before.

    Args:
        model: `keras.Model`, built.

    Returns:
        Boolean.
    """
    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend() == "jax"
    import tensorflow as tf

    if tf.distribute.has_strategy() or tf.config.list_logical_devices("GPU"):
        return False
    return model.distribute_strategy is tf.distribute.get_strategy()  # built under none


def batches(arrays, batch_size, shuffle, first=0):
    """Batches of arrays, without threads of their own.

    Keras reads ahead with threads. On a CPU they take from the network what they give it: a dense
    network trains a third faster on two cores if each batch is gathered when its turn has come.

    Args:
        arrays: Sequence of NumPy arrays of equal length, and `None`.
        batch_size: Positive integer.
        shuffle: Boolean, whether the order is a new one in each epoch.
        first: Integer, 0 or more, the epoch to begin with, whose order it has.

    Returns:
        `tf.data.Dataset` of tuples, the last batch smaller if it must be; on JAX, for which it
        would take twice as long to gather them, `keras.utils.PyDataset`.
    """
    if keras.backend.backend() == "jax":
        return _InOrder(arrays, batch_size, shuffle, first)
    import tensorflow as tf

    known = {id(array): array for array in arrays if array is not None}
    known = {key: tf.convert_to_tensor(array) for key, array in known.items()}
    tensors = [known.get(id(array)) for array in arrays]  # a target that is the input is held once

    def gathered(places, _):
        return tuple(None if tensor is None else tf.gather(tensor, places) for tensor in tensors)

    options = tf.data.Options()
    options.autotune.enabled = False
    seed = int(tf.random.uniform((), maxval=tf.int32.max, dtype=tf.int32))
    data = orders(len(arrays[0]), batch_size, seed, first, shuffle).map(gathered)
    return data.with_options(options)


def held(array: np.ndarray) -> Any:
    """A tensor in the processor's memory, which batches of `tf.data` are gathered from.

    TensorFlow would put it on a GPU, if there is one, and `tf.data` copy it back: its functions run
    on the processor.

    Args:
        array: NumPy array.

    Returns:
        `tf.Tensor`.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        return tf.convert_to_tensor(array)


def read_ahead(batches: Any) -> Any:
    """Batches of which two are ready before their turn, where another device computes.

    On the processor they come when it is their turn, see `batches`. They are ready in its memory:
    on JAX, Keras copies each to the device a batch ahead; TensorFlow copies them while the device
    is at steps that were handed to it before, so that they are not brought there by
    `tf.data.experimental.prefetch_to_device`, which also cannot go through a strategy of
    `tf.distribute`. Whether it would be faster on a GPU, `benchmarks/accelerator.py` measures.

    Args:
        batches: `tf.data.Dataset`.

    Returns:
        `tf.data.Dataset`.
    """
    devices = keras.distribution.list_devices()
    return batches if all(name.startswith("cpu") for name in devices) else batches.prefetch(2)


def orders(count, batch_size, seed, first=0, shuffle=True):
    """Which samples make up the batches, in each epoch anew, and a seed for each batch.

    What an epoch has depends on its number alone, which is counted when its first batch is read:
    Keras begins to iterate over a dataset more often than it reads from it.

    Args:
        count: Positive integer, how many samples there are.
        batch_size: Positive integer.
        seed: Integer.
        first: Integer, 0 or more, the epoch to begin with.
        shuffle: Boolean, whether they are not in their own order.

    Returns:
        `tf.data.Dataset` of pairs of integers, of shapes `(batch_size,)` and `(2,)`.
    """
    import tensorflow as tf

    epochs = itertools.count(first)
    length = -(-count // batch_size)

    def begun():
        yield seed, next(epochs)

    def places(seed):
        order = tf.range(count)
        order = tf.random.experimental.stateless_shuffle(order, seed) if shuffle else order
        return tf.data.Dataset.range(length).map(
            lambda i: (
                order[i * batch_size : (i + 1) * batch_size],
                tf.random.experimental.stateless_fold_in(seed, i),
            )
        )

    begin = tf.data.Dataset.from_generator(begun, output_signature=tf.TensorSpec((2,), tf.int64))
    data = begin.flat_map(places)
    return data.apply(tf.data.experimental.assert_cardinality(length))


class _InOrder(keras.utils.PyDataset):
    """Batches of arrays by NumPy, whose order depends on a seed and the epoch alone.

    That of Keras depends on how often it was asked for one: of a model that it has yet to compile
    once more than of others.
    """

    def __init__(self, arrays, batch_size, shuffle, first):
        super().__init__()
        self._arrays, self._batch_size, self._shuffle = arrays, batch_size, shuffle
        self._seed, self._epoch = np.random.randint(2**31), first
        self.on_epoch_begin()

    def __len__(self):
        return -(-len(self._arrays[0]) // self._batch_size)

    def __getitem__(self, index):
        places = slice(index * self._batch_size, (index + 1) * self._batch_size)
        if self._shuffle:
            places = self._order[places]
        return tuple(None if array is None else array[places] for array in self._arrays)

    def on_epoch_begin(self):
        if self._shuffle:
            rng = np.random.default_rng((self._seed, self._epoch))
            self._order = rng.permutation(len(self._arrays[0]))

    def on_epoch_end(self):
        self._epoch += 1
