from typing import NamedTuple

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from aezoo import plots


class Event(NamedTuple):
    start: int
    end: int
    peak: int


EVENTS = [Event(3, 5, 4), Event(10, 11, 10)]


@pytest.fixture
def scores(rng):
    scores = rng.uniform(0.2, 0.4, 20)
    scores[[3, 4, 10]] = [1, 2, 3]
    return scores


def spans(axes):
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]


def test_scores_events_and_the_threshold(scores):
    figure = plots.events(scores, 0.5, EVENTS)
    (axes,) = figure.axes
    line, threshold, peaks = axes.get_lines()
    np.testing.assert_allclose(line.get_ydata(), scores)
    assert threshold.get_ydata() == [0.5, 0.5]
    assert peaks.get_xydata().tolist() == [[4, 2], [10, 3]]
    assert spans(axes) == [(2.5, 4.5), (9.5, 10.5)]  # around their steps
    assert axes.patches[0].get_edgecolor() == to_rgba(plots.COLOURS[1])
    assert axes.get_yscale() == "linear"
    assert figure.get_suptitle() == "Anomaly scores: 2 events"
    written = [text.get_text() for text in figure.legends[0].get_texts()]
    assert written == ["score", "threshold 0.5", "event", "peak"]


def test_without_events(scores):
    figure = plots.events(scores, 5.0)
    assert spans(figure.axes[0]) == []
    assert figure.get_suptitle() == "Anomaly scores: 0 events"
    written = [text.get_text() for text in figure.legends[0].get_texts()]
    assert written == ["score", "threshold 5"]


def test_the_recording_stands_above_and_the_truth_below(rng, scores):
    values, labels = rng.random((20, 2)), np.isin(np.arange(20), [0, 3, 4, 5, 19])
    figure = plots.events(scores, 0.5, iter(EVENTS), values, labels, names=["flow", "price ($)"])
    first, second, middle, truth = figure.axes
    for channel, axes in enumerate((first, second)):
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), values[:, channel])
        assert spans(axes) == spans(middle) == [(2.5, 4.5), (9.5, 10.5)]
    assert second.get_title(loc="left") == "price ($)"
    (band,) = truth.collections
    drawn = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in band.get_paths()]
    assert drawn == [(-0.5, 0.5), (2.5, 5.5), (18.5, 19.5)]
    assert first.get_xlim() == truth.get_xlim() == (-0.5, 19.5)


def test_a_recording_of_one_channel(rng, scores):
    values = rng.random(20)
    above, _ = plots.events(scores, 0.5, values=values).axes
    np.testing.assert_allclose(above.get_lines()[0].get_ydata(), values)


def test_of_many_channels_the_first_are_drawn(rng, scores):
    values = rng.random((20, 11))
    figure = plots.events(scores, 0.5, EVENTS[:1], values)
    assert len(figure.axes) == 8 + 1
    np.testing.assert_allclose(figure.axes[7].get_lines()[0].get_ydata(), values[:, 7])
    assert figure.get_suptitle() == "Anomaly scores: 1 event; the first 8 of 11 channels"


@pytest.mark.parametrize("factor", [1, 1000])  # of the last score: on a logarithmic axis, too
def test_steps_before_the_first_score_are_left_out(scores, factor):
    scores[-1] *= factor
    scores[:3] = np.nan
    drawn = plots.events(scores, 0.5, EVENTS).axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, scores)
    with pytest.raises(ValueError, match="scores must be finite. Received: 20 of 20"):
        plots.events(np.full(20, np.nan), 0.5)


def test_scores_over_decades_have_a_logarithmic_axis(scores):
    scores[[0, 4]] = [0, 1000]
    (axes,) = plots.events(scores, 0.5, EVENTS).axes
    assert axes.get_yscale() == "log"
    line, _, peaks = axes.get_lines()
    assert line.get_ydata()[0] == scores[1:].min()
    assert peaks.get_ydata().tolist() == [1000, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scores": [1, np.nan]}, "scores must be finite"),
        ({"scores": [[1, 2]]}, r"scores must be numbers of shape \(n,\)"),
        ({"threshold": None}, "threshold must be a number"),
        ({"events": [Event(18, 21, 19)]}, "within the 20 steps.*start 18, end 21, peak 19"),
        ({"events": [Event(3, 3, 3)]}, "start <= peak < end"),
        ({"events": [Event(3, 5, 5)]}, "start <= peak < end"),
        ({"events": [Event(-1, 5, 2)]}, "start -1"),
        ({"events": [(3, 5)]}, r"events must have start, end and peak.*\(3, 5\)"),
        ({"values": np.ones((21, 2))}, r"values must be numbers of shape \(20, n\).*\(21, 2\)"),
        ({"values": np.full(20, np.nan)}, "values must be finite"),
        ({"labels": np.full(20, 2)}, r"0 \(normal\) or 1"),
        ({"labels": [0, 1]}, r"labels must be numbers of shape \(20,\)"),
        ({"values": np.ones((20, 2)), "names": ["a"]}, "names must be one for each channel, 2"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.events(**{"scores": np.ones(20), "threshold": 0.5, **arguments})
