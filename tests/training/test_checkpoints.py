"""Trainings that end in their middle, and go on."""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app
from aezoo.training import checkpoints, writing
from aezoo.training.checkpoints import Checkpoints, held, newest

WHOLE = ["log.csv", "metrics.json", "model.keras"]
SMALL = {"hidden_units": (8,), "latent_dim": 2, "batch_size": 16, "epochs": 6}
UNSTOPPED = 99


class End(keras.callbacks.Callback):
    """Ends a training while an epoch goes on, with an error or as Ctrl-C does."""

    def __init__(self, epoch, error=RuntimeError):
        super().__init__()
        self.epoch, self.error = epoch, error

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise self.error("the end")


@pytest.fixture(autouse=True)
def _often(monkeypatch, undrawn):
    monkeypatch.setattr(checkpoints, "SECONDS", 0)
    monkeypatch.setattr(checkpoints, "MOST", 0)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", rng.random((120, 6, 6, 1), "float32"))
    np.save("rows.npy", rng.normal(size=(400, 5)).astype("float32"))


def ended(name="run", epoch=3, model="deep", data="x.npy", error=RuntimeError, **options):
    """A training that comes to the start of an epoch."""
    how = {**SMALL, "output": name, **options}
    if model != "deep":
        how.pop("hidden_units")
    try:
        return aezoo.train(model, data, callbacks=[End(epoch, error)], **how)
    except RuntimeError:
        return None


def same(run, other):
    """Whether two runs are alike to the last bit."""
    assert run.history == other.history
    for a, b in zip(run.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (run.folder / "log.csv").read_bytes() == (other.folder / "log.csv").read_bytes()
    for key in ("epochs_run", "best_epoch", "interrupted", "learned", "chosen"):
        a, b = (
            json.loads((own.folder / "metrics.json").read_text())["training"][key]
            for own in (run, other)
        )
        assert a == b, key


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("deep", {"data": "rows.npy", "stream": True}),
        ("denoising", {"backbone": "dense", "max_shift": 1, "flip": True, "turn": True}),
        pytest.param("deep", {"dropout": 0.3, "precision": "bfloat16"}, marks=SLOW),
        pytest.param("variational", {"backbone": "dense"}, marks=SLOW),
        pytest.param("vector_quantized", {"filters": 4}, marks=SLOW),
    ],
)
def test_as_if_it_had_not_been_stopped(model, options):
    whole = ended("whole", UNSTOPPED, model, **options)
    assert ended("run", 3, model, **options) is None
    assert sorted(os.listdir("run.unfinished")) == ["checkpoints", "log.csv"]
    run = aezoo.resume("run")
    same(run, whole)
    assert str(run.folder) == "run"
    assert not os.path.exists("run.unfinished")
    assert set(WHOLE) <= set(os.listdir("run"))
    assert "checkpoints" not in os.listdir("run")


@pytest.mark.slow
def test_stopped_twice_and_by_its_full_name():
    whole = ended("whole", UNSTOPPED)
    ended("run", 2)
    with pytest.raises(RuntimeError, match="the end"):
        aezoo.resume("run.unfinished", callbacks=[End(4)])
    assert sorted(os.listdir("run.unfinished/checkpoints"))[:2] == ["000003.npz", "000004.npz"]
    same(aezoo.resume("run.unfinished"), whole)


@pytest.mark.slow
def test_a_run_that_ctrl_c_has_ended_goes_on():
    whole = ended("whole", UNSTOPPED, exports=["float32"])
    first = ended("run", 3, error=KeyboardInterrupt, exports=["float32"])
    assert first.interrupted
    assert {"checkpoints", *WHOLE} <= set(os.listdir("run"))
    run = aezoo.resume("run")
    same(run, whole)
    assert not run.interrupted
    assert set(run.exports) == {"float32"}


def test_what_had_stopped_early_is_not_trained_on(monkeypatch):
    options = {"patience": 1, "learning_rate": 0.3, "epochs": 50}
    whole = ended("whole", UNSTOPPED, **options)
    ran = len(whole.history["loss"])
    assert 1 < ran < 50

    def full(*args):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "evaluate", full)
        with pytest.raises(OSError, match="no space"):
            ended("run", UNSTOPPED, **options)
    same(aezoo.resume("run", callbacks=[End(0), End(ran)]), whole)


@pytest.mark.slow
def test_an_older_one_is_taken_if_the_newest_is_damaged(caplog):
    whole = ended("whole", UNSTOPPED)
    ended("run", 4)
    files = sorted(os.listdir("run.unfinished/checkpoints"))
    assert files == ["000003.npz", "000004.npz", "lock"]  # none but the last two
    content = Path("run.unfinished/checkpoints/000004.npz").read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
    for i, damaged in enumerate((content[:-100], b"", flipped)):
        shutil.copytree("run.unfinished", f"run-{i}")
        Path(f"run-{i}/checkpoints/000004.npz").write_bytes(damaged)
        with caplog.at_level(logging.WARNING, "aezoo"):
            same(aezoo.resume(f"run-{i}"), whole)
        assert "000004.npz is damaged" in caplog.text
        caplog.clear()
    for file in files[:2]:
        Path(f"run.unfinished/checkpoints/{file}").write_bytes(b"")
    with pytest.raises(OSError, match="No checkpoint in run.unfinished can be read"):
        aezoo.resume("run")


def test_a_full_disk_ends_no_training(monkeypatch, caplog):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", full)
    with caplog.at_level(logging.WARNING, "aezoo"):
        ended("run", UNSTOPPED)
    assert "No checkpoint of epoch 1: [Errno 28] No space left" in caplog.text
    assert set(WHOLE) <= set(os.listdir("run"))


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name(monkeypatch):
    """Or one that is half there would count as the newest after a power cut."""
    synced, fsync = [], os.fsync

    def sync(handle):
        fsync(handle)
        named = [path.name for path in Path().rglob("checkpoints/*.npz")]
        synced.append((named, os.fstat(handle).st_size))

    monkeypatch.setattr(os, "fsync", sync)
    ended("run", 2)
    files = sorted(Path("run.unfinished/checkpoints").glob("*.npz"))
    assert [file.name for file in files] == ["000001.npz", "000002.npz"]
    sizes = [file.stat().st_size for file in files]
    assert synced == [([], sizes[0]), (["000001.npz"], sizes[1])]


def test_short_epochs_share_a_checkpoint(monkeypatch):
    monkeypatch.setattr(checkpoints, "SECONDS", 3600)
    ended("run", 3)
    with pytest.raises(FileNotFoundError, match="run.unfinished has no checkpoint"):
        aezoo.resume("run")


def test_what_cannot_go_on(monkeypatch, rng):
    with pytest.raises(FileNotFoundError, match="There is no folder run"):
        aezoo.resume("run")
    ended("run", 2)
    with held(Path("run.unfinished")) as lock:
        assert lock.is_locked
        with pytest.raises(OSError, match="run.unfinished is of a training that is going on"):
            aezoo.resume("run")
    assert not lock.is_locked
    os.mkdir("run")
    with pytest.raises(FileExistsError, match="run exists already"):
        aezoo.resume("run.unfinished")
    os.rmdir("run")
    np.save("x.npy", np.load("x.npy") / 2)
    with pytest.raises(ValueError, match="samples of .*x.npy are not those that run.unfinished"):
        aezoo.resume("run")
    assert os.path.isdir("run.unfinished")  # and can go on with the right ones


@pytest.mark.slow
def test_nobody_else_trains_on_meanwhile():
    ended("run", 2)

    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(OSError, match="is of a training that is going on"):
                aezoo.resume("run")

    aezoo.resume("run", callbacks=[Second()])


def test_a_training_that_goes_on_has_its_checkpoints_for_itself():
    refused = []

    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch:
                with pytest.raises(OSError, match="run is of a training that is going on"):
                    aezoo.resume("run")
                refused.append(epoch)

    aezoo.train("deep", "x.npy", output="run", callbacks=[Second()], **SMALL)
    assert refused == [1, 2, 3, 4, 5]


def test_what_a_training_was_told():
    told = {"hidden_units": (np.int64(8),), "activation": keras.layers.ELU(0.5)}
    ended("run", 2, epochs=np.int64(4), size=(5, 4), data_dir=Path("there"), **told)
    folder, saved = newest("run")
    assert (folder.name, saved.epochs, saved.stopped) == ("run.unfinished", 2, False)
    assert saved.told["data"] == os.path.abspath("x.npy")
    assert saved.told["data_dir"] == os.path.abspath("there")
    assert [saved.told[key] for key in ("epochs", "size", "stream")] == [4, [5, 4], False]
    assert saved.told["activation"].alpha == 0.5
    assert aezoo.resume("run").model.input_shape == (None, 5, 4, 1)


def test_seconds_of_both():
    class Saved:
        seconds, epochs, stopped = 100.0, 3, False

    resumed = checkpoints.Resumed(Path("run"), Saved(), None)
    assert 100 < Checkpoints(Path("run"), {}, "", resumed).seconds < 101
    assert Checkpoints(Path("run"), {}, "", resumed).first_epoch(9) == 3
    assert Checkpoints(Path("run"), {}, "").first_epoch(9) == 0


class TestAttacks:
    """What strangers found."""

    @pytest.mark.parametrize("by_command", [True, False])
    def test_what_has_no_epoch_left_is_finished(self, monkeypatch, by_command):
        def full(*args):
            raise OSError("no space")

        with monkeypatch.context() as patch:
            patch.setattr(writing, "evaluate", full)
            with pytest.raises(OSError, match="no space"):
                ended("run", UNSTOPPED)
        if by_command:
            result = CliRunner().invoke(app, ["train", "--resume", "run"])
            assert result.exit_code == 0, result.output
        else:
            aezoo.resume("run", callbacks=[End(0)])
        assert "metrics.json" in os.listdir("run")

    def test_ctrl_c_before_it_has_begun_leaves_a_run_as_it_was(self):
        ended("run", 3, error=KeyboardInterrupt)
        before = {name: Path("run", name).read_bytes() for name in WHOLE[1:]}

        class Early(keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            aezoo.resume("run", callbacks=[Early()])
        assert {name: Path("run", name).read_bytes() for name in before} == before
        assert len(aezoo.resume("run").history["loss"]) == SMALL["epochs"]

    @pytest.mark.slow
    def test_runs_of_one_name_are_told_apart(self):
        for seed in (1, 2):
            ended("run", 2, seed=seed)
        with pytest.raises(ValueError, match="give one of run.unfinished, run.unfinished-2"):
            aezoo.resume("run")
        shutil.rmtree("run.unfinished")
        run = aezoo.resume("run")
        assert json.loads((run.folder / "metrics.json").read_text())["training"]["seed"] == 2

    def test_options_that_cannot_be_read_again(self, caplog):
        with pytest.warns(UserWarning, match="lambda"):  # of Keras
            ended("run", 2, activation=lambda x: keras.ops.tanh(x))
        with pytest.raises(ValueError, match="The option activation of this training cannot be"):
            aezoo.resume("run")
        assert "damaged" not in caplog.text

    def test_what_cannot_be_serialized_ends_no_training(self, monkeypatch, caplog):
        def refusing(*args, **how):
            raise TypeError("Cannot serialize")

        monkeypatch.setattr(checkpoints, "json", SimpleNamespace(dumps=refusing))
        with caplog.at_level(logging.WARNING, "aezoo"):
            ended("run", UNSTOPPED)
        assert "No checkpoint of epoch 1: Cannot serialize. The training goes on" in caplog.text
        assert set(WHOLE) <= set(os.listdir("run"))

    def test_one_sample_that_has_changed_in_a_stream(self):
        ended("run", 2, data="rows.npy", stream=True)
        x = np.load("rows.npy")
        x[100] = -x[100]
        np.save("rows.npy", x)
        with pytest.raises(ValueError, match="are not those that"):
            aezoo.resume("run")

    def test_a_sample_of_the_test_split_that_has_changed(self, tmp_path):
        np.savez("s.npz", x_train=np.ones((50, 3)), x_test=np.ones((9, 3)))
        ended("run", 2, data="s.npz")
        np.savez("s.npz", x_train=np.ones((50, 3)), x_test=np.ones((9, 3)) / 2)
        with pytest.raises(ValueError, match="are not those that"):
            aezoo.resume("run")

    def test_from_within_and_by_a_link(self, monkeypatch):
        ended("run", 2)
        os.symlink("run.unfinished", "latest")
        assert aezoo.resume("latest").folder.name == "run"
        with pytest.raises(FileNotFoundError):
            aezoo.resume("/")
        monkeypatch.chdir("run")
        with pytest.raises(FileNotFoundError, match="run has no checkpoint"):
            aezoo.resume(".")

    def test_of_another_version(self):
        ended("run", 2)
        for file in Path("run.unfinished/checkpoints").glob("*.npz"):
            with np.load(file) as saved:
                arrays = dict(saved)
            manifest = json.loads(str(arrays["manifest"]))
            arrays["manifest"] = np.array(json.dumps({**manifest, "format": 2}))
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match="another version of aezoo"):
            aezoo.resume("run")

    def test_a_slow_disk_takes_a_tenth_of_the_time(self, monkeypatch):
        now, written = [0.0], []

        class Clock:
            perf_counter = staticmethod(lambda: now[0])

        def write(self, epoch):
            now[0] += 4
            written.append(epoch)

        monkeypatch.setattr(checkpoints, "time", Clock)
        monkeypatch.setattr(checkpoints, "SECONDS", 10)
        monkeypatch.setattr(checkpoints, "MOST", 9)
        monkeypatch.setattr(Checkpoints, "_write", write)
        callback = Checkpoints(Path("run"), {}, "")
        for epoch in range(60):
            now[0] += 3
            callback.on_epoch_end(epoch)
        assert written == [3, 15, 27, 39, 51]  # after 10 seconds, and then 36 from one to the next

    def test_seconds_of_all_processes(self):
        ended("run", 4)
        assert 0 < newest("run")[1].seconds < 60


class TestCommand:
    def test_goes_on(self):
        whole = ended("whole", UNSTOPPED)
        ended("run", 3)
        result = CliRunner().invoke(app, ["train", "--resume", "run"])
        assert result.exit_code == 0, result.output
        assert "run, test split" in result.output
        assert (whole.folder / "log.csv").read_text() == Path("run/log.csv").read_text()

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["deep", "--resume", "run"], "leave model out"),
            (["--resume", "run", "--epochs", "20"], "leave --epochs out"),
            (["--resume", "run", "-O", "dropout=0"], "leave --option out"),
            ([], "give the name of a model, or --resume RUN"),
            (["--resume", "run"], "There is no folder run"),
        ],
    )
    def test_refusals(self, args, message):
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", *args])
        assert result.exit_code
        assert message in result.output


@pytest.mark.slow
def test_killed_at_any_moment():
    """Real processes, which SIGKILL ends wherever they are."""
    script = (
        "import aezoo, sys\n"
        "from aezoo.training import checkpoints\n"
        "checkpoints.SECONDS = checkpoints.MOST = 0\n"
        "args = sys.argv[1:]\n"
        "how = dict(epochs=25, batch_size=4, latent_dim=2, hidden_units=(8,), dropout=0.1)\n"
        "if args[0] == 'resume': aezoo.resume(args[1])\n"
        "else: aezoo.train('deep', 'x.npy', output=args[1], **how)\n"
    )

    def newest():
        return max(Path("run").glob("checkpoints/*.npz"), default=None)

    def started(*args):
        return subprocess.Popen([sys.executable, "-c", script, *args])

    assert started("train", "whole").wait() == 0
    process, kills = started("train", "run"), 0
    for wait in (0.05, 0.3, 0.7):
        first = newest()
        while newest() == first and process.poll() is None:
            time.sleep(0.01)
        time.sleep(wait)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
        if not os.path.exists("run/metrics.json"):
            process = started("resume", "run")
    assert kills
    assert process.wait() == 0
    assert Path("run/log.csv").read_text() == Path("whole/log.csv").read_text()
    a, b = (keras.saving.load_model(f"{name}/model.keras") for name in ("run", "whole"))
    for x, y in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
