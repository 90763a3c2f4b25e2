"""Files of tables, arrays, images and sound, read whole or in pieces that fit into memory."""

import contextlib
import csv
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.data.images import IMAGES, alike, gathered, image_files, read_image
from aezoo.data.limits import LINE, check_bytes, check_columns, check_text
from aezoo.data.parquet import ROWS, imported_pandas, open_parquet, tables_of
from aezoo.data.samples import DataError, as_samples
from aezoo.data.sound import as_waves, read_sound
from aezoo.data.tables import (
    INDEX,
    delimiter,
    is_index,
    is_number,
    is_unnamed,
    open_array,
    read_numpy,
)

SNIFFED = 100_000  # characters of a CSV file, that say how it is written
TEXTS = (".csv", ".tsv")
ARRAYS = (".npy", ".npz")
KINDS = (*TEXTS, ".parquet", *ARRAYS, ".wav")
ABSENT = ("", "?", "na", "n/a", "nan", "null", "none")  # in a row that may be of names

log = logging.getLogger("aezoo")


class NoRowsError(DataError):
    """A table without rows."""


def chunks(path: str | os.PathLike, rows: int = ROWS, warn: bool = True) -> Iterator[Any]:
    """Pieces of a file or of a folder of images, in their order.

    Args:
        path: String or path of a table (`.csv`, `.tsv`, `.parquet`), an array (`.npy`, `.npz`), a
            recording (`.wav`) or a folder of images.
        rows: Positive integer, how many rows, samples or steps a piece has at most.
        warn: Boolean, whether to say that an index is left out.

    Yields:
        pandas `DataFrame` of a table, whose index goes on from piece to piece, see `read_table`.
        Else a float32 array: samples of shape `(n, ...)`, images `(n, height, width, channels)`
        in [0, 1], or steps of shape `(n, channels)` in [-1, 1].

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If it cannot be read, or has no rows.
        ImportError: For a table, without the extra `aezoo[tables]`.

    Example:

    >>> import numpy as np, tempfile
    >>> from aezoo.data.chunks import chunks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x.npy", np.ones((5, 3)))
    ...     [piece.shape for piece in chunks(f"{folder}/x.npy", rows=2)]
    [(2, 3), (2, 3), (1, 3)]
    """
    path = Path(path)
    kind = kind_of(path)
    if kind in TEXTS:
        yield from _pieces_of_text(path, rows, warn)
    elif kind == ".parquet":
        yield from _pieces_of_parquet(path, rows)
    elif kind == "":
        yield from _pieces_of_images(path, rows)
    else:
        x = read_sound(path)[1] if kind == ".wav" else _array(path)
        for begin in range(0, len(x), rows):
            if kind == ".npy":  # mapped anew: pages of a file count as memory while it is mapped
                x = _array(path)
            end = begin + rows
            yield as_waves(x[begin:end]) if kind == ".wav" else as_samples(x[begin:end], path)


def read_table(path: str | os.PathLike) -> Any:
    """A file or folder of images as one table or array.

    Cells of a text are separated by commas, semicolons or tabs. Where semicolons or tabs do, all
    numbers may have decimal commas. The first row is taken for names if none of its cells is a
    number, or one is a text above a number. A first column without a name, of whole numbers that
    are all different, is an index and left out. Empty cells, `?`, `NA` and such are missing.

    Args:
        path: As of `chunks`.

    Returns:
        pandas `DataFrame` or float32 array, as of `chunks`. Columns without names are `x0`, `x1`,
        and so on.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If it cannot be read, or has no rows.
        ImportError: For a table, without the extra `aezoo[tables]`.
    """
    path = Path(path)
    if kind_of(path) in TEXTS:  # a column's type is that of all its rows
        (table,) = _pieces_of_text(path, None)
        return table
    if kind_of(path) == ".parquet":
        told = open_parquet(path).metadata
        check_bytes(path, 8 * told.num_rows * told.num_columns)
    pieces = list(chunks(path))
    if len(pieces) == 1:
        return pieces[0]
    return (
        imported_pandas().concat(pieces) if hasattr(pieces[0], "iloc") else np.concatenate(pieces)
    )


def count_rows(path: str | os.PathLike) -> int:
    """How many rows, samples or steps there are; about, for a text.

    Args:
        path: As of `chunks`.

    Returns:
        Integer.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind in TEXTS:
        with path.open("rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(2**20), b""))
    if kind == ".parquet":
        return open_parquet(path).metadata.num_rows
    if kind == "":
        return len(image_files(path))
    return len(read_sound(path)[1] if kind == ".wav" else _array(path))


def kind_of(path: Path) -> str:
    """The ending of a file that can be read; `""` of a folder.

    Args:
        path: Path of a file or folder.

    Returns:
        String, one of `KINDS` or `""`.

    Raises:
        FileNotFoundError: If there is none.
        DataError: If the ending is not known.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    kind = "" if path.is_dir() else path.suffix.lower()
    if not (path.is_dir() or kind in KINDS):
        raise DataError(f"Expected {', '.join(KINDS)} or a folder of images. Received: {path}")
    return kind


def _pieces_of_text(path, rows, warn=True):
    with contextlib.ExitStack() as opened:  # what is not read to its end is closed, too
        yield from _read_text(path, rows, warn, opened)


def _read_text(path, rows, warn, opened):
    pandas = imported_pandas()
    check_text(path, whole=rows is None)
    pieces, has_index = None, None
    while True:
        try:
            # no table has cells without a column; not around yield, whose caller has other filters
            with warnings.catch_warnings():
                warnings.simplefilter("error", pandas.errors.ParserWarning)
                if pieces is None:
                    options = _written(path)
                    read = pandas.read_csv(path, chunksize=rows, **options)
                    pieces = iter([read] if rows is None else opened.enter_context(read))
                piece = next(pieces, None)
        except UnicodeDecodeError as error:
            raise DataError(f"{path} must be text in UTF-8, save it as such: {error}") from error
        except pandas.errors.EmptyDataError:
            piece = None
        except (csv.Error, pandas.errors.ParserError, pandas.errors.ParserWarning) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{path} cannot be read as a table: {reason}") from error
        if has_index is None and (piece is None or piece.empty):
            raise NoRowsError(f"{path} has no rows.")
        if piece is None:
            return
        if "header" in options:
            piece.columns = [f"x{i}" for i in range(piece.shape[1])]
        if has_index is None:
            has_index = _has_index(piece)
            if has_index and warn:
                log.warning(INDEX, path)
        yield piece.iloc[:, 1:] if has_index else piece


def _written(path: Path) -> dict[str, Any]:
    """How a text is written, as options of pandas."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SNIFFED)
        text += "" if "\n" in text else file.readline(LINE)
    options: dict[str, Any] = {"sep": delimiter(text), "encoding": "utf-8-sig", "na_values": ["?"]}
    check_columns(path, 1 + text.partition("\n")[0].count(options["sep"]))
    options |= {"low_memory": False, "index_col": False}
    rows = islice(csv.reader(io.StringIO(text), delimiter=options["sep"]), 100)
    found = [[cell.strip() for cell in row] for row in rows if row]
    if found and not _are_names(*found[:2]):
        options["header"] = None
    cells = [cell for row in found for cell in row]
    commas, points = (
        any(re.fullmatch(rf"[-+]?\d+{mark}\d+(e[-+]?\d+)?", cell, re.I) for cell in cells)
        for mark in (",", r"\.")
    )
    if options["sep"] != "," and commas and not points:
        options["decimal"] = ","
    return options


def _are_names(first, second=()):
    counted = is_unnamed(first[0]) and first[1:] == [str(i) for i in range(len(first) - 1)]
    if counted or not any(map(is_number, first)):  # the former is how pandas writes no names
        return True
    return any(
        is_number(below) and not is_number(cell) and cell.lower() not in ABSENT
        for cell, below in zip(first, second, strict=False)
    )


def _has_index(table):
    name = str(table.columns[0])
    # pandas names what has no name
    return (
        (name == "" or is_unnamed(name))
        and table.shape[1] > 1
        and is_index(table.iloc[:, 0].astype(str).tolist())
    )


def _pieces_of_parquet(path, rows):
    begin = 0
    for piece in tables_of(path, batch_size=rows):
        piece.index = range(begin, begin + len(piece))
        begin += len(piece)
        yield piece
    if not begin:
        raise NoRowsError(f"{path} has no rows.")


def _pieces_of_images(path, rows):
    files = image_files(path)
    if not files:
        raise DataError(f"{path} holds no image ({', '.join(IMAGES)}).")
    images = alike(map(read_image, files), files)
    for begin in range(0, len(files), rows):
        yield gathered(islice(images, rows), min(rows, len(files) - begin))


def _array(path):
    if path.suffix.lower() == ".npz":
        x, _ = read_numpy(path, "all")
    else:
        x = open_array(path, mmap_mode="r")
    if x.ndim < 2 or not len(x):
        raise DataError(f"{path} must hold samples, (n, ...). Received: an array of {x.shape}")
    return x
