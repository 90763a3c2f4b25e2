import csv
import errno
import json
import logging
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import aezoo
from aezoo.data import augmentation
from aezoo.training import attempts, writing
from aezoo.training import runs as training

FILES = [
    "history.png",
    "latent.png",
    "log.csv",
    "metrics.json",
    "model.keras",
    "reconstructions.png",
    "report.html",
]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A run of a denoising model, and what the functions were handed that make it up."""
    handed = {}

    def export_to(folder, ae, kind, x_train, x_test):
        handed[kind] = (folder, names(folder), x_train, x_test)
        return f"report of {kind}"

    draw = writing.plots.reconstructions

    def reconstructions(*args):
        handed["picture"] = args
        return draw(*args)

    def shifted(images, *args):
        handed["shifted"] = (len(images), *args)
        return augmentation.shifted(images, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("first"))
        patch.setattr(training, "export_to", export_to)
        patch.setattr(writing.plots, "reconstructions", reconstructions)
        patch.setattr(attempts, "augmentation", SimpleNamespace(shifted=shifted))
        options = {"backbone": "dense", "hidden_units": (32,), "exports": ("int8", "onnx")}
        options |= {"max_shift": 1, "batch_size": 50}
        run = aezoo.train("denoising", epochs=3, latent_dim=5, seed=4, **options)
        assert str(run.folder) == "runs/denoising-digits"
        folder = run.folder.resolve()
    return SimpleNamespace(run=run, folder=folder, handed=handed)


@pytest.fixture
def stopped(monkeypatch):
    """Trains not at all: the model, as it would be trained."""

    class StopError(Exception):
        pass

    def train(*args, **kwargs):
        def stop(ae, *args, **kwargs):
            raise StopError(ae)

        monkeypatch.setattr(attempts, "fit_to_best", stop)
        with pytest.raises(StopError) as stopped:
            aezoo.train(*args, **kwargs)
        return stopped.value.args[0]

    return train


def test_run_folder(first):
    run, folder = first.run, first.folder
    assert names(folder) == FILES
    assert not run.interrupted

    test = aezoo.load_dataset("digits", "test").x
    loaded = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(test), run.model.reconstruct(test), atol=1e-6)
    assert run.metrics["mse"] == pytest.approx(run.model.reconstruction_error(test).mean())

    record = json.loads((folder / "metrics.json").read_text())
    assert record["metrics"] == run.metrics
    assert (record["model"], record["latent_dim"]) == ("denoising", 5)
    chosen = {"linear_path": True, "dropout": 0.1}
    assert record["options"] == {"backbone": "dense", "hidden_units": [32], **chosen}
    sizes = {"train": 1293, "validation": 144, "test": 360}
    assert record["data"] == {"source": "digits", "data_dir": None, **sizes}
    assert record["training"]["seed"] == 4
    assert record["training"]["epochs_run"] == 3
    assert record["versions"]["keras"] == keras.__version__

    with open(folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == pytest.approx(run.history["loss"])
    rates = [float(row["learning_rate"]) for row in rows]
    base = record["training"]["learning_rate"]
    assert rates == pytest.approx([base, 0.75 * base, 0.25 * base])
    assert float(loaded.optimizer.learning_rate) == pytest.approx(base)


def test_the_picture_of_a_denoising_run_shows_corrupted_samples_and_what_becomes_of_them(first):
    x, rebuilt, corrupted = first.handed["picture"]
    np.testing.assert_array_equal(x, aezoo.load_dataset("digits", "test").x[:8])
    assert np.abs(corrupted - x).mean() > 0.05
    np.testing.assert_allclose(rebuilt, first.run.model.reconstruct(corrupted), atol=1e-5)


def test_exports_are_calibrated_on_the_training_split_when_the_run_is_whole(first):
    assert first.run.exports == {kind: f"report of {kind}" for kind in ("int8", "onnx")}
    for kind in ("int8", "onnx"):
        folder, present, x_train, x_test = first.handed[kind]
        assert (folder, [*present, "report.html"]) == (first.run.folder, FILES)
        np.testing.assert_array_equal(x_train, aezoo.load_dataset("digits").x)
        np.testing.assert_array_equal(x_test, aezoo.load_dataset("digits", "test").x)


def test_record_repeats_the_run(first, tmp_path, undrawn, stopped):
    record = json.loads((first.folder / "metrics.json").read_text())
    kept = ("epochs", "batch_size", "learning_rate", "patience", "max_shift", "flip", "seed")
    settings = {key: record["training"][key] for key in kept} | record["options"]
    settings |= {"model": record["model"], "data": record["data"]["source"]}
    settings["latent_dim"] = record["latent_dim"]
    again = aezoo.train(output=tmp_path / "again", **settings)
    assert again.metrics == pytest.approx(first.run.metrics, rel=1e-4)

    settings["output"] = tmp_path / "other"
    begun, same, other = (stopped(**{**settings, "seed": seed}).get_weights() for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(begun, same, strict=True))
    drawn = [a.ndim == 2 and np.any(a) for a in begun]  # others start at 0
    assert not any(
        same and np.array_equal(a, b) for same, a, b in zip(drawn, begun, other, strict=True)
    )


def test_training_images_can_be_shifted(first):
    assert first.handed["shifted"] == (1293, 50, 1, 4, False, False, 0)
    record = json.loads((first.folder / "metrics.json").read_text())["training"]
    assert (record["max_shift"], record["batch_size"]) == (1, 50)


@pytest.mark.parametrize("failure", ["divergence", "disk", "second Ctrl-C", "export"])
def test_failures_leave_the_name_of_the_folder_free(
    tmp_path, rng, quick, undrawn, monkeypatch, caplog, failure
):
    x = rng.normal(size=(40, 8)) if failure == "divergence" else rng.random((40, 4, 4, 1))
    np.save(tmp_path / "x.npy", x)
    options = {"data": tmp_path / "x.npy", "model": "vanilla", "hidden_units": None, "epochs": 2}
    kept = ["log.csv", "model.keras"]

    def fit_to_best(ae, data, *, log_file, **settings):
        log_file.write_text("epoch,loss")
        return {}, {"epochs_run": 2, "best_epoch": 2, "interrupted": False}

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    def interrupted(*args):
        raise KeyboardInterrupt

    def refuse(*args):
        raise aezoo.ExportError("It is refused")

    if failure == "divergence":
        options["learning_rate"] = 1e30
        expected, match, kept = RuntimeError, "diverged.*learning rate", ["log.csv"]
    else:
        monkeypatch.setattr(attempts, "fit_to_best", fit_to_best)
    if failure == "disk":
        monkeypatch.setattr(aezoo.Autoencoder, "save", full)
        expected, match = OSError, r"No space left on device: '.*run/model\.keras'"
        kept = ["log.csv"]
    elif failure == "second Ctrl-C":
        monkeypatch.setattr(writing, "evaluate", interrupted)
        expected, match = KeyboardInterrupt, None
    elif failure == "export":
        options["exports"] = ["int8"]
        monkeypatch.setattr(training, "export_to", refuse)
        expected, match = aezoo.ExportError, "refused"
    with caplog.at_level(logging.WARNING, "aezoo"), pytest.raises(expected, match=match):
        quick("run", **options)
    if failure == "export":
        assert set(names(tmp_path / "run")) >= {"model.keras", "metrics.json"}
        assert "is whole, but for the export in int8" in caplog.text
    else:
        assert names(tmp_path) == ["run.unfinished", "x.npy"]
        assert names(tmp_path / "run.unfinished") == kept
        assert f"What there is of it is in {tmp_path / 'run.unfinished'}" in caplog.text


@pytest.mark.parametrize(
    ("shape", "top", "options", "mode"),
    [
        ((4, 4, 4, 1), 1, {}, None),
        ((8, 8, 1), 1, {}, None),
        ((8, 8, 1), 255, {}, "minmax"),
        ((9, 2), 1, {"normalization": "minmax"}, "minmax"),
        ((9, 2), 1, {}, "standard"),
    ],
)
def test_normalization_by_kind_of_data(tmp_path, rng, stopped, shape, top, options, mode):
    np.save(tmp_path / "x.npy", rng.random((30, *shape)) * top)
    options = {"data": tmp_path / "x.npy", "filters": 4, "output": tmp_path / "run", **options}
    ae = stopped("conv", **options)
    assert (ae.normalization and ae.normalization.mode) == mode
    assert names(tmp_path) == ["x.npy"]


def test_tables_are_standardized(tmp_path, rng, quick, stopped, undrawn, caplog):
    table = rng.normal(size=(80, 4)) * [1, 10, 100, 1000] + 5
    np.savetxt(tmp_path / "t.csv", table, delimiter=",", header="a,b,c,d", comments="")
    with caplog.at_level(logging.WARNING, "aezoo"):
        options = {"model": "vanilla", "hidden_units": None, "epochs": 1, "learning_rate": 1e-9}
        options["linear_path"] = False  # which starts far below the mean
        run = quick(data=tmp_path / "t.csv", **options)
    assert "no better than predicting the mean" in caplog.text
    assert run.model.normalization.mode == "standard"
    assert run.metrics["mean_mse"] == pytest.approx(1, rel=0.5)
    assert run.model.latent_shape == (1,)  # at most an eighth of four, and at least one
    options = {"data": tmp_path / "t.csv", "output": tmp_path / "b", "normalization": "minmax"}
    assert stopped("vanilla", **options).normalization.mode == "minmax"


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
        ({"flip": "no"}, "flip must be True or False.*'no'"),
        ({"max_shift": 8}, "max_shift.*8"),
        ({"turn": "yes"}, "turn must be True or False.*'yes'"),
        ({"turn": True, "data": "wide"}, r"turn is for square images.*\(2, 6, 1\)"),
        ({"precision": "half"}, "'float32' or 'bfloat16'.*'half'"),
        ({"learning_rate": -1}, "learning_rate.*-1"),
        ({"latent_dim": 0}, "latent_dim.*0"),
        ({"hiden_units": 3}, "Did you mean 'hidden_units'"),
        ({"input_shape": 8}, "input_shape is that of the data"),
        ({"exports": ["int2"]}, "'int2'"),
    ],
)
def test_bad_values_leave_no_folder(tmp_path, quick, kwargs, message):
    if kwargs.get("data") == "wide":
        np.save(tmp_path.parent / "wide.npy", np.random.default_rng(0).random((30, 2, 6, 1)))
        kwargs = {**kwargs, "data": tmp_path.parent / "wide.npy"}
    with pytest.raises(ValueError, match=message):
        quick(**kwargs)
    assert names(tmp_path) == []


def test_unusable_data_leaves_no_folder(tmp_path, quick):
    np.save(tmp_path / "few.npy", np.zeros((3, 4)))
    np.savez(tmp_path / "odd.npz", x_train=np.zeros((20, 4)), x_test=np.zeros((20, 5)))
    for name, message in (("few.npy", "10 samples"), ("odd.npz", r"\(5,\).*\(4,\)")):
        with pytest.raises(ValueError, match=message):
            quick(data=tmp_path / name)
    assert names(tmp_path) == ["few.npy", "odd.npz"]


@pytest.mark.parametrize(("window", "stride"), [(8, 3), (8, 1), (8, None), (8, 9)])
def test_validation_has_no_step_of_the_training(tmp_path, monkeypatch, window, stride):
    np.save(tmp_path / "r.npy", np.arange(400))
    kept = []

    def fit_to_best(ae, fed, validation_data, **kwargs):
        kept.extend([fed["x"], validation_data])
        raise ValueError("enough")

    monkeypatch.setattr(attempts, "fit_to_best", fit_to_best)
    cut = {"window": window, "stride": stride}
    with pytest.raises(ValueError, match="enough"):
        aezoo.train("deep", tmp_path / "r.npy", **cut, output=tmp_path / "run")
    fitted, held_out = (set(x.ravel().tolist()) for x in kept)
    assert fitted
    assert not fitted & held_out
    every = aezoo.load_dataset(tmp_path / "r.npy", **cut).x
    assert len(kept[1]) == -(-len(every) // 10)
