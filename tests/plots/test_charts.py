import re

import numpy as np
import pytest

from aezoo.plots.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, line_chart
from aezoo.plots.markup import text_of


def places(chart, i=0):
    """Where a curve goes: (n, 2)."""
    group = next(g for g in chart.iter("g") if g.get("class") == f"curve-{i}")
    path = next(p for p in group.iter("path"))
    numbers = re.findall(r"-?\d+\.?\d*", path.get("d"))
    return np.array(numbers, float).reshape(-1, 2)


def test_values_lie_where_a_logarithm_has_them():
    chart = line_chart({"a": [1.0, 0.1, 0.01], "b": [0.01, 1.0, 1.0]}, name="loss")
    x, y = places(chart).T
    np.testing.assert_allclose(x, [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT])
    assert y[1] - y[0] == pytest.approx(y[2] - y[1], abs=0.2)
    assert TOP < y[0] < y[2] < HEIGHT - BOTTOM
    np.testing.assert_allclose(places(chart, 1)[:, 1], y[[2, 0, 0]])
    assert chart.get("aria-label") == "loss by epoch: a from 1 to 0.01, b from 0.01 to 1"


def test_ticks_are_within_the_values():
    for values in ([1.0, 0.9], [1.0, 1e-4], [3.0, 0.3], [-1.0, 2.0], [0.0, 0.0], [5.0]):
        texts = [text.text for text in line_chart({"a": values}, name="loss").iter("text")]
        ticks = [float(text) for text in texts if text != "epoch"]
        epochs = ticks[-len(values) :]
        assert epochs == list(range(1, len(values) + 1))
        assert all(min(values) - 1 <= tick <= max(values) + 1 for tick in ticks[: -len(values)])
        assert len(ticks) > len(values)


def test_gaps_where_values_are_not_finite():
    chart = line_chart({"a": [1.0, np.nan, 0.5, np.inf, 0.2]}, name="loss")
    assert len(places(chart)) == 3
    assert "NaN" not in text_of(chart).replace("nan", "NaN")
    with pytest.raises(ValueError, match="finite values"):
        line_chart({"a": [np.nan]}, name="loss")


def test_points_say_their_value_where_there_is_room():
    said = [title.text for title in line_chart({"a": [1.0, 0.5]}, name="loss").iter("title")]
    assert said == ["a, epoch 1: 1", "a, epoch 2: 0.5"]
    assert not list(line_chart({"a": np.ones(500)}, name="loss").iter("title"))
    marked = line_chart({"a": [1.0, 0.5]}, name="loss", marked=2)
    (line,) = (line for line in marked.iter("line") if line.get("class") == "marked")
    assert float(line.get("x1")) == WIDTH - RIGHT
