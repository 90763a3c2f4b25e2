"""Arrays of samples and of weights, checked for what no network can use."""

import logging
import math
from typing import Any

import numpy as np

COARSE = 256  # steps of float32 in the range of a feature, below which they matter

log = logging.getLogger("aezoo")


def checked_array(
    x: Any, shape: tuple[int, ...], what: str = "input", raw: bool = False
) -> np.ndarray:
    """An array of samples, as NumPy.

    Args:
        x: Array-like of shape `(n, *shape)`.
        shape: Tuple of integers, the shape of one sample.
        what: String, what to call it in errors.
        raw: Boolean, whether values in any units are welcome.

    Returns:
        float32 NumPy array of shape `(n, *shape)`.

    Raises:
        ValueError: If the shape does not fit, there is no sample, or the values are no real
            numbers, not finite in float32, or integers that are not scaled.
    """
    if hasattr(x, "batches"):
        raise ValueError(
            f"Expected {what}, an array. Received: {x}. fit and adapt take a stream's batches, "
            "stream.batches(32); others take its samples piece by piece, of stream.arrays()."
        )
    if x is None or isinstance(x, (str, bytes, dict)) or not hasattr(x, "__len__"):
        hint = " To load a file call aezoo.load_dataset." if isinstance(x, str) else ""
        raise ValueError(f"Expected {what}, an array. Received: {_named(x)}.{hint}")
    if np.ma.is_masked(x):
        raise ValueError(f"The {what} holds masked values: fill them, or remove these samples.")
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"The samples of the {what} must all be of the shape {shape}. Received samples of "
            "several shapes."
        ) from error
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


def warn_of_coarse_steps(x: np.ndarray, what: str) -> None:
    """Logs a warning where float32 cannot tell the values of a feature apart.

    Args:
        x: Array of shape `(n, ..., F)`, before it is made float32.
        what: String, what to call it.
    """
    if x.dtype.itemsize < 4 or x.dtype == np.float32 or not x.size:
        return
    features = x.reshape(-1, x.shape[-1])  # (n, ..., F) -> (N, F)
    low, high = features.min(axis=0), features.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # others refuse what is not finite
        steps = np.spacing(np.maximum(np.abs(low), np.abs(high)).astype("float32"))
        coarse = np.flatnonzero((high > low) & (high - low < COARSE * steps))
    if coarse.size:
        i = coarse[0]
        log.warning(
            "The %s is held in float32, which has steps of %g between %.10g and %.10g, where all "
            "values of feature %d lie: smaller differences are lost. Subtract its smallest value.",
            *(what, steps[i], low[i], high[i], i),
        )


def checked_weights(weights: Any, count: int) -> np.ndarray:
    """A weight for each sample, as NumPy.

    Args:
        weights: Array-like of shape `(n,)`, or with further axes of one entry.
        count: Integer, how many samples there are.

    Returns:
        float32 NumPy array of shape `(n,)`.

    Raises:
        ValueError: If there is more than a number a sample, or one that is not finite or below 0.
    """
    weights = np.asarray(weights)
    if not (np.issubdtype(weights.dtype, np.number) or weights.dtype == bool):
        raise ValueError(f"sample_weight must be numbers. Received: an array of {weights.dtype}")
    if weights.size != len(weights) or weights.ndim == 0:
        raise ValueError(
            f"sample_weight must have one number a sample, of shape ({count},). Received: "
            f"{weights.shape}"
        )
    weights = weights.reshape(-1).astype("float32")  # (n, 1) -> (n,)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("sample_weight must be finite, and 0 or more.")
    return weights


def _named(x):
    return repr(x) if x is None or isinstance(x, (str, int, float)) else type(x).__name__


def _hint(received, shape, what):
    if "target" in what and len(received) == 1:
        return "A label is no target here: leave it out."
    if received == shape:
        return "For a single sample add the batch axis: x[np.newaxis]."
    if (*received[1:], 1) == shape:
        return "Add the axis of channels: x[..., np.newaxis]."
    if math.prod(received[1:]) == math.prod(shape):
        return f"Reshape it: x.reshape({', '.join(map(str, (-1, *shape)))})."
    return "Build the model with the input_shape of your data."
