import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import aezoo
from aezoo.cli.console import Ending, quiet
from aezoo.training import attempts, writing
from aezoo.training.best_epoch import fit_to_best
from aezoo.training.progress import TrainingProgress


def test_run_folder_and_report(trained):
    folder, result = trained
    record = json.loads((folder / "metrics.json").read_text())
    chosen = {"linear_path": True, "dropout": 0.1}
    assert record["options"] == {"hidden_units": 32, "activation": "tanh", **chosen}
    files = ("model.keras", "model-int8.tflite", "metrics.json")
    assert all(name in result.stdout for name in files)
    figures = [record["metrics"]["mse"], record["metrics"]["pca_mse"]]
    assert all(f"{figure:.5f}" in result.stdout for figure in figures)
    report = json.loads((folder / "model-int8.tflite.json").read_text())
    assert "MSE before, after" in result.stdout
    assert f"{report['size']:,} bytes" in result.stdout


def test_options_reach_the_model_as_values(run, monkeypatch):
    given = {}

    def train(model, data, **kwargs):
        given.update(kwargs)
        raise ValueError("enough")

    monkeypatch.setattr("aezoo.training.train", train)
    texts = ("hidden-units=16,8", "rate=0.5", "batch_normalization=yes", "l2=none", "activation=a")
    result = run("train", "deep", *(word for text in texts for word in ("-O", text)))
    assert (result.exit_code, result.words) == (2, "aezoo: enough")
    options = {"hidden_units": (16, 8), "rate": 0.5, "batch_normalization": True, "l2": None}
    assert {**given, **options, "activation": "a"} == given


def test_terminal_stays_clean_and_interrupt_leaves_a_run(tmp_path, table):
    """The real command in a process of its own: Ctrl-C while it trains."""
    folder = tmp_path / "run"
    options = ["--epochs", "100000", "--patience", "100000", "--data", str(table)]
    guarded = ("TF_CPP_MIN_LOG_LEVEL", "MPLBACKEND")  # the command has to see to these itself
    environment = {key: value for key, value in os.environ.items() if key not in guarded}
    process = subprocess.Popen(
        [sys.executable, "-m", "aezoo", "train", "vanilla", *options, "-o", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "COLUMNS": "200"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # nohup ignores it
    )
    try:
        log = folder / "log.csv"
        deadline = time.monotonic() + 120
        while not (log.is_file() and log.stat().st_size > 200) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, err
    assert "Interrupted after" in out
    assert "model.keras" in out
    assert (folder / "model.keras").is_file()
    assert "Epoch" in out
    noise = [line for line in err.splitlines() if "PCA" not in line and "mean" not in line]
    assert noise == []


def test_sigterm_leaves_a_run_as_ctrl_c_does(run, tmp_path, table, monkeypatch):
    monkeypatch.setattr(TrainingProgress, "on_epoch_end", _then_sigterm(lambda *args: None))
    before = signal.getsignal(signal.SIGTERM)
    args = ["--epochs", 2, "--data", table, "-o", tmp_path / "run", "--json"]
    result = run("train", "vanilla", *args)
    assert result.exit_code == 143, result.stderr
    assert signal.getsignal(signal.SIGTERM) == before
    document = json.loads(result.stdout)
    assert document["interrupted"]
    assert {"model.keras", "metrics.json", "reconstructions.png"} <= set(document["files"])
    record = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert record["training"]["epochs_run"] == 1
    assert document["metrics"] == record["metrics"]
    assert "Epoch" in result.stderr


def test_sigterm_lets_what_is_trained_be_written(run, tmp_path, rng, monkeypatch):
    def fit_to_best(ae, data, *, callbacks, **settings):
        callbacks[0].trained = True
        outcome = {"epochs_run": 2, "best_epoch": 2, "interrupted": False}
        return {"loss": [0.5, 0.4], "val_loss": [0.6, 0.5]}, outcome

    monkeypatch.setattr(attempts, "fit_to_best", fit_to_best)
    monkeypatch.setattr(writing, "evaluate", _then_sigterm(writing.evaluate))
    np.save(tmp_path / "x.npy", rng.random((40, 4, 4, 1)))
    args = ["--data", tmp_path / "x.npy", "-o", tmp_path / "run", "--json"]
    result = run("train", "vanilla", *args)
    assert result.exit_code == 143, result.stderr
    document = json.loads(result.stdout)
    assert not document["interrupted"]
    assert {"model.keras", "metrics.json", "reconstructions.png"} <= set(document["files"])


def test_sigterm_ends_the_second_of_several_trainings(run, tmp_path, table, monkeypatch):
    """The first has ended by itself, and what was trained so far was spared."""
    whole, begun = TrainingProgress.on_train_begin, []

    def on_train_begin(self, logs=None):
        begun.append(self)
        assert len(begun) < 3
        whole(self, logs)
        if len(begun) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(TrainingProgress, "on_train_begin", on_train_begin)
    monkeypatch.setattr(attempts.time, "perf_counter", lambda: len(begun))  # a second for each
    args = ["--minutes", 10, "--patience", 1, "--data", table, "-o", tmp_path / "run", "--json"]
    result = run("train", "vanilla", *args)
    assert result.exit_code == 143, result.stderr
    assert len(begun) == 2
    assert json.loads(result.stdout)["interrupted"]


def _then_sigterm(function):
    def called(*args):
        result = function(*args)
        os.kill(os.getpid(), signal.SIGTERM)
        return result

    return called


def test_a_signal_that_an_import_has_held_ends_the_training():
    ending = Ending()
    with pytest.raises(KeyboardInterrupt):
        ending.handle(signal.SIGTERM)
    ae = aezoo.vanilla(4, 2)
    with pytest.raises(KeyboardInterrupt):
        ae.fit(np.ones((8, 4)), verbose=0, callbacks=[ending.callback()])
    assert int(ae.optimizer.iterations.numpy()) == 0


def test_what_signals_end():
    with pytest.raises(KeyboardInterrupt):
        Ending().handle(signal.SIGINT)
    ending = Ending(is_training=True)
    ending.handle(signal.SIGINT)  # its batch comes first
    with pytest.raises(KeyboardInterrupt):
        ending.handle(signal.SIGINT)
    ending = Ending(is_training=True)
    for _ in range(2):
        ending.handle(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        ending.check()
    assert (ending.is_training, ending.status, ending.came) == (False, 143, True)
    spared = Ending(is_spared=lambda: True)
    for _ in range(2):
        spared.handle(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        spared.handle(signal.SIGINT)


def test_a_signal_after_the_last_batch_counts():
    ending = Ending()
    callback = ending.callback()
    callback.on_train_begin({})
    ending.handle(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        callback.on_train_end({})


def test_a_training_that_failed_is_over(tmp_path):
    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError

    ending, x = Ending(), np.ones((8, 4), "float32")
    how = {"validation_data": x, "log_file": tmp_path / "log.csv", "epochs": 1, "patience": 1}
    with pytest.raises(RuntimeError):
        fit_to_best(
            aezoo.vanilla(4, 2),
            {"x": x},
            callbacks=[Fails(), ending.callback()],
            learning_rate=None,
            **how,
        )
    with pytest.raises(KeyboardInterrupt):
        ending.handle(signal.SIGINT)


def test_what_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup does
    try:
        with quiet(tensorflow=False):
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


class _Held:
    """Raises where Python cannot: what is raised while an object goes is lost."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("moment", ["on_train_batch_end", "on_test_batch_end", "on_epoch_end"])
def test_ctrl_c_is_never_lost(run, tmp_path, table, monkeypatch, moment):
    def interrupt(*_, **__):
        _Held()

    monkeypatch.setattr(TrainingProgress, moment, interrupt)
    args = ["--epochs", 3, "--data", table, "-o", tmp_path / "run", "--json"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup ignores it
    try:
        result = run("train", "vanilla", *args)
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.exit_code == 130, result.stderr
    assert json.loads(result.stdout)["interrupted"]
