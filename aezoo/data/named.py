"""Datasets that have a name: scikit-learn's digits, and those of TensorFlow Datasets."""

import difflib
import os
from typing import Any

import numpy as np

from aezoo.data.images import gathered, prepared
from aezoo.data.samples import DataError, as_labels, as_samples, split_off

DIGITS = "digits"


def read_named(
    name: str,
    split: str,
    data_dir: str | os.PathLike | None = None,
    size: tuple[int, int] | None = None,
    color: str | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images and labels of a dataset.

    Args:
        name: String, `"digits"` or a name of TensorFlow Datasets.
        split: `"train"`, `"test"` or `"all"`.
        data_dir: String or path, where TensorFlow Datasets keeps its data, or `None`.
        size: Pair of integers or `None`, see `aezoo.data.images.prepared`. Images that are all
            alike keep theirs.
        color: String or `None`, likewise.

    Returns:
        float32 array of shape `(n, height, width, channels)` in [0, 1], and labels of shape `(n,)`
        or `None`.

    Raises:
        FileNotFoundError: If the dataset is neither on disk nor to be downloaded.
        ValueError: For an unknown name.
        DataError: If it has no images, or images of several sizes and no size is given.
    """
    if name == DIGITS:
        return _digits(split)
    import tensorflow_datasets as tfds

    builder = opened(name, data_dir, size, color)
    shape = builder.info.features["image"].shape
    splits = set(builder.info.splits)
    own_splits = {"train", "test"} <= splits
    wanted = split if own_splits and split != "all" else "+".join(sorted(splits))
    if None in shape:
        x, y = _one_by_one(builder.as_dataset(split=wanted), name, size, color)
    else:
        data = tfds.as_numpy(builder.as_dataset(split=wanted, batch_size=-1))
        x, y = as_samples(data["image"], name), as_labels(data.get("label"), data["image"])
    return (x, y) if own_splits else split_off(x, y, split)


def opened(
    name: str,
    data_dir: str | os.PathLike | None = None,
    size: tuple[int, int] | None = None,
    color: str | None = None,
) -> Any:
    """A dataset of images of TensorFlow Datasets, on disk.

    Args:
        name, data_dir, size, color: As for `read_named`, but for `"digits"`.

    Returns:
        `tensorflow_datasets.core.DatasetBuilder`.

    Raises:
        FileNotFoundError: If the dataset is neither on disk nor to be downloaded.
        ValueError: For an unknown name.
        DataError: If it has no images, or images of several sizes and no size is given.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (ValueError, ModuleNotFoundError, AssertionError):
        raise _unknown(name) from None
    if "image" not in builder.info.features:
        raise DataError(
            f"{name} has no images, its features are {', '.join(builder.info.features)}. Load it "
            "with tensorflow_datasets and give its arrays to fit."
        )
    shape = builder.info.features["image"].shape
    if None in shape[:2] and size is None:
        raise DataError(
            f"The images of {name} have several sizes: bring them to one with size=64 (--size 64)."
        )
    if shape[2] is None and color is None:
        raise DataError(
            f"The images of {name} are grey and coloured: make them alike with color='grey' or "
            "'rgb' (--color grey)."
        )
    if not builder.is_prepared():
        _download(builder, name)
    return builder


def is_named(name: str) -> bool:
    """Whether there is a dataset of a name.

    Args:
        name: String. TensorFlow Datasets has names such as `"mnist:3.0.1"`, too.

    Returns:
        Boolean.
    """
    return name.partition(":")[0] in (_names() if name != DIGITS else [DIGITS])


def _digits(split):
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.float32(digits.images[..., np.newaxis] / 16)  # intensities from 0 to 16
    return split_off(images, digits.target, split)


def _one_by_one(data, name, size, color):
    """Images that are only alike when they are prepared, and their labels."""
    labels = []

    def images():
        for example in data.as_numpy_iterator():
            labels.append(example.get("label"))
            yield prepared(as_samples(example["image"][np.newaxis], name), size, color)[0]

    x = gathered(images(), len(data))
    return x, as_labels(None if None in labels else np.array(labels), x)


def _names():
    import tensorflow_datasets as tfds

    return [DIGITS, *tfds.list_builders(with_community_datasets=False)]


def _unknown(name):
    near = difflib.get_close_matches(name, _names(), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValueError(
        f"Unknown dataset {name!r}.{hint} Expected 'digits', a name from TensorFlow Datasets, or "
        "the path of a file or folder."
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
