"""What a file of weights holds: arrays of numbers, each with its own data, and nothing else."""

import math
import os
from collections.abc import Iterator

import h5py

from aezoo.registry.archives import RefusedError

MAX_BYTES = 2**32  # of all arrays of a file
DEEPEST, MOST_OBJECTS = 64, 100_000
KINDS = "fiub"  # floats, integers and Booleans
BFLOAT16 = "|V2"  # as Keras writes it: two bytes that only an attribute names


def arrays(path: str | os.PathLike, max_bytes: int = MAX_BYTES) -> list[tuple[str, tuple]]:
    """Names and shapes of the arrays in a file, of which none is read.

    Args:
        path: String or path of a `.weights.h5` file.
        max_bytes: Positive integer, how many bytes all arrays may have.

    Returns:
        List of pairs: each array's name and shape.

    Raises:
        RefusedError: A `ValueError`, if the file is damaged, has links, arrays whose data are
            elsewhere or not there, arrays of other things than numbers, or too many.
        FileNotFoundError: If there is no such file.
    """
    found, total = [], 0
    try:
        with h5py.File(path) as file:
            for name, dataset in _datasets(file):
                total += _bytes(name, dataset)
                if total > max_bytes:
                    raise RefusedError(
                        f"the arrays have more than max_bytes={max_bytes:,}, give more if you "
                        "expect them"
                    )
                if total > os.path.getsize(path):
                    raise RefusedError("the arrays have more bytes than the file: they overlap")
                found.append((name, dataset.shape))
    except (RefusedError, FileNotFoundError):
        raise
    except Exception as error:  # h5py raises many kinds for damaged files
        raise RefusedError(f"it is no whole HDF5 file ({error})") from error
    return found


def _datasets(file) -> Iterator[tuple[str, h5py.Dataset]]:
    """All arrays; no link is followed that leads to where one has been, or elsewhere."""
    waiting, seen = [("", file, 0)], {_address(file)}
    while waiting:
        name, group, depth = waiting.pop()
        for key in group:
            path = f"{name}/{key}".lstrip("/")
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise RefusedError(f"{path} is a {type(link).__name__} to elsewhere")
            item = group[key]
            if _address(item) in seen:
                raise RefusedError(f"{path} is a second name of something else")
            seen.add(_address(item))
            if depth >= DEEPEST or len(seen) > MOST_OBJECTS:
                raise RefusedError(f"{path} is one too many: groups are nested or numerous")
            if isinstance(item, h5py.Dataset):
                yield path, item
            elif isinstance(item, h5py.Group):
                waiting.append((path, item, depth + 1))
            else:
                raise RefusedError(f"{path} is a {type(item).__name__}, not an array")


def _bytes(name, dataset):
    """How many bytes an array has, if it is plain numbers that are in the file."""
    if dataset.dtype.kind not in KINDS and dataset.dtype.str != BFLOAT16:
        raise RefusedError(f"{name} is an array of {dataset.dtype}, not of numbers")
    if dataset.is_virtual or dataset.external:
        raise RefusedError(f"{name} has its data in other files: it is virtual or external")
    if dataset.shape is None:
        raise RefusedError(f"{name} has no shape")
    if dataset.id.get_create_plist().get_nfilters():  # of which HDF5 bounds no output
        raise RefusedError(f"{name} is compressed, or filtered, which Keras does not do")
    declared, stored = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id
    if declared > stored.get_storage_size():
        raise RefusedError(
            f"{name} has the shape {dataset.shape}, {declared:,} bytes, of which the file has "
            f"{stored.get_storage_size():,}"
        )
    return declared


def _address(item):
    return h5py.h5o.get_info(item.id).addr
