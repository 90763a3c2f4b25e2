"""Small integers as few bytes, and back, with probabilities learned from those before them."""

import math
from collections.abc import Callable

import numpy as np

from aezoo.data.samples import DataError

PRIOR = 4.0  # rows that what all units had so far counts as, beside what a unit had itself
RARE = 0.005  # of the probability, for numbers that are like none before
WIDTHS = (1.0, 0.8706, 0.7579, 0.6598, 0.5743)  # fifth roots of 1, 1/2, 1/4, 1/8, 1/16
MOST_CELLS = 2**25  # of the tables, 256 MB, and a few times as much while they are made

Code = Callable[[slice, slice, np.ndarray], np.ndarray]


def encoded(symbols: np.ndarray, size: int, *, ordered: bool = True) -> bytes:
    """Integers as bytes, about as many as their entropy.

    Probabilities are learned from the rows before, by the decoder, too, so that no table is stored:
    at first from what all units had, then more and more from what a unit had itself. They are
    learned anew after 1, 2, 4, 8, ... rows, with integers and single operations on floats alone,
    which give the same on every machine.

    Args:
        symbols: Integer array of shape `(rows, units)`, from 0 to `size - 1`.
        size: Positive integer.
        ordered: Boolean, whether neighbours are about as likely, such as of numbers that were
            rounded; places in a codebook have none.

    Returns:
        Bytes.

    Raises:
        ValueError: If tables of `units * size` probabilities were too large, above 2^25.

    Example:

    >>> import numpy as np
    >>> symbols = np.random.default_rng(0).binomial(20, 0.5, (1000, 4))
    >>> data = encoded(symbols, 21)
    >>> len(data) < 4000 / 2, np.array_equal(decoded(data, symbols.shape, 21), symbols)
    (True, True)

    Reference:
        Range coding by the library `constriction`: Bamler, "Understanding Entropy Coding With
        Asymmetric Numeral Systems (ANS): a Statistician's Perspective", 2022, arXiv:2201.01741.
        Unseen places of a codebook: Moffat, "Implementing the PPM Data Compression Scheme", 1990,
        method C.
    """
    from constriction import stream

    coder = stream.queue.RangeEncoder()
    symbols = np.asarray(symbols, np.int32)

    def encode(rows, units, probabilities):
        part = symbols[rows, units]
        model = stream.model.Categorical(probabilities, perfect=False)
        coder.encode(part.flatten(), model)
        return part

    _each(encode, symbols.shape, size, ordered)
    return coder.get_compressed().astype("<u4").tobytes()


def decoded(data: bytes, shape: tuple[int, int], size: int, *, ordered: bool = True) -> np.ndarray:
    """The integers that were `encoded`.

    Args:
        data: Bytes.
        shape: Pair of positive integers, rows and units.
        size: Positive integer, as for `encoded`.
        ordered: Boolean, likewise.

    Returns:
        int32 array of that shape.

    Raises:
        aezoo.data.samples.DataError: If they are too few or too many bytes.
        ValueError: As `encoded`.
    """
    from constriction import stream

    if len(data) % 4:
        raise DataError(f"Codes come in multiples of 4 bytes. Received: {len(data)}")
    coder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))
    symbols = np.empty(shape, np.int32)

    def decode(rows, units, probabilities):
        part = symbols[rows, units]
        model = stream.model.Categorical(probabilities, perfect=False)
        part[...] = coder.decode(model, part.size).reshape(part.shape)
        return part

    try:
        _each(decode, shape, size, ordered)
    except AssertionError as error:  # how constriction refuses data
        raise DataError(f"These are no codes: {error}") from error
    if not coder.maybe_exhausted():
        raise DataError("These are no codes: they go on after the last one.")
    return symbols


def _each(code: Code, shape: tuple[int, int], size: int, ordered: bool) -> None:
    """Codes block by block, each with the probabilities that those before it make likely."""
    rows, units = shape
    size = max(2, size)  # fewer are no distribution to constriction
    if units * size > MOST_CELLS:
        raise ValueError(
            f"{units:,} numbers of {size:,} levels each are more than {MOST_CELLS:,} "
            "probabilities: take a larger step."
        )
    table = _smooth if ordered else _as_counted
    counts = np.zeros((units, size), np.int64)
    for part in _doubling(0, units):  # the first row has but itself to learn from
        found = code(slice(0, 1), part, table(counts.sum(axis=0)))
        counts[np.arange(part.start, part.stop), found[0]] = 1
    for part in _doubling(1, rows):
        shared = PRIOR * table(counts.sum(axis=0))
        for unit in range(units):
            own = part.start * table(counts[unit]) + shared
            found = code(part, slice(unit, unit + 1), own / (part.start + PRIOR))
            counts[unit] += np.bincount(found[:, 0], minlength=size)


def _doubling(start, stop):
    """Slices from start to stop, each as long as all before it."""
    while start < stop:
        end = min(stop, max(1, 2 * start))
        yield slice(start, end)
        start = end


def _smooth(counts):
    """Probabilities where neighbours are about as likely: (size,) -> (size,).

    What was counted counts as far as it is not rare: numbers that came once, and how many there
    are, tell how much is left for what lies between them.
    """
    count = int(counts.sum())
    if not count:
        return np.full(len(counts), 1 / len(counts))
    places = np.arange(len(counts))
    total, squares = int((counts * places).sum()), int((counts * places**2).sum())
    variance = (squares * count - total * total) / (count * count)
    # as wide as the deviation, and narrower by the fifth root of the count
    halvings = count.bit_length() - 1
    width = WIDTHS[halvings % 5] / 2 ** (halvings // 5)
    reach = int(math.sqrt(variance) * width)
    sums = _running(_running(counts, reach), reach)
    seen, once = int(np.count_nonzero(counts)), int(np.count_nonzero(counts == 1))
    unsure = (seen + once) / (count + seen)
    found = counts / count * (1 - unsure) + sums / int(sums.sum()) * unsure
    return found * (1 - RARE) + RARE / len(counts)


def _running(counts, reach):
    """The sums of all that are at most so far away: (size,) -> (size,)."""
    sums = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(len(counts))
    return sums[np.minimum(places + reach + 1, len(counts))] - sums[np.maximum(places - reach, 0)]


def _as_counted(counts):
    """Probabilities where each is for itself: (size,) -> (size,)."""
    count, seen = int(counts.sum()), int(np.count_nonzero(counts))
    if not count:
        return np.full(len(counts), 1 / len(counts))
    rare = seen / (count + seen)
    return counts / count * (1 - rare) + rare / len(counts)
