"""Files that are read a shard at a time: what is larger than memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from aezoo.data.chunks import NoRowsError, chunks, count_rows
from aezoo.data.images import IMAGES, alike, gathered, read_image, split_folders
from aezoo.data.parquet import columns_in, groups_of, rows_of_group
from aezoo.data.recordings import open_recording
from aezoo.data.records import Records, records_of
from aezoo.data.samples import DataError, as_samples
from aezoo.data.tables import numbers_of, open_array
from aezoo.data.windowed import Windows, windows_by_part

SHARDED = (".npy", ".parquet", ".csv", ".tsv")
BYTES = 2**24  # of numbers that are read together
TOGETHER, ROWS = 256, 65_536  # images in a shard, and rows of a table that are read together
RECORD = "metrics.json"  # of a run, whose pictures are no data
SHARE = 0.5  # of the memory that is free: what takes more is not brought into it


class Shard(NamedTuple):
    """A part of a file or folder.

    Attributes:
        path: `pathlib.Path` of the file, or of the folder of images.
        part: A range of the samples of a `.npy` file, the number of a group of rows of a
            `.parquet` file, a tuple of the images of a folder, `Records` of a file of TensorFlow
            Datasets, `Windows` of a recording, or `None` for the whole file.
    """

    path: Path
    part: range | int | tuple[Path, ...] | Records | Windows | None = None


def shards_of(
    path: Path, size: tuple[int, int] | None = None, color: str | None = None
) -> list[Shard]:
    """The shards of a file or folder, in an order that is always the same.

    Args:
        path: Path of a `.npy`, `.parquet`, `.csv` or `.tsv` file, of a folder with files of one of
            these kinds, in subfolders, too, or of a folder of images.
        size, color: Of images, see `aezoo.data.images.prepared`.

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
        return _shards_of_images(path, size, color)
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


def shards_by_split(
    source: Path | str,
    data_dir: str | os.PathLike | None = None,
    size: tuple[int, int] | None = None,
    color: str | None = None,
) -> dict[str | None, list[Shard]]:
    """The shards of data by the split that they are of.

    Args:
        source: Path of a file or folder, or the name of a dataset of TensorFlow Datasets.
        data_dir: String or path, where TensorFlow Datasets keeps its data, or `None`.
        size, color: Of images, see `aezoo.data.images.prepared`.

    Returns:
        Dictionary of `"train"` and `"test"` to lists of `Shard`, or of `None` to all of them, if
        there are no folders and no splits of these names.

    Raises:
        FileNotFoundError: If there is no such file or dataset.
        DataError: If there is nothing to read, or files of more than one kind.
    """
    if isinstance(source, str):
        found = {
            split: [Shard(file, records) for file, records in files]
            for split, files in records_of(source, data_dir, size, color).items()
        }
        if not {"train", "test"} <= found.keys():
            return {None: list(chain.from_iterable(found.values()))}
        return {split: found[split] for split in ("train", "test")}
    folders = split_folders(source) if source.is_dir() else []
    if not folders:
        return {None: shards_of(source, size, color)}
    return {folder.name: shards_of(folder, size, color) for folder in folders}


def shards_of_windows(
    path: Path, window: int, stride: int, parts: Sequence[str]
) -> dict[str | None, list[Shard]]:
    """The shards of recordings by the part that they are of.

    Args:
        path: Path of a recording or of a folder.
        window, stride, parts: As of `aezoo.data.windowed.windows_by_part`.

    Returns:
        Dictionary of its keys to lists of `Shard`.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If there is no recording.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    found = windows_by_part(path, window, stride, parts)
    return {part: [Shard(*own) for own in files] for part, files in found.items()}


def shard_files(path: Path) -> list[Path]:
    """The files of samples in a folder, or the file itself; none of a folder of images.

    Args:
        path: Path of a file or folder.

    Returns:
        List of paths, sorted. Beside images texts may lie, which are none of the samples.

    Raises:
        DataError: If the file is of another kind, or the folder has files of several kinds.
    """
    if path.is_file():
        if path.suffix.lower() not in SHARDED:
            raise DataError(f"A stream is of {', '.join(SHARDED)} or images. Received: {path}")
        return [path]
    found = _files(path)
    files = [file for file in found if file.suffix.lower() in SHARDED]
    kinds = {file.suffix.lower() for file in files}
    if any(file.suffix.lower() in IMAGES for file in found):
        if kinds <= {".csv", ".tsv"}:
            return []
        kinds.add("images")
    if len(kinds) > 1:
        raise DataError(
            f"The shards in {path} must be of one kind. Received: {', '.join(sorted(kinds))}"
        )
    return files


def samples_of(
    shard: Shard,
    size: tuple[int, int] | None = None,
    color: str | None = None,
    warn: bool = False,
) -> Iterator[np.ndarray]:
    """The samples of a shard, in pieces of about 16 MiB.

    Args:
        shard: `Shard`.
        size, color: Of images, see `aezoo.data.images.prepared`.
        warn: Boolean, whether to say what is remarkable about numbers.

    Yields:
        float32 arrays of shape `(n, ...)`, images in [0, 1].

    Raises:
        DataError: If it cannot be read, or holds what are no numbers.
    """
    path, part = shard
    if isinstance(part, tuple):
        yield gathered(alike((read_image(file, size, color) for file in part), part), len(part))
    elif isinstance(part, Records):
        yield from part.samples(size, color)
    elif isinstance(part, Windows):
        yield from part.samples(path)
    elif isinstance(part, range):
        x = open_array(path, mmap_mode="r")  # anew: pages of a file count as memory while mapped
        yield np.array(as_samples(x[part.start : part.stop], path, warn))
    else:
        rows = min(ROWS, max(1, BYTES // (8 * max(1, len(form_of(shard))))))
        told = {"rows": rows, "warn": False}
        tables = chunks(path, **told) if part is None else rows_of_group(path, part, rows)
        with suppress(NoRowsError):
            for table in tables:
                yield as_samples(numbers_of(table, path), path, warn)


def form_of(shard: Shard, warn: bool = False) -> tuple[str, ...]:
    """What all shards must share.

    Args:
        shard: `Shard`.
        warn: Boolean, whether to say what is remarkable about it.

    Returns:
        Tuple of the names of a table's columns, of which one without rows may have none, or of
        what an array's numbers are: whole ones of 8 or 16 bits, or others.
    """
    kind = shard.path.suffix.lower()
    if isinstance(shard.part, (tuple, Records)):
        return ("images",)
    if isinstance(shard.part, Windows):
        return tuple(open_recording(shard.path, warn)[1] or ("recording",))
    if kind == ".npy":
        name = open_array(shard.path, mmap_mode="r").dtype.name
        return (name if name in ("uint8", "uint16") else "numbers",)
    if kind == ".parquet":
        return columns_in(shard.path)
    with closing(chunks(shard.path, rows=100, warn=warn)) as pieces, suppress(NoRowsError):
        return tuple(map(str, next(pieces).columns))
    return ()


def stamp_of(shard: Shard) -> tuple[tuple[int, int], ...]:
    """What tells that the files of a shard have changed: when they were written, and their sizes.

    Args:
        shard: `Shard`.

    Returns:
        Tuple of pairs of integers.
    """
    files = shard.part if isinstance(shard.part, tuple) else (shard.path,)
    found = (file.stat() for file in files)
    return tuple((status.st_mtime_ns, status.st_size) for status in found)


def too_large(
    path: str | os.PathLike, size: tuple[int, int] | None = None, color: str | None = None
) -> str | None:
    """Whether samples are better not brought into memory.

    Args:
        path: String or path.
        size, color: What images are brought to, see `aezoo.data.images.prepared`.

    Returns:
        String that says why, or `None` if they fit into half of what is free.
    """
    path = Path(path).expanduser()
    files = shard_files(path) if path.is_dir() or path.suffix.lower() in SHARDED else []
    if path.is_dir() and files:
        return f"{path.name} is a folder of {files[0].suffix} files"
    if path.is_dir():
        images = _images(path)
        taken = len(images) * read_image(images[0], size, color).nbytes if images else 0
    elif not files:
        return None
    elif path.suffix.lower() == ".npy":
        taken = 4 * open_array(path, mmap_mode="r").size
    elif path.suffix.lower() == ".parquet":
        taken = 8 * count_rows(path) * len(columns_in(path))
    else:
        taken = 4 * path.stat().st_size  # as Python's texts, for a while
    free = psutil.virtual_memory().available
    if taken <= SHARE * free:
        return None
    sizes = (f"{number / 2**30:.1f}" for number in (taken, free))
    return "{} takes {} GiB in memory, of which {} is free".format(path.name, *sizes)


def _files(path):
    """The files in a folder, but for hidden ones, marks of other programs and runs."""
    found = (file for file in path.rglob("*") if file.is_file())
    found = [
        file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)
    ]
    runs = {file.parent for file in found if file.name == RECORD}
    return sorted(file for file in found if file.parent not in runs)


def _images(path):
    return [file for file in _files(path) if file.suffix.lower() in IMAGES]


def _shards_of_images(path, size, color):
    files = _images(path)
    if not files:
        raise DataError(f"{path} holds neither images nor {', '.join(SHARDED)} files.")
    together = min(TOGETHER, max(1, BYTES // read_image(files[0], size, color).nbytes))
    files = [files[i] for i in np.random.default_rng(0).permutation(len(files))]
    return [Shard(path, tuple(files[i : i + together])) for i in range(0, len(files), together)]
