import json
import re

import pytest

import aezoo
from aezoo import plots
from tests.training.report.conftest import proved

METRICS = {
    "mse": 0.1, "mean_mse": 0.8, "pca_mse": 0.2, "relative_mse": 0.5, "pca_components": 4,
    "compression_ratio": 2.0, "parameters": 10, "latent_size": 4, "psnr": 20.0,
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """Writes what passes for a run."""

    def write(name, model="deep", shape=(8,), data=None, training=None, **metrics):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        record = {
            "model": model, "input_shape": shape,
            "data": {"source": "digits", "test": 360, **(data or {})},
            "training": {"epochs_run": 2, "seconds": 3.0, "interrupted": False, **(training or {})},
            "metrics": {**METRICS, **metrics},
        }  # fmt: skip
        record["metrics"] = {k: v for k, v in record["metrics"].items() if v is not None}
        (folder / "metrics.json").write_text(json.dumps(record))
        (folder / "log.csv").write_text("epoch,loss,val_loss\n0,0.5,0.4\n1,0.3,0.2\n")
        return folder

    return write


def test_side_by_side(run):
    first, second = run("a"), run("b", "conv", mse=0.05, relative_mse=0.25)
    proved(second / "model-int8.tflite")
    found = aezoo.compare([first, str(second)])
    assert found.rows[0] == {
        "run": "a", "folder": first, "model": "deep", "data": "digits", "epochs": 2,
        "seconds": 3.0, "interrupted": False, "parameters": 10, "latent_size": 4,
        "compression_ratio": 2.0, "mse": 0.1, "pca_mse": 0.2, "relative_mse": 0.5, "psnr": 20.0,
        "ssim": None, "denoised_mse": None, "exports": {},
    }  # fmt: skip
    assert found.rows[1]["exports"] == {"model-int8.tflite": 5}
    assert (found.remarks, found.best) == ([], "b")
    assert found.histories["a"]["val_loss"] == [0.4, 0.2]
    figure = plots.histories(found.histories)
    assert [line.get_label() for line in figure.axes[0].lines] == ["a", "b"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"data": {"source": "mnist"}}, "Errors are not comparable.*a: digits.*b: mnist"),
        ({"data": {"window": 8}}, "not comparable.*window 8"),
        ({"data": {"test": 100}}, "not comparable.*100 test samples"),
        ({"shape": (4, 4, 1)}, "not comparable.*4 x 4 x 1"),
        ({"mean_mse": 1.0}, r"different units, or the data have changed.*a 0.8, b 1\)"),
        ({"mean_mse": None}, "units are not known"),
    ],
)
def test_errors_that_are_not_comparable(run, other, words):
    found = aezoo.compare([run("a"), run("b", **other)])
    (remark,) = found.remarks
    assert found.best is None
    assert re.search(words, remark)


def test_a_stream_of_the_same_data_is_comparable(run):
    found = aezoo.compare([run("a"), run("b", data={"stream": True}, mean_mse=0.80000001)])
    assert found.remarks == []


def test_runs_of_one_name_and_of_an_earlier_version(run):
    old = {"relative_mse": None, "pca_components": None}
    folders = [run("x/run"), run("y/run", **old, training={"interrupted": True})]
    found = aezoo.compare(folders)
    assert [row["run"] for row in found.rows] == [str(folder) for folder in folders]
    assert found.rows[1]["relative_mse"] == pytest.approx(0.5)
    assert found.rows[1]["interrupted"]


def test_what_diverged_is_not_the_best(run):
    assert aezoo.compare([run("a", mse=float("nan")), run("b")]).best == "b"


def test_what_is_not_compared(run, tmp_path):
    a = run("a")
    for runs in ([a], str(a), a):
        with pytest.raises(ValueError, match=f"Two runs or more are compared. Received: {a}$"):
            aezoo.compare(runs)
    with pytest.raises(ValueError, match="Received one twice"):
        aezoo.compare([a, tmp_path / "." / "a"])
    with pytest.raises(FileNotFoundError, match=r"nothing.metrics.json"):
        aezoo.compare([a, tmp_path / "nothing"])
