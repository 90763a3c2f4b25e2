import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aezoo import plots


def rows(features, classifier, *points):
    return [
        {
            "features": features,
            "classifier": classifier,
            "labels": labels,
            "accuracy": accuracy,
            "spread": spread,
        }
        for labels, accuracy, spread in points
    ]


def test_a_colour_for_features_and_a_style_for_classifiers():
    found = [
        *rows("codes", "linear", (1000, 0.9, 0.01), (100, 0.8, 0.05)),
        *rows("codes", "neighbours", (100, 0.7, 0.05)),
        *rows("raw", "linear", (100, 0.6, 0.05)),
    ]
    figure = plots.label_efficiency(found, title="digits")
    (axes,) = figure.axes
    codes, neighbours, raw = (part.lines[0] for part in axes.containers)
    assert codes.get_xdata().tolist() == [100, 1000]
    assert codes.get_ydata().tolist() == [0.8, 0.9]
    assert codes.get_color() == neighbours.get_color() != raw.get_color()
    assert codes.get_linestyle() == raw.get_linestyle() != neighbours.get_linestyle()
    ((low, high), *_) = axes.containers[0].lines[2][0].get_segments()
    assert (low[1], high[1]) == pytest.approx((0.75, 0.85))
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["codes, linear", "codes, neighbours", "raw, linear"]
    FigureCanvasAgg(figure).draw()


def test_rows_that_can_be_read_once():
    figure = plots.label_efficiency(iter(rows("codes", "linear", (100, 0.8, 0.05))))
    assert len(figure.axes[0].containers) == 1


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="one row"):
        plots.label_efficiency([])
