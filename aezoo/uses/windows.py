"""Recordings in pieces, and the way back from scores of windows to scores of steps."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.data.recordings import as_recording
from aezoo.data.samples import DataError


def recordings_of(x: Any, channels: int | None = None) -> list[np.ndarray]:
    """Recordings as a list of arrays, whatever they came as.

    Args:
        x: A recording: array of shape `(T, C)`, `(T,)` for one channel, or a pandas table of a
            row a step; or a list or tuple of such arrays or tables, of any lengths.
        channels: Integer or `None`, how many channels each must have.

    Returns:
        List of float64 arrays of shape `(T, C)`.

    Raises:
        DataError: A `ValueError`, if there is no recording or no step, channels differ, or values
            are no finite real numbers.

    Example:

    >>> [x.shape for x in recordings_of([np.ones((3, 2)), np.ones((5, 2))])]
    [(3, 2), (5, 2)]
    """
    if isinstance(x, (list, tuple)) and not len(x):
        raise DataError("Expected recordings. Received: none")
    many = isinstance(x, (list, tuple)) and np.ndim(getattr(x[0], "shape", 0)) > 0
    found = [as_recording(part, channels).astype("float64") for part in (x if many else [x])]
    widths = sorted({part.shape[1] for part in found})
    if len(widths) > 1:
        raise DataError(
            "The recordings must all have the same channels. Received: "
            f"{' and '.join(map(str, widths))} channels"
        )
    return found


def channel_names(recording: Any) -> list[str] | None:
    """Names of a recording's channels, if it is a table whose columns all have one.

    Args:
        recording: Array, or pandas table; of a list the first.

    Returns:
        List of strings, or `None`.
    """
    if isinstance(recording, (list, tuple)):
        recording = recording[0]
    columns = getattr(recording, "columns", None)
    names = None if columns is None else list(columns)
    return names if names and all(isinstance(name, str) for name in names) else None


def pieces_of(
    recording: np.ndarray, window: int, stride: int = 1, values: int = 2**24
) -> Iterator[np.ndarray]:
    """Stretches of a recording which have together the windows that it has, one after another.

    Args:
        recording: Array of shape `(T, C)`, of one window at least.
        window: Positive integer, steps in a window.
        stride: Positive integer, steps from window to window.
        values: Positive integer, how many values the windows of a stretch may hold.

    Yields:
        Arrays of shape `(t, C)`, views of the recording.

    Example:

    >>> [len(part) for part in pieces_of(np.zeros((9, 1)), 3, 2, values=6)]
    [5, 5]
    """
    count = 1 + (len(recording) - window) // stride
    step = max(1, values // (window * recording.shape[1]))
    for begin in range(0, count, step):
        end = (min(begin + step, count) - 1) * stride + window
        yield recording[begin * stride : end]


def by_step(scores: ArrayLike, steps: int, window: int, stride: int = 1) -> np.ndarray:
    """What is known at each step: the score of the last window that is complete by then.

    A step so never has a score from what comes after it, and a stream gives the same ones.

    Args:
        scores: Array of shape `(n, ...)`, one for each window.
        steps: Integer, how many steps the recording has.
        window: Positive integer, steps in a window.
        stride: Positive integer, steps from window to window.

    Returns:
        float64 array of shape `(steps, ...)`, NaN before the first window is complete.

    Example:

    >>> by_step([5.0, 7.0], 6, 3, 2).tolist()
    [nan, nan, 5.0, 5.0, 7.0, 7.0]
    """
    scores = np.asarray(scores, "float64")
    result = np.full((steps, *scores.shape[1:]), np.nan)
    places = (np.arange(steps) - window + 1) // stride  # the last window that ends by each step
    known = places >= 0
    result[known] = scores[places[known]]
    return result
