"""Datasets of TensorFlow Datasets that are read a file at a time."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.data.images import prepared
from aezoo.data.named import opened
from aezoo.data.samples import as_samples

BYTES = 2**24  # of numbers that are read together


@dataclass(frozen=True)
class Records:
    """The examples of one file.

    Attributes:
        builder: `tensorflow_datasets.core.DatasetBuilder`.
        split: String.
        start, stop: Integers, which of the split's examples.
    """

    builder: Any
    split: str
    start: int
    stop: int

    def samples(
        self, size: tuple[int, int] | None = None, color: str | None = None
    ) -> Iterator[np.ndarray]:
        """Its images, in their order.

        Args:
            size, color: See `aezoo.data.images.prepared`.

        Yields:
            float32 arrays of shape `(n, height, width, channels)` in [0, 1], of about 16 MiB.

        Raises:
            DataError: If they cannot be used.
        """
        import tensorflow_datasets as tfds

        name, shape = self.builder.info.name, self.builder.info.features["image"].shape
        which = tfds.core.ReadInstruction(self.split, self.start, self.stop, unit="abs")
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        data = self.builder.as_dataset(split=which, read_config=config)
        data = data.map(lambda example: example["image"])
        many = 1 if None in shape else max(1, BYTES // (4 * int(np.prod(shape))))
        pieces = (as_samples(x, name) for x in data.batch(many).as_numpy_iterator())
        if None in shape:
            yield from _together(prepared(x, size, color) for x in pieces)
        else:
            yield from (prepared(x, size, color) for x in pieces)


def records_of(
    name: str,
    data_dir: str | os.PathLike | None = None,
    size: tuple[int, int] | None = None,
    color: str | None = None,
) -> dict[str, list[tuple[Path, Records]]]:
    """The files of a dataset, and what is in each.

    Args:
        name, data_dir, size, color: As for `aezoo.data.named.read_named`.

    Returns:
        Dictionary of the names of splits to lists of pairs: the file's path, and `Records`.

    Raises:
        FileNotFoundError: If the dataset is neither on disk nor to be downloaded.
        ValueError: For an unknown name.
        DataError: If it has no images, or images of several sizes and no size is given.
    """
    builder = opened(name, data_dir, size, color)
    found = {}
    for split, info in builder.info.splits.items():
        ends = np.cumsum(info.shard_lengths).tolist()
        starts = [0, *ends[:-1]]
        files = map(Path, info.filepaths)
        found[split] = [
            (file, Records(builder, split, start, stop))
            for file, start, stop in zip(files, starts, ends, strict=True)
        ]
    return found


def _together(images):
    """Arrays of one image each, as arrays of about 16 MiB."""
    held: list[np.ndarray] = []
    for image in images:
        held.append(image)
        if len(held) * image.nbytes >= BYTES:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
