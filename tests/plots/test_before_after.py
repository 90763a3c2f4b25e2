import numpy as np
import pytest

from aezoo.plots import before_after


def test_photographs(rng, rendered):
    clean = rng.random((40, 30, 3))
    before = np.clip(clean + rng.normal(0, 0.1, clean.shape), 0, 1)
    figure = before_after(before, clean, clean, zoom=8)
    titles = [axes.get_title() for axes in figure.axes[:3]]
    error = np.mean((before - clean) ** 2)
    assert titles == [f"before, {-10 * np.log10(error):.1f} dB", "after, inf dB", "clean"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), before)
    np.testing.assert_array_equal(figure.axes[5].images[0].get_array(), clean[16:24, 11:19])
    assert len(rendered(figure)) > 50


def test_integers_of_any_depth():
    deep = np.full((6, 7), 65535, np.uint16)
    figure = before_after(deep // 2, deep)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["before", "after"]
    assert figure.axes[1].images[0].get_array().max() == 1
    assert figure.axes[0].images[0].get_array().max() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("shape", [(300,), (300, 1)])
def test_recordings(shape, rng):
    x = rng.normal(size=shape)
    figure = before_after(x, 0.5 * x, zoom=50)
    lines = [axes.lines[0].get_ydata() for axes in figure.axes]
    np.testing.assert_array_equal(lines[0], x.ravel())
    np.testing.assert_array_equal(lines[3], 0.5 * x.ravel()[125:175])
    assert figure.axes[0].get_ylabel() == "before"
    figure = before_after(x + 0.1, x, x)
    peak = 20 * np.log10(np.abs(x).max() / 0.1)
    assert figure.axes[0].get_ylabel() == f"before\n{peak:.1f} dB"


def test_a_strip_is_no_tower():
    figure = before_after(np.zeros((4000, 8)), np.zeros((4000, 8)))
    assert max(figure.get_size_inches()) < 20


def test_unusable():
    with pytest.raises(ValueError, match=r"one shape.*\(4, 5\).*\(4, 6\)"):
        before_after(np.zeros((4, 6)), np.zeros((4, 5)))
    for shape in ((0,), (4, 5, 2), (2, 4, 5, 3)):
        with pytest.raises(ValueError, match="photograph or a recording"):
            before_after(np.zeros(shape), np.zeros(shape))
    for kind in ("complex", "int16", "nan"):
        x = np.full((4, 5), np.nan) if kind == "nan" else np.zeros((4, 5), kind)
        with pytest.raises(ValueError, match="finite floats, uint8 or uint16"):
            before_after(x, x)
    with pytest.raises(ValueError, match="zoom"):
        before_after(np.zeros((4, 5)), np.zeros((4, 5)), zoom=0)
