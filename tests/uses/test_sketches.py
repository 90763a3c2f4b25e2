import sys

import numpy as np
import pytest

from aezoo.uses import thresholds
from aezoo.uses.sketches import Sketch

pytest.importorskip("datasketches")


@pytest.fixture(scope="module")
def scores():
    return np.random.default_rng(0).gamma(2.0, size=400_000).astype("float32")


@pytest.fixture(scope="module")
def sketch(scores):
    return Sketch(np.split(scores, 8))


@pytest.mark.parametrize("rate", [0.5, 0.05, 0.01, 0.001])
def test_shares_above_are_within_the_error(scores, sketch, rate):
    assert 4e-5 < sketch.error < 6e-5
    for method in ("percentile", "share"):  # twice the error: its confidence is of 99 %
        share = np.mean(scores > sketch.threshold(method, rate))
        assert share == pytest.approx(rate, abs=2 * sketch.error)


def test_a_conformal_rate_is_kept(scores, sketch):
    share = np.mean(scores > sketch.threshold("conformal", 0.01))
    assert 0.01 - 3 * sketch.error < share < 0.01
    assert sketch.threshold("conformal", 0.01) > sketch.threshold("percentile", 0.01)


@pytest.mark.parametrize(("count", "rate"), [(150, 0.01), (1000, 0.05)])
def test_false_alarms_over_many_draws(monkeypatch, count, rate):
    monkeypatch.setattr("aezoo.uses.sketches.SIZE", 200)
    above = []
    for seed in range(200):
        sketch = Sketch([np.random.default_rng(seed).random(count)])
        above.append(1 - sketch.threshold("conformal", rate))
    if sketch.error:  # as much is kept below the rate as it may be off
        assert rate - 1.3 * sketch.error < np.mean(above) < rate - 0.7 * sketch.error
    else:
        assert np.mean(above) == pytest.approx(1 / (count + 1), abs=3 / count / 200**0.5)


def test_a_conformal_threshold_is_a_score_that_is_kept(scores, monkeypatch):
    monkeypatch.setattr("aezoo.uses.sketches.SIZE", 200)
    sketch = Sketch([scores[:400]])
    shares = np.cumsum(sketch.weights) / 400
    for rate in np.linspace(0.05, 0.5, 200):
        rank = np.searchsorted(shares, (1 - rate) * 401 / 400 + sketch.error)
        assert sketch.threshold("conformal", rate) == sketch.scores[rank]


def test_sigma_is_exact(scores, sketch):
    expected = thresholds.sigma(scores.astype("float64"))
    assert sketch.threshold("sigma", 0.01) == pytest.approx(expected, rel=1e-9)


def test_what_is_kept_stands_for_all(scores, sketch):
    assert len(sketch) == len(scores) == sketch.weights.sum()
    assert len(sketch.scores) == len(sketch.weights) < 200_000
    assert (np.diff(sketch.scores) >= 0).all()
    assert np.isin(sketch.scores, scores).all()
    mean = np.average(sketch.scores, weights=sketch.weights)
    assert mean == pytest.approx(scores.mean(), rel=1e-3)


@pytest.mark.parametrize("method", ["percentile", "share", "conformal", "sigma"])
def test_few_scores_are_kept_as_they_are(scores, method):
    few = scores[:1000]
    sketch = Sketch([few[:300]]).add(few[300:])
    assert (sketch.error, sketch.weights) == (0, None)
    np.testing.assert_array_equal(sketch.scores, np.sort(few))
    how = () if method == "sigma" else (0.02,)
    assert sketch.threshold(method, 0.02) == pytest.approx(
        getattr(thresholds, method)(few, *how), rel=1e-6
    )


def test_rates_that_are_not_known(scores, sketch):
    with pytest.raises(ValueError, match="known to 4.8e-05: ask for one above"):
        sketch.threshold("percentile", 4e-5)
    with pytest.raises(ValueError, match="at least 99 normal samples"):
        Sketch([scores[:90]]).threshold("conformal", 0.01)


def test_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(ImportError, match=r"aezoo\[streams\]"):
        Sketch()
