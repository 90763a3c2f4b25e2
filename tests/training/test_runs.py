import csv
import json
import logging
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import aezoo
from aezoo.data import augmentation
from aezoo.training import runs as training

FILES = [
    "history.png",
    "latent.png",
    "log.csv",
    "metrics.json",
    "model.keras",
    "reconstructions.png",
]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def quick(tmp_path, name="run", **kwargs):
    kwargs = {"model": "deep", "epochs": 3, "hidden_units": (32,), **kwargs}
    kwargs = {key: value for key, value in kwargs.items() if value is not None}
    return aezoo.train(output=tmp_path / name, **kwargs)


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C at the start of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_training_images_can_be_shifted(tmp_path, monkeypatch):
    asked = []

    def shifted(images, *args):
        asked.append((len(images), *args))
        return augmentation.shifted(images, *args)

    monkeypatch.setattr(training, "augmentation", SimpleNamespace(shifted=shifted))
    run = quick(tmp_path, "shifted", max_shift=1, batch_size=50, seed=3)
    assert asked == [(1293, 50, 1, 3)]
    again = quick(tmp_path, "again", max_shift=1, batch_size=50, seed=3)
    assert again.metrics["mse"] == pytest.approx(run.metrics["mse"], rel=1e-3)
    assert json.loads((run.folder / "metrics.json").read_text())["training"]["max_shift"] == 1


def test_run_folder(tmp_path):
    run = quick(tmp_path, latent_dim=5, seed=4)
    assert names(run.folder) == FILES
    assert not run.interrupted

    test = aezoo.load_dataset("digits", "test").x
    loaded = keras.saving.load_model(run.folder / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(test), run.model.reconstruct(test), atol=1e-6)
    assert run.metrics["mse"] == pytest.approx(run.model.reconstruction_error(test).mean())

    record = json.loads((run.folder / "metrics.json").read_text())
    assert record["metrics"] == run.metrics
    assert (record["model"], record["latent_dim"]) == ("deep", 5)
    assert record["options"] == {"hidden_units": [32]}
    sizes = {"train": 1293, "validation": 144, "test": 360}
    assert record["data"] == {"source": "digits", "data_dir": None, **sizes}
    assert record["training"]["seed"] == 4
    assert record["training"]["epochs_run"] == 3
    assert record["versions"]["keras"] == keras.__version__

    with open(run.folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == pytest.approx(run.history["loss"])
    rates = [float(row["learning_rate"]) for row in rows]
    base = record["training"]["learning_rate"]
    assert rates == pytest.approx([base, 0.75 * base, 0.25 * base])
    assert float(loaded.optimizer.learning_rate) == pytest.approx(base)


def test_record_repeats_the_run(tmp_path):
    first = quick(tmp_path, "a", model="denoising", backbone="dense")
    record = json.loads((first.folder / "metrics.json").read_text())
    settings = {
        key: record["training"][key] for key in ("epochs", "batch_size", "patience", "seed")
    }
    again = aezoo.train(
        record["model"],
        record["data"]["source"],
        latent_dim=record["latent_dim"],
        learning_rate=record["training"]["learning_rate"],
        output=tmp_path / "b",
        **settings,
        **record["options"],
    )
    assert again.metrics == pytest.approx(first.metrics, rel=1e-4)
    other = quick(tmp_path, "c", model="denoising", backbone="dense", seed=1)
    assert other.metrics["mse"] != pytest.approx(first.metrics["mse"], rel=1e-3)


def test_best_weights_are_kept_and_training_stops(tmp_path):
    run = quick(tmp_path, epochs=40, learning_rate=0.3, patience=2)
    record = json.loads((run.folder / "metrics.json").read_text())["training"]
    losses = run.history["val_loss"]
    assert record["epochs_run"] == len(losses) == record["best_epoch"] + 2 < 40
    assert np.argmin(losses) + 1 == record["best_epoch"]
    train, held_out = training.split_validation(aezoo.load_dataset("digits").x, 0)
    assert run.model.reconstruction_error(held_out).mean() == pytest.approx(min(losses), rel=1e-3)
    assert len(train) + len(held_out) == 1437


@pytest.mark.parametrize("epoch", [0, 2])
def test_interruption_leaves_a_usable_run(tmp_path, epoch):
    run = quick(tmp_path, epochs=9, callbacks=[Interrupt(epoch)])
    assert run.interrupted
    assert names(run.folder) == [f for f in FILES if epoch or f != "history.png"]
    assert keras.saving.load_model(run.folder / "model.keras").latent_shape == (8,)
    record = json.loads((run.folder / "metrics.json").read_text())
    assert record["training"]["interrupted"]
    assert record["training"]["epochs_run"] == epoch
    assert record["training"]["best_epoch"] == (epoch or None)


def test_interruption_keeps_the_best_weights(tmp_path):
    class Spoil(Interrupt):
        """Ruins the weights before it interrupts."""

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == self.epoch:
                self.model.set_weights([w + 9 for w in self.model.get_weights()])
            super().on_epoch_begin(epoch)

    run = quick(tmp_path, epochs=9, callbacks=[Spoil(3)])
    held_out = training.split_validation(aezoo.load_dataset("digits").x, 0)[1]
    best = min(run.history["val_loss"])
    assert run.model.reconstruction_error(held_out).mean() == pytest.approx(best, rel=1e-3)


def test_divergence_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="diverged.*learning rate"):
        quick(tmp_path, epochs=2, learning_rate=1e30)


@pytest.mark.parametrize(
    ("shape", "top", "mode"),
    [
        ((4, 4, 4, 1), 1, None),
        ((8, 8, 1), 1, None),
        ((8, 8, 1), 255, "minmax"),
        ((9, 2), 1, "standard"),
    ],
)
def test_normalization_by_kind_of_data(tmp_path, rng, shape, top, mode):
    np.save(tmp_path / "x.npy", rng.random((30, *shape)) * top)
    run = quick(
        tmp_path, model="conv", data=tmp_path / "x.npy", epochs=1, filters=4, hidden_units=None
    )
    assert (run.model.normalization and run.model.normalization.mode) == mode


def test_tables_are_standardized(tmp_path, rng):
    table = rng.normal(size=(80, 4)) * [1, 10, 100, 1000] + 5
    np.savetxt(tmp_path / "t.csv", table, delimiter=",", header="a,b,c,d", comments="")
    run = quick(tmp_path, data=tmp_path / "t.csv")
    assert run.model.normalization.mode == "standard"
    assert run.metrics["mean_mse"] == pytest.approx(1, rel=0.5)
    assert run.model.latent_shape == (1,)  # at most an eighth of four, and at least one
    assert quick(tmp_path, "b", data=tmp_path / "t.csv", normalization="minmax")


def test_collapse_is_told(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "aezoo"):
        quick(tmp_path, epochs=1, learning_rate=1e-9)
    assert "no better than predicting the mean" in caplog.text


def test_nothing_is_overwritten(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    with pytest.raises(FileExistsError, match="choose another output folder"):
        quick(tmp_path)
    assert names(tmp_path / "run") == []
    monkeypatch.chdir(tmp_path)
    folders = [aezoo.train("vanilla", epochs=1).folder for _ in range(3)]
    assert [str(f) for f in folders] == [f"runs/vanilla-digits{n}" for n in ("", "-2", "-3")]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"model": "dep"}, "Did you mean 'deep'"),
        ({"data": "digit"}, "Did you mean 'digits'"),
        ({"epochs": 0}, "epochs.*0"),
        ({"batch_size": 1.5}, r"batch_size.*1\.5"),
        ({"patience": -1}, "patience.*-1"),
        ({"max_shift": -1}, "max_shift.*-1"),
        ({"max_shift": 1.0}, r"max_shift.*1\.0"),
        ({"max_shift": 8}, "max_shift.*8"),
        ({"learning_rate": -1}, "learning_rate.*-1"),
        ({"latent_dim": 0}, "latent_dim.*0"),
        ({"hiden_units": 3}, "Did you mean 'hidden_units'"),
    ],
)
def test_bad_values_leave_no_folder(tmp_path, kwargs, message):
    with pytest.raises(ValueError, match=message):
        quick(tmp_path, **kwargs)
    assert names(tmp_path) == []


def test_unusable_data_leaves_no_folder(tmp_path):
    np.save(tmp_path / "few.npy", np.zeros((3, 4)))
    np.savez(tmp_path / "odd.npz", x_train=np.zeros((20, 4)), x_test=np.zeros((20, 5)))
    for name, message in (("few.npy", "10 samples"), ("odd.npz", r"\(5,\).*\(4,\)")):
        with pytest.raises(ValueError, match=message):
            quick(tmp_path, data=tmp_path / name)
    assert names(tmp_path) == ["few.npy", "odd.npz"]
