import numpy as np
import pytest

from aezoo.edge import p_values
from tests.uses.conftest import related


def test_signs_are_scikit_learns(fitted, normal, odd):
    x = np.concatenate([normal, odd])
    scores = fitted.anomaly_score(x)
    np.testing.assert_array_equal(fitted.score_samples(x), -scores)
    np.testing.assert_allclose(fitted.decision_function(x), -scores - fitted.offset_)
    np.testing.assert_array_equal(fitted.predict(x) == -1, scores > fitted.threshold_)


def test_p_values(fitted, odd):
    scores = fitted.anomaly_score(odd)
    np.testing.assert_array_equal(
        fitted.p_values(odd), p_values(scores, fitted.calibration_scores_)
    )


def test_calibrate(detector):
    new = related(500, seed=3)
    scores = detector.anomaly_score(new)
    assert detector.calibrate(new, false_alarm_rate=0.02).false_alarm_rate_ == 0.02
    assert detector.threshold_ == np.sort(scores)[int(np.ceil(0.98 * 501)) - 1]
    assert np.mean(detector.predict(new) == -1) <= 0.02
    before = detector.threshold_
    with pytest.raises(ValueError, match="at least 999 normal samples"):
        detector.calibrate(new, false_alarm_rate=0.001)
    assert detector.threshold_ == before


def test_calibrate_with_weights_and_windows(detector):
    old, new = related(200, seed=3), related(300, seed=4) * 1.5
    both = np.concatenate([old, new])
    detector.calibrate(both, false_alarm_rate=0.05, sample_weight=np.arange(500) >= 200)
    weighted = detector.threshold_
    assert detector.calibrate(new, false_alarm_rate=0.05).threshold_ == weighted
    detector.calibrate(old, false_alarm_rate=0.05)
    detector.calibrate(new, false_alarm_rate=0.05, window=300)
    assert detector.threshold_ == weighted
    detector.calibrate(old, window=400)
    np.testing.assert_array_equal(
        detector.calibration_scores_, detector.anomaly_score(np.concatenate([new[-200:], old]))
    )


def test_calibrating_wrongly(detector, normal):
    for options in (
        {"method": "contamination"},
        {"false_alarm_rate": 1},
        {"sample_weight": np.ones(3)},
        {"sample_weight": np.ones(400), "window": 10},
        {"window": 0},
    ):
        with pytest.raises(ValueError, match=r"method|rate|weight|window"):
            detector.calibrate(normal, **options)
