import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from aezoo import plots
from aezoo.plots.style import finished


def test_finished_figures_are_not_drawn_twice():
    figure = plt.figure()
    assert finished(figure) is figure
    assert not plt.fignum_exists(figure.number)
    assert isinstance(plots.history({"loss": [0.2, 0.1]}), Figure)
    assert plt.get_fignums() == []
