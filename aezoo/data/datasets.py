"""A name or a path -> arrays, ready for an autoencoder."""

import csv
import difflib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

TEST_FRACTION = 0.2  # where a dataset brings no test split of its own
IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
FILES = (".npy", ".npz", ".csv")


class DataError(ValueError):
    """Data that were found but cannot be used."""


class Dataset(NamedTuple):
    """Samples of one split.

    Attributes:
        x: float32 array of shape `(n, ...)`: images `(n, height, width, channels)` in [0, 1],
            other data in its own units.
        y: Integer array of shape `(n,)`, the labels, or `None`. For pictures only, never trained
            on.
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


def load_dataset(name_or_path="digits", split="train", *, data_dir=None):
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
            - a `.csv` file of numbers, a row a sample, with or without a line of names;
            - a folder of images of one size, labelled by their subfolders, if there are any; with
              subfolders `train` and `test` these are the splits.
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


def is_path(name_or_path):
    """Whether `load_dataset` takes its argument for a path, not for a name.

    Args:
        name_or_path: String or path.

    Returns:
        Boolean: true for `Path` objects, and for strings with a slash or the ending of a file.
    """
    name = str(name_or_path)
    suffix = Path(name).suffix.lower()
    return isinstance(name_or_path, Path) or os.sep in name or "/" in name or suffix in FILES


def _digits(split):
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.float32(digits.images[..., np.newaxis] / 16)  # intensities from 0 to 16
    return _split(images, digits.target, split)


def _path(path, split):
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if path.is_dir():
        return _folder(path, split)
    if path.suffix.lower() == ".csv":
        return _split(_csv(path), None, split)
    if path.suffix.lower() in (".npy", ".npz"):
        return _numpy(path, split)
    raise DataError(
        f"Expected a folder of images or a file of {', '.join(FILES)}. Received: {path}"
    )


def _numpy(path, split):
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = dict(loaded) if path.suffix.lower() == ".npz" else {"x": loaded}
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as numbers: {error}") from error
    arrays = {key.lower(): array for key, array in arrays.items()}
    if {"x_train", "x_test"} <= set(arrays):
        parts = ("train", "test") if split == "all" else (split,)
        x = np.concatenate([arrays[f"x_{part}"] for part in parts])
        labels = [arrays.get(f"y_{part}") for part in parts]
        y = None if any(label is None for label in labels) else np.concatenate(labels)
        return _numbers(x, path), _labels(y, x)
    if "x" not in arrays and len(arrays) != 1:
        raise DataError(f"{path} must hold samples under 'x'. It holds: {', '.join(arrays)}.")
    x = arrays["x"] if "x" in arrays else next(iter(arrays.values()))
    return _split(_numbers(x, path), _labels(arrays.get("y"), x), split)


def _csv(path):
    try:
        text = path.read_text(encoding="utf-8-sig")
        try:
            dialect = csv.Sniffer().sniff(text.split("\n", 1)[0], ",;\t")
        except csv.Error:  # a single column
            dialect = csv.excel
        rows = [row for row in csv.reader(text.splitlines(), dialect) if any(row)]
        if rows and not all(map(_is_number, rows[0])):
            del rows[0]  # names
        if not rows:
            raise ValueError("it has no rows")
        for number, row in enumerate(rows, start=1):
            if len(row) != len(rows[0]):
                raise ValueError(
                    f"row {number} of numbers has {len(row)} columns, the first one {len(rows[0])}"
                )
        return np.array(rows, "float32")
    except (ValueError, OSError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table of numbers: {error}") from error


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _folder(path, split):
    """Images of a folder; labels are the names of subfolders, in alphabetical order."""
    from PIL import Image, UnidentifiedImageError

    own_splits = all((path / part).is_dir() for part in ("train", "test"))
    root = path / split if own_splits and split != "all" else path
    files = sorted(f for f in root.rglob("*") if f.suffix.lower() in IMAGES)
    if not files:
        raise DataError(f"{root} holds no image ({', '.join(IMAGES)}).")
    images = []
    for file in files:
        try:
            with Image.open(file) as image:
                if image.mode in ("F", "I"):
                    raise OSError(f"32 bits a pixel (mode {image.mode}), save it with 8 or 16")
                # 16-bit greys stay as they are, palettes and transparency become colours
                grey = image.mode in ("1", "L", "I;16")
                mode = "L" if image.mode == "1" else image.mode
                images.append(np.asarray(image.convert(mode if grey else "RGB")))
        except (UnidentifiedImageError, OSError) as error:
            raise DataError(f"{file} cannot be read as an image: {error}") from error
        if images[-1].shape != images[0].shape:
            raise DataError(
                "The images of a folder must be of one size and number of channels. "
                f"{files[0]} is {images[0].shape}, {file} is {images[-1].shape}."
            )
    x = _numbers(np.stack(images), root)
    y = None
    if all(file.parent != root for file in files):
        y = np.unique([file.parent.name for file in files], return_inverse=True)[1]
    return (x, y) if own_splits else _split(x, y, split)


def _tfds(name, split, data_dir):
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, ModuleNotFoundError, AssertionError):
        known = ["digits", *tfds.list_builders(with_community_datasets=False)]
        near = difflib.get_close_matches(name, known, n=1)
        raise ValueError(
            f"Unknown dataset {name!r}.{f' Did you mean {near[0]!r}?' if near else ''} Expected "
            "'digits', a name from TensorFlow Datasets, or the path of a .npy, .npz or .csv file "
            "or of a folder of images (write ./name for one in this folder)."
        ) from None
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
    x, y = _numbers(data["image"], name), _labels(data.get("label"), data["image"])
    return (x, y) if own_splits else _split(x, y, split)


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


def _numbers(x, source):
    """float32, images scaled to [0, 1] and with an axis of channels."""
    x = np.asarray(x)
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
        raise DataError(f"{source} must hold real numbers. It holds: {x.dtype}")
    if x.ndim < 2:
        raise DataError(
            f"{source} must hold an array of samples, (n, ...). Its shape is {x.shape}."
        )
    if x.dtype in (np.uint8, np.uint16) and x.ndim in (3, 4):
        x = x[..., np.newaxis] if x.ndim == 3 else x  # (n, h, w) -> (n, h, w, 1)
        return np.divide(x, np.iinfo(x.dtype).max, dtype=np.float32)
    if np.issubdtype(x.dtype, np.integer) and x.ndim > 2:
        raise DataError(
            f"{source} holds integers of type {x.dtype}, whose range is not known: save images as "
            "uint8 or uint16, or other data as float32."
        )
    return x.astype(np.float32, copy=False)


def _labels(y, x):
    """Labels if there is one a sample, else None: they only colour pictures."""
    return y if y is not None and y.shape == x.shape[:1] else None


def _split(x, y, split):
    if split == "all":
        return x, y
    if len(x) < 2:
        raise DataError(f"Splitting needs two samples or more. Received: {len(x)}")
    parts = train_test_split(np.arange(len(x)), test_size=TEST_FRACTION, random_state=0)
    chosen = parts[("train", "test").index(split)]
    return x[chosen], None if y is None else y[chosen]
