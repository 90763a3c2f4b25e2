import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aezoo import plots

ERRORS, KB = [0.006, 0.004, 0.005, 0.007], [50, 90, 95, 50]
NAMES = ["deep", "conv", "conv", "deep"]


def edged(axes):
    """The points with a black edge."""
    parts = [part for part in axes.collections if len(part.get_edgecolors())]
    parts = [part for part in parts if part.get_linewidths()[0] > 0.5 and part.get_sizes()[0] > 40]
    return sorted(tuple(point) for part in parts for point in part.get_offsets().data)


def test_front_is_what_no_other_one_beats():
    figure = plots.pareto(ERRORS, {"kB": KB}, NAMES, limits={"kB": 92})
    (axes,) = figure.axes
    assert edged(axes) == [(50, 0.006), (90, 0.004)]
    every = np.concatenate([part.get_offsets() for part in axes.collections])
    assert len(every) == 4
    (line,) = axes.get_lines()
    assert list(line.get_xdata()) == [92, 92]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["conv", "deep", "limit"]
    FigureCanvasAgg(figure).draw()


def test_a_second_cost_keeps_more_on_the_front():
    figure = plots.pareto(ERRORS, {"kB": KB, "us": [9, 9, 5, 9]}, NAMES, limits={"kB": None})
    assert edged(figure.axes[0]) == [(50, 0.006), (90, 0.004), (95, 0.005)]
    assert [axes.get_xlabel() for axes in figure.axes] == ["kB", "us"]
    given = plots.pareto(ERRORS, {"kB": KB}, NAMES, front=[False, False, False, True])
    assert edged(given.axes[0]) == [(50, 0.007)]


@pytest.mark.parametrize(
    ("errors", "costs", "names", "message"),
    [
        ([], {"kB": []}, [], "one model and one cost"),
        ([1.0], {}, ["deep"], "one model and one cost"),
        ([0.0], {"kB": [1]}, ["deep"], "errors must be positive. Received: 0"),
        ([1.0], {"kB": [-1]}, ["deep"], "kB must be positive"),
        ([1.0], {"kB": [1, 2]}, ["deep"], r"kB must be .*\(1,\)"),
        ([np.nan], {"kB": [1]}, ["deep"], "errors must be finite"),
    ],
)
def test_what_is_refused(errors, costs, names, message):
    with pytest.raises(ValueError, match=message):
        plots.pareto(errors, costs, names)
