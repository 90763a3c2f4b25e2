"""How arrays come into a training loop on the CPU."""

import keras


def worthwhile(model):
    """Whether batches come faster from here than from Keras: with TensorFlow on one CPU.

    Args:
        model: `keras.Model`, built.

    Returns:
        Boolean.
    """
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    if tf.distribute.has_strategy() or tf.config.list_logical_devices("GPU"):
        return False
    return model.distribute_strategy is tf.distribute.get_strategy()  # built under none


def batches(arrays, batch_size, shuffle):
    """Batches of arrays, without threads of their own.

    Keras reads ahead with threads. On a CPU they take from the network what they give it: a dense
    network trains a third faster on two cores if each batch is gathered when its turn has come.

    Args:
        arrays: Sequence of NumPy arrays of equal length, and `None`.
        batch_size: Positive integer.
        shuffle: Boolean, whether the order is a new one in each epoch.

    Returns:
        `tf.data.Dataset` of tuples, the last batch smaller if it must be.
    """
    import tensorflow as tf

    known = {id(array): array for array in arrays if array is not None}
    known = {key: tf.convert_to_tensor(array) for key, array in known.items()}
    tensors = [known.get(id(array)) for array in arrays]  # a target that is the input is held once
    count = len(arrays[0])
    length = -(-count // batch_size)

    def indices(seed):
        order = tf.range(count)
        order = tf.random.experimental.stateless_shuffle(order, seed) if shuffle else order
        return tf.data.Dataset.range(length).map(
            lambda i: order[i * batch_size : (i + 1) * batch_size]
        )

    def gathered(places):
        return tuple(None if tensor is None else tf.gather(tensor, places) for tensor in tensors)

    options = tf.data.Options()
    options.autotune.enabled = False
    # tf.random.shuffle would give every epoch the same order once a global seed is set
    seed = tf.data.Dataset.random(rerandomize_each_iteration=True).batch(2).take(1)
    data = seed.flat_map(indices).map(gathered).with_options(options)
    return data.apply(tf.data.experimental.assert_cardinality(length))
