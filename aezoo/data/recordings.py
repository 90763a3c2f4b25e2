"""Recordings, and the windows that they are cut into."""

import logging
import re
from collections.abc import Sequence
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
    files, part = recording_files(path, split)
    windows, first = [], None
    for file in files:
        x, columns = _read(file)
        if first is None:
            first = x.shape[1], columns
        if first != (x.shape[1], columns):
            raise DataError(
                "The recordings must all have the same channels. Received: "
                f"{_channels(files[0], *first)}, {_channels(file, x.shape[1], columns)}"
            )
        kept = _part(x, part)
        if len(kept) < window:
            raise too_short(file, window, len(x), len(kept), part)
        windows.append(windows_of(kept.astype(np.float32), window, stride))
    warn_of_rates(path, files)
    return np.concatenate(windows)


def too_short(file: Path, window: int, steps: int, kept: int, part: str) -> DataError:
    """The error of a recording that is shorter than a window.

    Args:
        file: Path of the recording.
        window, steps, kept: Integers, steps in a window, in the recording, and in its part.
        part: String, the part, `"all"` for the whole.

    Returns:
        `DataError`, to be raised.
    """
    of_them = "" if part == "all" else f", and {kept:,} of them are in its {part} part"
    return DataError(
        f"{file} is too short for windows of {window:,} steps: it has {steps:,}{of_them}. "
        "Give a shorter window, or longer recordings."
    )


def warn_of_rates(path: Path, files: Sequence[Path]) -> None:
    """Says if recordings of sound have several steps a second.

    Args:
        path: Path of their folder, to be told.
        files: Sequence of paths.
    """
    rates = {read_sound(file)[0] for file in files if file.suffix.lower() == ".wav"}
    if len(rates) > 1:
        log.warning(
            "%s: the recordings have %s steps a second. Windows last as many steps, not seconds.",
            *(path, " and ".join(f"{rate:,}" for rate in sorted(rates))),
        )


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


def as_recording(
    x: Any, channels: int | None = None, *, file: Path | None = None, first: int = 0
) -> np.ndarray:
    """One recording as an array, whatever it came as.

    Args:
        x: Array of shape `(T, C)`, `(T,)` for one channel, or a pandas table of a row a step.
        channels: Integer or `None`, how many channels it must have.
        file: Path that it is from, to be told in errors, or `None`.
        first: Integer, which of the file's steps is the first.

    Returns:
        Array of shape `(T, C)`, finite in float32.

    Raises:
        DataError: If there is no step, or values are no finite real numbers.
    """
    try:
        return _as_recording(x, channels, first)
    except DataError as error:
        raise error if file is None else DataError(f"{file}: {error}") from None


def recording_files(path: Path, split: str) -> tuple[list[Path], str]:
    """The recordings of a split, and which part of each belongs to it.

    Args:
        path: Path of a recording or of a folder.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        A pair of paths, and of the split, or `"all"` if recordings are split as wholes.

    Raises:
        DataError: If there is none.
    """
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


def open_recording(
    file: Path, warn: bool = True
) -> tuple[np.ndarray, list[str] | None, int | None]:
    """A recording as it is stored, mapped where that is possible.

    Args:
        file: Path.
        warn: Boolean, whether to say which columns are left out.

    Returns:
        Array of shape `(T, C)`, of sound not yet waves; the names of its columns; and its steps a
        second; or `None` where these are not known.

    Raises:
        DataError: If it cannot be read.
    """
    kind = file.suffix.lower()
    if kind not in RECORDINGS:
        raise DataError(
            f"Windows are of recordings, {', '.join(RECORDINGS)}, or of a folder of such. "
            f"Received: {file}"
        )
    if kind == ".wav":
        rate, x = read_sound(file)
        return x, None, rate
    if kind == ".npy":
        x = open_array(file, mmap_mode="r")
        if x.ndim not in (1, 2):
            raise DataError(f"{file}: Expected a recording of shape (T, C). Received: {x.shape}")
        return (x[:, np.newaxis] if x.ndim == 1 else x), None, None  # (T,) -> (T, 1)
    table = _without_times(read_table(file), file, warn)
    return numbers_of(table, file), list(map(str, table.columns)), None


def _read(file):
    """A recording in memory, and the names of its columns."""
    x, columns, _ = open_recording(file)
    x = as_waves(x) if file.suffix.lower() == ".wav" else np.array(x)
    return as_recording(x, file=file), columns


def _as_recording(x, channels, first):
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
            f"values, the first at step {first + step} of channel {channel}. Fill them, or cut the "
            "recording there into several."
        )
    return x


def _without_times(table, file, warn=True):
    """A table without the columns that say when its steps were."""
    kept = []
    for i, name in enumerate(map(str, table.columns)):
        series = table.iloc[:, i]
        named = STEPS.fullmatch(name.strip())
        if holds_times(series) or (named and _rises(series)):
            if warn:
                log.warning("%s: the column %r holds times, it is left out.", file, name)
            continue
        if named and warn:
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
