"""Samples that are read anew in each epoch, in place of an array in memory."""

import itertools
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.checks import positive
from aezoo.data.images import split_folders
from aezoo.data.samples import DataError
from aezoo.data.shards import Shard, columns_of, samples_of, shards_of

HELD_OUT = 0.05  # of the samples, for the test split, and as much for validation
ALL, NONE = (0.0, 1.0), (0.0, 0.0)
PARTS = {  # what the hash of a sample is between, by the folder that it lies in, if there are two
    None: {
        "test": (0.0, HELD_OUT),
        "validation": (HELD_OUT, 2 * HELD_OUT),
        "fitted": (2 * HELD_OUT, 1.0),
        "train": (HELD_OUT, 1.0),
        "all": ALL,
    },
    "train": {
        "test": NONE,
        "validation": (0.0, HELD_OUT),
        "fitted": (HELD_OUT, 1.0),
        "train": ALL,
        "all": ALL,
    },
    "test": {"test": ALL, "validation": NONE, "fitted": NONE, "train": NONE, "all": ALL},
}
SAMPLE, SAMPLE_BYTES = 20_000, 2**28  # what of a part is brought into memory, at most
POOL_BYTES = 2**28  # of samples that are shuffled together
TOGETHER = 16  # batches that are handed over at once

log = logging.getLogger("aezoo")


@dataclass(eq=False)
class Stream:
    """One part of samples that are larger than memory; `aezoo.load_dataset(..., stream=True)`.

    It stands where a `Dataset` does: `x` is a random sample, for pictures and figures.

    Attributes:
        name: String.
        shape: Tuple of integers, the shape of one sample.
        x: float32 array of shape `(n, *shape)`, a fixed random sample of at most 20,000, and at
            most 256 MiB.
        y: `None`: a stream has no labels.
        range: Pair of floats, the least and the greatest value of all.
        reading: Float, seconds that were spent on reading and shuffling batches so far.

    Example:

    >>> import aezoo, numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for i in range(3):
    ...         np.save(f"{folder}/{i}.npy", np.random.default_rng(i).random((1000, 4)))
    ...     stream = aezoo.load_dataset(folder, stream=True)
    ...     print(stream.shape, 2800 < len(stream) < 2900, len(list(stream.batches(100))))
    (4,) True 29
    """

    name: str
    shape: tuple[int, ...]
    x: np.ndarray = field(repr=False)
    range: tuple[float, float]
    y: None = None
    reading: float = field(default=0.0, repr=False)
    _size: tuple[int, int] | None = field(default=None, repr=False)
    _color: str | None = field(default=None, repr=False)
    _shards: list[Shard] = field(default_factory=list, repr=False)
    _chosen: list[tuple[int, np.ndarray]] = field(default_factory=list, repr=False)
    _stamps: dict[Path, tuple[int, int]] = field(default_factory=dict, repr=False)
    _count: int = field(default=0, repr=False)

    def __len__(self) -> int:
        return self._count

    def batches(self, batch_size: int = 32, *, shuffle: bool = True, seed: int = 0) -> Any:
        """Batches for `fit`, `adapt` and others that take datasets.

        Args:
            batch_size: Positive integer.
            shuffle: Boolean, whether shards come in a new random order each time, and samples in
                a random order of 256 MiB of them. Else they come as they lie there.
            seed: Integer, of that order.

        Returns:
            `tf.data.Dataset` of float32 tensors of shape `(batch_size, *shape)`, of which the last
            has what is left.

        Raises:
            DataError: While it is read, if the files have changed.
        """
        import tensorflow as tf

        batch_size = positive("batch_size", batch_size)
        epochs = itertools.count()

        def read():
            rng = np.random.default_rng([seed, next(epochs)]) if shuffle else None
            yield from self._timed(self._rows(TOGETHER * batch_size, rng))

        def cut(rows):
            starts = tf.data.Dataset.range(0, tf.shape(rows, tf.int64)[0], batch_size)
            return starts.map(lambda start: rows[start : start + batch_size])

        signature = tf.TensorSpec((None, *self.shape), tf.float32)
        data = tf.data.Dataset.from_generator(read, output_signature=signature)
        data = data.flat_map(cut).prefetch(2)
        return data.apply(
            tf.data.experimental.assert_cardinality(math.ceil(len(self) / batch_size))
        )

    def _rows(self, count: int, rng: np.random.Generator | None) -> Iterator[np.ndarray]:
        """Arrays of `count` samples, the last of what is left, in the order of a generator."""
        pool = max(count, POOL_BYTES // (4 * math.prod(self.shape)))
        waiting: list[np.ndarray] = []
        held = 0
        for piece in self._pieces(rng):
            waiting.append(piece)
            held += len(piece)
            if held < (pool if rng else count):
                continue
            rows = _mixed(waiting, rng)
            whole = len(rows) - len(rows) % count
            for i in range(0, whole, count):
                yield rows[i : i + count]
            waiting, held = [rows[whole:].copy()], len(rows) - whole
            del rows  # before the next are read
        if held:
            rows = _mixed(waiting, rng)
            for i in range(0, len(rows), count):
                yield rows[i : i + count]

    def _pieces(self, rng):
        """The samples of this part, shard by shard."""
        order = range(len(self._shards)) if rng is None else rng.permutation(len(self._shards))
        for i in order:
            shard, (length, bits) = self._shards[i], self._chosen[i]
            mask, begin = np.unpackbits(bits, count=length).astype(bool), 0
            if not mask.any():
                continue
            for piece in samples_of(shard, self._size, self._color):
                here = mask[begin : begin + len(piece)]
                begin += len(piece)
                if piece.shape[1:] != self.shape or len(here) != len(piece):
                    break
                yield piece[here]
            if begin != length or _stamp(shard.path) != self._stamps[shard.path]:
                raise DataError(f"{shard.path} has changed since it was first read.")

    def _timed(self, rows):
        while True:
            begin = time.perf_counter()
            found = next(rows, None)
            self.reading += time.perf_counter() - begin
            if found is None:
                return
            yield found


def open_stream(
    path: Path,
    parts: Sequence[str],
    size: tuple[int, int] | None = None,
    color: str | None = None,
) -> list[Stream]:
    """Reads all samples once, and tells to which part each belongs.

    That is by a hash of its values, so that it stays where it is when others are added, and equal
    samples are in one part. A folder with subfolders `train` and `test` is split by them, and only
    validation by the hash.

    Args:
        path: Path, see `aezoo.data.shards.shards_of`.
        parts: Sequence of `"train"`, `"test"`, `"all"`, `"validation"` and `"fitted"`, what is
            left of the training split without that.
        size, color: Of images, see `aezoo.data.images.prepared`.

    Returns:
        List of `Stream`, one for each part.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If samples are not finite or not of one shape, tables not of the same columns,
            or a part would be empty.
    """
    folders = split_folders(path) if path.is_dir() else []
    gathering, checks = [_Part(part) for part in parts], _Checks()
    for root in folders or [path]:
        folder = root.name if folders else None
        for number, shard in enumerate(shards_of(root)):
            checks.shard(shard)
            hashes, rng = [np.empty(0)], np.random.default_rng(number)
            for piece in samples_of(shard, size, color):
                checks.samples(piece, shard)
                hashes.append(_hashes(piece))
                for part in gathering:
                    part.sample(piece, hashes[-1], folder, rng)
            for part in gathering:
                part.add(shard, np.concatenate(hashes), folder)
    for part in gathering:
        if not part.count:
            raise DataError(f"{path} has too few samples: the part for {part.name} is empty.")
    return [part.stream(path, checks, size, color) for part in gathering]


def sample_of(x: np.ndarray | Stream) -> np.ndarray:
    """An array as it is, or a stream's random sample."""
    return x.x if isinstance(x, Stream) else x


class _Checks:
    """Whether all samples are finite and alike, and what they are like."""

    def __init__(self):
        self.first, self.columns, self.shape = None, None, None
        self.path = None
        self.low, self.high = math.inf, -math.inf
        self.stamps = {}

    def shard(self, shard):
        if shard.path == self.path:
            return
        self.stamps[shard.path] = _stamp(shard.path)
        self.path, columns = shard.path, columns_of(shard)
        if self.first is None:
            self.first, self.columns = shard, columns
        self._same("columns", self.columns, columns, shard)

    def samples(self, x, shard):
        self.shape = self.shape or x.shape[1:]
        self._same("shape", self.shape, x.shape[1:], shard)
        low, high = float(x.min(initial=math.inf)), float(x.max(initial=-math.inf))
        if len(x) and not math.isfinite(low + high):
            raise DataError(
                f"{shard.path} holds NaN or infinite values: remove these samples or fill them."
            )
        self.low, self.high = min(self.low, low), max(self.high, high)

    def _same(self, what, expected, received, shard):
        if received != expected:
            raise DataError(
                f"All samples must have the same {what}. Received: {self.first.path} with "
                f"{expected}, {shard.path} with {received}"
            )


class _Part:
    """What is known of a part while all samples are read for the first time."""

    def __init__(self, name):
        self.name, self.count = name, 0
        self.shards, self.chosen = [], []
        self.kept, self.ranks = [], []

    def mask(self, hashes, folder):
        """Which of the samples with these hashes are in this part."""
        low, high = PARTS[folder][self.name]
        return (hashes >= low) & (hashes < high)

    def sample(self, piece, hashes, folder, rng):
        """Keeps those of the lowest random ranks."""
        here = self.mask(hashes, folder)
        ranks = rng.random(len(piece))[here]
        self.kept.append(piece[here])
        self.ranks.append(ranks)
        most = min(SAMPLE, max(1, SAMPLE_BYTES // (4 * max(1, math.prod(piece.shape[1:])))))
        if sum(map(len, self.ranks)) > 2 * most:
            self._cut(most)
        self.most = most

    def add(self, shard, hashes, folder):
        mask = self.mask(hashes, folder)
        self.count += int(mask.sum())
        self.shards.append(shard)
        self.chosen.append((len(mask), np.packbits(mask)))

    def stream(self, path, checks, size, color):
        self._cut(self.most)
        own = {
            "_stamps": checks.stamps,
            "_size": size,
            "_color": color,
            "_shards": self.shards,
            "_chosen": self.chosen,
        }
        ends = (checks.low, checks.high)
        name = path.absolute().stem
        return Stream(name, checks.shape, self.kept[0], ends, _count=self.count, **own)

    def _cut(self, most):
        kept, ranks = np.concatenate(self.kept), np.concatenate(self.ranks)
        order = np.argsort(ranks)[:most]
        self.kept, self.ranks = [kept[order]], [ranks[order]]


def _stamp(path):
    """What tells that a file has changed; of a folder, that images came or went."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _hashes(x):
    """A number in [0, 1) for each sample, by its values alone."""
    x = np.ascontiguousarray(x)
    length = x[0].nbytes if len(x) else 0
    values = memoryview(x).cast("B") if x.size else b""
    digests = (
        blake2b(values[i * length : (i + 1) * length], digest_size=8).digest()
        for i in range(len(x))
    )
    return np.frombuffer(b"".join(digests), "<u8") / 2**64


def _mixed(pieces, rng):
    """The samples of pieces in one array, in a random order."""
    rows = np.concatenate(pieces)
    pieces.clear()
    return rows if rng is None else rows[rng.permutation(len(rows))]
