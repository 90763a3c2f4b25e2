import importlib
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from rich.table import Table

import aezoo
from aezoo.cli import console


def test_version_and_help(run):
    for flag in ("--version", "-V"):
        assert run(flag).stdout.strip() == aezoo.__version__
    for args in (["--help"], ["-h"], ["train", "-h"]):
        result = run(*args)
        assert result.exit_code == 0
        assert "Usage: " in result.stdout


def test_help_tells_defaults(run):
    for args, default in (
        (["train", "-h"], "an eighth of a sample's, at most 32"),
        (["train", "-h"], "about 6,000 updates' worth"),
        (["detect", "fit", "-h"], "detectors/DATA"),
    ):
        words = " ".join(run(*args).stdout.replace("│", " ").split())
        assert f"[default: {default}]" in words


def test_the_package_runs_as_a_module_on_an_ascii_terminal():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for args, expected in ((["-V"], aezoo.__version__), (["train", "-h"], "Usage: aezoo train")):
        command = [sys.executable, "-m", "aezoo", *args]
        process = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert process.returncode == 0, process.stderr
        assert expected in process.stdout


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["train", "cnv"], 2, "Did you mean 'conv'"),
        (["train", "deep", "--data", "mnits"], 2, "Did you mean 'mnist'"),
        (["train", "deep", "-O", "hidden"], 2, "NAME=VALUE"),
        (["train", "deep", "-O", "hiden_units=3"], 2, "Did you mean 'hidden_units'"),
        (["train", "deep", "-O", "activation=rellu"], 2, "Did you mean 'relu'"),
        (["train", "deep", "-O", "output_activation=sigmoid"], 2, "standardized"),
        (["train", "deep", "--epochs", "0"], 2, "greater than or equal to 1|0 is not in the range"),
        (["train", "deep", "--data", "missing.csv"], 1, "no file"),
        (["train", "deep", "--data", "ragged.csv"], 1, "row 2 of numbers has 1 columns|row 2"),
        (["train", "conv", "--data", "table.npy"], 2, "spatial|signals"),
        (["train", "deep", "-o", "taken"], 1, "exists already"),
        (["train", "deep", "-o", "file/run"], 1, "file/run cannot be made (Not a directory)"),
        (["train", "deep", "--export", "int2"], 2, "'int2'"),
        (["export", "taken"], 1, "There is no model"),
        (["export", "broken.keras", "--format", "tf"], 2, "'tf'"),
        (["export", "broken.keras", "--format", "onnx", "--quantize", "int8"], 2, "onnx"),
        (["export", "broken.keras", "--quantize", "float16", "--fine-tune"], 2, "is for int8"),
        (["inspect", "missing.tflite"], 1, "no file missing.tflite"),
        (["benchmark", "ragged.csv"], 2, "not a TFLite file"),
        (["evaluate", "taken"], 1, "There is no model"),
        (["evaluate", "other.keras", "--data", "digits"], 2, "is a Sequential"),
        (["train", "deep", "-O", "batch_normalization=maybe"], 2, "True or False"),
        (["train", "deep", "-O", "dropout=abc"], 2, "dropout must be a number"),
        (["train", "deep", "-O", "seed=3"], 2, "give --seed 3, without -O"),
        (["train", "deep", "-O", "latent-dim=4"], 2, "give --latent-dim 4, without -O"),
        (["train", "deep", "-O", "exports=int8"], 2, "give --export int8, without -O"),
        (["train", "deep", "-O", "data=mnist"], 2, "give --data mnist, without -O"),
        (["train", "deep", "-O", "callbacks=1"], 2, "callbacks is no option of a model"),
        (["train", "deep", "-O", "input_shape=8"], 2, "input_shape is that of the data"),
        (["evaluate", "broken.keras", "--data", "digits"], 1, "broken.keras is damaged"),
        (["export", "cut.keras", "--data", "digits"], 1, "cut.keras is damaged"),
    ],
)
def test_errors_are_one_line_and_a_status(run, tmp_path, monkeypatch, args, status, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "broken.keras").write_bytes(b"broken")
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]).save("other.keras")
    whole = (tmp_path / "other.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    table = np.random.default_rng(0).random((20, 4))
    np.save(tmp_path / "table.npy", table)
    if "output_activation" in str(args):
        args = [*args, "--data", "table.npy"]
    before = sorted(tmp_path.rglob("*"))
    result = run(*args)
    assert result.exit_code == status
    words = result.words.replace("│ ", "")  # of the box that typer draws
    assert any(part in words for part in message.split("|"))
    assert "Traceback" not in words
    assert sorted(tmp_path.rglob("*")) == before


def test_a_backend_that_is_not_installed_is_named(run, monkeypatch):
    real = importlib.import_module

    def without_jax(name, *args):
        if name == "aezoo.models":
            raise ModuleNotFoundError("No module named 'jax'", name="jax")
        return real(name, *args)

    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(console.importlib, "import_module", without_jax)
    result = run("list")
    assert result.exit_code == 1
    assert "KERAS_BACKEND is jax, which is not installed: pip install jax" in result.words


def test_what_is_piped_is_not_cut(run, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    result = run("list")
    summaries = [entry["summary"] for entry in json.loads(run("list", "--json").stdout)["models"]]
    assert max(map(len, summaries)) > 60  # beside a name, they would not fit into 80
    for summary in summaries:
        assert any(summary in line for line in result.stdout.splitlines())
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, run("list").stdout.splitlines())) <= 40


def test_json_has_no_infinities(capsys):
    console.print_json({"a": float("nan"), "b": [np.float32(1.5), np.inf], 3: (np.arange(2), None)})
    expected = {"a": None, "b": [1.5, None], "3": [[0, 1], None]}
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == expected


def test_no_ratio_to_what_is_next_to_nothing(monkeypatch):
    rows = []
    monkeypatch.setattr(Table, "add_row", lambda self, *row: rows.append(row))
    metrics = {"mse": 0.25, "mean_mse": 1.0, "pca_mse": 1e-30, "compression_ratio": 4.0}
    metrics |= {"parameters": 10, "latent_size": 2, "pca_components": 3}
    console.print_metrics("title", metrics)
    assert "MSE relative to PCA" not in dict(row[:2] for row in rows)
    assert ("numbers in a code", "2", "3") in rows
    console.print_metrics("title", {**metrics, "relative_mse": 0.75})
    assert ("MSE relative to PCA", "0.75", "1.00") in rows
