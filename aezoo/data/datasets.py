"""A name or a path -> arrays, ready for an autoencoder."""

import difflib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aezoo.data.images import read_folder
from aezoo.data.samples import DataError, as_labels, as_samples, split_off
from aezoo.data.tables import read_csv, read_numpy

READERS = {".npy": read_numpy, ".npz": read_numpy, ".csv": read_csv}  # by the ending of a file


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


def load_dataset(
    name_or_path: str | os.PathLike = "digits",
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
) -> Dataset:
    """Loads a dataset into memory.

    Args:
        name_or_path: String or path, one of

            - `"digits"`: scikit-learn's 1,797 8x8 digits, which need no network;
            - an image dataset of TensorFlow Datasets by name (`"mnist"`, `"cifar10"`, ...), read
              from `data_dir` if it is prepared there, else downloaded;
            - a `.npy` or `.npz` file of samples (in the latter under `x`, `X` or alone, labels
              under `y`; or under `x_train`, `y_train`, `x_test`, `y_test`). Integers of 8 or 16
              bits and shape `(n, height, width)` or `(n, height, width, channels)` are images;
              floats of three axes are signals, `(n, steps, channels)`;
            - a `.csv` file of numbers, a row a sample, with a first row of names or without. An
              index without a name, as pandas writes it, is left out;
            - a folder of images of one size, labelled by their subfolders, if there are any; with
              subfolders `train` and `test` these are the splits. Each image is scaled by its own
              depth, 8 or 16 bits, and turned as its EXIF data say.
        split: `"train"`, `"test"` or `"all"`. Where the data has no splits of its own, a fixed
            random fifth is the test split.
        data_dir: String or path, where TensorFlow Datasets keeps its data. Default: the variable
            `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Returns:
        A `Dataset` of `x`, `y`, `name`. Integer images are scaled to [0, 1].

    Raises:
        FileNotFoundError: If there is no such file, or a dataset is neither on disk nor to be
            downloaded.
        ValueError: For an unknown name or split.
        DataError: A `ValueError`, for data that cannot be used: not numbers, ragged, empty, not
            finite, images of several sizes.

    Example:

    >>> import aezoo
    >>> digits = aezoo.load_dataset("digits")
    >>> digits.x.shape, float(digits.x.max())
    ((1437, 8, 8, 1), 1.0)
    """
    if split not in ("train", "test", "all"):
        raise ValueError(f"split must be 'train', 'test' or 'all'. Received: {split!r}")
    name = str(name_or_path)
    path = Path(name_or_path).expanduser()
    if name == "digits":
        x, y = _digits(split)
    elif is_path(name_or_path):
        x, y = _path(path, split)
        name = path.stem
    else:
        x, y = _tfds(name, split, data_dir)
    if not x.size:
        raise DataError(f"{name_or_path} holds no values in the split {split!r}.")
    if not np.isfinite([x.min(), x.max()]).all():
        bad = int(np.sum(~np.isfinite(x)))
        raise DataError(
            f"{name_or_path} holds {bad} NaN or infinite values: remove these samples or fill them."
        )
    return Dataset(x, y, name)


def is_path(name_or_path: str | os.PathLike) -> bool:
    """Whether `load_dataset` takes its argument for a path, not for a name.

    Args:
        name_or_path: String or path.

    Returns:
        Boolean: true for `Path` objects, and for strings with a slash or the ending of a file.
    """
    if isinstance(name_or_path, os.PathLike):
        return True
    name = str(name_or_path)
    return os.sep in name or "/" in name or Path(name).suffix.lower() in READERS


def _digits(split):
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.float32(digits.images[..., np.newaxis] / 16)  # intensities from 0 to 16
    return split_off(images, digits.target, split)


def _path(path, split):
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if path.is_dir():
        return read_folder(path, split)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"Expected a folder of images or a file of {', '.join(READERS)}. Received: {path}"
        )
    return reader(path, split)


def _tfds(name, split, data_dir):
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (ValueError, ModuleNotFoundError, AssertionError):
        known = ["digits", *tfds.list_builders(with_community_datasets=False)]
        raise _unknown(name, known) from None
    if "image" not in builder.info.features:
        raise DataError(
            f"{name} has no images, its features are {', '.join(builder.info.features)}. Load it "
            "with tensorflow_datasets and give its arrays to fit."
        )
    if None in builder.info.features["image"].shape:
        raise DataError(
            f"The images of {name} have several sizes. Load it with tensorflow_datasets, resize "
            "them, and give the dataset to fit."
        )
    if not builder.is_prepared():
        _download(builder, name)
    splits = set(builder.info.splits)
    own_splits = {"train", "test"} <= splits
    wanted = split if own_splits and split != "all" else "+".join(sorted(splits))
    data = tfds.as_numpy(builder.as_dataset(split=wanted, batch_size=-1))
    x, y = as_samples(data["image"], name), as_labels(data.get("label"), data["image"])
    return (x, y) if own_splits else split_off(x, y, split)


def _unknown(name, known):
    if Path(name).is_file():  # of an ending that no reader has, else it were a path
        return DataError(
            f"Expected a name, a folder of images or a file of {', '.join(READERS)}. Received: "
            f"{name!r}, a file in this folder"
        )
    if name and Path(name).is_dir():
        hint = f" There is a folder of that name here: write ./{name}."
    else:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValueError(
        f"Unknown dataset {name!r}.{hint} Expected 'digits', a name from TensorFlow Datasets, or "
        f"the path of a {', '.join(READERS)} file or of a folder of images (write ./name for one "
        "in this folder)."
    )


def _download(builder, name):
    """Downloads a dataset, or says within seconds what to do where there is no network."""
    import requests
    import tensorflow_datasets as tfds

    try:
        # Without this look TFDS retries for minutes. The address is where it keeps its mirror.
        requests.head("https://storage.googleapis.com", timeout=5)
        builder.download_and_prepare()
    except (OSError, AssertionError, tfds.download.DownloadError) as error:
        raise FileNotFoundError(
            f"{name} is not in {builder.data_path.parent.parent} and cannot be downloaded: "
            f"{type(error).__name__}. On a machine with network run "
            f"tfds.load({name!r}, data_dir=DIR), copy DIR here and pass it as data_dir (--data-dir"
            ") or in the variable TFDS_DATA_DIR. 'digits' needs no network."
        ) from None
