import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb

from aezoo import plots


def colours(figure):
    """The colours of the rendered picture, as a set of RGB triples."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}


def rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))


def drawn_lines(axes):
    return [line.get_ydata() for line in axes.get_lines()]


def test_history():
    figure = plots.history({"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 3.0, 2.0], "mae": [1, 1, 1]})
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["training", "validation"]
    assert lines[1].get_xdata().tolist() == [1, 2, 3]
    assert lines[1].get_ydata().tolist() == [4, 3, 2]
    assert figure.axes[0].get_yscale() == "log"
    assert {rgb(colour) for colour in plots.COLOURS[:2]} <= colours(figure)
    (point,) = plots.history({"loss": [3.0]}).axes[0].get_lines()  # no line to be seen
    assert (point.get_marker(), point.get_xydata().tolist()) == ("o", [[1, 3]])


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


def test_images_are_drawn_in_their_greys():
    x = np.full((1, 4, 4, 1), 0.2)
    x[0, 0, 0] = 1.5  # beyond white
    drawn = colours(plots.reconstructions(x, np.full_like(x, 0.6)))
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


def test_latent_of_two_numbers_is_drawn_as_it_is(rng):
    codes = rng.random((20, 2))
    labels = np.arange(20) % 4
    figure = plots.latent(codes, labels)
    drawn = figure.axes[0].collections
    assert len(drawn) == 4
    np.testing.assert_allclose(drawn[1].get_offsets(), codes[labels == 1])
    assert [to_hex(each.get_facecolor()[0]) for each in drawn] == [
        to_hex(colour) for colour in plots.COLOURS[:4]
    ]
    written = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert written == ["0", "1", "2", "3"]


def test_latent_of_more_is_projected_on_its_largest_variance(rng):
    codes = rng.normal(size=(200, 3)) * [0.1, 10, 3]
    figure = plots.latent(codes)
    offsets = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(offsets.std(axis=0), [10, 3], rtol=0.1)
    share = 100 * 100 / 109.01
    label = figure.axes[0].get_xlabel()
    assert float(label.split("(")[1].split(" %")[0]) == pytest.approx(share, abs=3)


@pytest.mark.parametrize("shape", [(9, 1), (9, 1, 1, 5), (1, 8)])
@pytest.mark.parametrize("classes", [None, 2, 300])
def test_latent_of_any_shape(rng, shape, classes):
    labels = None if classes is None else rng.integers(0, classes, shape[0])
    codes = rng.random(shape)
    figure = plots.latent(codes, labels)
    drawn = np.concatenate([each.get_offsets() for each in figure.axes[0].collections])
    assert len(drawn) == shape[0]
    if shape == (9, 1):
        np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(codes[:, 0]))
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize("count", [11, 20])
@pytest.mark.parametrize("kind", [int, float, str, object, bool])
def test_each_class_has_a_colour_of_its_own(rng, count, kind):
    count = min(count, 2) if kind is bool else count
    classes = (np.arange(60) % count).astype(kind)
    codes = rng.random((60, 2))
    figure = plots.latent(codes, classes)
    groups = figure.axes[0].collections
    names = [group.get_label() for group in groups]
    assert sorted(names) == sorted({str(value) for value in classes})
    assert len({to_hex(group.get_facecolor()[0]) for group in groups}) == count
    for name, group in zip(names, groups, strict=True):
        np.testing.assert_allclose(group.get_offsets(), codes[classes.astype(str) == name])
    FigureCanvasAgg(figure).draw()


def test_more_text_than_colours_has_other_markers(rng):
    labels = np.array([f"class {i % 30:02}" for i in range(90)])
    groups = plots.latent(rng.random((90, 2)), labels).axes[0].collections
    looks = {
        (to_hex(group.get_facecolor()[0]), len(group.get_paths()[0].vertices)) for group in groups
    }
    assert (len(groups), len(looks)) == (30, 30)


def test_the_rest_of_very_many_texts_is_grey(rng):
    labels = np.array([f"{i:03}" for i in range(100) for _ in range(1 + i % 2)])  # odd ones twice
    figure = plots.latent(rng.random((150, 2)), labels)
    others, *named = figure.axes[0].collections
    assert others.get_label() == "others"
    assert [group.get_label() for group in named] == [f"{i:03}" for i in range(1, 78, 2)]
    assert len(others.get_offsets()) == 150 - 2 * 39
    assert len(figure.axes[0].get_legend().get_texts()) == 40


@pytest.mark.parametrize("labels", [np.arange(60) % 21, np.arange(60) % 3 / 2, np.arange(60.0)])
def test_measures_have_a_bar(rng, labels):
    figure = plots.latent(rng.random((60, 2)), labels)
    axes, bar = figure.axes
    (points,) = axes.collections
    np.testing.assert_allclose(points.get_array(), labels)
    assert bar.get_ylabel() == "label"
    assert axes.get_legend() is None


def test_labels_are_one_for_each_code():
    with pytest.raises(ValueError, match=r"\(9,\). Received.*\(8,\)"):
        plots.latent(np.zeros((9, 2)), np.zeros(8))


def test_elbow():
    errors = {"conv": {"8": 0.01, "2": 0.04, "32": 0.004}, "PCA": {2: 0.06, 8: 0.04}}
    figure = plots.elbow(errors)
    conv, pca = figure.axes[0].get_lines()
    assert (conv.get_label(), pca.get_label()) == ("conv", "PCA")
    assert conv.get_xdata().tolist() == [2, 8, 32]
    assert conv.get_ydata().tolist() == [0.04, 0.01, 0.004]
    assert pca.get_linestyle() == "--"
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["2", "8", "32"]
    assert {(0, 0, 0), rgb(plots.COLOURS[0])} <= colours(figure)
