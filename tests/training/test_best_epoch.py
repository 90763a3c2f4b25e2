import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from rich.console import Console

import aezoo
from aezoo.training import best_epoch, checkpoints, runs, splits
from aezoo.training.progress import TrainingProgress


def test_best_weights_are_kept_and_training_stops(quick, undrawn, monkeypatch):
    """An epoch ruins the weights: what follows is worse, and the one before it is the best."""

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.set_weights([w + 9 for w in self.model.get_weights()])

    told = {}
    monkeypatch.setattr(runs, "remarks", lambda metrics, **known: told.update(known) or [])
    run = quick(epochs=40, patience=2, callbacks=[Spoil()])
    assert told == {"stopped_early": True, "has_prior": False}
    record = json.loads((run.folder / "metrics.json").read_text())["training"]
    losses = run.history["val_loss"]
    assert record["epochs_run"] == len(losses) == record["best_epoch"] + 2 == 4
    assert not record["interrupted"]
    assert np.argmin(losses) + 1 == record["best_epoch"]
    assert losses[-1] > 2 * min(losses)
    train, held_out = splits.split_validation(aezoo.load_dataset("digits").x, 0)
    assert run.model.reconstruction_error(held_out).mean() == pytest.approx(min(losses), rel=1e-3)
    assert len(train) + len(held_out) == 1437


@pytest.mark.parametrize("epoch", [0, 2])
def test_interruption_leaves_a_usable_run_of_the_best_weights(quick, interrupt, epoch, monkeypatch):
    monkeypatch.setattr(checkpoints, "SECONDS", 1e9)  # a slow machine would write one
    run = quick(epochs=9, callbacks=[interrupt(epoch, spoil=epoch > 0)])
    assert run.interrupted
    drawn = ["latent.png", "reconstructions.png", *(["history.png"] if epoch else [])]
    files = ["log.csv", "metrics.json", "model.keras", *drawn]
    assert sorted(path.name for path in run.folder.iterdir()) == sorted(files)
    assert keras.saving.load_model(run.folder / "model.keras").latent_shape == (8,)
    record = json.loads((run.folder / "metrics.json").read_text())
    assert record["training"]["interrupted"]
    assert record["training"]["epochs_run"] == epoch
    assert record["training"]["best_epoch"] == (epoch or None)
    if epoch:
        held_out = splits.split_validation(aezoo.load_dataset("digits").x, 0)[1]
        best = min(run.history["val_loss"])
        assert run.model.reconstruction_error(held_out).mean() == pytest.approx(best, rel=1e-3)


def test_a_family_with_a_schedule_of_its_own_follows_it(tmp_path, rng, undrawn, monkeypatch):
    def scheduled(name, shape, latent_dim, **options):
        ae = aezoo.vanilla(shape, latent_dim, **options)
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.5)
        ae.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
        return ae

    monkeypatch.setattr(runs, "build", scheduled)
    np.save(tmp_path / "x.npy", rng.normal(size=(30, 8)))
    options = {"data": tmp_path / "x.npy", "epochs": 2, "batch_size": 100}
    run = aezoo.train("vanilla", output=tmp_path / "run", **options)
    assert float(run.model.optimizer.learning_rate) == pytest.approx(0.01 * 0.5**2)
    record = json.loads((run.folder / "metrics.json").read_text())
    assert record["training"]["learning_rate"] is None
    with pytest.raises(ValueError, match="LearningRateSchedule: leave learning_rate out"):
        aezoo.train("vanilla", output=tmp_path / "b", learning_rate=0.1, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_full_disk_names_the_table(rng):
    ae = aezoo.vanilla(3, 1)
    x = rng.random((8, 3))
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        best_epoch.fit_to_best(
            *(ae, {"x": x}), validation_data=x, log_file="/dev/full", callbacks=(), epochs=1,
            learning_rate=0.1, patience=1,
        )  # fmt: skip


def test_the_bar_is_full_when_a_training_stops_early():
    console = Console(record=True, width=200, file=io.StringIO())
    bar = TrainingProgress(console)
    bar.set_params({"epochs": 9, "steps": 4})
    bar.on_train_begin()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        bar.on_train_batch_end(3)
        bar.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 0.25})
    assert not bar.progress.tasks[0].finished
    assert not bar.trained
    bar.on_train_end()
    bar.stop()
    assert bar.trained
    assert bar.progress.tasks[0].finished
    text = console.export_text()
    assert "Epoch 2/9" in text
    assert "0:00:00 in all" in text
    assert "left" not in text.splitlines()[-1]


def test_the_bar_of_a_time_is_one_for_all_trainings(monkeypatch):
    now = 0.0
    monkeypatch.setattr("aezoo.training.progress.time.perf_counter", lambda: now)
    bar = TrainingProgress(Console(width=200, file=io.StringIO()), minutes=1)
    for begin in (0.0, 30.0):
        now = begin
        bar.set_params({"epochs": 9, "steps": 4})
        bar.on_train_begin()
        bar.on_epoch_begin(0)
        now += 15
        bar.on_train_batch_end(3)
        assert bar.progress.tasks[0].completed == now
        bar.on_train_end()
    assert len(bar.progress.tasks) == 1
    assert not bar.progress.tasks[0].finished
    bar.stop()
    assert bar.progress.tasks[0].finished
