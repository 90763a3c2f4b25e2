import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from sklearn import metrics

from aezoo import plots


@pytest.fixture
def labels(rng):
    return (rng.random(300) < 0.2).astype(int)


@pytest.fixture
def scores(rng, labels):
    return np.round(rng.normal(size=300) + labels, 2)  # some are equal


def written(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_roc_is_that_of_scikit_learn(labels, scores):
    figure = plots.roc(labels, {"good": scores, "bad": -scores})
    good, bad, chance = figure.axes[0].get_lines()
    for line, own in ((good, scores), (bad, -scores)):
        false_alarms, found, _ = metrics.roc_curve(labels, own)
        np.testing.assert_allclose(line.get_xdata(), false_alarms)
        np.testing.assert_allclose(line.get_ydata(), found)
    assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
    area = metrics.roc_auc_score(labels, scores)
    assert written(figure) == [f"{area:.3f}  good", f"{1 - area:.3f}  bad", "0.500  chance"]
    assert figure.axes[0].get_legend().get_title().get_text() == "AUROC"


def test_precision_and_recall_are_those_of_scikit_learn(labels, scores):
    figure = plots.precision_recall(labels.astype(bool), scores)
    line, chance = figure.axes[0].get_lines()
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(line.get_xdata(), recall)
    np.testing.assert_allclose(line.get_ydata(), precision)
    assert line.get_drawstyle() == "steps-post"  # a straight line would promise too much
    assert list(chance.get_ydata()) == [labels.mean()] * 2
    found = metrics.average_precision_score(labels, scores)
    assert written(figure) == [f"{found:.3f}", f"{labels.mean():.3f}  chance"]
    assert figure.axes[0].get_legend().get_title().get_text() == "average precision"


@pytest.mark.parametrize("draw", [plots.roc, plots.precision_recall])
def test_each_detector_has_a_line_of_its_own(draw, labels, scores):
    figure = draw(labels, {f"detector {i}": scores for i in range(14)})
    lines = figure.axes[0].get_lines()[:14]
    assert len({(to_hex(line.get_color()), line.get_linestyle()) for line in lines}) == 14


@pytest.mark.parametrize("draw", [plots.roc, plots.precision_recall])
def test_names_of_all_kinds_are_in_the_legend(draw, labels, scores):
    figure = draw(labels, {"_own": scores, "$x and $y_{": scores, "x" * 50: scores})
    FigureCanvasAgg(figure).draw()
    names = [text.split("  ")[1] for text in written(figure)]
    assert names == ["_own", r"\$x and \$y_{", "x" * 37 + "...", "chance"]


@pytest.mark.parametrize("draw", [plots.roc, plots.precision_recall])
@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 0, 0], [1, 2, 3], "labels must have both .* Received: 3 times 0"),
        ([1, 1, 1], [1, 2, 3], "Received: 3 times 1"),
        ([-1, 1, 1], [1, 2, 3], "labels == -1"),
        ([0, 1, 2], [1, 2, 3], r"Received: \[2.0\]"),
        ([0, 1, 1], [1, 2, np.nan], "scores must be finite"),
        ([0, 1, 1], [1, 2], r"scores must be numbers of shape \(3,\).*\(2,\)"),
        ([0, 1, 1], {"a": [1, 2, 3], "b": [1]}, r"scores of b must be .*\(1,\)"),
        ([0, 1, 1], {}, "one detector or more"),
    ],
)
def test_what_is_refused(draw, labels, scores, message):
    with pytest.raises(ValueError, match=message):
        draw(labels, scores)
