import numpy as np
import pytest

from aezoo import plots


def rendered(figure, tmp_path):
    path = tmp_path / "figure.png"
    figure.savefig(path)
    return path.stat().st_size


def test_history(tmp_path):
    figure = plots.history({"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 3.0, 2.0], "mae": [1, 1, 1]})
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["training", "validation"]
    assert lines[1].get_xdata().tolist() == [1, 2, 3]
    assert lines[1].get_ydata().tolist() == [4, 3, 2]
    assert figure.axes[0].get_yscale() == "log"
    assert rendered(figure, tmp_path)
    assert rendered(plots.history({"loss": [3.0]}), tmp_path)


@pytest.mark.parametrize("channels", [1, 3])
def test_reconstructions_of_images(rng, tmp_path, channels):
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
    assert rendered(figure, tmp_path)


@pytest.mark.parametrize("shape", [(30,), (50, 2), (6, 6, 6, 1), (5, 5, 2)])
def test_reconstructions_of_other_data(rng, tmp_path, shape):
    x = rng.random((5, *shape))
    assert rendered(plots.reconstructions(x, x * 0.9), tmp_path)


def test_lines_are_the_values(rng):
    x = rng.random((2, 30))
    lines = plots.reconstructions(x, x + 1).axes[1].get_lines()
    np.testing.assert_allclose(lines[0].get_ydata(), x[1])
    np.testing.assert_allclose(lines[1].get_ydata(), x[1] + 1)


def test_reconstructions_of_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        plots.reconstructions(np.zeros((2, 3)), np.zeros((2, 4)))


def test_latent_of_two_numbers_is_drawn_as_it_is(rng, tmp_path):
    codes = rng.random((20, 2))
    labels = np.arange(20) % 4
    figure = plots.latent(codes, labels)
    drawn = figure.axes[0].collections
    assert len(drawn) == 4
    np.testing.assert_allclose(drawn[1].get_offsets(), codes[labels == 1])
    assert rendered(figure, tmp_path)


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
def test_latent_of_any_shape(rng, tmp_path, shape, classes):
    labels = None if classes is None else rng.integers(0, classes, len(np.zeros(shape)))
    assert rendered(plots.latent(rng.random(shape), labels), tmp_path)


def test_elbow(tmp_path):
    errors = {"conv": {"8": 0.01, "2": 0.04, "32": 0.004}, "PCA": {2: 0.06, 8: 0.04}}
    figure = plots.elbow(errors)
    conv, pca = figure.axes[0].get_lines()
    assert (conv.get_label(), pca.get_label()) == ("conv", "PCA")
    assert conv.get_xdata().tolist() == [2, 8, 32]
    assert conv.get_ydata().tolist() == [0.04, 0.01, 0.004]
    assert pca.get_linestyle() == "--"
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["2", "8", "32"]
    assert rendered(figure, tmp_path)
