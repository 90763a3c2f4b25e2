import numpy as np
import pytest
from matplotlib.colors import to_rgba

from aezoo import plots
from aezoo.plots.maps import COLUMNS, SHADES


def drawn(axes):
    return np.asarray(axes.get_images()[0].get_array())


def shades(axes):
    (mesh,) = axes.collections
    return np.asarray(mesh.get_array())[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_stands_beside_its_contributions(rng, channels):
    x, parts = rng.random((2, 6, 7, channels))
    figure = plots.error_map(x, parts)
    image, errors, bar = figure.axes
    np.testing.assert_allclose(drawn(image).reshape(x.shape), x)
    np.testing.assert_allclose(drawn(errors), parts.sum(axis=-1))
    assert figure.get_suptitle() == f"Anomaly score {parts.sum():.4g}"
    np.testing.assert_allclose(bar.get_ylim(), [0, parts.sum(axis=-1).max()])
    assert image.get_images()[0].get_clim() == (0, 1)


def test_contributions_of_pixels(rng):
    parts = rng.random((6, 20))
    figure = plots.error_map(rng.random((6, 20, 3)), parts)
    np.testing.assert_allclose(drawn(figure.axes[1]), parts)
    image, errors = (axes.get_subplotspec().rowspan.start for axes in figure.axes[:2])
    assert image < errors  # a wide one stands above


def test_images_beyond_0_to_1_are_scaled_and_many_channels_are_one(rng):
    x = rng.uniform(-3, 255, (5, 5, 4))
    figure = plots.error_map(x, np.zeros_like(x))
    scaled = (x - x.min()) / np.ptp(x)
    np.testing.assert_allclose(drawn(figure.axes[0]), scaled.mean(axis=-1))


def test_the_oddest_slice_of_a_volume_is_drawn(rng):
    x, parts = rng.random((2, 4, 5, 6, 1))
    parts[2] += 1
    figure = plots.error_map(x, parts)
    np.testing.assert_allclose(drawn(figure.axes[0]), x[2, ..., 0])
    np.testing.assert_allclose(drawn(figure.axes[1]), parts[2, ..., 0])
    assert figure.get_suptitle() == f"Anomaly score {parts.sum():.4g}, drawn: x[2]"


def test_steps_of_a_signal_are_shaded(rng):
    x, parts = rng.random((2, 50, 2))
    parts[30, 1] = 5
    figure = plots.error_map(x, parts, names=["left ($)", "right ($)"])
    for channel, axes in enumerate(figure.axes[:2]):
        (line,) = axes.get_lines()
        np.testing.assert_allclose(line.get_ydata(), x[:, channel])
        np.testing.assert_allclose(shades(axes), parts[:, channel])
        assert axes.get_title(loc="left") == ["left ($)", "right ($)"][channel]
    (mesh,) = axes.collections
    assert mesh.get_coordinates()[0, 30, 0] == 29.5  # around its step
    assert mesh.get_clim() == (0, 5)
    assert SHADES(1.0) == to_rgba(plots.COLOURS[1])
    assert figure.get_suptitle() == f"Anomaly score {parts.sum():.4g}"


def test_one_contribution_for_all_channels_of_a_step(rng):
    parts = rng.random(20)
    figure = plots.error_map(rng.random((20, 3)), parts)
    for axes in figure.axes[:3]:
        np.testing.assert_allclose(shades(axes), parts)
    assert figure.get_suptitle() == f"Anomaly score {parts.sum():.4g}"


def test_a_signal_without_channels(rng):
    x, parts = rng.random((2, 30))
    axes, _ = plots.error_map(x, parts).axes
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), x)
    np.testing.assert_allclose(shades(axes), parts)


def test_one_odd_step_of_a_long_signal_is_seen():
    steps = 10 * COLUMNS + 7
    parts = np.zeros(steps)
    parts[5676:5680] = [1, 0, 3, 0.5]
    axes = plots.error_map(np.zeros(steps), parts).axes[0]
    found = shades(axes)
    assert len(found) <= COLUMNS
    edges = axes.collections[0].get_coordinates()[0, :, 0]
    column = found.argmax()
    assert found[column] == 3  # not the sum with its neighbours
    assert edges[column] < 5678 < edges[column + 1]
    assert edges[[0, -1]].tolist() == [-0.5, steps - 0.5]


def test_of_many_channels_the_oddest_are_drawn(rng):
    parts = rng.random((20, 12))
    parts[:, [3, 11]] += 1
    parts[:, [0, 5, 7, 9]] = 0
    figure = plots.error_map(rng.random((20, 12)), parts)
    names = [axes.get_title(loc="left") for axes in figure.axes[:-1]]
    assert names == [f"channel {i}" for i in (1, 2, 3, 4, 6, 8, 10, 11)]
    assert "the 8 of 12 channels that contribute most" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((4, 4, 1)), np.ones((4, 5, 1))), r"of the shape of x, \(4, 4, 1\).*\(4, 5, 1\)"),
        ((np.ones((1, 1, 4, 4, 1)),) * 2, r"one signal.*Received.*\(1, 1, 4, 4, 1\)"),
        ((1.0, 1.0), "one signal"),
        ((np.full((4, 2), np.nan), np.ones((4, 2))), "x must be finite"),
        ((np.ones((4, 2)), np.full((4, 2), np.nan)), "contributions must be finite"),
        ((np.ones((4, 2)), np.ones((4, 2)), ["a"]), "names must be one for each channel, 2"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.error_map(*arguments)
