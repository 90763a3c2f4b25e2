"""Samples that are read anew in each epoch, in place of an array in memory."""

import contextlib
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from aezoo.checks import number, positive
from aezoo.data.feeding import held, orders, read_ahead
from aezoo.data.samples import DataError
from aezoo.data.shards import Shard, samples_of, stamp_of

POOL_BYTES = 2**28  # of samples that are shuffled together
TOGETHER, TOGETHER_BYTES = 16, 2**24  # batches that are handed over at once, at most


class Chosen(NamedTuple):
    """Which samples of a shard are in a part.

    Attributes:
        shard: `Shard`.
        length: Integer, how many samples it has.
        bits: uint8 array, a bit for each of them.
        stamp: Tuple, see `stamp_of`, of the files when they were first read.
    """

    shard: Shard
    length: int
    bits: np.ndarray
    stamp: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many are in the part."""
        return int(np.bitwise_count(self.bits).sum())


class Stream:
    """One part of samples that are larger than memory; `aezoo.load_dataset(..., stream=True)`.

    It stands where a `Dataset` does: `x` is a random sample, for pictures and figures.

    Args:
        name: String.
        x: float32 array of shape `(n, *shape)`, a fixed random sample of at most 20,000, and at
            most 128 MiB.
        places: Integer array of shape `(n,)`, which of the part's samples these are.
        range: Pair of floats, the least and the greatest value of all.
        chosen: Sequence of `Chosen`, what the part has of each shard.
        size, color: Of images, see `aezoo.data.images.prepared`.
        digest: String, a hash of all samples, those of other parts, too.
        names: Tuple of strings, the columns of a table, or `None`.

    Attributes:
        shape: Tuple of integers, the shape of one sample.
        y: `None`: a stream has no labels.
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

    def __init__(
        self,
        name: str,
        x: np.ndarray,
        places: np.ndarray,
        range: tuple[float, float],
        chosen: Sequence[Chosen],
        size: tuple[int, int] | None = None,
        color: str | None = None,
        digest: str = "",
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.name, self.x, self.y, self.range, self.digest = name, x, None, range, digest
        self.names, self.places = names, places
        self.reading = 0.0
        self._chosen, self._prepared = chosen, (size, color)
        self._count = sum(part.count for part in chosen)
        self._error: Exception | None = None
        self._kept: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x.shape[1:]

    def __repr__(self) -> str:
        return f"<Stream {self.name!r}: {len(self):,} samples of shape {self.shape}>"

    def __len__(self) -> int:
        return self._count

    def batches(
        self, batch_size: int = 32, *, shuffle: bool = True, seed: int = 0, first: int = 0
    ) -> Any:
        """Batches for `fit`, `adapt` and others that take datasets.

        Args:
            batch_size: Positive integer.
            shuffle: Boolean, whether shards come in a new random order each time, and samples in
                a random order of 256 MiB of them. Else they come as they lie there. Samples that
                take no more than that are read once, and kept.
            seed: Integer, of that order.
            first: Integer, 0 or more, the epoch to begin with, whose order it has.

        Returns:
            `tf.data.Dataset` of float32 tensors of shape `(batch_size, *shape)`, of which the last
            has what is left.

        Raises:
            DataError: If the files have changed. While batches are read TensorFlow tells it as an
                error of its own, see `errors`.
        """
        import tensorflow as tf

        batch_size = positive("batch_size", batch_size)
        options = tf.data.Options()
        options.autotune.enabled = False  # it would hold more and more batches ready
        if self._fits:
            x = held(self._whole())
            data = orders(len(x), batch_size, seed, first, shuffle)
            data = data.map(lambda places, _: tf.gather(x, places)).with_options(options)
            return read_ahead(data)
        epochs = itertools.count(first)
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
        data = data.flat_map(cut).prefetch(2).with_options(options)
        return data.apply(
            tf.data.experimental.assert_cardinality(math.ceil(len(self) / batch_size))
        )

    def arrays(self, count: int | None = None) -> Iterator[np.ndarray]:
        """All samples once, as they lie in the files, for what goes over them with NumPy.

        Args:
            count: Positive integer, how many come together. Default: about 16 MiB of them.

        Returns:
            Iterator of float32 arrays of shape `(count, *shape)`, of which the last has what is
            left.

        Raises:
            DataError: While it is read, if the files have changed.

        Example:

        >>> import aezoo, numpy as np, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", np.ones((100, 4)))
        ...     stream = aezoo.load_dataset(folder, "all", stream=True)
        ...     [x.shape for x in stream.arrays(60)]
        [(60, 4), (40, 4)]
        """
        if count is None:
            count = max(1, TOGETHER_BYTES // (4 * max(1, math.prod(self.shape))))
        count, kept = positive("count", count), self._kept
        if kept is not None:
            return (kept[i : i + count] for i in range(0, len(kept), count))
        return self._timed(self._rows(count, None))

    def divided(self, share: float, seed: int = 0) -> tuple["Stream", "Stream"]:
        """Two streams: a random share of the samples, and the others.

        Args:
            share: Float in (0, 1).
            seed: Integer, of the draw.

        Returns:
            A pair of streams of about `share` of the samples, and of all others.

        Raises:
            ValueError: For another share.
            DataError: If one of them would have none, or no random sample.

        Example:

        >>> import aezoo, numpy as np, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", np.ones((1000, 4)))
        ...     parts = aezoo.load_dataset(folder, "all", stream=True).divided(0.2)
        >>> len(parts[0]) + len(parts[1]), 150 < len(parts[0]) < 250
        (1000, True)
        """
        share = number("share", share, above=0, below=1)
        rng, begin = np.random.default_rng(seed), 0
        chosen: tuple[list, list] = ([], [])
        sampled = np.zeros(len(self.x), bool)  # which of the random sample are in the share
        places = np.zeros(len(self.x), np.int64)  # of these in their own part
        counts = [0, 0]
        for own in self._chosen:
            mine = np.flatnonzero(np.unpackbits(own.bits, count=own.length))
            drawn = rng.random(len(mine)) < share
            here = (self.places >= begin) & (self.places < begin + len(mine))
            at = self.places[here] - begin
            sampled[here] = drawn[at]
            for i, kept in enumerate((drawn, ~drawn)):
                mask = np.zeros(own.length, bool)
                mask[mine[kept]] = True
                chosen[i].append(own._replace(bits=np.packbits(mask)))
                before = counts[i] + np.cumsum(kept) - 1
                places[here] = np.where(kept[at], before[at], places[here])
                counts[i] += int(kept.sum())
            begin += len(mine)
        if sampled.all() or not sampled.any():
            raise DataError(f"{self.name} has too few samples to be divided: {len(self):,}")
        rest = (*self._prepared, self.digest, self.names)
        parts = zip((sampled, ~sampled), chosen, strict=True)
        first, second = (
            Stream(self.name, self.x[kept], places[kept], self.range, own, *rest)
            for kept, own in parts
        )
        return first, second

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Raises what was wrong with the files, in place of what TensorFlow makes of it."""
        self._error = None
        try:
            yield
        except Exception:
            if self._error is None:
                raise
            raise self._error from None

    @property
    def _fits(self) -> bool:
        return 4 * len(self) * math.prod(self.shape) <= POOL_BYTES

    def _whole(self) -> np.ndarray:
        """All samples, in their order."""
        if self._kept is None:
            begin = time.perf_counter()
            (self._kept,) = self._rows(len(self), None)
            self.reading += time.perf_counter() - begin
        return self._kept

    def _rows(self, count: int, rng: np.random.Generator | None) -> Iterator[np.ndarray]:
        """Arrays of `count` samples, the last of what is left, in the order of a generator."""
        held = 1 if rng is None else POOL_BYTES // (4 * count * math.prod(self.shape))
        pool = np.empty((min(len(self), max(1, held) * count), *self.shape), np.float32)
        filled = 0
        for piece, places in self._pieces(rng):
            while len(places):
                fits = places[: len(pool) - filled]
                # "clip" copies each sample once, and "raise" twice
                np.take(piece, fits, 0, pool[filled : filled + len(fits)], mode="clip")
                places, filled = places[len(fits) :], filled + len(fits)
                if filled == len(pool):
                    yield from _drawn(pool, count, rng)
                    filled = 0
        yield from _drawn(pool[:filled], count, rng)

    def _pieces(self, rng):
        """Samples, and the places of those of this part among them, shard by shard."""
        order = np.arange(len(self._chosen))
        for i in order if rng is None else rng.permutation(order):
            shard, length, bits, stamp = self._chosen[i]
            mask, begin = np.unpackbits(bits, count=length).astype(bool), 0
            if not mask.any():
                continue
            if not shard.path.exists() or stamp_of(shard) != stamp:
                raise DataError(f"{shard.path} has changed since it was first read.")
            for piece in samples_of(shard, *self._prepared):
                yield piece, np.flatnonzero(mask[begin : begin + len(piece)])
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


def sample_of(x: np.ndarray | Stream) -> np.ndarray:
    """An array as it is, or a stream's random sample."""
    return x.x if isinstance(x, Stream) else x


def _drawn(pool, count, rng):
    """Copies of `count` samples at a time, in a random order."""
    order = np.arange(len(pool)) if rng is None else rng.permutation(len(pool))
    for i in range(0, len(pool), count):
        yield np.take(pool, order[i : i + count], 0)
