from types import SimpleNamespace

import pytest

from aezoo.plots.markup import text_of
from aezoo.training.report.curves import ROWS, curves


def told(history, int8=None, best=2):
    return SimpleNamespace(
        history=history, int8=int8 or {}, record={"training": {"best_epoch": best}}
    )


def charts(found):
    return [svg.get("aria-label") for svg in found.iter("svg")]


def test_a_chart_for_each_term():
    history = {"kl": [1.0, 2.0], "learning_rate": [0.1, 0.05], "loss": [0.5, 0.25]}
    history |= {"val_kl": [3.0, 4.0], "val_loss": [0.4, 0.3]}
    found = curves(told(history, {"loss": [0.2], "val_loss": [0.1]}))
    assert charts(found) == [
        "loss by epoch: training from 0.5 to 0.25, validation from 0.4 to 0.3",
        "kl by epoch: training from 1 to 2, validation from 3 to 4",
        "loss by epoch: training 0.2, validation 0.1",
    ]
    text = text_of(found)
    assert "epoch 2, whose weights were kept" in text
    assert "<td>0.5</td><td>0.4</td><td>0.1</td>" in text


def test_a_table_that_can_be_read():
    found = curves(told({"loss": [1 / (i + 1) for i in range(100)]}))
    rows = [int(th.text) for th in found.iter("th") if th.get("scope") == "row"]
    assert rows[0] == 1
    assert rows[-1] == 100
    assert len(rows) <= ROWS + 1
    assert "every 4. epoch" in text_of(found)


@pytest.mark.parametrize("history", [{}, {"loss": [float("nan")]}])
def test_nothing_to_draw(history):
    assert "there are no losses" in text_of(curves(told(history, best=None)))
