"""Files that are read a shard at a time: what is larger than memory."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from aezoo.data.chunks import chunks, count_rows
from aezoo.data.images import IMAGES, gathered, image_files, read_image
from aezoo.data.parquet import groups_of, rows_of_group
from aezoo.data.samples import DataError, as_samples
from aezoo.data.tables import numbers_of, open_array

SHARDED = (".npy", ".parquet", ".csv", ".tsv")
BYTES = 2**24  # of float32, in a shard of a file that can be read from anywhere
TOGETHER = 256  # images in a shard
SHARE = 0.5  # of the memory that is free: what takes more is not brought into it


class Shard(NamedTuple):
    """A part of a file or folder.

    Attributes:
        path: `pathlib.Path` of the file, or of the folder of images.
        part: A range of the samples of a `.npy` file, the number of a group of rows of a
            `.parquet` file, a tuple of the images of a folder, or `None` for the whole file.
    """

    path: Path
    part: range | int | tuple[Path, ...] | None = None


def shards_of(path: Path) -> list[Shard]:
    """The shards of a file or folder, in an order that is always the same.

    Args:
        path: Path of a `.npy`, `.parquet`, `.csv` or `.tsv` file, of a folder with files of one of
            these kinds, in subfolders, too, or of a folder of images.

    Returns:
        List of `Shard`. Images are in a random order, as they lie in folders of classes.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If there is nothing of these kinds, or more than one of them.
        ImportError: For a table, without the extra `aezoo[tables]`.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    files = shard_files(path)
    if not files:
        return _shards_of_images(path)
    shards = []
    for file in files:
        kind = file.suffix.lower()
        if kind == ".npy":
            x = open_array(file, mmap_mode="r")
            rows = max(1, BYTES // max(1, 4 * int(np.prod(x.shape[1:]))))
            parts = [range(i, min(i + rows, len(x))) for i in range(0, len(x), rows)]
        else:
            parts = list(range(groups_of(file))) if kind == ".parquet" else [None]
        shards += [Shard(file, part) for part in parts]
    return shards


def shard_files(path: Path) -> list[Path]:
    """The files of samples in a folder, or the file itself; none of a folder that has images.

    Args:
        path: Path of a file or folder.

    Returns:
        List of paths, sorted. What begins with a dot or an underscore is left out, as other
        programs put marks of their own there.

    Raises:
        DataError: If the file is of another kind, or the folder has files of several kinds.
    """
    if path.is_file():
        if path.suffix.lower() not in SHARDED:
            raise DataError(f"A stream is of {', '.join(SHARDED)} or images. Received: {path}")
        return [path]
    found = [file for file in path.rglob("*") if file.name[0] not in "._"]
    if any(file.suffix.lower() in IMAGES for file in found):  # beside which tables may lie
        return []
    files = sorted(file for file in found if file.suffix.lower() in SHARDED)
    kinds = sorted({file.suffix.lower() for file in files})
    if len(kinds) > 1:
        raise DataError(f"The shards in {path} must be of one kind. Received: {', '.join(kinds)}")
    return files


def samples_of(
    shard: Shard, size: tuple[int, int] | None = None, color: str | None = None
) -> Iterator[np.ndarray]:
    """The samples of a shard, in pieces.

    Args:
        shard: `Shard`.
        size, color: Of images, see `aezoo.data.images.prepared`.

    Yields:
        float32 arrays of shape `(n, ...)`, images in [0, 1].

    Raises:
        DataError: If it cannot be read, or holds what are no numbers.
    """
    path, part = shard
    if isinstance(part, tuple):
        yield gathered((read_image(file, size, color) for file in part), len(part))
    elif isinstance(part, range):
        x = open_array(path, mmap_mode="r")  # anew: pages of a file count as memory while mapped
        yield np.array(as_samples(x[part.start : part.stop], path))
    else:
        tables = chunks(path) if part is None else rows_of_group(path, part)
        for table in tables:
            yield as_samples(numbers_of(table, path), path)


def columns_of(shard: Shard) -> tuple[str, ...] | None:
    """The names of the columns of a table, which all shards must have; `None` of others."""
    if shard.path.suffix.lower() not in (".parquet", ".csv", ".tsv") or shard.path.is_dir():
        return None
    with closing(chunks(shard.path, rows=100)) as pieces:
        return tuple(map(str, next(pieces).columns))


def too_large(path: str | os.PathLike, size: tuple[int, int] | None = None) -> str | None:
    """Whether samples are better not brought into memory.

    Args:
        path: String or path.
        size: Pair of integers or `None`, what images are scaled to.

    Returns:
        String that says why, or `None` if they fit into half of what is free.
    """
    path = Path(path).expanduser()
    files = shard_files(path) if path.is_dir() or path.suffix.lower() in SHARDED else []
    if path.is_dir() and files:
        return f"{path.name} is a folder of {files[0].suffix} files"
    if path.is_dir():
        images = image_files(path)
        taken = len(images) * read_image(images[0], size).nbytes if images else 0
    elif not files:
        return None
    elif path.suffix.lower() == ".npy":
        taken = 4 * open_array(path, mmap_mode="r").size
    elif path.suffix.lower() == ".parquet":
        taken = 8 * count_rows(path) * len(columns_of(Shard(path)) or ())
    else:
        taken = 4 * path.stat().st_size  # as Python's texts, for a while
    free = psutil.virtual_memory().available
    if taken <= SHARE * free:
        return None
    return (
        f"{path.name} takes {taken / 2**30:.1f} GiB in memory, of which {free / 2**30:.1f} is free"
    )


def _shards_of_images(path):
    files = np.array(image_files(path), object)
    if not len(files):
        raise DataError(f"{path} holds neither images nor {', '.join(SHARDED)} files.")
    files = files[np.random.default_rng(0).permutation(len(files))]
    return [Shard(path, tuple(files[i : i + TOGETHER])) for i in range(0, len(files), TOGETHER)]
