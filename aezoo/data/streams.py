"""Samples that are read anew in each epoch, in place of an array in memory."""

import contextlib
import itertools
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aezoo.checks import positive
from aezoo.data.images import split_folders
from aezoo.data.samples import DataError
from aezoo.data.shards import Shard, form_of, samples_of, shards_of, stamp_of

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
SAMPLE, SAMPLE_BYTES = 20_000, 2**27  # what of a part is brought into memory, at most
POOL_BYTES = 2**28  # of samples that are shuffled together
TOGETHER, TOGETHER_BYTES = 16, 2**24  # batches that are handed over at once, at most

log = logging.getLogger("aezoo")


@dataclass(eq=False)
class Stream:
    """One part of samples that are larger than memory; `aezoo.load_dataset(..., stream=True)`.

    It stands where a `Dataset` does: `x` is a random sample, for pictures and figures.

    Attributes:
        name: String.
        shape: Tuple of integers, the shape of one sample.
        x: float32 array of shape `(n, *shape)`, a fixed random sample of at most 20,000, and at
            most 128 MiB.
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
    _shards: list["_Chosen"] = field(default_factory=list, repr=False)
    _error: Exception | None = field(default=None, repr=False)
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
            DataError: While it is read, if the files have changed. TensorFlow tells it as an error
                of its own, see `errors`.
        """
        import tensorflow as tf

        batch_size = positive("batch_size", batch_size)
        epochs = itertools.count()
        fit = TOGETHER_BYTES // (4 * batch_size * max(1, math.prod(self.shape)))
        together = batch_size * min(TOGETHER, max(1, fit))

        def read():
            rng = np.random.default_rng([seed, next(epochs)]) if shuffle else None
            yield from self._timed(self._rows(together, rng))

        def cut(rows):
            starts = tf.data.Dataset.range(0, tf.shape(rows, tf.int64)[0], batch_size)
            return starts.map(lambda start: rows[start : start + batch_size])

        signature = tf.TensorSpec((None, *self.shape), tf.float32)
        data = tf.data.Dataset.from_generator(read, output_signature=signature)
        data = data.flat_map(cut).prefetch(2)
        return data.apply(
            tf.data.experimental.assert_cardinality(math.ceil(len(self) / batch_size))
        )

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Raises what was wrong with the files, in place of what TensorFlow makes of it."""
        try:
            yield
        except Exception:
            if self._error is None:
                raise
            raise self._error from None

    def _rows(self, count: int, rng: np.random.Generator | None) -> Iterator[np.ndarray]:
        """Arrays of `count` samples, the last of what is left, in the order of a generator."""
        held = 1 if rng is None else POOL_BYTES // (4 * count * math.prod(self.shape))
        pool = np.empty((min(len(self), max(1, held) * count), *self.shape), np.float32)
        filled = 0
        for piece in self._pieces(rng):
            while len(piece):
                fits = piece[: len(pool) - filled]
                pool[filled : filled + len(fits)] = fits
                piece, filled = piece[len(fits) :], filled + len(fits)
                if filled == len(pool):
                    yield from _drawn(pool, count, rng)
                    filled = 0
        yield from _drawn(pool[:filled], count, rng)

    def _pieces(self, rng):
        """The samples of this part, shard by shard."""
        order = range(len(self._shards)) if rng is None else rng.permutation(len(self._shards))
        for i in order:
            shard, length, bits, stamp = self._shards[i]
            mask, begin = np.unpackbits(bits, count=length).astype(bool), 0
            if not mask.any():
                continue
            if not shard.path.exists() or stamp_of(shard) != stamp:
                raise DataError(f"{shard.path} has changed since it was first read.")
            for piece in samples_of(shard, self._size, self._color):
                yield piece[mask[begin : begin + len(piece)]]
                begin += len(piece)

    def _timed(self, rows):
        while True:
            begin = time.perf_counter()
            try:
                found = next(rows, None)
            except (DataError, OSError) as error:
                self._error = error
                raise
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
    rng = np.random.default_rng(0)
    for root in folders or [path]:
        folder = root.name if folders else None
        for shard in shards_of(root, size, color):
            checks.shard(shard)
            stamp, hashes = stamp_of(shard), [np.empty(0)]
            for piece in samples_of(shard, size, color):
                checks.samples(piece, shard)
                hashes.append(_hashes(piece))
                ranks = rng.random(len(piece))  # the same for every part
                for part in gathering:
                    part.sample(piece, hashes[-1], folder, ranks)
            for part in gathering:
                part.add(shard, np.concatenate(hashes), folder, stamp)
    if checks.shape is None:
        raise DataError(f"{path} holds no samples.")
    for part in gathering:
        if not part.count:
            raise DataError(
                f"{path} has {checks.count:,} samples, and by their values none is for "
                f"{part.name}: it takes more of them, or folders called train and test."
            )
    return [part.stream(path, checks, size, color) for part in gathering]


def sample_of(x: np.ndarray | Stream) -> np.ndarray:
    """An array as it is, or a stream's random sample."""
    return x.x if isinstance(x, Stream) else x


class _Checks:
    """Whether all samples are finite and alike, and what they are like."""

    def __init__(self):
        self.first, self.form, self.shape = None, None, None
        self.path, self.count = None, 0
        self.low, self.high = math.inf, -math.inf

    def shard(self, shard):
        if shard.path == self.path:
            return
        self.path, form = shard.path, form_of(shard, warn=self.first is None)
        if not form:  # no rows
            return
        if self.first is None:
            self.first, self.form = shard, form
        self._same("columns" if len(form) > 1 else "form", self.form, form, shard)

    def samples(self, x, shard):
        if not len(x):
            return
        if self.shape is None:
            self._warn_of_names(x[0], shard)
        self.shape = self.shape or x.shape[1:]
        self._same("shape", self.shape, x.shape[1:], shard)
        if not x.size:
            raise DataError(f"{shard.path} holds samples without values, of shape {x.shape[1:]}.")
        low, high = float(x.min()), float(x.max())
        if not math.isfinite(low + high):
            raise DataError(
                f"{shard.path} holds missing, infinite or too large values (beyond 3e38): remove "
                "these samples or fill them."
            )
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.count += len(x)

    def _warn_of_names(self, row, shard):
        counted = row.ndim == 1 and len(row) > 2 and (row == np.arange(len(row))).all()
        if counted and shard.part is None:
            log.warning(
                "%s: the first row counts the columns. If these are names, remove them from all "
                "files: they are trained on.",
                shard.path,
            )

    def _same(self, what, expected, received, shard):
        if received != expected:
            raise DataError(
                f"All samples must have the same {what}. Received: {self.first.path} with "
                f"{expected}, {shard.path} with {received}"
            )


class _Chosen(NamedTuple):
    """Which samples of a shard are in a part: a bit for each of so many."""

    shard: Shard
    length: int
    bits: np.ndarray
    stamp: tuple[tuple[int, int], ...]


class _Part:
    """What is known of a part while all samples are read for the first time."""

    def __init__(self, name):
        self.name, self.count = name, 0
        self.shards = []
        self.kept, self.ranks = [], []
        self.bound = math.inf  # of the ranks that can still be among the lowest

    def mask(self, hashes, folder):
        """Which of the samples with these hashes are in this part."""
        low, high = PARTS[folder][self.name]
        return (hashes >= low) & (hashes < high)

    def sample(self, piece, hashes, folder, ranks):
        """Keeps those of the lowest ranks."""
        here = self.mask(hashes, folder) & (ranks < self.bound)
        self.kept.append(piece[here])
        self.ranks.append(ranks[here])
        self.most = min(SAMPLE, max(1, SAMPLE_BYTES // (4 * max(1, math.prod(piece.shape[1:])))))
        if sum(map(len, self.ranks)) > 1.25 * self.most:
            self._cut()

    def add(self, shard, hashes, folder, stamp):
        mask = self.mask(hashes, folder)
        self.count += int(mask.sum())
        self.shards.append(_Chosen(shard, len(mask), np.packbits(mask), stamp))

    def stream(self, path, checks, size, color):
        self._cut()
        ends = (checks.low, checks.high)
        own = {"_size": size, "_color": color, "_shards": self.shards, "_count": self.count}
        return Stream(path.absolute().stem, checks.shape, self.kept[0], ends, **own)

    def _cut(self):
        kept, ranks = np.concatenate(self.kept), np.concatenate(self.ranks)
        order = np.argsort(ranks)[: self.most]
        self.kept, self.ranks = [kept[order]], [ranks[order]]
        if len(order) == self.most:
            self.bound = ranks[order[-1]]


def _hashes(x):
    """A number in [0, 1) for each sample, by its values alone."""
    x = np.ascontiguousarray(x) + np.float32(0)  # -0.0 is 0.0
    length = x[0].nbytes if len(x) else 0
    values = memoryview(x).cast("B") if x.size else b""
    digests = (
        blake2b(values[i * length : (i + 1) * length], digest_size=8).digest()
        for i in range(len(x))
    )
    return (np.frombuffer(b"".join(digests), "<u8") >> 11) / 2**53


def _drawn(pool, count, rng):
    """Copies of `count` samples at a time, in a random order."""
    order = np.arange(len(pool)) if rng is None else rng.permutation(len(pool))
    for i in range(0, len(pool), count):
        yield pool[order[i : i + count]]
