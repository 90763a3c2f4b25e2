import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import aezoo
from aezoo.uses import time_series
from aezoo.uses.time_series import MARGIN, TimeSeriesDetector

WINDOW = 24


def recording(steps, seed):
    """A slow swing, a second channel that follows it, and one of noise about a level."""
    rng = np.random.default_rng(seed)
    swing = np.sin(np.arange(steps) / 40) + 0.1 * rng.normal(size=steps)
    follower = 20 * swing + rng.normal(size=steps) + 300
    return np.stack([swing, follower, rng.normal(size=steps)], axis=1)


@pytest.fixture(scope="module")
def fitted():
    return TimeSeriesDetector(WINDOW, random_state=0).fit([recording(500, 0), recording(300, 1)])


@pytest.fixture(scope="module")
def faulty():
    x = recording(400, 2)
    x[200:260, 2] += 5
    return x


def test_finds_what_is_odd(fitted, faulty):
    scores = fitted.anomaly_score(faulty)
    assert np.isnan(scores[: WINDOW - 1]).all()
    assert np.isfinite(scores[WINDOW - 1 :]).all()
    (event,) = fitted.events(faulty)
    assert 200 <= event.start <= 206
    assert 260 <= event.end <= 268
    assert event.score == scores[event.peak] == np.nanmax(scores)
    flags = np.ones(400)
    flags[event.start : event.end] = -1
    np.testing.assert_array_equal(fitted.predict(faulty), flags)
    assert fitted.events(recording(400, 3)) == []


def test_contributions_name_the_channel_and_sum_to_the_score(fitted, faulty):
    parts = fitted.contributions(faulty)
    assert parts.shape == (400, 3)
    assert np.isnan(parts[: WINDOW - 1]).all()
    np.testing.assert_allclose(parts.sum(axis=1), fitted.anomaly_score(faulty), rtol=1e-4)
    assert (parts[WINDOW - 1 :] >= 0).all()
    assert (parts[210:260].argmax(axis=1) == 2).all()


@pytest.mark.parametrize("stride", [1, 7])
def test_a_stream_has_the_scores_of_the_recording(fitted, faulty, stride):
    detector = clone(fitted).set_params(stride=stride, epochs=2).fit(recording(500, 0))
    expected = detector.anomaly_score(faulty[:90])
    for _ in range(2):  # the second after a reset
        found = [detector.update(step) for step in faulty[:90]]
        np.testing.assert_allclose(found, expected, rtol=1e-3)
        assert detector.reset() is detector
    if stride == 7:
        changes = np.flatnonzero(np.diff(expected[WINDOW - 1 :])) + 1
        assert set(changes) == {7, 14, 21, 28, 35, 42, 49, 56, 63}


def test_a_stream_holds_one_window(fitted, faulty):
    detector = fitted.reset()
    for step in faulty[:100]:
        detector.update(step)
    held = [value for value in vars(detector).values() if isinstance(value, np.ndarray)]
    assert sum(value.size for value in held) == WINDOW * 3
    detector.reset()


@pytest.mark.parametrize("stride", [1, 3])
def test_long_recordings_are_scored_by_the_piece(fitted, faulty, monkeypatch, stride):
    fitted.set_params(stride=stride)
    whole, parts = fitted.anomaly_score(faulty), fitted.contributions(faulty)
    monkeypatch.setattr(time_series, "VALUES", 50 * WINDOW * 3)
    np.testing.assert_allclose(fitted.anomaly_score(faulty), whole, rtol=1e-4)
    np.testing.assert_allclose(fitted.contributions(faulty), parts, rtol=1e-3, atol=1e-5)
    fitted.set_params(stride=1)


def test_scores_do_not_look_ahead(fitted, faulty):
    part = fitted.anomaly_score(faulty[:150])
    np.testing.assert_allclose(part, fitted.anomaly_score(faulty)[:150], rtol=1e-4)


def test_windows_do_not_cross_recordings():
    parts = [recording(60, 0), recording(47, 1) + 1000, recording(40, 2)]
    detector = TimeSeriesDetector(WINDOW, epochs=1, random_state=0).fit(parts)
    assert len(detector.detector_.calibration_scores_) == 37 + 24 + 17


def test_a_model_rebuilds_the_windows_themselves(faulty):
    detector = TimeSeriesDetector(WINDOW, model="deep", epochs=2, random_state=0)
    detector.fit(recording(300, 0))
    assert detector.surprises_ is None
    assert detector.detector_.model_.input_shape[1:] == (WINDOW, 3)
    windows = np.stack([faulty[i : i + WINDOW] for i in range(400 - WINDOW + 1)])
    expected = detector.detector_.anomaly_score(windows)
    np.testing.assert_allclose(detector.anomaly_score(faulty)[WINDOW - 1 :], expected, rtol=1e-5)
    parts = detector.detector_.contributions(windows).sum(axis=1)
    np.testing.assert_allclose(detector.contributions(faulty)[WINDOW - 1 :], parts, rtol=1e-5)
    again = TimeSeriesDetector(WINDOW, model=detector.detector_.model_).fit(recording(300, 0))
    assert again.detector_.model_ is detector.detector_.model_


def test_evaluates_by_step_and_by_event(fitted, faulty):
    labels = np.zeros(400, int)
    labels[200:260] = 1
    found = fitted.evaluate(faulty, labels)
    assert found["anomalies"] == found["events"] == found["event_recall"] == 1
    flags = fitted.predict(faulty) < 0
    assert found["recall"] == pytest.approx(flags[200:260].mean())
    assert found["false_alarm_rate"] == pytest.approx(flags[labels == 0].mean())
    assert found["auroc"] > 0.98
    unseen = np.zeros(300)
    unseen[100:160] = 1  # where nothing is wrong
    both = fitted.evaluate([faulty, recording(300, 3)], [labels, unseen])
    assert both["recall"] == pytest.approx(found["recall"] / 2)
    assert (both["anomalies"], both["event_recall"], both["false_events"]) == (2, 0.5, 0)


def test_one_channel_and_tables(fitted):
    x = recording(200, 0)[:, 2]
    detector = TimeSeriesDetector(12, epochs=1, random_state=0).fit(x)
    scores = detector.anomaly_score(x)
    assert scores.shape == (200,)
    assert detector.contributions(x).shape == (200, 1)
    assert [detector.update(value) for value in x[:12]][-1] == pytest.approx(scores[11], rel=1e-3)

    table = pd.DataFrame(recording(200, 0), columns=["a", "b", "c"])
    named = TimeSeriesDetector(12, epochs=1, random_state=0).fit(table)
    assert named.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(named.predict(table), named.predict(table.to_numpy()))
    with pytest.raises(ValueError, match="Expected the channels a, b, c. Received: c, b, a"):
        named.anomaly_score(table[["c", "b", "a"]])


def test_shorter_than_a_window_is_not_known(fitted):
    x = recording(WINDOW - 1, 0)
    assert np.isnan(fitted.anomaly_score(x)).all()
    assert fitted.contributions(x).shape == (WINDOW - 1, 3)
    assert (fitted.predict(x) == 1).all()
    assert fitted.events(x) == []


def test_thresholds(fitted):
    quantile = np.quantile(fitted.detector_.calibration_scores_, 0.99)
    assert fitted.threshold_ == pytest.approx(MARGIN * quantile)
    x = recording(300, 0)
    plain = TimeSeriesDetector(WINDOW, threshold="percentile", epochs=1, random_state=0).fit(x)
    assert plain.threshold_ == plain.detector_.threshold_
    assert TimeSeriesDetector(WINDOW, threshold=7.5, epochs=1).fit(x).threshold_ == 7.5


def test_calibration_by_recordings_of_its_own():
    x, other = recording(300, 0), recording(400, 5)
    detector = TimeSeriesDetector(WINDOW, epochs=1, random_state=0).fit(x)
    assert detector.calibrate([other, x[:5]], false_alarm_rate=0.1) is detector
    scores = detector.anomaly_score(other)[WINDOW - 1 :]
    assert np.mean(scores > detector.threshold_) == pytest.approx(0.1, abs=0.003)
    with pytest.raises(ValueError, match="at least 24 steps, the window"):
        detector.calibrate(x[:5])


def test_follows_scikit_learn(fitted):
    detector = TimeSeriesDetector(10, stride=2, false_alarm_rate=0.05)
    assert detector.get_params() == {"window": 10, "stride": 2, "false_alarm_rate": 0.05}
    assert clone(detector).get_params() == detector.get_params()
    detector.set_params(window=20, n_neighbors=3)
    assert detector.get_params() == {
        **{"window": 20, "stride": 2, "false_alarm_rate": 0.05, "n_neighbors": 3}
    }
    assert aezoo.TimeSeriesDetector is TimeSeriesDetector
    first = fitted.anomaly_score(recording(100, 5))
    again = clone(fitted).fit([recording(500, 0), recording(300, 1)])
    np.testing.assert_allclose(again.anomaly_score(recording(100, 5)), first, rtol=1e-4)


def test_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="windows"):
        TimeSeriesDetector(windows=3)
    with pytest.raises(NotFittedError):
        TimeSeriesDetector().update([1, 2])
    for call in ("anomaly_score", "contributions", "predict", "events"):
        with pytest.raises(NotFittedError):
            getattr(TimeSeriesDetector(), call)(np.zeros((90, 2)))


@pytest.mark.parametrize(
    ("arguments", "x", "message"),
    [
        ({"window": 0}, recording(50, 0), "window must be"),
        ({"stride": 1.5}, recording(50, 0), "stride must be"),
        ({"window": 50}, recording(50, 0), "more than 50 steps, the window. Received: 50 steps"),
        ({"window": 5}, np.full((50, 2), np.nan), "100 NaN or infinite values"),
        ({"window": 5}, np.ones((50, 2)), "alike"),
        ({"window": 5, "contamination": 2}, recording(50, 0), "contamination"),
    ],
)
def test_bad_fits_are_refused(arguments, x, message):
    with pytest.raises(ValueError, match=message):
        TimeSeriesDetector(**arguments).fit(x)


def test_bad_recordings_are_refused(fitted):
    x = recording(50, 0)
    with pytest.raises(ValueError, match="Expected recordings of 3 channels. Received: 2"):
        fitted.anomaly_score(x[:, :2])
    with pytest.raises(ValueError, match="Expected one recording. Received: a list of 2"):
        fitted.predict([x, x])
    with pytest.raises(ValueError, match="Expected one step. Received: 2 steps"):
        fitted.update(x[:2])
    with pytest.raises(ValueError, match="3 channels. Received: 1"):
        fitted.update(1.0)
    with pytest.raises(ValueError, match="NaN"):
        fitted.update([1, np.nan, 1])
    with pytest.raises(ValueError, match="labels of 2 recordings. Received: of 1"):
        fitted.evaluate([x, x], np.zeros(50))
    with pytest.raises(ValueError, match="50 labels, one a step"):
        fitted.evaluate(x, np.zeros(49))
