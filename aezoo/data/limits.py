"""How much a file may claim to hold, found out before memory is taken for it."""

import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from aezoo.data.samples import DataError

VARIABLE = "AEZOO_MAX_BYTES"
BYTES = 2**32
COLUMNS = 100_000  # of a table; each takes some time and memory of its own
LINE = 2**24  # bytes of a text without an end of line
READ = 2**20


def most_bytes() -> int:
    """What one file may become in memory: 4 GiB, or what `AEZOO_MAX_BYTES` says.

    Raises:
        ValueError: If the variable is no positive integer.
    """
    text = os.environ.get(VARIABLE, str(BYTES))
    if not text.isdecimal() or not int(text):
        raise ValueError(f"{VARIABLE} must be a positive integer, bytes. Received: {text!r}")
    return int(text)


def check_bytes(source: object, claimed: int, most: int | None = None) -> None:
    """Refuses what would take too much memory.

    Args:
        source: What claims it, for the error.
        claimed: Integer, bytes that it would take.
        most: Integer, how many are given. Default: `most_bytes()`.

    Raises:
        DataError: If it would take more.

    Example:

    >>> check_bytes("x.npz", 10**12)
    Traceback (most recent call last):
    aezoo.data.samples.DataError: x.npz claims 1,000,000,000,000 bytes in memory, of which
    4,294,967,296 are given at most: it is damaged or harmful, or set AEZOO_MAX_BYTES to more if you
    trust it.
    """
    most = most_bytes() if most is None else most
    if claimed > most:
        raise DataError(
            f"{source} claims {claimed:,} bytes in memory, of which {most:,} are given at most: "
            f"it is damaged or harmful, or set {VARIABLE} to more if you trust it."
        )


def check_columns(path: Path, count: int) -> None:
    """Refuses tables of too many columns."""
    if count > COLUMNS:
        raise DataError(
            f"{path} has {count:,} columns, of which a table may have {COLUMNS:,}: save such rows "
            "as a .npy file."
        )


def check_array(file: Any, size: int, path: object) -> None:
    """Refuses an array whose head claims another size than follows, or is no array.

    Args:
        file: Binary file at the beginning of a `.npy` file's content.
        size: Integer, the bytes of that content.
        path: Its name, for errors.

    Raises:
        ValueError: If there is no such head.
        DataError: If it claims more than there is, or objects, which are not read.
    """
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise DataError(
            f"{path} cannot be read as numbers: it holds objects. Save an array of numbers."
        )
    claimed, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed > there:
        raise DataError(
            f"{path} cannot be read as numbers, is it whole? It claims {dtype} of shape {shape}, "
            f"{claimed:,} bytes, and has {there:,}."
        )


def check_member(loaded: Any, name: str, path: Path) -> None:
    """Refuses an array of a `.npz` file that unpacks to too much, or is none.

    Args:
        loaded: `numpy.lib.npyio.NpzFile`.
        name: String, the array's name in it.
        path: Path of the file, for errors.

    Raises:
        DataError: If it does.
    """
    entries: zipfile.ZipFile = loaded.zip
    known = entries.NameToInfo
    entry = known.get(f"{name}.npy") or known.get(name)
    if entry is None:
        raise DataError(f"{path} has no array {name!r}.")
    if entry.compress_type != zipfile.ZIP_STORED:
        check_bytes(f"{path}: {name!r}", entry.file_size)
    with entries.open(entry) as file:
        check_array(file, entry.file_size, f"{path}: {name!r}")


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a `.npz` file, none of which is of objects.

    Args:
        path: Path of the file.

    Returns:
        Dictionary of names to arrays.

    Raises:
        DataError: If they unpack to too much.
        Exception: Of NumPy, zipfile and zlib, for a file that is damaged.
    """
    found = {}
    with np.load(path, allow_pickle=False) as loaded:
        for name in loaded.files:
            check_member(loaded, name, path)
            found[name] = loaded[name]
            check_bytes(path, sum(array.nbytes for array in found.values()))
    return found


def check_text(path: Path, whole: bool) -> None:
    """Refuses a text with endless lines, or one that is too large to be read at once.

    Args:
        path: Path of the file.
        whole: Boolean, whether it is read at once. Numbers take some four times their text.

    Raises:
        DataError: If it is.
    """
    size = path.stat().st_size
    if whole:
        check_bytes(f"{path}, read at once and not with stream=True (--stream),", 4 * size)
    if size <= LINE:
        return
    longest = 0
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(READ), b""):
            first = max(piece.find(b"\n"), piece.find(b"\r"))
            if longest + (len(piece) if first < 0 else first) > LINE:
                raise DataError(
                    f"{path} has a line of more than {LINE:,} bytes, which is none of a table."
                )
            last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
            longest = longest + len(piece) if last < 0 else len(piece) - last - 1
