"""What is to be drawn: returned as arrays and texts, or refused with its name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

MOST_CLASSES = 20  # beyond which numbers are a measure
SPAN = 30  # of the largest score over the least, from which on a linear axis hides the small


def finite(name: str, values: ArrayLike, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Returns finite numbers as float64, or raises `ValueError` with their name.

    `None` in `shape` stands for any size of 1 or more.
    """
    array = numbers(name, values, shape)
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be finite. Received: {int((~np.isfinite(array)).sum())} of {array.size} "
            "that are NaN or infinite"
        )
    return array


def numbers(
    name: str, values: ArrayLike, shape: tuple[int | None, ...] | None = None
) -> np.ndarray:
    """Returns numbers as float64, as `finite` does, whether finite or not."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError
        array = array.astype("float64")
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be an array of numbers. Received: {_short(values)}"
        ) from None
    expected = array.shape if shape is None else shape
    fits = len(expected) == array.ndim and all(
        size in (None, found) for size, found in zip(expected, array.shape, strict=True)
    )
    if not fits or not array.size:
        text = "" if shape is None else f" of shape {_written(shape)}"
        raise ValueError(
            f"{name} must be numbers{text}, one or more. Received: an array of shape {array.shape}"
        )
    return array


def zeros_and_ones(name: str, values: ArrayLike, length: int | None = None) -> np.ndarray:
    """Returns which of the samples are anomalous, or raises `ValueError` with the name."""
    array = finite(name, values, (length,))
    others = np.unique(array[(array != 0) & (array != 1)])
    if len(others):
        hint = " What `predict` returns is turned into it by `labels == -1`." * (-1 in others)
        raise ValueError(
            f"{name} must be 0 (normal) or 1 (anomalous). Received: {others[:5].tolist()}.{hint}"
        )
    return array == 1


def is_measure(labels: np.ndarray) -> bool:
    """Returns whether labels are a measure: numbers that are not whole, or more than 20 of them."""
    if labels.dtype.kind not in "iuf" or not np.isfinite(labels).any():
        return False
    if len(np.unique(labels)) > MOST_CLASSES:
        return True
    return not np.array_equal(labels, np.round(labels))


def texts(kind: str, names: Sequence[Any] | None, length: int) -> list[str]:
    """Returns a name for each, numbered from 0 if none are given, or raises `ValueError`."""
    if names is None:
        return [f"{kind} {i}" for i in range(length)]
    if isinstance(names, str) or len(names) != length:
        raise ValueError(
            f"names must be one for each {kind}, {length}. "
            f"Received: {_short(names) if isinstance(names, str) else len(names)}"
        )
    return [shortened(str(name)) for name in names]


def shortened(text: str) -> str:
    """Returns a text of at most 40 characters, for long names leave no room to what they name."""
    return text if len(text) <= 40 else f"{text[:37]}..."


def plain(text: str) -> str:
    """Returns a text as matplotlib draws it: `$` begins no formula."""
    return text.replace("$", r"\$")


def in_legend(value: Any) -> str:
    """Returns what a legend shows of a name: those that begin with `_` it would leave out."""
    text = plain(shortened(str(value)))
    return f"\u200b{text}" if text.startswith("_") else text


def log_from(scores: np.ndarray, threshold: float | None = None) -> float | None:
    """The least value to draw of scores that span decades; `None` where they do not.

    A few zeros, or scores a thousandth of the median, would stretch a logarithmic axis over
    decades that hold nothing: what is less than the value that is returned is drawn there.
    """
    if scores.min() < 0 or np.median(scores) <= 0 or (threshold is not None and threshold <= 0):
        return None
    ends = [] if threshold is None else [threshold]
    least = min([max(scores[scores > 0].min(), np.median(scores) / 1000), *ends])
    return float(least) if max([scores.max(), *ends]) >= SPAN * least else None


def _written(shape):
    sizes = ["n" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def _short(values):
    text = repr(values)
    return text if len(text) <= 80 else f"{text[:77]}..."
