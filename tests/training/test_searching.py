import json
import sys

import keras
import numpy as np
import pytest

import aezoo
from aezoo.training import searching, stages, trials
from aezoo.training.best_epoch import fit_to_best

pytest.importorskip("optuna", reason="needs the extra [search]")
FILES = {
    "history.png", "latent.png", "log.csv", "metrics.json", "model-int8.tflite",
    "model-int8.tflite.json", "model.keras", "reconstructions.png",
}  # fmt: skip
DEEP = {"model": "deep", "linear_path": True, "depth": 1}


@pytest.fixture
def timeless(monkeypatch):
    """Trainings of an epoch, whatever time they take, of three given candidates."""

    def fit(ae, data, *, epochs, seconds=None, **settings):
        return fit_to_best(ae, data, epochs=1, **settings)

    monkeypatch.setattr("aezoo.training.attempts.fit_to_best", fit)
    monkeypatch.setattr(
        trials, "best_within",
        lambda seconds, made, plan, seed, epochs, **how: trials.attempt(
            made(plan, seed + 1), plan, seed + 1, epochs, **how
        ),
    )  # fmt: skip
    monkeypatch.setattr("aezoo.training.writing._draw", lambda *args: None)
    first = [{**DEEP, "width": 8}, {**DEEP, "width": 1024}, {**DEEP, "width": 16}]
    monkeypatch.setattr(stages.Space, "first", lambda self, fits: first)


@pytest.mark.slow
def test_a_search_from_begin_to_end(timeless, tmp_path):
    said, folder = [], tmp_path / "search"
    asked = {"max_kb": 40, "latent_dim": 4, "minutes": 60, "output": folder}
    found = aezoo.search("digits", **asked, trials=2, progress=said.append)
    assert found.tried == {"trained": 3, "stopped": 0, "refused": 0, "skipped": 1}
    rows = [line.split(":")[0] for line in said]
    assert rows == ["counting what fits", "trying 0", "trying 2", "training to the end 3"]
    assert "best so far" not in said[1]
    assert "best so far 0.0" in said[2]
    assert not found.interrupted

    # each point is a run folder, and there is no other
    names = {path.name for path in folder.iterdir()}
    points = {point.folder.name for point in found.front}
    assert names == points | {"study.log", "search.json", "pareto.png"}
    assert found.best is found.front[0]
    validation = aezoo.training.split_validation(aezoo.load_dataset("digits").x, 0)[1]
    test = aezoo.load_dataset("digits", "test").x
    for point in found.front:
        drawn = {"history.png", "latent.png", "reconstructions.png"}
        assert {path.name for path in point.folder.iterdir()} == FILES - drawn
        lite = aezoo.LiteModel(point.folder / "model-int8.tflite")
        assert point.error == pytest.approx(lite.score(validation).mean())
        assert point.test_error == pytest.approx(lite.score(test).mean())
        assert point.kb == (point.folder / "model-int8.tflite").stat().st_size / 1000 <= 40
        record = json.loads((point.folder / "metrics.json").read_text())
        assert (record["model"], record["data"]["source"]) == ("deep", "digits")
        assert tuple(record["options"]["hidden_units"]) == point.options["hidden_units"]
        loaded = keras.saving.load_model(point.folder / "model.keras")
        assert loaded.latent_shape == (4,)
    errors = [point.error for point in found.front]
    assert errors == sorted(errors)
    written = json.loads((folder / "search.json").read_text())
    assert written["best"]["error"] == found.best.error

    # the same goes on, without trying again what was tried; another is refused
    more = aezoo.search("digits", **asked, trials=2)
    assert more.tried["trained"] == 4
    assert more.tried["skipped"] == 1
    assert more.best.error <= found.best.error
    assert more.seconds > found.seconds
    for other in ({"max_kb": 50}, {"latent_dim": 5}, {"seed": 1}, {"device": "cortex-m4"}):
        with pytest.raises(ValueError, match=f"something else.*Received: {next(iter(other))}="):
            aezoo.search("digits", **{**asked, **other})


@pytest.mark.slow
def test_ctrl_c_keeps_what_there_is(timeless, tmp_path, monkeypatch):
    whole, calls = stages.measure, []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(stages, "measure", interrupted)
    how = {"max_kb": 40, "latent_dim": 4, "minutes": 60, "output": tmp_path / "search"}
    found = aezoo.search("digits", **how, trials=2)
    assert found.interrupted
    assert found.tried["trained"] == 1
    assert found.best.folder.is_dir()
    assert not (tmp_path / "search" / ".trial").exists()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_kb": 5}, r"within max_kb=5: the smallest there is, deep .* about \d+\.\d kB"),
        (
            {"max_kb": 50, "max_us": 1, "device": "cortex-m4"},
            r"max_us=1: the smallest there is, .* about \d+\.\d us",
        ),
    ],
)
def test_a_budget_too_small_for_anything(tmp_path, limits, message):
    with pytest.raises(ValueError, match=message):
        aezoo.search("digits", **limits, output=tmp_path / "search")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_nothing_that_was_tried_fits(timeless, tmp_path):
    how = {"max_kb": 40, "max_us": 1e-3, "latent_dim": 4, "minutes": 60, "trials": 1}
    with pytest.raises(ValueError, match=r"max_us=0.001. The least of each was .* kB, \d+\.\d us"):
        aezoo.search("digits", **how, output=tmp_path / "search")
    assert list(tmp_path.iterdir()) == []


def test_too_large_ones_are_not_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "measure", lambda *args, **kwargs: pytest.fail("trained"))
    monkeypatch.setattr(stages, "IN_ROW", 2)
    large = [{**DEEP, "width": 1024}, {**DEEP, "width": 900}]
    monkeypatch.setattr(stages.Space, "first", lambda self, fits: large)
    how = {"max_kb": 40, "latent_dim": 4, "output": tmp_path / "search"}
    with pytest.raises(ValueError, match="Nothing that was tried is within max_kb=40"):
        aezoo.search("digits", **how)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_kb": 0}, "max_kb must be a number above 0. Received: 0"),
        ({"max_kb": 40, "max_us": -1}, "max_us"),
        ({"max_kb": 40, "minutes": None}, "minutes"),
        ({"max_kb": 40, "trials": 0}, "trials"),
        ({"max_kb": 40, "latent_dim": 1.5}, "latent_dim"),
        ({"max_kb": 40, "device": "cortex-a"}, "device is one of cortex-m4.*'cortex-a'"),
        ({"max_kb": 40, "device": ["cortex-m4"]}, "device is one of cortex-m4"),
        ({"max_kb": 40, "seed": -1}, "seed must be an integer, 0 or more"),
        ({"max_kb": 40, "seed": 2**40}, "seed must be less than"),
    ],
)
def test_values_that_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.search("digits", output=tmp_path / "search", **options)


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no search"):
        aezoo.search("digits", max_kb=40, output=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert np.isfinite(searching.Budget(40).excess(40)).all()


def test_without_optuna_no_folder_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"aezoo\[search\]"):
        aezoo.search("digits", max_kb=40, output=tmp_path / "search")
    assert list(tmp_path.iterdir()) == []


def test_the_best_of_nothing_is_remarked(caplog):
    metrics = {"mean_mse": 0.07, "pca_mse": 0.03}
    searching._remark(metrics, 0.02)
    assert not caplog.text
    searching._remark(metrics, 0.05)
    assert "no better than PCA" in caplog.text
    searching._remark(metrics, 0.1)
    assert "no better than predicting the mean (MSE 0.07000, the model 0.10000)" in caplog.text
