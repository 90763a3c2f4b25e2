import numpy as np
import pytest

from aezoo.edge import p_values
from aezoo.uses import thresholds


@pytest.mark.parametrize(("count", "rate"), [(99, 0.01), (100, 0.01), (9, 0.1), (37, 0.05)])
def test_conformal_flags_what_p_values_do(rng, count, rate):
    scores = rng.normal(size=count)
    threshold = thresholds.conformal(scores, rate)
    rank = int(np.ceil((1 - rate) * (count + 1) - 1e-9))
    assert threshold == np.sort(scores)[rank - 1]
    new = np.concatenate([scores, rng.normal(size=1000)])
    np.testing.assert_array_equal(new > threshold, p_values(new, scores) <= rate * (1 + 1e-9))


def test_conformal_keeps_its_rate():
    rng = np.random.default_rng(1)
    rates = []
    for _ in range(2000):
        scores = rng.standard_t(3, size=60)  # 59 would do
        rates.append(np.mean(rng.standard_t(3, size=50) > thresholds.conformal(scores, 1 / 60)))
    error = np.std(rates) / np.sqrt(len(rates))
    assert np.mean(rates) < 1 / 60 + 3 * error
    assert np.mean(rates) > 1 / 61 - 3 * error  # what is exact for so many


def test_weights_that_are_whole_count_as_copies(rng):
    scores, weights = rng.normal(size=30), rng.integers(0, 2, 30)
    rate = 0.2
    expected = thresholds.conformal(scores[weights == 1], rate)
    assert thresholds.conformal(scores, rate, weights) == expected
    flagged = p_values(scores, scores, weights) <= rate
    np.testing.assert_array_equal(flagged, scores > expected)


def test_ties_are_not_flagged():
    assert thresholds.conformal([1.0] * 50, 0.05) == 1


@pytest.mark.parametrize(("count", "rate", "needed"), [(98, 0.01, "99"), (0, 0.05, "19")])
def test_too_few(count, rate, needed):
    with pytest.raises(ValueError, match=f"at least {needed} normal samples"):
        thresholds.conformal(np.zeros(count), rate)


def test_percentile_holds_on_new_samples():
    rng = np.random.default_rng(2)
    rates = [
        np.mean(rng.random(100) > thresholds.percentile(rng.random(30), 0.1)) for _ in range(3000)
    ]
    assert np.mean(rates) == pytest.approx(0.1, abs=0.004)


def test_share_and_sigma():
    scores = np.arange(100.0)
    assert np.sum(scores > thresholds.share(scores, 0.03)) == 3
    assert thresholds.sigma(scores) == pytest.approx(scores.mean() + 3 * scores.std())
