import numpy as np
import pytest

from aezoo import plots


def drawn_lines(axes):
    return [line.get_ydata() for line in axes.get_lines()]


@pytest.mark.parametrize("channels", [1, 3])
def test_reconstructions_of_images(rng, channels):
    x = rng.random((5, 6, 7, channels))
    figure = plots.reconstructions(x, x / 2, corrupted=1 - x, n=3)
    grid = figure.axes[: 4 * 3]
    drawn = [axes.get_images()[0].get_array() for axes in grid]
    np.testing.assert_allclose(drawn[1].reshape(x[1].shape), x[1])
    np.testing.assert_allclose(drawn[4].reshape(x[1].shape), 1 - x[1])
    np.testing.assert_allclose(drawn[7].reshape(x[1].shape), x[1] / 2)
    np.testing.assert_allclose(drawn[10], (x[1] / 2).mean(axis=-1))
    titles = [grid[i].get_ylabel() for i in (0, 3, 6, 9)]
    assert titles == ["original", "corrupted", "reconstruction", "absolute\nerror"]


def test_images_are_drawn_in_their_greys(rendered):
    x = np.full((1, 4, 4, 1), 0.2)
    x[0, 0, 0] = 1.5  # beyond white
    drawn = rendered(plots.reconstructions(x, np.full_like(x, 0.6)))
    assert {(51, 51, 51), (153, 153, 153), (255, 255, 255)} <= drawn


def test_volumes_are_drawn_by_their_middle_slice(rng):
    x = rng.random((5, 6, 7, 8, 1))
    figure = plots.reconstructions(x, x * 0.9)
    drawn = [axes.get_images()[0].get_array() for axes in figure.axes[:10]]
    for sample in range(5):
        np.testing.assert_allclose(drawn[sample], x[sample, 3, ..., 0])
        np.testing.assert_allclose(drawn[5 + sample], 0.9 * x[sample, 3, ..., 0])


def test_channels_of_signals_are_lines_of_one_colour(rng):
    x = rng.random((5, 50, 2))
    axes = plots.reconstructions(x, x + 1).axes
    assert len(axes) == 4
    np.testing.assert_allclose(drawn_lines(axes[3]), [*x[3].T, *(x[3] + 1).T])
    drawn = [line.get_color() for line in axes[3].get_lines()]
    assert drawn == [plots.COLOURS[0]] * 2 + [plots.COLOURS[1]] * 2


def test_other_data_are_a_line_over_the_index(rng):
    x = rng.random((5, 5, 5, 2))
    axes = plots.reconstructions(x, x * 0.9).axes
    np.testing.assert_allclose(drawn_lines(axes[1]), [x[1].ravel(), 0.9 * x[1].ravel()])


def test_lines_are_the_values(rng):
    x = rng.random((2, 30))
    lines = plots.reconstructions(x, x + 1).axes[1].get_lines()
    np.testing.assert_allclose(lines[0].get_ydata(), x[1])
    np.testing.assert_allclose(lines[1].get_ydata(), x[1] + 1)


def test_reconstructions_of_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        plots.reconstructions(np.zeros((2, 3)), np.zeros((2, 4)))
