"""Recordings, and the windows that they are cut into."""

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.data.chunks import TEXTS, read_table
from aezoo.data.images import split_folders
from aezoo.data.samples import TEST_FRACTION, DataError, split_off
from aezoo.data.sound import as_waves, read_sound
from aezoo.data.tables import holds_times, numbers_of, open_array

TABLES = (*TEXTS, ".parquet")
RECORDINGS = (*TABLES, ".npy", ".wav")
MANY = 5  # recordings, of which a fifth is one
STEPS = re.compile(  # names of columns that count the time, with a unit or without
    r"(date|datetime|time|timestamp)([\W_]+(ns|us|µs|ms|s|sec|seconds|min|minutes|h|hours))?\W*",
    re.IGNORECASE,
)

log = logging.getLogger("aezoo")


def read_recordings(path: Path, split: str, window: int, stride: int) -> np.ndarray:
    """Windows of a recording, or of all in a folder.

    No step of the training split is in a window of the test split. Five recordings or more are
    split as wholes, a fixed random fifth of them for tests. Of fewer the last fifth of each is for
    tests, and the parts are cut into windows after that. Subfolders `train` and `test` are splits
    of their own.

    Args:
        path: Path of a `.wav`, `.npy`, `.csv`, `.tsv` or `.parquet` file, or of a folder of such.
            Tables have a row for each step; their columns of times are left out, which is logged.
        split: `"train"`, `"test"` or `"all"`, which are windows of uncut recordings.
        window: Positive integer, steps in a window.
        stride: Positive integer, steps from window to window.

    Returns:
        float32 array of shape `(n, window, channels)`.

    Raises:
        DataError: If there is no recording, one cannot be read, is shorter than a window or not
            finite, or they differ in channels.
        ImportError: For a table, without the extra `aezoo[tables]`.
    """
    files, part = _files(path, split)
    windows, first, rates = [], None, set()
    for file in files:
        x, columns, rate = _read(file)
        rates |= {rate} - {None}
        if first is None:
            first = x.shape[1], columns
        if first != (x.shape[1], columns):
            raise DataError(
                "The recordings must all have the same channels. Received: "
                f"{_channels(files[0], *first)}, {_channels(file, x.shape[1], columns)}"
            )
        kept = _part(x, part)
        if len(kept) < window:
            of_them = "" if part == "all" else f", and {len(kept):,} of them are in its {part} part"
            raise DataError(
                f"{file} is too short for windows of {window:,} steps: it has {len(x):,}{of_them}. "
                "Give a shorter window, or longer recordings."
            )
        windows.append(windows_of(kept.astype(np.float32), window, stride))
    if len(rates) > 1:
        log.warning(
            "%s: the recordings have %s steps a second. Windows last as many steps, not seconds.",
            *(path, " and ".join(f"{rate:,}" for rate in sorted(rates))),
        )
    return np.concatenate(windows)


def windows_of(recording: np.ndarray, window: int, stride: int = 1) -> np.ndarray:
    """All windows of a recording, a view of it.

    Args:
        recording: Array of shape `(T, C)`.
        window: Positive integer, steps in a window.
        stride: Positive integer, steps from the start of a window to that of the next.

    Returns:
        Array of shape `(n, window, C)`, read-only: `n = 1 + (T - window) // stride`, or 0 if the
        recording is shorter than a window.

    Example:

    >>> windows_of(np.arange(6)[:, np.newaxis], 3, 2)[..., 0].tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    if len(recording) < window:
        return np.zeros((0, window, recording.shape[1]), recording.dtype)
    view = np.lib.stride_tricks.sliding_window_view(recording, window, axis=0)
    return np.moveaxis(view, 2, 1)[::stride]  # (T - w + 1, C, w) -> (n, w, C)


def as_recording(x: Any, channels: int | None = None) -> np.ndarray:
    """One recording as an array, whatever it came as.

    Args:
        x: Array of shape `(T, C)`, `(T,)` for one channel, or a pandas table of a row a step.
        channels: Integer or `None`, how many channels it must have.

    Returns:
        Array of shape `(T, C)`, finite in float32.

    Raises:
        DataError: If there is no step, or values are no finite real numbers.
    """
    if x is None or isinstance(x, (str, bytes, dict)):
        raise DataError(f"Expected a recording of shape (T, C). Received: {x!r}"[:200])
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise DataError("The steps of a recording must all have the same channels.") from error
    if x.dtype == object:
        try:
            x = x.astype("float64")
        except (TypeError, ValueError) as error:
            raise DataError(
                f"A recording must be made of numbers: leave out columns of text. {error}"
            ) from None
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
        raise DataError(f"A recording must be made of real numbers. Received: {x.dtype}")
    x = x[:, np.newaxis] if x.ndim == 1 else x  # (T,) -> (T, 1)
    if x.ndim != 2 or not x.size:
        raise DataError(f"Expected a recording of shape (T, C). Received: {x.shape}")
    if channels is not None and x.shape[1] != channels:
        raise DataError(f"Expected recordings of {channels} channels. Received: {x.shape[1]}")
    with np.errstate(over="ignore"):
        bad = ~np.isfinite(x.astype("float32"))
    if bad.any():
        step, channel = np.argwhere(bad)[0]
        raise DataError(
            f"A recording must be finite in float32. Received: {int(bad.sum())} NaN or infinite "
            f"values, the first at step {step} of channel {channel}. Fill them, or cut the "
            "recording there into several."
        )
    return x


def _files(path, split):
    """The recordings of a split, and which part of each belongs to it."""
    if not path.is_dir():
        return [path], split
    own_splits = split_folders(path)
    roots = [path / split] if own_splits and split != "all" else own_splits or [path]
    files = [
        file
        for root in roots
        for file in sorted(root.rglob("*"))
        if file.suffix.lower() in RECORDINGS
    ]
    if not files:
        raise DataError(
            f"{', '.join(map(str, roots))} holds no recording ({', '.join(RECORDINGS)})."
        )
    if not own_splits and len(files) < MANY:
        return files, split
    chosen = files if own_splits else split_off(np.array(files, object), None, split)[0]
    return list(chosen), "all"


def _read(file):
    """A recording, the names of its columns, and its steps a second, where these are known."""
    kind = file.suffix.lower()
    if kind not in RECORDINGS:
        raise DataError(
            f"Windows are of recordings, {', '.join(RECORDINGS)}, or of a folder of such. "
            f"Received: {file}"
        )
    columns = rate = None
    if kind == ".wav":
        rate, x = read_sound(file)
        x = as_waves(x)
    elif kind == ".npy":
        x = open_array(file)
    else:
        table = _without_times(read_table(file), file)
        x, columns = numbers_of(table, file), list(map(str, table.columns))
    try:
        return as_recording(x), columns, rate
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def _without_times(table, file):
    """A table without the columns that say when its steps were."""
    kept = []
    for i, name in enumerate(map(str, table.columns)):
        series = table.iloc[:, i]
        named = STEPS.fullmatch(name.strip())
        if holds_times(series) or (named and _rises(series)):
            log.warning("%s: the column %r holds times, it is left out.", file, name)
            continue
        if named:
            log.warning(
                "%s: the column %r does not rise from row to row, it is kept as a channel. If it "
                "says when the steps were, sort the rows by it.",
                *(file, name),
            )
        kept.append(i)
    if not kept:
        raise DataError(f"{file} holds no channel, but times alone.")
    return table.iloc[:, kept]


def _rises(series):
    from pandas.api.types import is_numeric_dtype

    return is_numeric_dtype(series) and series.is_unique and series.is_monotonic_increasing


def _part(x, part):
    cut = len(x) - int(len(x) * TEST_FRACTION)
    return {"train": x[:cut], "test": x[cut:], "all": x}[part]


def _channels(file, count, columns):
    return f"{file} of {count}" + (f" ({', '.join(columns)})" if columns else "")
