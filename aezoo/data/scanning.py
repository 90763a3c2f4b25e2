"""What is larger than memory, read once: what it holds, and to which part each sample belongs."""

import logging
import math
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from aezoo.data.samples import DataError
from aezoo.data.shards import form_of, samples_of, shards_by_split, shards_of_windows, stamp_of
from aezoo.data.streams import Chosen, Stream

HELD_OUT = 0.05  # of the samples, for the test split, and as much for validation
ALL, NONE = (0.0, 1.0), (0.0, 0.0)
# what the hash of a sample is between, by the folder that it lies in, if there are two, or by the
# part of its recording
PARTS = {
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
    "fitted": {"test": NONE, "validation": NONE, "fitted": ALL, "train": ALL, "all": ALL},
    "validation": {"test": NONE, "validation": ALL, "fitted": NONE, "train": ALL, "all": ALL},
    "test": {"test": ALL, "validation": NONE, "fitted": NONE, "train": NONE, "all": ALL},
}
SAMPLE, SAMPLE_BYTES = 20_000, 2**27  # what of a part is brought into memory, at most

log = logging.getLogger("aezoo")


def open_stream(
    path: Path | str,
    parts: Sequence[str],
    size: tuple[int, int] | None = None,
    color: str | None = None,
    data_dir: str | os.PathLike | None = None,
    windows: tuple[int, int] | None = None,
) -> list[Stream]:
    """Reads all samples once, and tells to which part each belongs.

    That is by a hash of its values, so that it stays where it is when others are added, and equal
    samples are in one part. A folder with subfolders `train` and `test`, and a dataset with splits
    of these names, is split by them, and only validation by the hash.

    Args:
        path: Path, or a name of TensorFlow Datasets, see `aezoo.data.shards.shards_by_split`.
        parts: Sequence of `"train"`, `"test"`, `"all"`, `"validation"` and `"fitted"`, what is
            left of the training split without that.
        size, color: Of images, see `aezoo.data.images.prepared`.
        data_dir: String or path, where TensorFlow Datasets keeps its data, or `None`.
        windows: Pair of positive integers, steps in a window of recordings and from one to the
            next, or `None`. They are split by recordings, see `aezoo.data.windowed`, not by hashes.

    Returns:
        List of `Stream`, one for each part.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If samples are not finite or not of one shape, tables not of the same columns,
            or a part would be empty.
    """
    gathering, checks = [_Part(part) for part in parts], _Checks()
    rng, digest = np.random.default_rng(0), blake2b(digest_size=16)
    if windows is None:
        found = shards_by_split(path, data_dir, size, color)
    else:
        found = shards_of_windows(Path(path), *windows, parts)
    for folder, shards in found.items():
        for shard in shards:
            checks.shard(shard)
            stamp, hashes = stamp_of(shard), [np.empty(0)]
            for piece in samples_of(shard, size, color, warn=shard is checks.first):
                checks.samples(piece, shard)
                hashes.append(_hashes(piece))
                digest.update(hashes[-1])
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
                f"{path} has {checks.count:,} {'samples' if windows is None else 'windows'}, and "
                f"by their {'values' if windows is None else 'recordings'} none is for "
                f"{part.name}: it takes more of them, or folders called train and test."
            )
    return [part.stream(path, checks, size, color, digest.hexdigest()) for part in gathering]


class _Checks:
    """Whether all samples are finite and alike, and what they are like."""

    def __init__(self):
        self.first, self.form, self.shape = None, None, None
        self.path, self.count = None, 0
        self.low, self.high = math.inf, -math.inf

    @property
    def names(self):
        """The columns, of tables."""
        return self.form if isinstance(self.first.part, (int, type(None))) else None

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


class _Part:
    """What is known of a part while all samples are read for the first time."""

    def __init__(self, name):
        self.name, self.count = name, 0
        self.chosen = []
        self.kept, self.ranks, self.places = [], [], []
        self.seen = 0  # samples of the part
        self.bound = math.inf  # of the ranks that can still be among the lowest

    def mask(self, hashes, folder):
        """Which of the samples with these hashes are in this part."""
        low, high = PARTS[folder][self.name]
        return (hashes >= low) & (hashes < high)

    def sample(self, piece, hashes, folder, ranks):
        """Keeps those of the lowest ranks."""
        mine = self.mask(hashes, folder)
        here = mine & (ranks < self.bound)
        self.kept.append(piece[here])
        self.ranks.append(ranks[here])
        self.places.append(self.seen + np.cumsum(mine)[here] - 1)
        self.seen += int(mine.sum())
        self.most = min(SAMPLE, max(1, SAMPLE_BYTES // (4 * max(1, math.prod(piece.shape[1:])))))
        if sum(map(len, self.ranks)) > 1.25 * self.most:
            self._cut()

    def add(self, shard, hashes, folder, stamp):
        mask = self.mask(hashes, folder)
        self.count += int(mask.sum())
        self.chosen.append(Chosen(shard, len(mask), np.packbits(mask), stamp))

    def stream(self, path, checks, *prepared):
        self._cut()
        name = path if isinstance(path, str) else path.absolute().stem
        ends = checks.low, checks.high
        more = (*prepared, checks.names)
        return Stream(name, self.kept[0], self.places[0], ends, self.chosen, *more)

    def _cut(self):
        kept, ranks, places = map(np.concatenate, (self.kept, self.ranks, self.places))
        order = np.argsort(ranks)[: self.most]
        self.kept, self.ranks, self.places = [kept[order]], [ranks[order]], [places[order]]
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
