import numpy as np
import pytest

from aezoo.evaluation import mutual_information_gap


@pytest.fixture
def factors():
    """All 36 pairs of six values and six others, forty times each."""
    pairs = np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=-1).reshape(-1, 2)
    return np.tile(pairs, (40, 1))


def test_a_unit_for_each_factor(factors, rng):
    codes = np.column_stack([rng.normal(size=len(factors)), 3 * factors - 7])
    gaps = mutual_information_gap(codes, factors)
    assert gaps.shape == (2,)
    np.testing.assert_allclose(gaps, 1, atol=0.02)  # noise seems to tell a little of few samples


def test_two_units_that_say_the_same_leave_no_gap(factors):
    codes = np.column_stack([factors[:, 0], -factors[:, 0], factors[:, 1]])
    np.testing.assert_allclose(mutual_information_gap(codes, factors), [0, 1], atol=1e-9)


def test_turned_by_45_degrees_each_unit_says_a_part_of_both(factors):
    turned = factors @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    assert mutual_information_gap(turned, factors).max() < 0.05
    assert mutual_information_gap(turned + [0, 0.3] * factors, factors)[1] > 0.03


def test_a_share_of_what_there_is_to_know():
    """A unit that tells two of four values apart tells one bit of two."""
    factor = np.tile(np.arange(4), 25)
    codes = np.column_stack([factor > 1, np.zeros(100)])
    np.testing.assert_allclose(mutual_information_gap(codes, factor), [0.5])
    names = np.array(["a", "b", "c", "d"])[factor]
    np.testing.assert_allclose(mutual_information_gap(codes, names), [0.5])


def test_bins_and_places(factors):
    fine = np.linspace(0, 1, len(factors))
    codes = np.column_stack([fine, np.zeros(len(factors))]).reshape(-1, 1, 2)
    half = (fine > 0.5).astype(int)
    assert mutual_information_gap(codes, half, bins=2) == pytest.approx(1, abs=0.01)
    assert mutual_information_gap(codes, half, bins=3) < 0.8


@pytest.mark.parametrize(
    ("codes", "factors", "bins", "message"),
    [
        (np.zeros((5, 2)), np.arange(4), 20, r"\(5, 2\) and \(4, 1\)"),
        (np.zeros(5), np.arange(5), 20, "shape"),
        (np.zeros((5, 2)), np.zeros((5, 1, 1)), 20, "shape"),
        (np.zeros((5, 1)), np.arange(5), 20, "two units"),
        (np.full((5, 2), np.nan), np.arange(5), 20, "finite"),
        (np.zeros((5, 2)), np.arange(5), 1, "bins"),
        (np.zeros((5, 2)), np.zeros(5), 20, "Factor 0"),
    ],
)
def test_what_does_not_go_together(codes, factors, bins, message):
    with pytest.raises(ValueError, match=message):
        mutual_information_gap(codes, factors, bins)
