import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from aezoo import plots


def test_images_at_their_places(rng):
    samples = rng.random((2, 3, 5, 4, 1))
    figure = plots.sample_grid(samples, rows=["a", "b"], columns=[1, 2, 3], title="walks")
    assert len(figure.axes) == 6
    np.testing.assert_allclose(figure.axes[5].images[0].get_array(), samples[1, 2, ..., 0])
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["a", "b"]
    assert [axes.get_title() for axes in figure.axes[:3]] == ["1", "2", "3"]
    assert figure.get_suptitle() == "walks"
    FigureCanvasAgg(figure).draw()


def test_images_in_other_units_are_scaled(rng):
    samples = 255 * rng.random((1, 2, 5, 4, 1))
    figure = plots.sample_grid(samples, title="$a^$", rows=["$b"])
    low, high = samples.min(), samples.max()
    shown = figure.axes[1].images[0].get_array()
    np.testing.assert_allclose(shown, (samples[0, 1, ..., 0] - low) / (high - low))
    FigureCanvasAgg(figure).draw()
    outputs = plots.sample_grid(rng.random((1, 1, 5, 4, 1)) * 1.2 - 0.1)  # of an image in [0, 1]
    assert outputs.axes[0].images[0].get_array().min() == 0
    FigureCanvasAgg(plots.sample_grid(np.full((1, 1, 3, 3, 1), 7.0))).draw()


@pytest.mark.parametrize(("shape", "lines"), [((6,), 1), ((6, 2), 2), ((2, 3, 4, 5), 1)])
def test_all_else_as_lines_on_one_scale(shape, lines, rng):
    samples = rng.normal(size=(2, 2, *shape))
    figure = plots.sample_grid(samples)
    assert {len(axes.get_lines()) for axes in figure.axes} == {lines}
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    expected = samples[0, 1].reshape(6, -1)[:, 0] if len(shape) < 3 else samples[0, 1].ravel()
    np.testing.assert_array_equal(figure.axes[1].get_lines()[0].get_ydata(), expected)


def test_units_that_are_dead_are_grey():
    correlation = np.array([[1.0, -0.8, 0], [-0.8, 1, 0], [0, 0, 0]])
    figure = plots.units([1.0, 2.0, 0.001], correlation, [False, False, True], kl=[1.0, 0.5, 0.0])
    bars, kl, matrix, _ = figure.axes
    assert "2 of 3" in bars.get_title()
    assert len({patch.get_facecolor() for patch in bars.patches}) == 2
    assert to_hex(bars.patches[2].get_facecolor()) == to_hex("lightgrey")
    assert bars.patches[0].get_facecolor() == bars.patches[1].get_facecolor()
    assert "1.50 nats" in kl.get_title()
    assert "0.80" in matrix.get_title()
    np.testing.assert_array_equal(matrix.images[0].get_array(), correlation)
    FigureCanvasAgg(figure).draw()


def test_many_units_are_a_line():
    figure = plots.units(np.arange(100.0), np.eye(100), np.zeros(100))
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == list(np.arange(99.0, -1, -1))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.sample_grid(np.zeros((2, 3))), "rows, columns"),
        (lambda: plots.sample_grid(np.zeros((2, 31, 4))), "up to 30"),
        (lambda: plots.sample_grid(np.zeros((2, 2, 4)), rows=["a"]), "one for each row"),
        (lambda: plots.sample_grid(np.full((2, 2, 4), np.nan)), "finite"),
        (lambda: plots.units([1.0], np.eye(2), [False]), "correlation"),
    ],
)
def test_wrong_arrays(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
