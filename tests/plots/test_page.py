import base64
import json
import re

import numpy as np
import pytest

from aezoo import plots


def data_of(page):
    (text,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    return json.loads(text)


def test_all_is_in_the_page(rng):
    points, x = rng.random((4, 2)), rng.random((4, 5, 3, 1))
    found = data_of(plots.hover_page(points, x, x / 2, [3, 1, 3, 2], title="digits"))
    scaled = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    np.testing.assert_allclose(found["points"], scaled, atol=1e-5)
    assert found["shape"] == [5, 3, 1]
    assert found["labels"] == ["3", "1", "3", "2"]
    assert found["colours"][0] == found["colours"][2] != found["colours"][1]
    np.testing.assert_allclose(found["errors"], np.square(x / 2).mean(axis=(1, 2, 3)))
    bits = {
        key: np.frombuffer(base64.b64decode(found[key]), "uint8") for key in ("original", "rebuilt")
    }
    low, high = x.min(), x.max()
    np.testing.assert_allclose(low + bits["original"] / 255 * (high - low), x.ravel(), atol=0.002)
    expected = np.clip(x.ravel() / 2, low, high)
    np.testing.assert_allclose(low + bits["rebuilt"] / 255 * (high - low), expected, atol=0.002)


def test_points_that_lie_close_are_told_apart(rng):
    x = rng.random((50, 3))
    found = data_of(plots.hover_page(1e-5 * rng.normal(size=(50, 2)) + 7, x, x))
    assert len({tuple(point) for point in found["points"]}) == 50
    alone = data_of(plots.hover_page([[3.0, 4.0]], x[:1], x[:1]))
    assert alone["points"] == [[0.0, 0.0]]


def test_no_text_ends_the_data(rng):
    x = rng.random((2, 4))
    hostile = "</script><script>alert(1)</script>"
    page = plots.hover_page(rng.random((2, 2)), x, x, [hostile, "b"], title=hostile)
    assert data_of(page)["labels"][0] == hostile
    assert page.count("<script") == 2


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
