import numpy as np
import pytest

from aezoo.layers.discrepancy import SCALES, mmd


def by_pairs(x, y, kernel):
    def k(a, b):
        distance = np.sum((a - b) ** 2)
        widths = 2 * len(a) * np.array(SCALES)
        each = np.exp(-distance / widths) if kernel == "rbf" else widths / (widths + distance)
        return each.mean()

    n = len(x)
    within = sum(k(s[i], s[j]) for s in (x, y) for i in range(n) for j in range(n) if i != j)
    across = sum(k(a, b) for a in x for b in y)
    return within / (n * (n - 1)) - 2 * across / n**2


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_against_a_sum_over_pairs(kernel, rng):
    x, y = rng.normal(size=(2, 9, 3)) * 2 + 1
    found = float(mmd(x.astype("float32"), y.astype("float32"), kernel))
    assert found == pytest.approx(by_pairs(x, y, kernel), abs=1e-5)


def test_of_one_distribution_it_is_0_in_the_mean(rng):
    draws = rng.normal(size=(200, 2, 20, 2)).astype("float32")
    found = [float(mmd(x, y)) for x, y in draws]
    assert abs(np.mean(found)) < 2 * np.std(found) / np.sqrt(200) + 1e-4
    assert np.mean([float(mmd(x, y + 1)) for x, y in draws]) > 0.05


def test_codes_with_places_and_one_draw(rng):
    x, y = rng.normal(size=(2, 6, 2, 2)).astype("float32")
    assert float(mmd(x, y)) == pytest.approx(float(mmd(x.reshape(6, 4), y.reshape(6, 4))))
    assert float(mmd(x[:1], y[:1])) == 0


def test_an_unknown_kernel():
    with pytest.raises(ValueError, match="kernel must be one of.*'linear'"):
        mmd(np.zeros((2, 1)), np.zeros((2, 1)), "linear")
