import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli.commands import app


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def words(result):
    return " ".join((result.stdout + result.stderr).split())


def test_version_and_list():
    assert run("--version").stdout.strip() == aezoo.__version__
    result = run("list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in aezoo.list_models())


def test_train_then_evaluate(tmp_path):
    folder = tmp_path / "run"
    args = ["--epochs", 2, "-o", folder, "-O", "hidden-units=16,8", "-O", "activation=tanh"]
    result = run("train", "deep", *args)
    assert result.exit_code == 0, result.stderr
    record = json.loads((folder / "metrics.json").read_text())
    assert record["options"] == {"hidden_units": [16, 8], "activation": "tanh"}
    assert "model.keras" in result.stdout
    figures = [record["metrics"]["mse"], record["metrics"]["pca_mse"]]
    assert all(f"{figure:.5f}" in result.stdout for figure in figures)

    for args in ((folder,), (folder / "model.keras", "--data", "digits")):
        result = run("evaluate", *args)
        assert result.exit_code == 0, result.stderr
        assert all(f"{figure:.5f}" in result.stdout for figure in figures)


def test_train_export_inspect_benchmark(tmp_path):
    folder = tmp_path / "run"
    args = ["--epochs", 12, "-o", folder, "-O", "hidden_units=32", "--export", "int8"]
    result = run("train", "deep", *args)
    assert result.exit_code == 0, result.stderr
    file = folder / "model-int8.tflite"
    assert file.name in result.stdout
    result = run("inspect", file)
    assert result.exit_code == 0, result.stderr
    assert f"{file.stat().st_size:,} bytes" in words(result)
    assert "float ops: none" in result.stdout
    result = run("benchmark", file)
    assert result.exit_code == 0, result.stderr
    assert all(name in result.stdout for name in ("reconstruct", "encode", "decode", "µs"))
    result = run("export", folder, "--quantize", "float16")
    assert result.exit_code == 0, result.stderr
    assert "MSE before, after" in result.stdout
    assert (folder / "model-float16.tflite").is_file()
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")
    result = run("export", folder, "--format", "micro")
    assert result.exit_code == 0, result.stderr
    assert "memory on a microcontroller" in result.stdout
    assert (folder / "micro" / "encode.h").is_file()


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["train", "cnv"], 2, "Did you mean 'conv'"),
        (["train", "deep", "--data", "mnits"], 2, "Did you mean 'mnist'"),
        (["train", "deep", "-O", "hidden"], 2, "NAME=VALUE"),
        (["train", "deep", "-O", "hiden_units=3"], 2, "Did you mean 'hidden_units'"),
        (["train", "deep", "-O", "activation=rellu"], 2, "Did you mean 'relu'"),
        (["train", "deep", "-O", "output_activation=sigmoid"], 2, "standardized"),
        (["train", "deep", "--epochs", "0"], 2, "greater than or equal to 1"),
        (["train", "deep", "--data", "missing.csv"], 1, "no file"),
        (["train", "deep", "--data", "ragged.csv"], 1, "row 2 of numbers has 1 columns"),
        (["train", "conv", "--data", "table.npy"], 2, "spatial|signals"),
        (["train", "deep", "-o", "taken"], 1, "exists already"),
        (["train", "deep", "-o", "file/run"], 1, "file/run cannot be made (Not a directory)"),
        (["train", "deep", "--export", "int4"], 2, "'int4'"),
        (["export", "taken"], 1, "There is no model"),
        (["export", "broken.keras", "--format", "tf"], 2, "'tf'"),
        (["export", "broken.keras", "--format", "onnx", "--quantize", "int8"], 2, "onnx"),
        (["inspect", "missing.tflite"], 1, "no file missing.tflite"),
        (["benchmark", "ragged.csv"], 2, "not a TFLite file"),
        (["evaluate", "taken"], 1, "There is no model"),
        (["evaluate", "other.keras", "--data", "digits"], 2, "is a Sequential"),
        (["train", "deep", "-O", "batch_normalization=maybe"], 2, "True or False"),
        (["train", "deep", "-O", "dropout=abc"], 2, "dropout must be a number"),
        (["train", "deep", "-O", "seed=3"], 2, "seed"),
        (["evaluate", "broken.keras", "--data", "digits"], 2, "broken"),
    ],
)
def test_errors_are_one_line_and_a_status(tmp_path, monkeypatch, args, status, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "broken.keras").write_bytes(b"broken")
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]).save("other.keras")
    table = np.random.default_rng(0).random((20, 4))
    np.save(tmp_path / "table.npy", table)
    if "output_activation" in str(args):
        args = [*args, "--data", "table.npy"]
    before = sorted(tmp_path.rglob("*"))
    result = run(*args)
    assert result.exit_code == status
    assert any(part in words(result) for part in message.split("|"))
    assert "Traceback" not in words(result)
    assert sorted(tmp_path.rglob("*")) == before


def test_terminal_stays_clean_and_interrupt_leaves_a_run(tmp_path):
    """The real command in a process of its own: Ctrl-C while it trains."""
    folder = tmp_path / "run"
    command = ["train", "deep", "--epochs", "100000", "--patience", "100000", "-o", str(folder)]
    guarded = ("TF_CPP_MIN_LOG_LEVEL", "MPLBACKEND")  # the command has to see to these itself
    environment = {key: value for key, value in os.environ.items() if key not in guarded}
    process = subprocess.Popen(
        [sys.executable, "-c", "from aezoo.cli.commands import app; app()", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "COLUMNS": "200"},
    )
    log = folder / "log.csv"
    deadline = time.monotonic() + 120
    while not (log.is_file() and log.stat().st_size > 200) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Interrupted after" in out
    assert "model.keras" in out
    assert (folder / "model.keras").is_file()
    assert "Epoch" in out
    noise = [line for line in err.splitlines() if "PCA" not in line and "mean" not in line]
    assert noise == []
