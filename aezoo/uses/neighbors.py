"""Codes of places as few bytes, with probabilities that follow what is around each place."""

import math
import struct
from collections.abc import Callable, Iterator

import numpy as np

from aezoo.data.samples import DataError
from aezoo.uses import entropy

ONE = 2**16  # integers stand for so many parts: floats would differ between machines
HALVES = 2  # classes of a unit's mean magnitude, in each octave
THIRDS = 3  # groups of expected magnitudes, in each octave
LEAST = -8  # the octave of the least of both
OCTAVES = 21  # from there on
MOST_LEVELS = 2**12  # of which tables are learned
AROUND = 3  # a place's own units count as so many times the mean of those around it...
OWN = 2  # ... over this
PRIOR = 5.0  # numbers that what is expected of a group counts as, before it has any...
WIDER = 32.0  # ... and so many times its mean magnitude more: it has more to learn
RARE = 1e-4  # of the probability, for numbers that are not expected
HEAD = "<iIII"  # the least middle, the levels of what is told of units, its bytes, the extent

Code = Callable[[tuple, np.ndarray], np.ndarray]


def fits(symbols: np.ndarray) -> bool:
    """Whether integers have places around them, and are few enough levels.

    Args:
        symbols: Integer array of shape `(n, ..., units)`.

    Returns:
        Boolean.
    """
    places = math.prod(symbols.shape[1:-1])
    return places > 1 and int(np.ptp(symbols)) * 2 < MOST_LEVELS


def encoded(symbols: np.ndarray) -> bytes:
    """Integers of places as bytes.

    Where much is in one unit there is much in others, and around: how large a number will be is
    expected from the units before it in its place and the places around, and from those of its own
    unit around it, of which every other place is told first, as on a chessboard. Probabilities are
    learned for each group of numbers that are expected to be about as large, whatever their unit,
    so that little is to be learned. All is done in integers and single operations on floats, which
    give the same on every machine.

    Args:
        symbols: Integer array of shape `(n, ..., units)`, which `fits`.

    Returns:
        Bytes.

    Example:

    >>> import numpy as np
    >>> from aezoo.uses import entropy, neighbors
    >>> rng = np.random.default_rng(0)
    >>> size = np.kron(rng.choice([0.1, 1.0], (1, 8, 8, 1)), np.ones((1, 8, 8, 1)))
    >>> symbols = np.rint(size * rng.normal(size=(1, 64, 64, 8))).astype(int)
    >>> alike = entropy.encoded(symbols.reshape(-1, 8) - symbols.min(), int(np.ptp(symbols)) + 1)
    >>> len(neighbors.encoded(symbols)) < 0.9 * len(alike)
    True

    Reference:
        Chessboards: He et al., "Checkerboard Context Model for Efficient Learned Image
        Compression", CVPR 2021, arXiv:2103.15306; probabilities by the size of what is around: Wu
        and Memon, "Context-based, Adaptive, Lossless Image Coding", IEEE Transactions on
        Communications 45, 1997.
    """
    from constriction import stream

    flat = symbols.reshape(-1, symbols.shape[-1])  # (n, ..., C) -> (n ..., C)
    middles = np.sort(flat, axis=0)[len(flat) // 2].astype(np.int64)
    numbers = _in_rows(symbols - middles)
    extent = int(np.abs(numbers).max())
    classes = [_class(int(total), len(flat)) for total in np.abs(numbers).sum(axis=(0, 1, 2))]
    told = np.stack([middles - middles.min(), classes], axis=1)
    size = int(told.max()) + 1
    sides = entropy.encoded(told, size)
    coder = stream.queue.RangeEncoder()

    def encode(where, probabilities):
        part = numbers[where]
        model = stream.model.Categorical(probabilities, perfect=False)
        coder.encode((part + extent).astype(np.int32), model)
        return part

    _walk(encode, numbers.shape, classes, extent)
    head = struct.pack(HEAD, int(middles.min()), size, len(sides), extent)
    return head + sides + coder.get_compressed().astype("<u4").tobytes()


def decoded(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """The integers that were `encoded`.

    Args:
        data: Bytes.
        shape: Tuple of positive integers, `(n, ..., units)`.

    Returns:
        int64 array of that shape.

    Raises:
        aezoo.data.samples.DataError: If they are no such bytes.
    """
    from constriction import stream

    try:
        least, size, length, extent = struct.unpack_from(HEAD, data)
    except struct.error as error:
        raise DataError(f"These are no codes: {error}") from error
    at = struct.calcsize(HEAD)
    sides, rest = data[at : at + length], data[at + length :]
    if extent >= MOST_LEVELS or len(rest) % 4:
        raise DataError("These are no codes: they are of too many levels, or cut off.")
    told = entropy.decoded(sides, (shape[-1], 2), size).astype(np.int64)
    coder = stream.queue.RangeDecoder(np.frombuffer(rest, "<u4").astype(np.uint32))
    numbers = np.zeros(_in_rows(np.empty(shape, np.int8)).shape, np.int64)

    def decode(where, probabilities):
        model = stream.model.Categorical(probabilities, perfect=False)
        numbers[where] = coder.decode(model, len(where[0])) - extent
        return numbers[where]

    try:
        _walk(decode, numbers.shape, told[:, 1].tolist(), extent)
    except AssertionError as error:  # how constriction refuses data
        raise DataError(f"These are no codes: {error}") from error
    if not coder.maybe_exhausted():
        raise DataError("These are no codes: they go on after the last one.")
    return numbers.reshape(shape) + told[:, 0] + least


def _in_rows(symbols):
    """Places as rows and columns: (n, w, C) -> (n, 1, w, C), (n, d, h, w, C) -> (n d, h, w, C)."""
    *_, width, units = symbols.shape
    height = symbols.shape[-3] if symbols.ndim > 3 else 1
    return symbols.reshape(-1, height, width, units)


def _class(total, count):
    """What a unit's mean magnitude is about, from 1 on; 0 for a unit that is never anything."""
    if not total:
        return 0
    mean = np.array(total * ONE * 19 // (16 * count))  # a fourth of an octave more, to round
    return 1 + int(np.searchsorted(_bounds(HALVES)[1:], mean, side="right"))


def _bounds(parts):
    """Magnitudes times `ONE`, so many in each octave, as integers."""
    exponents = np.arange(OCTAVES * parts) / parts + LEAST
    return np.rint(ONE * 2.0**exponents).astype(np.int64)


def _walk(code: Code, shape: tuple[int, ...], classes: list[int], extent: int) -> None:
    """Codes unit by unit, each with the probabilities that what is known by then makes likely."""
    *places, _ = shape
    sizes, bounds = _bounds(HALVES), _bounds(THIRDS)
    tables: dict[int, np.ndarray] = {}
    known = np.zeros(places, np.int64)  # sums of magnitudes, each over what its unit has
    board = np.indices(places[1:]).sum(axis=0) % 2 + np.zeros(places, np.int64)
    halves = [np.nonzero(board == color) for color in (0, 1)]
    for count, unit in enumerate(_by_size(classes)):
        size = int(sizes[classes[unit] - 1])
        mean = (OWN * known + (AROUND - OWN) * _mean_around(known, corners=True)) // AROUND
        expected = size * (ONE // 4 + mean) // (ONE // 4 + count * ONE)
        own = np.zeros(places, np.int64)
        for half in halves:
            for group, where in _groups(expected, half, bounds):
                if group not in tables:
                    tables[group] = _expected(bounds[group : group + 2], extent)
                table = tables[group]
                found = code((*where, np.full(len(where[0]), unit)), table / math.fsum(table))
                table += np.bincount(found + extent, minlength=len(table))
                own[where] = np.abs(found)
            if half is halves[0]:
                near = _mean_around(own * ONE, corners=False, among=board == 0)
                expected = (2 * expected + near) // 3
        known += own * ONE * ONE // size


def _by_size(classes: list[int]) -> list[int]:
    """Units from the largest on, without those that are nothing."""
    return [unit for unit in np.argsort(-np.array(classes), kind="stable") if classes[unit]]


def _groups(expected, half, bounds) -> Iterator[tuple[int, tuple]]:
    """Groups of about the same magnitude, and the places of each."""
    groups = np.clip(np.searchsorted(bounds, expected[half], side="right") - 1, 0, len(bounds) - 2)
    for group in np.unique(groups):
        yield int(group), tuple(axis[groups == group] for axis in half)


def _mean_around(values, *, corners, among=None):
    """The mean of the places next to each, with those at its corners and itself or without."""
    values = values if among is None else values * among
    ones = np.ones_like(values) if among is None else among.astype(np.int64)
    sums, counts = (_sum_around(part, corners) for part in (values, ones))
    return sums // np.maximum(counts, 1)


def _sum_around(values, corners):
    height, width = values.shape[1:]
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    steps = [(y, x) for y in range(3) for x in range(3) if corners or abs(y - 1) + abs(x - 1) == 1]
    return sum(padded[:, y : y + height, x : x + width] for y, x in steps)


def _expected(bounds, extent):
    """What numbers from -extent to extent count as that are so large in the mean.

    Two geometric series, q^|k|, have the mean magnitude 2 q / (1 - q^2).
    """
    low, high = (int(bound) / ONE for bound in bounds)
    mean = math.sqrt(low * high)
    q = (math.sqrt(1 + mean * mean) - 1) / mean
    falling = np.multiply.accumulate(np.concatenate([[1.0], np.full(extent, q)]))
    both = np.concatenate([falling[:0:-1], falling])
    shares = both / math.fsum(both) * (1 - RARE) + RARE / len(both)
    return PRIOR * (1 + WIDER * mean) * shares
