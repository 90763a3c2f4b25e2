import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from aezoo import plots
from aezoo.plots.codes import in_two


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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_neighbours_stay_neighbours(method, rng):
    centres = np.array([[0, 0, 0], [50, 0, 0], [0, 50, 0]])
    codes = np.repeat(centres, 30, axis=0) + rng.normal(size=(90, 3))
    points, trusted = in_two(codes, method)
    assert points.shape == (90, 2)
    assert trusted > 0.9
    middles = points.reshape(3, 30, 2).mean(axis=1)
    spread = points.reshape(3, 30, 2).std(axis=1).max()
    apart = np.linalg.norm(middles - np.roll(middles, 1, axis=0), axis=1)
    assert apart.min() > 2 * spread
    shuffled = in_two(rng.permuted(codes, axis=0), method)[1]
    assert shuffled < trusted


def test_views_that_cannot_be(rng):
    with pytest.raises(ValueError, match="four codes"):
        in_two(rng.random((3, 5)))
    with pytest.raises(ValueError, match="method must be one of pca, tsne, umap"):
        plots.latent(rng.random((9, 5)), method="isomap")
    with pytest.raises(ValueError, match="four codes"):
        plots.latent(rng.random((3, 5)), method="tsne")


def test_umap_needs_its_package(rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match="pip install umap-learn"):
        in_two(rng.random((9, 5)), "umap")


def test_equal_codes_are_no_view(rng):
    for method in ("pca", "tsne"):
        with pytest.raises(ValueError, match="not all equal"):
            in_two(np.ones((20, 5)), method)
    figure = plots.latent(np.ones((20, 5)))
    assert "nan" not in figure.axes[0].get_xlabel()
    with pytest.raises(ValueError, match="method must be"):
        in_two(rng.random((9, 5)), "t-sne")


def test_names_of_classes_are_as_they_are(rng):
    names = ["_own", "$x and $y_{", "x" * 300]
    figure = plots.latent(rng.random((30, 2)), np.array(names)[np.arange(30) % 3])
    FigureCanvasAgg(figure).draw()
    written = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert written == {"\u200b_own", r"\$x and \$y_{", "x" * 37 + "..."}
