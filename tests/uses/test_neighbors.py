import numpy as np
import pytest

from aezoo.data.samples import DataError
from aezoo.uses import entropy, neighbors


def textured(rng, shape=(1, 20, 30, 12), sizes=(0.1, 5.0)):
    """Numbers that are large in some places, in all units, and differ from unit to unit."""
    n, h, w, c = shape
    local = np.kron(rng.choice(sizes, (n, -(-h // 5), -(-w // 5), 1)), np.ones((1, 5, 5, 1)))
    by_unit = 2.0 ** (-np.arange(c) / 2)
    return np.rint(local[:, :h, :w] * 2 * by_unit * rng.laplace(size=shape)).astype(np.int64)


@pytest.mark.parametrize(
    "shape", [(1, 20, 30, 12), (3, 1, 2, 1), (2, 7, 4), (2, 3, 4, 5, 6), (5, 2, 1, 3)], ids=str
)
def test_what_is_encoded_is_decoded(shape, rng):
    for size in (0.2, 3, 80):
        symbols = np.rint(size * rng.laplace(size=shape)).astype(np.int64) + 7
        assert neighbors.fits(symbols)
        np.testing.assert_array_equal(neighbors.decoded(neighbors.encoded(symbols), shape), symbols)


def test_nothing_but_one_number():
    symbols = np.full((1, 4, 4, 3), -5)
    data = neighbors.encoded(symbols)
    assert len(data) < 40
    np.testing.assert_array_equal(neighbors.decoded(data, symbols.shape), symbols)


def test_what_is_around_tells_how_large_a_number_is(rng):
    symbols = textured(rng, (1, 60, 60, 12))
    alike = entropy.encoded(symbols.reshape(-1, 8) - symbols.min(), int(np.ptp(symbols)) + 1)
    assert len(neighbors.encoded(symbols)) < 0.95 * len(alike)


def test_not_far_from_the_entropy_where_nothing_is_around(rng):
    symbols = np.rint(2 * rng.laplace(size=(1, 64, 64, 4))).astype(int)
    _, counts = np.unique(symbols, return_counts=True)
    shares = counts / counts.sum()
    bits = -(shares * np.log2(shares)).sum() * symbols.size
    assert bits / 8 < len(neighbors.encoded(symbols)) < 1.03 * bits / 8 + 40


def test_who_it_is_for(rng):
    assert not neighbors.fits(np.zeros((9, 4), int))  # no places
    assert not neighbors.fits(np.zeros((9, 1, 1, 4), int))  # one alone
    assert neighbors.fits(np.array([0, 2047]).reshape(1, 2, 1))
    assert not neighbors.fits(np.array([0, 2048]).reshape(1, 2, 1))


def test_groups_do_not_hang_on_how_a_machine_rounds():
    for parts in (neighbors.HALVES, neighbors.THIRDS):
        exact = neighbors.ONE * 2.0 ** (np.arange(neighbors.OCTAVES * parts) / parts - 8)
        apart = np.abs(exact - np.floor(exact) - 0.5)
        assert apart.min() > 1e-4
        assert (np.diff(neighbors._bounds(parts)) > 0).all()


def test_the_bytes_of_today(rng):
    """A later version must read them, so that it has to write them."""
    symbols = np.arange(24).reshape(1, 3, 4, 2) % 7 - 3
    data = neighbors.encoded(symbols)
    assert data.hex() == GOLDEN
    np.testing.assert_array_equal(neighbors.decoded(bytes.fromhex(GOLDEN), (1, 3, 4, 2)), symbols)


GOLDEN = "00000000140000000400000003000000db1dcc0cd77d500d82455448990debc0"


def test_damaged_bytes(rng):
    symbols = textured(rng)
    data = neighbors.encoded(symbols)
    for end in (0, 3, 15, 20, len(data) - 4):
        with pytest.raises(DataError):
            neighbors.decoded(data[:end], symbols.shape)
    with pytest.raises(DataError, match="go on"):
        neighbors.decoded(data + bytes(8), symbols.shape)
    with pytest.raises(DataError):
        neighbors.decoded(data[:12] + b"\xff\xff\xff\x7f" + data[16:], symbols.shape)
