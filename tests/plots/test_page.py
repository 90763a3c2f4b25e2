import base64
import json
import re

import numpy as np
import pytest

from aezoo import plots
from aezoo.plots.page import MARGIN, SIDE
from tests.browsing import is_cut_off, violations


def data_of(page):
    (text,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    return json.loads(text)


def test_all_is_in_the_page(rng):
    points, x = rng.random((4, 2)), rng.random((4, 5, 3, 1))
    found = data_of(plots.hover_page(points, x, x / 2, [3, 1, 3, 2], title="digits"))
    scaled = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    across, up = np.array(found["points"]).T
    np.testing.assert_allclose(across, MARGIN + (SIDE - 2 * MARGIN) * scaled[:, 0], atol=0.01)
    np.testing.assert_allclose(up, SIDE - MARGIN - (SIDE - 2 * MARGIN) * scaled[:, 1], atol=0.01)
    assert found["shape"] == [5, 3, 1]
    assert found["labels"] == ["3", "1", "3", "2"]
    assert found["numbers"] == [0, 1, 2, 3]
    np.testing.assert_allclose(found["errors"], np.square(x / 2).mean(axis=(1, 2, 3)))
    bits = {
        key: np.frombuffer(base64.b64decode(found[key]), "uint8") for key in ("original", "rebuilt")
    }
    low, high = x.min(), x.max()
    np.testing.assert_allclose(low + bits["original"] / 255 * (high - low), x.ravel(), atol=0.002)
    expected = np.clip(x.ravel() / 2, low, high)
    np.testing.assert_allclose(low + bits["rebuilt"] / 255 * (high - low), expected, atol=0.002)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, {None: 4}),
        ([10, 9, 10, 2], {"2": 1, "9": 1, "10": 2}),
        (["b", "", "b", "a"], {"": 1, "a": 1, "b": 2}),
        ([0.5, 16.0, 1.0, np.nan], {"from 0.5": 2, "from 15": 1, "none": 1}),
    ],
)
def test_colours(labels, expected, rng):
    x = rng.random((4, 5))
    page = plots.hover_page(rng.random((4, 2)), x, x, labels)
    plane = page[page.index("<svg") : page.index("</svg>")]
    drawn = [len(re.findall("M", path)) for path in re.findall(r'<path d="(.*?)"', plane)]
    assert drawn == list(expected.values())
    named = re.findall(r"</i>(.*?)</li>", page)
    assert named == ([] if labels is None else list(expected))


def test_points_that_lie_close_are_told_apart(rng):
    x = rng.random((50, 3))
    found = data_of(plots.hover_page(1e-5 * rng.normal(size=(50, 2)) + 7, x, x))
    assert len({tuple(point) for point in found["points"]}) == 50
    alone = data_of(plots.hover_page([[3.0, 4.0]], x[:1], x[:1]))
    assert alone["points"] == [[SIDE / 2, SIDE / 2]]


def test_no_text_ends_the_data(rng):
    x = rng.random((2, 4))
    hostile = "</script><script>alert(1)</script>"
    page = plots.hover_page(rng.random((2, 2)), x, x, [hostile, "b"], title=hostile)
    assert data_of(page)["labels"][0] == hostile
    assert page.count("<script") == 2
    assert page.count("alert") == page.count("&lt;script&gt;alert") + 1  # in the data


def test_nothing_is_loaded_from_elsewhere(rng):
    x = rng.random((2, 4))
    page = plots.hover_page(rng.random((2, 2)), x, x)
    assert not re.search(r"https?:|src=|@import|url\(", page)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 3)), np.zeros((3, 4)), np.zeros((3, 4))), r"\(n, 2\)"),
        ((np.zeros((3, 2)), np.zeros((2, 4)), np.zeros((2, 4))), "one sample for each of 3"),
        ((np.zeros((3, 2)), np.zeros((3, 4)), np.zeros((3, 5))), "rebuilt"),
        ((np.zeros((3, 2)), np.zeros((3, 4)), np.zeros((3, 4)), ["a"]), "one label for each"),
        ((np.zeros((5001, 2)), np.zeros((5001, 1)), np.zeros((5001, 1))), "up to 5,000"),
    ],
)
def test_wrong_arrays(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.hover_page(*arguments)


@pytest.mark.parametrize("shape", [(6, 5, 3), (30, 2), (4,)])
def test_in_a_browser(shape, rng, tmp_path, visit):
    x, labels = rng.random((20, *shape)), ["<b>", *"abc" * 6, "z"]
    points = np.column_stack([np.arange(20.0), np.arange(20.0)])
    file = tmp_path / "page.html"
    file.write_text(plots.hover_page(points, x, x[::-1], labels, title="A page"), "utf-8")
    page = visit(file)
    said = page.locator("#said")
    assert said.inner_text().startswith("Sample 0, label <b>: mean squared error 0.")
    box = page.locator("#plane").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 3)
    assert said.inner_text().startswith("Sample 19, label z")
    page.locator("#chosen").focus()
    page.keyboard.press("ArrowLeft")
    assert said.inner_text().startswith("Sample 18, label c")
    drawn = page.evaluate(
        "[...document.querySelectorAll('canvas')].map(canvas => [canvas.width, canvas.height, "
        "...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data])"
    )
    if len(shape) == 3:  # what is drawn is the sample, and its reconstruction
        for found, sample in zip(drawn, (18, 1), strict=True):
            assert found[:2] == [5, 6]
            shown = np.reshape(found[2:], (6, 5, 4))[..., :3] / 255
            expected = (x[sample] - x.min()) / np.ptp(x)
            np.testing.assert_allclose(shown, expected, atol=0.003)
    else:
        assert all(np.any(found[2:]) for found in drawn)
        assert drawn[0] != drawn[1]
    assert page.said == []
    assert not is_cut_off(visit(file, "phone"))
    assert violations(page) == []
