import numpy as np
import pytest

from aezoo.data import tiles


@pytest.mark.parametrize("size", [(1, 1), (4, 3), (8, 6), (9, 7), (3, 20)])
def test_whole_again(size, rng):
    x = rng.random((2, *size, 3))
    parts = tiles.cut(x, (4, 3))
    assert parts.shape == (2 * tiles.count(size, (4, 3)), 4, 3, 3)
    np.testing.assert_array_equal(tiles.joined(parts, size), x)


def test_order_and_what_is_beyond_the_edges():
    x = np.arange(6).reshape(1, 2, 3, 1)
    parts = tiles.cut(x, (2, 2))
    assert parts[..., 0].tolist() == [[[0, 1], [3, 4]], [[2, 2], [5, 5]]]
