"""What may be given to a model: arrays, checked for what no network can use, and datasets."""

import math

import numpy as np


def is_dataset(x):
    """Whether data come in batches (`tf.data.Dataset`, `PyDataset`, generator), not as an array.

    Args:
        x: Anything that Keras takes as input.

    Returns:
        Boolean.
    """
    return not (hasattr(x, "shape") or isinstance(x, (list, tuple, int, float)))


def checked_array(x, shape, what="input", raw=False):
    """An array that a model can take, as NumPy.

    Args:
        x: Array-like of shape `(n, *shape)`.
        shape: Tuple of integers, the shape of one sample.
        what: String, what to call it in errors.
        raw: Boolean, whether values in any units are welcome, because the model scales them.

    Returns:
        float32 NumPy array of shape `(n, *shape)`.

    Raises:
        ValueError: If the shape does not fit, there is no sample, or the values are no real
            numbers, not finite in float32, or integers that are not scaled.
    """
    x = np.asarray(x)
    if x.shape[1:] != shape:
        expected = f"({', '.join(map(str, ('n', *shape)))})".replace("(n)", "(n,)")
        hint = _hint(x.shape, shape, what)
        raise ValueError(f"Expected {what} of shape {expected}. Received: {x.shape}. {hint}")
    if not x.size:
        raise ValueError(f"Expected at least one sample. Received: an array of shape {x.shape}")
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
        raise ValueError(f"Expected real numbers. Received: an array of {x.dtype}")
    low, high = x.min(), x.max()
    if not raw and np.issubdtype(x.dtype, np.integer) and high > 1:
        raise ValueError(
            f"Integer data must be scaled. Received: {x.dtype} from {low} to {high}. For images "
            "divide by 255 (x.astype('float32') / 255); for tables build the model with "
            "normalization='standard'."
        )
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite
        x = x.astype("float32", copy=False)
    if not np.isfinite([x.min(), x.max()]).all():
        bad = int(np.sum(~np.isfinite(x)))
        raise ValueError(
            f"The {what} must be finite in float32. Received {bad} NaN or infinite values."
        )
    return x


def inputs_of(x):
    """The inputs in each batch of a dataset.

    Args:
        x: Dataset, see `is_dataset`.

    Yields:
        NumPy arrays.
    """
    for parts in _batches(x):
        yield np.asarray(parts[0])


def targets_of(x, shape):
    """The targets in each batch of a dataset: the second of a pair if it has their shape.

    Args:
        x: Dataset, see `is_dataset`.
        shape: Tuple of integers, the shape of one sample.

    Yields:
        NumPy arrays.
    """
    for parts in _batches(x):
        fitting = [part for part in parts[:2] if np.shape(part)[1:] == shape]
        yield np.asarray(fitting[-1] if fitting else parts[0])


def refuse_endless(x):
    """Refuses datasets that cannot be read to their end.

    Args:
        x: Dataset, see `is_dataset`.

    Raises:
        ValueError: If the dataset never ends.
    """
    cardinality = getattr(x, "cardinality", None)
    if cardinality is not None and int(cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
        raise ValueError("The dataset is without end (repeat()): limit it with take(n).")


def _hint(received, shape, what):
    if what == "target" and len(received) == 1:
        return "A label is no target here: leave it out."
    if received == shape:
        return "For a single sample add the batch axis: x[np.newaxis]."
    if (*received[1:], 1) == shape:
        return "Add the axis of channels: x[..., np.newaxis]."
    if math.prod(received[1:]) == math.prod(shape):
        return f"Reshape it: x.reshape({', '.join(map(str, (-1, *shape)))})."
    return "Build the model with the input_shape of your data."


def _batches(x):
    length = getattr(x, "num_batches", None)  # of a keras.utils.PyDataset
    for batch in x if length is None else (x[i] for i in range(length)):
        yield batch if isinstance(batch, (tuple, list)) else (batch,)
