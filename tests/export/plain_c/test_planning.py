import numpy as np
import pytest

from aezoo.export.plain_c.planning import Buffer, planned


def at_once(a, b):
    return a.first <= b.last and b.first <= a.last


@pytest.mark.parametrize("seed", range(20))
def test_none_overlap(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 20, 30)
    buffers = [
        Buffer(int(size), int(begin), int(begin + length))
        for size, begin, length in zip(
            rng.integers(1, 100, 30), first, rng.integers(0, 6, 30), strict=True
        )
    ]
    places, whole = planned(buffers)
    assert all(place % 4 == 0 and place >= 0 for place in places)
    assert whole % 4 == 0
    assert max(p + b.size for p, b in zip(places, buffers, strict=True)) <= whole
    for i, a in enumerate(buffers):
        for j, b in enumerate(buffers[:i]):
            apart = places[i] + a.size <= places[j] or places[j] + b.size <= places[i]
            assert apart or not at_once(a, b)
    # no less than what a step needs at once, no more than all
    steps = range(max(b.last for b in buffers) + 1)
    assert whole >= max(sum(b.size for b in buffers if b.first <= s <= b.last) for s in steps)
    assert whole <= sum(b.size + 3 for b in buffers)


def test_a_chain_takes_two_neighbours():
    sizes = [100, 40, 80, 200, 12]
    places, whole = planned([Buffer(size, i, i + 1) for i, size in enumerate(sizes)])
    assert whole == 280
    assert places[3] == 0


def test_nothing():
    assert planned([]) == ([], 0)
