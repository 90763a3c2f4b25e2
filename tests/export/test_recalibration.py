import numpy as np
import pytest

from aezoo.edge import p_values
from aezoo.edge.criterion import Criterion
from aezoo.export.recalibration import carried, detector_refusal, figures, strangers, thinned
from aezoo.uses.thresholds import conformal, percentile


@pytest.mark.parametrize("method", [conformal, percentile])
def test_a_threshold_is_what_its_method_gives_on_the_new_scores(rng, method):
    before = rng.exponential(size=500)
    after = rng.permutation(before) ** 2 + 1
    assert carried(method(before, 0.03), before, after) == pytest.approx(method(after, 0.03), 1e-3)
    # a conformal one, which is a score, to the last bit
    assert carried(conformal(before, 0.03), before, after) == conformal(after, 0.03)


def test_other_samples_show_how_scores_are_carried(rng):
    """Those of training samples, which are lower, say the same of a threshold."""
    held_out, fitted = rng.exponential(size=2000), 0.7 * rng.exponential(size=2000)
    threshold = conformal(held_out, 0.05)
    found = carried(threshold, fitted, 3 * fitted)
    assert found == pytest.approx(3 * threshold)
    assert carried([100.0, 0.0], fitted, 3 * fitted) == pytest.approx([300, 0])


def test_beyond_scores_of_zero(rng):
    assert carried(0.5, np.zeros(3), np.zeros(3)) == 0.5


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_left_out_makes_p_values_larger_at_most(rng, weighted):
    scores = rng.exponential(size=20_000)
    weights = rng.random(20_000) if weighted else None
    kept, counts = thinned(scores, weights)
    assert len(kept) == len(counts) == 1000
    assert (np.diff(kept) >= 0).all()
    assert counts.sum() == pytest.approx(20_000 if weights is None else weights.sum())
    own = 1.0 if weights is None else weights.max()
    criterion = Criterion(None, 0, kept, counts, own, 0.01, None)
    new = rng.exponential(size=2000) * 2
    expected = p_values(new, scores, weights)
    found = criterion.p_values(new)
    assert (found >= expected - 1e-9).all()
    assert (found - expected).max() < 0.003
    highest = expected < 0.02
    np.testing.assert_allclose(found[highest], expected[highest], rtol=1e-6)
    few = thinned(scores[:1000])
    np.testing.assert_array_equal(few[0], np.sort(scores[:1000]))


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.6])
def test_flagged_are_those_of_low_p_values_however_many_calibrate(rng, rate):
    scores = rng.exponential(size=20_000)
    threshold = conformal(scores, rate)
    kept, counts = thinned(scores, threshold=threshold)
    assert len(kept) == 1000
    assert counts.sum() == 20_000
    near = np.searchsorted(kept, threshold)
    new = np.linspace(kept[near - 1], kept[near + 1], 1000)
    p = Criterion(None, 0, kept, counts, 1.0, rate, None).p_values(new)
    np.testing.assert_array_equal(new > threshold, p <= rate)


def test_strangers(rng):
    z = np.float32([0, 5, 10]) + rng.normal(size=(200, 3)).astype("float32")
    mixed = strangers(z, stretched=False)
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(z, axis=0))
    assert not (mixed == z).all(axis=1).any()
    factors = np.linalg.norm(strangers(z), axis=1) / np.linalg.norm(mixed, axis=1)
    assert 1 <= factors.min() < 1.1
    assert 2.9 < factors.max() <= 3


def found(rng, file, n=1000, before=1.0, after=1.0):
    keras = {
        "calibration": rng.random(500),
        "samples": rng.random(n),
        "strangers": rng.random(n) + 1,
    }
    other = {**keras, "samples": file(keras["samples"])}
    other["strangers"] = keras["strangers"] + other["samples"].max()
    return figures(keras, other, before, after)


def test_figures(rng):
    same = found(rng, lambda scores: 2 * scores, before=0.9, after=1.9)
    assert same["rank_correlation"] == pytest.approx(1)
    assert same["rank_correlation_strangers"] == pytest.approx(1)
    assert same["held_out"]
    assert (same["calibration"], same["samples"]) == (500, 1000)
    assert same["false_alarms_keras"] == pytest.approx(0.1, abs=0.03)
    assert same["false_alarms_before"] == pytest.approx(0.55, abs=0.05)
    assert same["false_alarms"] == pytest.approx(0.05, abs=0.02)
    assert same["only_export"] == 0
    assert same["only_keras"] == round(1000 * (same["false_alarms_keras"] - same["false_alarms"]))
    assert detector_refusal(same) is None
    keras = {"calibration": np.arange(100.0), "strangers": np.arange(9.0)}
    alone = figures(keras, keras, 98, 98)
    assert not alone["held_out"]
    assert (alone["samples"], alone["false_alarms"]) == (100, 0.01)
    assert detector_refusal(alone) is None


def test_ranks_are_judged(rng):
    noise = rng.normal(size=1000)
    assert detector_refusal(found(rng, lambda s: s + 0.005 * noise)) is None
    shuffled = found(rng, lambda s: s + 0.04 * noise, before=9, after=9)
    assert 0.98 < shuffled["rank_correlation"] < 0.995
    assert detector_refusal(shuffled) is None
    assert "ranks normal samples unlike" in (reason := detector_refusal(shuffled, strict=True))
    assert f"{shuffled['rank_correlation']:.5f}, at least 0.99500" in reason
    worse = found(rng, lambda s: s + 0.1 * noise, before=9, after=9)
    assert "at least 0.98000" in detector_refusal(worse)
    # of anomalies that all look alike normal samples say nothing
    odd = {
        **shuffled,
        "only_export": 0,
        "rank_correlation": 0.999,
        "rank_correlation_strangers": 0.9,
    }
    assert "normal samples and made-up anomalies" in detector_refusal(odd)
    assert detector_refusal({**odd, "rank_correlation_strangers": None}) is None


@pytest.mark.parametrize(
    ("more", "fewer", "calibration", "refused"),
    [
        (20, 4, 10_000, True),
        (10, 4, 10_000, False),
        (4, 20, 10_000, False),
        (20, 4, 500, False),  # the calibration's own chance is as large
    ],
)
def test_more_false_alarms_than_chance_makes_are_refused(rng, more, fewer, calibration, refused):
    given = found(rng, lambda s: s)
    given |= {"only_export": more, "only_keras": fewer, "calibration": calibration}
    given |= {"false_alarms": 0.03, "false_alarms_keras": 0.014}
    reason = detector_refusal(given)
    assert (reason is not None) == refused
    if refused:
        assert "3.00% of 1,000 normal samples, 1.40% before" in reason
    assert detector_refusal({**given, "held_out": False}) is None
