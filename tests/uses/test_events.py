import numpy as np
import pytest
from sklearn.metrics import f1_score

from aezoo.uses.events import (
    Event,
    checked_labels,
    event_metrics,
    events_of,
    flags_of,
    point_metrics,
    runs,
)

NAN = float("nan")


def spans(events):
    return [(event.start, event.end) for event in events]


def test_events_by_hand():
    scores = [NAN, NAN, 0.5, 2.0, 8.0, 3.0, 0.2, 1.5, 0.1, 4.0]
    assert events_of(scores, 1) == [Event(3, 6, 4, 8.0), Event(7, 8, 7, 1.5), Event(9, 10, 9, 4.0)]
    assert spans(events_of(scores, 1, gap=1)) == [(3, 10)]
    assert spans(events_of(scores, 1, min_length=2)) == [(3, 6)]
    assert spans(events_of(scores, 2)) == [(4, 6), (9, 10)]  # a score at the threshold is below it
    assert events_of(scores, 9) == []
    assert events_of([], 1) == []


def test_gaps_are_closed_before_short_events_go():
    scores = [2, 0, 2, 0, 0, 0, 2]
    assert spans(events_of(scores, 1, gap=1, min_length=3)) == [(0, 3)]


def test_an_event_ends_half_way_down():
    scores = [0.1, 100, 100, 100, 100, 20, 8, 3, 2, 0.1]
    # half-way from 1 to the median of 60 in logarithms: 7.7
    assert spans(events_of(scores, 1, height=0.5)) == [(1, 7)]
    assert spans(events_of(scores, 1)) == [(1, 9)]
    assert spans(events_of(scores, 1, height=1)) == [(1, 5)]


def test_runs_and_flags_are_inverse():
    flags = np.random.default_rng(0).random(200) < 0.5
    events = [Event(start, end, start, 0.0) for start, end in runs(flags)]
    np.testing.assert_array_equal(flags_of(events, 200), flags)


def test_point_metrics_by_hand():
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    flags = [0, 1, 0, 0, 1, 1, 1, 0]
    found = point_metrics(labels, flags, [NAN, 5, 1, 1, 9, 8, 7, 0])
    assert found["precision"] == found["recall"] == found["f1"] == 0.75
    assert found["false_alarm_rate"] == 0.25
    assert found["auroc"] == pytest.approx(9 / 12)


def test_one_step_of_a_long_anomaly_is_not_all_of_it():
    labels = np.r_[np.zeros(100), np.ones(100)]
    flags = np.zeros(200)
    flags[150] = 1
    assert point_metrics(labels, flags, flags)["recall"] == 0.01
    adjusted = np.where(labels, 1, flags)  # what point adjustment makes of it
    assert f1_score(labels, adjusted) == 1


def test_metrics_that_are_not_defined():
    found = point_metrics([0, 0], [0, 1], [1, 2])
    assert np.isnan(found["auroc"])
    assert found["false_alarm_rate"] == 0.5
    assert np.isnan(point_metrics([1, 1], [0, 1], [1, 2])["false_alarm_rate"])
    none = event_metrics([[0, 0]], [[]])
    assert np.isnan(none["event_recall"])
    assert np.isnan(none["event_precision"])


def test_event_metrics_by_hand():
    labels = [[0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 1]]
    events = [[Event(2, 4, 2, 1.0), Event(4, 5, 4, 1.0), Event(6, 7, 6, 1.0)], [Event(0, 4, 0, 1)]]
    assert event_metrics(labels, events) == {
        "anomalies": 3,
        "events": 4,
        "false_events": 2,
        "event_recall": 2 / 3,
        "event_precision": 0.5,
    }


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2], "0 for normal and 1 for anomalous steps. Received: 0, 2"),
        (["yes", "no"], "Received: no, yes"),
        ([0, NAN], "Received: 0.0, nan"),
        ([[0, 1]], "Received: an array of shape \\(1, 2\\)"),
        ([0, 1, 1], "Expected 2 labels, one a step"),
    ],
)
def test_bad_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        checked_labels(labels, 2)
