from pathlib import Path
from types import SimpleNamespace

import pytest

from aezoo.layers.bottleneck import Bottleneck
from aezoo.plots.markup import element, text_of
from aezoo.training.report.summary import foot, summary

METRICS = {
    "mse": 0.1, "mean_mse": 0.8, "pca_mse": 0.2, "relative_mse": 0.5, "pca_components": 4,
    "compression_ratio": 2.0, "parameters": 1234, "latent_size": 4,
}  # fmt: skip
TRAINING = {"epochs": 5, "epochs_run": 3, "best_epoch": 2, "interrupted": False, "seconds": 200.0}


def shown(training=None, data=None, **metrics):
    record = {
        "model": "deep", "input_shape": [8, 8, 1], "data": {"source": "digits", **(data or {})},
        "training": {**TRAINING, **(training or {})}, "options": {"dropout": 0.1},
        "metrics": {**METRICS, **metrics}, "versions": {"keras": "3"},
    }  # fmt: skip
    told = SimpleNamespace(record=record, name="night", folder=Path(__file__).parent)
    ae = SimpleNamespace(bottleneck=Bottleneck())
    return text_of(element("main", summary(told, ae))), told


def test_how_good_it_is():
    text, told = shown(data={"train": 1000, "test": 360})
    assert "<h1>deep on digits</h1>" in text
    assert "<dd>50 %</dd>" in text
    assert "<dd>3 min</dd>" in text
    assert "<dd>1,000 train, 360 test</dd>" in text
    assert "<dd>3 of 5</dd>" in text
    assert "<dd>dropout=0.1</dd>" in text
    assert "<td>0.10000</td><td>0.20000</td>" in text
    assert 'class="remark"' not in text
    assert "test_summary.py" in text_of(foot(told))
    assert "Trained with keras 3." in text_of(foot(told))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mse": 0.3}, "PCA with a code of the same size does better"),
        ({"mse": 0.9}, "it has learned nothing"),
        ({"training": {"interrupted": True}}, "The training was interrupted"),
    ],
)
def test_what_must_not_be_missed(changed, words):
    text, _ = shown(**changed)
    assert words in text.partition('class="remark"')[2].partition("</p>")[0]


def test_data_by_the_last_part_of_their_path():
    assert "<h1>deep on c.npy</h1>" in shown(data={"source": "/a/b/c.npy"})[0]
    assert "<h1>deep on a/b</h1>" in shown(data={"source": "a/b"})[0]
    assert "<dd>/a/b/c.npy</dd>" in shown(data={"source": "/a/b/c.npy"})[0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(9.6, "10 s"), (600, "10 min"), (9000, "2 h 30 min")]
)
def test_times(seconds, text):
    assert f"<dd>{text}</dd>" in shown(training={"seconds": seconds})[0]
