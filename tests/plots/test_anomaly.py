import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba

from aezoo import plots

NAMES = ["a", "b", "c", "d", "e"]


def histograms(figure):
    return [patch.get_data() for patch in figure.axes[0].patches]


def written(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def bars(figure):
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    return dict(zip(labels, [bar.get_width() for bar in figure.axes[0].patches], strict=True))


def test_score_histogram_counts_samples(rng):
    scores = rng.uniform(1, 2, 400)
    figure = plots.score_histogram(scores, threshold=1.75)
    ((counts, edges, _),) = histograms(figure)
    np.testing.assert_array_equal(counts, np.histogram(scores, edges)[0])
    assert counts.sum() == 400
    assert figure.axes[0].get_xscale() == "linear"
    (line,) = figure.axes[0].get_lines()
    assert line.get_xdata() == [1.75, 1.75]
    share = 100 * np.mean(scores > 1.75)
    assert written(figure) == ["samples (400)", f"threshold 1.75: {share:.1f} % above"]


def test_bars_of_a_rare_class_are_shares_of_it(rng):
    scores = np.concatenate([rng.uniform(1, 2, 300), rng.uniform(1.5, 2.5, 10)])
    labels = np.arange(310) >= 300
    figure = plots.score_histogram(scores, 2, labels)
    (normal, edges, _), (odd, same, _) = histograms(figure)
    np.testing.assert_array_equal(edges, same)
    np.testing.assert_allclose(normal, np.histogram(scores[:300], edges)[0] / 300)
    np.testing.assert_allclose(odd, np.histogram(scores[300:], edges)[0] / 10)
    share = 100 * np.mean(scores[300:] > 2)
    assert written(figure) == [
        "normal (300): 0.0 % above",
        f"anomalous (10): {share:.1f} % above",
        "threshold 2",
    ]
    drawn = [patch.get_edgecolor() for patch in figure.axes[0].patches]
    assert drawn == [to_rgba(colour) for colour in plots.COLOURS[:2]]


def test_a_score_at_the_threshold_is_not_above_it():
    figure = plots.score_histogram([1, 2, 3, 4], threshold=3)
    assert written(figure)[1] == "threshold 3: 25.0 % above"


def test_scores_over_decades_have_a_logarithmic_axis():
    scores = np.geomspace(0.1, 1000, 200)
    figure = plots.score_histogram(scores)
    ((counts, edges, _),) = histograms(figure)
    assert figure.axes[0].get_xscale() == "log"
    np.testing.assert_allclose(np.diff(np.log10(edges)), np.log10(edges[1] / edges[0]))
    np.testing.assert_allclose(edges[[0, -1]], [0.1, 1000])
    assert counts.sum() == 200
    assert figure.axes[0].get_xlabel() == "anomaly score"


def test_zeros_on_a_logarithmic_axis_are_counted_and_told():
    figure = plots.score_histogram(np.append(np.geomspace(1, 1000, 50), [0, 0]))
    ((counts, edges, _),) = histograms(figure)
    assert (counts.sum(), edges[0]) == (52, 1)
    assert figure.axes[0].get_xlabel() == "anomaly score (less than 1 is drawn there)"


@pytest.mark.parametrize("scores", [[3.0], [2.0, 2.0, 2.0], [0, 0], [-5, -1], [1e-30, 1e30]])
def test_any_scores_are_drawn(scores):
    for labels in (None, [0] * len(scores), [1] * len(scores)):
        figure = plots.score_histogram(scores, 1, labels)
        ((counts, *_),) = histograms(figure)
        assert counts.sum() == (len(scores) if labels is None else pytest.approx(1))
        FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, np.nan],), "scores must be finite"),
        (([],), "one or more"),
        (([[1, 2]],), r"of shape \(n,\).*\(1, 2\)"),
        (([1, 2], None, [0, 2]), r"or 1 \(anomalous\). Received: \[2.0\]"),
        (([1, 2], None, [0]), r"labels must be numbers of shape \(2,\)"),
        (([1, 2], np.nan), "threshold must be a number"),
    ],
)
def test_scores_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.score_histogram(*arguments)


def test_contributions_sum_to_the_score():
    figure = plots.contributions([1, 6, 2, 0.5, 0.25], NAMES, n=2)
    assert bars(figure) == {"b": 6, "c": 2, "3 others": 1.75}
    assert figure.axes[0].get_title() == "Anomaly score 9.75"
    ends = [text.get_text() for text in figure.axes[0].texts]
    assert ends == ["6 (62 %)", "2 (21 %)", "1.75 (18 %)"]
    assert figure.axes[0].yaxis_inverted()  # the largest is at the top
    blue, _, grey = [patch.get_facecolor() for patch in figure.axes[0].patches]
    assert (blue, grey) == (to_rgba(plots.COLOURS[0]), to_rgba("grey"))


def test_one_other_has_its_name():
    assert bars(plots.contributions([1, 6, 2], n=2)) == {
        "feature 1": 6,
        "feature 2": 2,
        "feature 0": 1,
    }


def test_parts_that_lower_the_score_are_among_the_largest():
    figure = plots.contributions([1, -6, 2, 0.5, -0.25], NAMES, n=2)
    assert bars(figure) == {"b": -6, "c": 2, "3 others": 1.25}
    assert [text.get_text() for text in figure.axes[0].texts] == ["-6", "2", "1.25"]


def test_values_stand_beside_the_names():
    sample = [1.23456, "Lower Saxony", 7, np.float32(0.5), None]
    figure = plots.contributions([5, 4, 3, 2, 1], [*"abcd", "x" * 50], sample=sample)
    assert list(bars(figure)) == [
        "a = 1.235",
        "b = Lower Saxony",
        "c = 7",
        "d = 0.5",
        "x" * 37 + "... = None",
    ]


def test_names_are_not_formulas():
    figure = plots.contributions([2, 1], ["price ($) of $x", "_$y_{$"])
    FigureCanvasAgg(figure).draw()
    assert list(bars(figure)) == ["price ($) of $x", "_$y_{$"]
    assert not any(label.get_parse_math() for label in figure.axes[0].get_yticklabels())


def test_a_sample_of_score_0_is_drawn():
    figure = plots.contributions([0, 0])
    FigureCanvasAgg(figure).draw()
    assert figure.axes[0].get_title() == "Anomaly score 0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": np.ones((3, 5))}, r"values must be numbers of shape \(n,\).*\(3, 5\)"),
        ({"values": [1, np.inf]}, "values must be finite"),
        ({"values": [1, 2], "names": ["a"]}, "names must be one for each feature, 2.*: 1"),
        ({"values": [1, 2], "sample": [1]}, r"one value for each contribution, 2.*\(1,\)"),
        ({"values": [1, 2], "n": 0}, "n must be.*0"),
    ],
)
def test_contributions_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.contributions(**arguments)
