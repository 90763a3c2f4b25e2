import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aezoo import plots


def test_curves_go_from_few_bits_to_many():
    curves = {"conv": [[0.4, 30], [0.1, 22], [0.2, 26]], "JPEG": np.array([[0.8, 24.0]])}
    figure = plots.rate_distortion(curves, title="digits")
    (axes,) = figure.axes
    first, second = axes.get_lines()
    assert first.get_xdata().tolist() == [0.1, 0.2, 0.4]
    assert first.get_ydata().tolist() == [22, 26, 30]
    assert second.get_label() == "JPEG"
    assert first.get_color() != second.get_color()
    assert axes.get_title() == "digits"
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "one curve or more"),
        ({"conv": [0.1, 22]}, r"curves\['conv'\] must be numbers of shape \(n, 2\)"),
        ({"conv": [[0, 22]]}, "positive"),
        ({"conv": [[0.1, np.inf]]}, "finite"),
    ],
)
def test_wrong_curves(curves, message):
    with pytest.raises(ValueError, match=message):
        plots.rate_distortion(curves)
    assert plt.get_fignums() == []
