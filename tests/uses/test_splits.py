import numpy as np
import pytest

from aezoo.uses import splits


def test_a_fifth_is_set_aside(rng):
    drawn = splits.aside(100, rng)
    assert drawn.sum() == 20
    assert not np.array_equal(drawn, splits.aside(100, rng))
    assert splits.aside(2, rng).sum() == 1


@pytest.mark.parametrize(
    ("contamination", "kept"), [(0, [200]), (0.1, [170]), (0.5, [100]), ("auto", [200, 175])]
)
def test_groups_leave_out_the_oddest(rng, contamination, kept):
    x = rng.normal(size=(200, 2))
    x[:5] += 9
    groups = splits.groups(x, contamination, rng)
    assert [group.sum() for group in groups] == kept
    assert contamination == 0 or not groups[-1][:5].any()


def test_oddness_of_an_outlier(rng):
    z = rng.normal(size=(300, 2))
    z[7] = 8
    assert splits.oddness(z, rng)(z).argmax() == 7


@pytest.mark.parametrize("contamination", ["auto", 0.1, 0])
def test_others_are_trusted_alike(rng, contamination):
    z = rng.normal(size=(300, 2))
    groups, trusts = splits.trusted(z, contamination, rng)
    np.testing.assert_array_equal(trusts(z), groups[-1])
    assert trusts(np.array([[0.0, 0.0], [9.0, 9.0]])).tolist() == [True, contamination == 0]
