"""Trainings on data that are read anew in each epoch."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app
from aezoo.data import scanning, shards, streams
from aezoo.data.samples import DataError
from aezoo.training import runs
from aezoo.training.folder import read_record
from aezoo.training.splits import is_streamed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("shards"), np.random.default_rng(0)
    mixing = rng.normal(size=(3, 12))
    for i in range(4):
        rows = rng.normal(size=(600, 3)) @ mixing + 0.05 * rng.normal(size=(600, 12))
        np.save(folder / f"{i}.npy", np.float32(5 + 20 * rows))
    return folder


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("run") / "run"
    return aezoo.train("deep", folder, latent_dim=3, epochs=2, output=output, quantize_aware=1)


def test_a_folder_of_files_is_streamed_and_said(folder, caplog):
    assert is_streamed(None, folder)
    assert "is a folder of .npy files: samples are read anew in each epoch" in caplog.text
    assert not is_streamed(False, folder)
    assert not is_streamed(None, "digits")
    assert not is_streamed(None, folder, window=3)
    assert not is_streamed(None, folder / "0.npy")


def test_what_is_too_large_is_streamed(folder, monkeypatch):
    free = type("Memory", (), {"available": 50_000})
    monkeypatch.setattr(shards.psutil, "virtual_memory", lambda: free)
    assert is_streamed(None, folder / "0.npy")
    free.available = 60_000  # 600 rows of 12 numbers of 4 bytes
    assert not is_streamed(None, folder / "0.npy")


def test_the_record_says_how_to_read_it_again(run, folder):
    record = read_record(run.folder)
    data = record["data"]
    assert data["stream"] is True
    assert data["train"] + data["validation"] + data["test"] == 2400
    test = aezoo.load_dataset(folder, "test", stream=True)
    assert (data["test"], data["train"]) == (len(test), 2400 - len(test) - data["validation"])
    assert record["training"]["reading_seconds"] >= 0
    assert record["training"]["batch_size"] == 32
    json.dumps(record)


def test_it_learns_what_an_array_would_teach(run, folder):
    whole = np.concatenate([np.load(file) for file in sorted(folder.glob("*.npy"))])
    scaled = run.model.normalize(whole)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=0.03)
    assert run.metrics["mse"] < 2 * run.metrics["pca_mse"] < 0.1 * run.metrics["mean_mse"]


@pytest.mark.slow
def test_two_runs_are_one(run, folder, tmp_path):
    again = aezoo.train(
        *("deep", folder), latent_dim=3, epochs=2, output=tmp_path / "run", quantize_aware=1
    )
    for a, b in zip(run.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_counts_are_of_all_and_choices_know_them(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "SAMPLE", 20)
    monkeypatch.setattr("aezoo.training.plan.MANY", 1000)
    monkeypatch.setattr("aezoo.training.plan.WIDE", 2)
    asked = {}
    whole = streams.Stream.batches

    def batches(self, batch_size, **how):
        asked[batch_size] = len(self), how
        return whole(self, batch_size, **how)

    monkeypatch.setattr(streams.Stream, "batches", batches)
    how = {"epochs": 1, "batch_size": 50, "seed": 7, "output": tmp_path / "run"}
    run = aezoo.train("deep", folder, latent_dim=3, **how)
    data = read_record(run.folder)["data"]
    test = aezoo.load_dataset(folder, "test", stream=True)
    assert data["test"] == len(test) > len(test.x) == 20
    assert data["train"] + data["validation"] + data["test"] == 2400
    assert "few" not in " ".join(run.chosen)
    # each epoch in an order of the run's own; scales are learned from all
    fed = {"seed": 7, "first": 0}
    assert asked == {50: (data["train"], fed), 1024: (data["train"], {"shuffle": False})}


def test_it_starts_as_pca_of_all(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "SAMPLE", 20)
    monkeypatch.setattr("aezoo.training.attempts.learned", lambda *_: False)
    how = {"latent_dim": 2, "epochs": 1, "output": tmp_path / "run"}
    run = aezoo.train("deep", folder, **how)
    metrics = run.metrics
    assert metrics["mse"] == pytest.approx(metrics["pca_mse"], rel=1e-3)
    test = aezoo.load_dataset(folder, "test", stream=True)
    train = np.concatenate(list(aezoo.load_dataset(folder, stream=True).arrays()))
    by_array = aezoo.evaluate(run.model, test.x, train)
    assert by_array["pca_mse"] == pytest.approx(metrics["pca_mse"], rel=1e-4)
    result = CliRunner().invoke(app, ["evaluate", str(run.folder), "--json"])
    assert json.loads(result.stdout)["metrics"]["pca_mse"] == pytest.approx(metrics["pca_mse"])


def test_files_that_go_are_said(folder, tmp_path, monkeypatch):
    for i in range(3):
        (tmp_path / f"{i}.npy").write_bytes((folder / f"{i}.npy").read_bytes())
    planned = runs.planned

    def removing(*args, **how):
        (tmp_path / "1.npy").unlink()
        return planned(*args, **how)

    monkeypatch.setattr(runs, "planned", removing)
    with pytest.raises(DataError, match="1.npy has changed"):
        aezoo.train("deep", tmp_path, epochs=1, output=tmp_path / "run")


def test_images_by_one_number(tmp_path):
    for i in range(12):
        Image.new("RGB", (6, 6), (20 * i, 0, 0)).save(tmp_path / f"{i}.png")
    assert not is_streamed(None, tmp_path, 4, "grey")


def test_few_are_refused(tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.random((300, 2), "float32"))
    for name, count in (("train", 9), ("test", 300)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "x.npy", rng.random((count, 2), "float32"))
    with pytest.raises(ValueError, match="10 samples or more|none is for validation"):
        aezoo.train("deep", tmp_path, output=tmp_path / "run")


def test_the_commands_of_a_run(run, tmp_path):
    for args in (["evaluate"], ["plot"], ["export", "--format", "tflite"]):
        result = CliRunner().invoke(app, [args[0], str(run.folder), *args[1:]])
        assert result.exit_code == 0, (args, result.output)


def test_in_one_file_and_in_minutes(folder, tmp_path):
    how = {"stream": True, "minutes": 0.02, "output": tmp_path / "run"}
    run = aezoo.train("vanilla", folder / "0.npy", latent_dim=2, **how)
    assert run.history["loss"]
    assert read_record(run.folder)["data"]["stream"]


def test_images_out_of_range_are_scaled(tmp_path, rng):
    x = rng.random((400, 4, 4, 1), "float32")
    x[-1] = 300
    np.save(tmp_path / "x.npy", x)
    how = {"stream": True, "epochs": 1, "output": tmp_path / "run"}
    run = aezoo.train("vanilla", tmp_path / "x.npy", **how)
    assert read_record(run.folder)["options"]["normalization"] == "minmax"


@pytest.mark.parametrize("option", [{"max_shift": 1}, {"flip": True}, {"turn": True}])
def test_samples_are_not_varied(folder, tmp_path, option):
    with pytest.raises(ValueError, match="Samples of a stream are not varied"):
        aezoo.train("deep", folder, output=tmp_path / "run", **option)
    assert not (tmp_path / "run").exists()
