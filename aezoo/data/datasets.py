"""A name or a path -> arrays, ready for an autoencoder."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from aezoo.checks import positive, sequence
from aezoo.data.images import CHANNELS, prepared, read_folder
from aezoo.data.named import DIGITS, is_named, read_named
from aezoo.data.pieces import is_of_images, read_pieces
from aezoo.data.recordings import RECORDINGS, read_recordings
from aezoo.data.samples import DataError
from aezoo.data.scanning import open_stream
from aezoo.data.shards import shard_files
from aezoo.data.streams import Stream
from aezoo.data.tables import read_csv, read_numpy, read_parquet

READERS = {  # by the ending of a file
    ".npy": read_numpy,
    ".npz": read_numpy,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
}
PREPARATION = ("size", "color", "window", "stride", "stream")  # what makes samples of what is read

log = logging.getLogger("aezoo")


class Dataset(NamedTuple):
    """Samples of one split.

    Attributes:
        x: float32 array of shape `(n, ...)`: images `(n, height, width, channels)` in [0, 1],
            other data in its own units.
        y: Array of shape `(n,)`, the labels, or `None`. For pictures only, never trained on.
        name: String, the dataset's name.

    Example:

    >>> import aezoo
    >>> x, y, name = aezoo.load_dataset("digits")
    >>> x.shape, y.shape, name
    ((1437, 8, 8, 1), (1437,), 'digits')
    """

    x: np.ndarray
    y: np.ndarray | None
    name: str

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return float(self.x.min()), float(self.x.max())


@overload
def load_dataset(
    name_or_path: str | os.PathLike = ...,
    split: str = ...,
    *,
    data_dir: str | os.PathLike | None = ...,
    size: int | Sequence[int] | None = ...,
    color: str | None = ...,
    window: int | None = ...,
    stride: int | None = ...,
    stream: Literal[True],
) -> Stream: ...
@overload
def load_dataset(
    name_or_path: str | os.PathLike = ...,
    split: str = ...,
    *,
    data_dir: str | os.PathLike | None = ...,
    size: int | Sequence[int] | None = ...,
    color: str | None = ...,
    window: int | None = ...,
    stride: int | None = ...,
    stream: Literal[False] = ...,
) -> Dataset: ...
def load_dataset(
    name_or_path: str | os.PathLike = "digits",
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
    size: int | Sequence[int] | None = None,
    color: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    stream: bool = False,
) -> Dataset | Stream:
    """Loads a dataset into memory, or opens one that is larger.

    Args:
        name_or_path: String or path, one of

            - `"digits"`: scikit-learn's 1,797 8x8 digits, which need no network;
            - an image dataset of TensorFlow Datasets by name (`"mnist"`, `"cifar10"`, ...), read
              from `data_dir` if it is prepared there, else downloaded;
            - a `.npy` or `.npz` file of samples (in the latter under `x`, `X` or alone, labels
              under `y`; or under `x_train`, `y_train`, `x_test`, `y_test`). Integers of 8 or 16
              bits and shape `(n, height, width)` or `(n, height, width, channels)` are images;
              floats of three axes are signals, `(n, steps, channels)`;
            - a `.csv` or `.tsv` file of numbers, a row a sample, with a first row of names or
              without. An index without a name, as pandas writes it, is left out;
            - a `.parquet` file of numbers, a row a sample (with the extra `aezoo[tables]`);
            - a folder of images, labelled by their subfolders, if there are any; with subfolders
              `train` and `test` these are the splits. Each image is scaled by its own depth, 8 or
              16 bits, and turned as its EXIF data say;
            - with `window`, a recording or a folder of such: `.wav` in [-1, 1], `.npy` of shape
              `(T,)` or `(T, channels)`, or a table with a row for each step (with the extra
              `aezoo[tables]`), of which columns of times are left out;
            - with `window`, an image or a folder of such, of any sizes, cut into squares. Images
              are split as wholes.

            A name is that of a dataset, if there is one, else of a file or folder here. Files of
            others are safe to open: nothing in them is run, and what a file claims to hold is
            looked at before memory is taken for it. What a compressed `.npz` or a Parquet file
            unpacks to, and four times a text that is read at once, may be at most 4 GiB, or what
            the variable `AEZOO_MAX_BYTES` says; an image at most 89 million pixels; a table at
            most 100,000 columns; a line of text at most 16 MiB.
        split: `"train"`, `"test"` or `"all"`. Where the data has no splits of its own, a fixed
            random fifth of the samples is the test split. Of recordings it is a fixed random fifth
            of the files, or of fewer than five the last fifth of each, cut off before there are
            windows: no step is in windows of both splits.
        data_dir: String or path, where TensorFlow Datasets keeps its data. Default: the variable
            `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
        size: Positive integer or pair of them, height and width in pixels that images are brought
            to: scaled until the shorter side fits, with antialiasing, and the centre cut out.
            Default: images are of one size, and keep it.
        color: `"grey"` or `"rgb"`, what images are made. Default: what they are, all alike.
        window: Positive integer, steps in a sample of recordings, or height and width of the
            squares that images are cut into.
        stride: Positive integer, from window to window. Default: `window`, no overlap.
        stream: Boolean, whether samples are read anew in each epoch: of a `.npy`, `.csv`, `.tsv`
            or `.parquet` file, of a folder of files of one of these kinds, of a folder of images,
            or of a dataset of TensorFlow Datasets. A twentieth of them is the test split, by a
            hash of their values, where there is none of their own. With `window` it is of
            recordings, which are split as without. They are read once here, to check and to count
            them.

    Returns:
        A `Stream`, whose `batches` are for `fit`, and whose `x` is a random sample; or a `Dataset`
        of `x`, `y`, `name`. Integer images are scaled to [0, 1]; windows are of shape
        `(n, window, channels)`.

    Raises:
        FileNotFoundError: If there is no such file, or a dataset is neither on disk nor to be
            downloaded.
        ValueError: For an unknown name or split, or an option that is not for these data.
        DataError: A `ValueError`, for data that cannot be used: not numbers, ragged, empty, not
            finite, images of several sizes, recordings shorter than a window.
        ImportError: For a table that needs the extra `aezoo[tables]`, without it.

    Example:

    >>> import aezoo
    >>> digits = aezoo.load_dataset("digits")
    >>> digits.x.shape, float(digits.x.max())
    ((1437, 8, 8, 1), 1.0)
    >>> aezoo.load_dataset("digits", size=16, color="rgb").x.shape
    (1437, 16, 16, 3)
    """
    if split not in ("train", "test", "all"):
        raise ValueError(f"split must be 'train', 'test' or 'all'. Received: {split!r}")
    size, window, stride = _checked(size, color, window, stride)
    if stream:
        return streamed(name_or_path, [split], size, color, window, stride, data_dir)[0]
    name = str(name_or_path)
    if is_path(name_or_path):
        path = Path(name_or_path).expanduser()
        x, y = _path(path, split, size, color, window, stride)
        name = path.absolute().stem
    elif window is not None:
        raise ValueError(
            f"window is for files of recordings or images. Received: the name {name!r}"
        )
    else:
        if name and os.path.exists(name):
            log.warning("%r is the dataset of that name. What is here is ./%s.", name, name)
        x, y = read_named(name, split, data_dir, size, color)
    if not x.size:
        raise DataError(f"{name_or_path} holds no values in the split {split!r}.")
    if not np.isfinite([x.min(), x.max()]).all():
        bad = int(np.sum(~np.isfinite(x)))
        raise DataError(
            f"{name_or_path} holds {bad} NaN or infinite values: remove these samples or fill them."
        )
    if size is not None or color is not None:
        x = prepared(x, size, color)
    return Dataset(x, y, name)


def streamed(
    name_or_path: str | os.PathLike,
    parts: Sequence[str],
    size: int | Sequence[int] | None = None,
    color: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> list[Stream]:
    """Parts of data that are read anew in each epoch, found in one reading.

    Args:
        name_or_path: As for `load_dataset`.
        parts: Sequence of names, see `aezoo.data.scanning.open_stream`.
        size, color, window, stride, data_dir: As for `load_dataset`.

    Returns:
        List of `Stream`.

    Raises:
        ValueError: If these are no data for a stream.
    """
    size, window, stride = _checked(size, color, window, stride)
    if not is_path(name_or_path):
        if window is not None:
            raise ValueError(f"window is for files of recordings. Received: {name_or_path!r}")
        if name_or_path == DIGITS:
            raise ValueError(f"A stream is of files. Received: the name {name_or_path!r}")
        return open_stream(str(name_or_path), parts, size, color, data_dir)
    path = Path(name_or_path).expanduser()
    if window is not None and stride is not None:
        if color is not None or (path.exists() and is_of_images(path)):
            raise ValueError(f"A stream has windows of recordings, not of images. Received: {path}")
        return open_stream(path, parts, windows=(window, stride))
    if (size or color) and path.exists() and shard_files(path):
        raise ValueError(f"size and color are for images. Received: {path}")
    return open_stream(path, parts, size, color)


def is_path(name_or_path: str | os.PathLike) -> bool:
    """Whether `load_dataset` takes its argument for a path, not for a name.

    Args:
        name_or_path: String or path.

    Returns:
        Boolean: true for `Path` objects, for strings with a slash or the ending of a file of data,
        and for those of a file or folder here whose name is not that of a dataset.
    """
    if isinstance(name_or_path, os.PathLike):
        return True
    name = str(name_or_path)
    if os.sep in name or "/" in name or Path(name).suffix.lower() in (*READERS, *RECORDINGS):
        return True
    return bool(name) and os.path.exists(name) and not is_named(name)


def source(name_or_path: str | os.PathLike) -> str:
    """A name, or the whole path: what a run writes down, to find its data from anywhere.

    Args:
        name_or_path: String or path, as for `load_dataset`.

    Returns:
        String.
    """
    if is_path(name_or_path):
        return str(Path(name_or_path).expanduser().resolve())
    return str(name_or_path)


def preparation(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The options with which `load_dataset` made samples, of what was written down.

    Args:
        recorded: Mapping, in which other entries may stand, or none of these.

    Returns:
        Dictionary of those of `size`, `color`, `window` and `stride` that are not `None`.
    """
    return {key: recorded[key] for key in PREPARATION if recorded.get(key) is not None}


def pair_of(size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width, of one number for both or of two; or raises `ValueError`."""
    pair = sequence("size", size)
    pair = tuple(positive("size", number) for number in (pair * 2 if len(pair) == 1 else pair))
    if len(pair) != 2:
        raise ValueError(f"size must be one integer, or height and width. Received: {size!r}")
    return pair


def _checked(size, color, window, stride):
    """Size as a pair, window and stride, if all options are what they must be, together, too."""
    size = None if size is None else pair_of(size)
    if color is not None and color not in CHANNELS:
        raise ValueError(f"color must be {' or '.join(map(repr, CHANNELS))}. Received: {color!r}")
    if window is None:
        if stride is not None:
            raise ValueError(f"stride is that of windows: give window, too. Received: {stride!r}")
        return size, None, None
    if size is not None:
        raise ValueError("A window is cut from images as they are: give window or size, not both.")
    window = positive("window", window)
    return size, window, window if stride is None else positive("stride", stride)


def _path(path, split, size, color, window, stride):
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if window is not None:
        if is_of_images(path):
            return read_pieces(path, split, window, stride, color), None
        if color is not None:
            raise ValueError(f"color is for images. Received: {color!r} for {path}")
        return read_recordings(path, split, window, stride), None
    if path.is_dir():
        files = shard_files(path)
        if files:
            raise DataError(
                f"{path} is a folder of {files[0].suffix} files: read it as a stream, with "
                "stream=True (--stream)."
            )
        return read_folder(path, split, size, color)
    kind = path.suffix.lower()
    if kind == ".wav":
        raise ValueError(
            f"{path} is a recording: say how many steps a sample has, window=256 (--window 256)."
        )
    if kind not in READERS:
        raise DataError(
            f"Expected a folder of images, or a file of {', '.join({**READERS, '.wav': None})}. "
            f"Received: {path}"
        )
    return READERS[kind](path, split)
