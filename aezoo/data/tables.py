"""Files of numbers: NumPy's, CSV and Parquet."""

import csv
import io
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.data.cells import TIMES, floats, holds_numbers
from aezoo.data.limits import check_array, check_columns, check_member, check_text
from aezoo.data.samples import DataError, as_labels, as_samples, split_off

INDEX = (
    "%s: the first column has no name and looks like an index, it is left out. Name it if it is "
    "to be learned."
)
NPY = b"\x93NUMPY"
DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AP]M)?( ?(Z|UTC|[-+]\d{2}(:?\d{2})?))?"
TIME = re.compile(rf"({DATE})([T ]+{CLOCK})?|{CLOCK}", re.IGNORECASE)  # as machines write it
LEAVE_OUT = (
    "leave it out, or cut the recording into windows with window=256 (--window 256), which does so"
)


def read_numpy(path: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Samples and labels of a `.npy` or `.npz` file.

    Of a `.npz` file only the arrays `x` and `y`, or `x_train`, `y_train`, `x_test`, `y_test`, or
    the only one are read, in upper or lower case. Other arrays may hold anything.

    Args:
        path: Path of the file.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        float32 array of shape `(n, ...)`, and labels of shape `(n,)` or `None`.

    Raises:
        DataError: If the file is damaged, or does not hold what can be trained on.
    """
    # opened here, since NumPy does not close what turns out to be damaged
    with _read(lambda: path.open("rb"), path) as file:
        loaded = _read(lambda: _loaded(file, path), path)
        if isinstance(loaded, np.ndarray):
            return split_off(as_samples(loaded, path), None, split)
        names = {name.lower(): name for name in loaded.files}
        if {"x_train", "x_test"} <= names.keys():
            parts = ("train", "test") if split == "all" else (split,)
            return _joined([_pair(loaded, names, f"_{part}", path) for part in parts], path)
        if len(names) == 1:
            names = {"x": loaded.files[0]}
        if "x" not in names:
            raise DataError(
                f"{path} must hold samples under 'x', or under 'x_train' and 'x_test'. "
                f"Received: {', '.join(loaded.files) or 'no arrays'}"
            )
        return split_off(*_pair(loaded, names, "", path), split)


def open_array(path: Path, mmap_mode: str | None = None) -> np.ndarray:
    """The array of a `.npy` file.

    Args:
        path: Path of the file.
        mmap_mode: String or `None`, as of `np.load`.

    Returns:
        Array.

    Raises:
        DataError: If the file is damaged, or holds objects or a single number.
    """
    with _read(lambda: path.open("rb"), path) as file:
        _read(lambda: check_array(file, path.stat().st_size, path), path)
    x = _read(lambda: np.load(path, mmap_mode=mmap_mode, allow_pickle=False), path)
    if not x.ndim:
        raise DataError(f"{path} must hold an array of samples, (n, ...). Received: one number")
    return x


def read_parquet(path: Path, split: str) -> tuple[np.ndarray, None]:
    """Samples of a Parquet file, a row each.

    Args:
        path: Path of the file.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        float32 array of shape `(n, columns)`, and `None`, since a table has no labels.

    Raises:
        DataError: If the file is damaged, or a column is not of numbers.
        ImportError: Without the extra `aezoo[tables]`.
    """
    from aezoo.data.chunks import read_table  # which reads NumPy's files through this module

    return split_off(as_samples(numbers_of(read_table(path), path), path), None, split)


def numbers_of(table: Any, path: Path) -> np.ndarray:
    """The values of a table whose columns are all of numbers.

    Args:
        table: pandas `DataFrame`.
        path: Path of its file, for errors.

    Returns:
        float64 array of shape `(n, columns)`, with NaN for missing values.

    Raises:
        DataError: If a column is not of numbers.
    """
    columns = []
    for i, name in enumerate(map(str, table.columns)):
        series = table.iloc[:, i]
        if holds_times(series):
            raise DataError(f"{path}: column {name!r} holds times: {LEAVE_OUT}.")
        if not holds_numbers(series, name):
            found = series.dropna()
            what = f"holds {found.iloc[0]!r}, not a number" if len(found) else "is empty"
            raise DataError(f"{path}: column {name!r} {what}: leave it out.")
        columns.append(floats(series, name))
    if not columns:
        raise DataError(f"{path} has no column of numbers.")
    return np.column_stack(columns)


def holds_times(series: Any) -> bool:
    """Whether a column of a pandas table is of dates or times, or of texts that say such."""
    from pandas.api.types import infer_dtype

    kind = infer_dtype(series, skipna=True)
    return kind in TIMES or (kind == "string" and are_times(series.dropna()))


def are_times(cells: Sequence[str]) -> bool:
    """Whether all texts say a date, a time of the day or both; false of none."""
    return len(cells) > 0 and all(TIME.fullmatch(cell.strip()) for cell in cells)


def read_csv(path: Path, split: str) -> tuple[np.ndarray, None]:
    """Samples of a CSV or TSV file, a row each.

    Cells are separated by commas, semicolons or tabs. The first row is taken for names if none of
    its cells is a number. A first column without a name whose whole numbers are all different is
    an index, as pandas writes it, and is left out, which is logged.

    Args:
        path: Path of the file, UTF-8.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        float32 array of shape `(n, columns)`, and `None`, since a table has no labels.

    Raises:
        DataError: If a cell holds no number, which the error names by row and column, both
            counted from 1 as spreadsheets do, or rows differ in length.
    """
    numbered = _rows(path)
    names = numbered.pop(0)[1] if numbered and _are_names(numbered[0][1]) else None
    rows = [row for _, row in numbered]
    if not rows:
        raise DataError(f"{path} has no rows of numbers.")
    columns = len(rows[0] if names is None else names)
    check_columns(path, columns)
    for number, row in numbered:
        if len(row) != columns:
            raise DataError(
                f"{path}: every row must have as many cells as the first one, {columns}. "
                f"Received: row {number} with {len(row)}"
            )
    first = [row[0] for row in rows]
    indexed = names is not None and columns > 1 and is_unnamed(names[0]) and is_index(first)
    _warn_of_names_and_indices(path, indexed, rows[0] if names is None else [], first)
    try:
        with np.errstate(over="ignore"):  # infinite then, which load_dataset refuses
            table = np.array([row[1:] for row in rows] if indexed else rows, np.float32)
    except ValueError:
        raise DataError(_first_bad_cell(path, numbered, names)) from None
    return split_off(table, None, split)


def delimiter(text: str) -> str:
    """What separates cells; semicolons go before commas, which may be decimal beside them."""
    lines = [line for line in text[:100_000].split("\n") if line.strip()][:2]
    present = (mark for mark in ";\t" if lines and all(mark in line for line in lines))
    return next(present, ",")


def is_number(text: str) -> bool:
    """Whether a cell holds a number, or NaN or an infinity."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_unnamed(name: str) -> bool:
    """Whether a column's name is none, or what pandas makes of none."""
    return name.strip() in ("", "Unnamed: 0")  # the second after pandas has read the first


def is_index(cells: Sequence[str]) -> bool:
    """Whether cells of a column are whole numbers that are all different."""
    return all(map(str.isdigit, cells)) and len(set(cells)) == len(cells)


def _loaded(file, path):
    """The array of a file, or its arrays, none of which is read."""
    if file.read(len(NPY)) == NPY:
        file.seek(0)
        check_array(file, path.stat().st_size, path)
    file.seek(0)
    return np.load(file, allow_pickle=False)


def _member(loaded, name, path):
    check_member(loaded, name, path)
    return loaded[name]


def _read(load, path):
    try:
        return load()
    except DataError:
        raise
    except Exception as error:  # of damaged files: of zipfile, zlib, tokenize, struct, NumPy
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} cannot be read as numbers, is it whole? {reason}") from error


def _pair(loaded, names, ending, path):
    """Samples and labels of one split of a `.npz` file."""
    x = as_samples(_read(lambda: _member(loaded, names[f"x{ending}"], path), path), path)
    if f"y{ending}" not in names:
        return x, None
    try:
        return x, as_labels(_read(lambda: _member(loaded, names[f"y{ending}"], path), path), x)
    except DataError as error:  # labels only colour pictures
        logging.getLogger("aezoo").warning("Labels are left out. %s", error)
        return x, None


def _joined(pairs, path):
    shapes = {x.shape[1:] for x, _ in pairs}
    if len(shapes) > 1:
        raise DataError(
            f"{path} must hold samples of one shape in 'x_train' and 'x_test'. Received: "
            f"{', '.join(map(str, sorted(shapes)))}"
        )
    labelled = all(y is not None for _, y in pairs)
    y = np.concatenate([y for _, y in pairs]) if labelled else None
    return np.concatenate([x for x, _ in pairs]), y


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with its number in the file."""
    try:
        check_text(path, whole=True)
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.reader(io.StringIO(text), delimiter=delimiter(text))
        return [(number, row) for number, row in enumerate(rows, start=1) if row]
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be text in UTF-8, save it as such: {error}") from error
    except (OSError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error


def _are_names(row: Sequence[str]) -> bool:
    # the second is how pandas writes columns without names, beside its index
    return not any(map(is_number, row)) or (is_unnamed(row[0]) and _counts(row[1:], 0))


def _counts(cells, start):
    return list(cells) == [str(i) for i in range(start, start + len(cells))]


def _warn_of_names_and_indices(path, indexed, first_row, first_column):
    log = logging.getLogger("aezoo")
    if indexed:
        log.warning(INDEX, path)
    elif len(first_column) > 2 and (_counts(first_column, 0) or _counts(first_column, 1)):
        log.warning(
            "%s: the first column counts the rows. If it is an index, remove it from the file: it "
            "is trained on.",
            path,
        )
    if len(first_row) > 2 and _counts(first_row, 0):
        log.warning(
            "%s: the first row counts the columns. If these are names, remove them from the file: "
            "they are trained on.",
            path,
        )


def _first_bad_cell(path, numbered, names):
    number, column, cell = next(
        (number, column, cell)
        for number, row in numbered
        for column, cell in enumerate(row)
        if not is_number(cell)
    )
    place = f"row {number}, column {column + 1}"
    place += f" ({names[column]!r})" if names and names[column] else ""
    if not cell.strip():
        problem = "is empty: fill it, or remove the row"
    elif re.fullmatch(r"\s*[-+]?[\d.]+(,\d+)+\s*", cell):
        problem = f"holds {cell!r}: write numbers with a decimal point, and without other marks"
    elif are_times([row[column] for _, row in numbered]):
        problem = f"holds {cell!r}, a time like all of its column: {LEAVE_OUT}"
    else:
        problem = f"holds {cell!r}, not a number: remove or fill the row, or leave the column out"
    return f"{path} must be a table of numbers. Received: {place} {problem}."
