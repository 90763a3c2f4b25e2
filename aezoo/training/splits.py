"""The samples of a training: those that are trained on, those that decide, and those that test."""

import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from aezoo.data.datasets import Dataset, is_path, load_dataset, pair_of, source, streamed
from aezoo.data.pieces import most_shared
from aezoo.data.samples import digest_of
from aezoo.data.shards import too_large
from aezoo.data.streams import Stream, sample_of

VALIDATION_FRACTION = 0.1
PARTS = ("train", "test", "fitted", "validation")  # of a stream

log = logging.getLogger("aezoo")


class Splits(NamedTuple):
    """What a training is made from.

    Attributes:
        train, test: `aezoo.Dataset`, the splits of the data.
        fitted: Array of shape `(n, ...)`, the part of the training split that is trained on, or
            a `Stream` of it.
        held_out: Array of shape `(m, ...)`, the part that decides when to stop, or a sample of it.
        sizes: Dictionary of how many samples there are in each part: `train`, `validation` and
            `test`.
    """

    train: Dataset | Stream
    test: Dataset | Stream
    fitted: np.ndarray | Stream
    held_out: np.ndarray
    sizes: dict[str, int]

    @property
    def digest(self) -> str:
        """A hash of all samples."""
        if isinstance(self.train, Stream):
            return self.train.digest
        return digest_of(self.train.x, self.test.x)

    @property
    def seen(self) -> np.ndarray:
        """What is trained on, or a sample of it: what choices are made from."""
        return sample_of(self.fitted)


def whole_of(part: Dataset | Stream) -> np.ndarray | Stream:
    """All samples of a split: the array, or the stream itself.

    Args:
        part: `aezoo.Dataset` or `aezoo.Stream`.

    Returns:
        Array of shape `(n, ...)`, or the stream.
    """
    return part if isinstance(part, Stream) else part.x


def load_splits(
    data: str | os.PathLike,
    seed: int,
    data_dir: str | os.PathLike | None,
    prepared: Mapping[str, Any],
) -> Splits:
    """Loads data for a training.

    Args:
        data: String or path, see `aezoo.load_dataset`.
        seed: Integer, of the samples that are held out.
        data_dir: String or path, where TensorFlow Datasets keeps its data, or `None`.
        prepared: Mapping of `size`, `color`, `window` and `stride`, as for `aezoo.load_dataset`.

    Returns:
        `Splits`.

    Raises:
        ValueError: If the splits have samples of two shapes, or less than 10 to train on, or what
            `aezoo.load_dataset` raises.
        FileNotFoundError: If the data cannot be found.
    """
    if prepared.get("stream"):
        how = {key: value for key, value in prepared.items() if key != "stream"}
        train, test, fitted, held_out = streamed(data, PARTS, data_dir=data_dir, **how)
        _refuse_few(len(train))
        sizes = {"train": len(fitted), "validation": len(held_out), "test": len(test)}
        return Splits(train, test, fitted, held_out.x, sizes)
    train, test = (
        load_dataset(data, split, data_dir=data_dir, **prepared) for split in ("train", "test")
    )
    shape = train.x.shape[1:]
    if test.x.shape[1:] != shape:
        raise ValueError(
            f"The samples of the test split are {test.x.shape[1:]}, those of the training "
            f"split {shape}."
        )
    _refuse_few(len(train.x))
    shared = _shared(data, train.x.ndim == 4, **prepared)
    fitted, held_out = split_validation(train.x, seed, shared)
    sizes = {"train": len(fitted), "validation": len(held_out), "test": len(test.x)}
    return Splits(train, test, fitted, held_out, sizes)


def is_streamed(
    stream: bool | None,
    data: str | os.PathLike,
    size: int | Sequence[int] | None = None,
    color: str | None = None,
    window: int | None = None,
) -> bool:
    """Whether data are read anew in each epoch.

    Args:
        stream: Boolean, if that was said, else `None`.
        data, size, color, window: As for `aezoo.load_dataset`.

    Returns:
        Boolean: if nothing was said, whether samples take too much memory, which is logged.
    """
    if stream is not None or window is not None or not is_path(data):
        return bool(stream)
    reason = too_large(data, None if size is None else pair_of(size), color)
    if reason:
        log.warning("%s: samples are read anew in each epoch.", reason)
    return reason is not None


def described(
    data: str | os.PathLike,
    data_dir: str | os.PathLike | None,
    prepared: Mapping[str, Any],
    splits: Splits,
) -> dict[str, Any]:
    """What a run writes down of its data, to find them again from anywhere.

    Args:
        data, data_dir, prepared: As for `load_splits`.
        splits: `Splits`, as it returned them.

    Returns:
        Dictionary: `source`, `data_dir`, what `prepared` has, and how many samples each part has.
    """
    return {
        "source": source(data),
        "data_dir": data_dir and str(Path(data_dir).resolve()),
        **prepared,
        **splits.sizes,
    }


def split_validation(x: np.ndarray, seed: int, shared: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The part of the training split that is trained on, and the part that decides when to stop.

    Args:
        x: Array of shape `(n, ...)`, the training split.
        seed: Integer, the run's seed.
        shared: Integer, how many samples before each have values of it, as windows that overlap
            do. If there are any, the part that decides is the last, and so many before it are in
            neither part.

    Returns:
        A pair of arrays, nine tenths and one tenth of the samples, but for those in neither.

    Raises:
        ValueError: If nothing is left to train on.
    """
    if not shared:
        return train_test_split(x, test_size=VALIDATION_FRACTION, random_state=seed)
    end = len(x) - math.ceil(VALIDATION_FRACTION * len(x))
    if end <= shared:
        raise ValueError(
            f"The {len(x):,} windows for training overlap too much to keep some apart for "
            "validation. Give a larger stride, a shorter window or longer recordings."
        )
    return x[: end - shared], x[end:]


def _refuse_few(count):
    if count < 10:
        raise ValueError(f"Training needs 10 samples or more. Received: {count}")


def _shared(data, of_images, window=None, stride=None, **_):
    """How many samples before each have values of it."""
    if window is None:
        return 0
    if of_images:
        return most_shared(Path(data).expanduser(), window, stride or window)
    return math.ceil(window / (stride or window)) - 1
