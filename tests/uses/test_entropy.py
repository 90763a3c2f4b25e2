import numpy as np
import pytest

from aezoo.data.samples import DataError
from aezoo.uses import entropy
from aezoo.uses.entropy import decoded, encoded

WRITTEN = "fad5702454f404a587ad3bd7c752a4a2"
PLACES_WRITTEN = "83f2131751f0adf6fb45f6df87370421"


def bits(data, symbols):
    return 8 * len(data) / symbols.size


def entropy_of(symbols):
    """Bits of a symbol, were the frequencies of each unit known."""
    found = 0.0
    for column in symbols.T:
        p = np.unique(column, return_counts=True)[1] / len(column)
        found -= (p * np.log2(p)).sum() / symbols.shape[1]
    return found


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 1), (9, 3), (1000, 2)])
@pytest.mark.parametrize("size", [1, 2, 300])
def test_there_and_back(shape, size, ordered, rng):
    symbols = rng.integers(0, size, shape)
    data = encoded(symbols, size, ordered=ordered)
    np.testing.assert_array_equal(decoded(data, shape, size, ordered=ordered), symbols)


def test_near_the_entropy(rng):
    scales = np.exp(-np.arange(16) / 4)
    symbols = np.rint(20 * scales * rng.laplace(size=(4000, 16))).astype(int)
    symbols -= symbols.min()
    data = encoded(symbols, symbols.max() + 1)
    assert entropy_of(symbols) < bits(data, symbols) < 1.03 * entropy_of(symbols)


@pytest.mark.parametrize("kind", ["two values", "mostly zero", "an outlier", "half zero"])
def test_near_the_entropy_of_what_no_kernel_fits(kind, rng):
    shape = (4000, 4)
    normal = rng.normal(0, 30, shape)
    symbols = {
        "two values": 1000 * rng.integers(0, 2, shape),
        "mostly zero": np.where(rng.random(shape) < 0.98, 0, rng.exponential(50, shape)),
        "an outlier": np.where(np.arange(4000)[:, None] == 7, 30_000, normal / 8),
        "half zero": np.maximum(0, normal),
    }[kind].astype(int)
    symbols -= symbols.min()
    data = encoded(symbols, symbols.max() + 1)
    assert bits(data, symbols) < 1.06 * entropy_of(symbols) + 0.1


def test_widths_are_whole_arithmetic():
    """Counts whose deviation is whole, to the last bit, reach just so far."""
    counts = np.zeros(6000, np.int64)
    for value, times in ((2218 - 2, 8), (2218 + 2, 8)):  # a variance of 4, 16 = 2^4 counts
        counts[value] = times
    found = entropy._smooth(counts)
    reach = int(2 * entropy.WIDTHS[4])  # 1
    high = found > 2 * found.min()
    assert np.flatnonzero(high).tolist() == [
        *range(2216 - 2 * reach, 2216 + 2 * reach + 1),
        *range(2220 - 2 * reach + 1, 2220 + 2 * reach + 1),
    ]


def test_places_in_a_codebook_near_the_entropy(rng):
    symbols = rng.permutation(128)[np.minimum(rng.zipf(1.5, (4000, 1)), 128) - 1]
    data = encoded(symbols, 128, ordered=False)
    assert bits(data, symbols) < 1.05 * entropy_of(symbols)
    # neighbours tell nothing of each other here
    assert len(data) < len(encoded(symbols, 128))


def test_few_rows_learn_from_each_other(rng):
    """A row of many alike units takes fewer bits than if all levels were as likely."""
    symbols = np.clip(rng.normal(500, 4, (1, 256)), 0, 999).astype(int)
    assert bits(encoded(symbols, 1000), symbols) < 0.6 * np.log2(1000)


def test_probabilities_are_the_same_on_every_machine():
    """Bytes that were once written stay readable."""
    symbols = (np.arange(40).reshape(10, 4) ** 2) % 7
    assert encoded(symbols, 7).hex() == WRITTEN
    assert encoded(symbols, 7, ordered=False).hex() == PLACES_WRITTEN


def test_wrong_bytes(rng):
    symbols = rng.integers(0, 9, (50, 2))
    data = encoded(symbols, 9)
    with pytest.raises(DataError, match="multiples of 4"):
        decoded(data[:-1], symbols.shape, 9)
    with pytest.raises(DataError, match="after the last"):
        decoded(data + bytes(8), symbols.shape, 9)
    refused = 0
    for _ in range(50):
        try:
            found = decoded(rng.bytes(len(data) // 8 * 4), symbols.shape, 9)
        except DataError:
            refused += 1
        else:
            assert found.min() >= 0
            assert found.max() < 9
    assert refused


def test_tables_are_bounded():
    with pytest.raises(ValueError, match="larger step"):
        encoded(np.zeros((1, 4), int), entropy.MOST_CELLS // 4 + 1)
