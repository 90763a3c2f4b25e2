"""From a model's name and some data to a folder with the trained model and its figures."""

import itertools
import json
import logging
import math
import platform
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import train_test_split

from aezoo import export, plots
from aezoo.autoencoder import Autoencoder
from aezoo.data import augmentation
from aezoo.data.datasets import is_path, load_dataset
from aezoo.evaluation import evaluate, remarks
from aezoo.models import build
from aezoo.registry import accepts
from aezoo.system.files import replacing
from aezoo.system.quiet import native_output_discarded

VALIDATION_FRACTION = 0.1
STEPS = 6000  # updates after which the default networks have settled, on digits and on MNIST
PACKAGES = ("aezoo", "keras", "tensorflow", "tensorflow-datasets", "scikit-learn", "numpy")
EXPORTS = ("saved_model", "onnx", "float32", "float16", "dynamic", "int8", "micro")
PICTURED = 5000  # codes in the latent picture

log = logging.getLogger("aezoo")


@dataclass(frozen=True)
class Run:
    """What `train` returns.

    Attributes:
        model: The trained `aezoo.Autoencoder`, with the weights of its best epoch.
        metrics: Dictionary from `aezoo.evaluate`, on the test split.
        history: Dictionary of lists by epoch: `loss`, `val_loss`, `learning_rate`.
        folder: `pathlib.Path` of the run folder.
        interrupted: Boolean, whether Ctrl-C ended the training early.
    """

    model: Autoencoder
    metrics: dict
    history: dict
    folder: Path
    interrupted: bool


def train(
    model="conv",
    data="digits",
    *,
    latent_dim=None,
    epochs=None,
    batch_size=None,
    learning_rate=None,
    patience=20,
    max_shift=0,
    seed=0,
    output=None,
    data_dir=None,
    callbacks=(),
    exports=(),
    **options,
):
    """Trains a model of the zoo, measures it on the test split and writes a run folder.

    The learning rate falls along a half cosine to zero. A tenth of the training split is kept for
    validation: it decides which epoch's weights are kept. The test split decides nothing.

    Args:
        model: String, one of `aezoo.list_models()`.
        data: String or path, see `aezoo.load_dataset`.
        latent_dim: Positive integer, how many numbers a code has. Default: an eighth of the
            numbers in a sample, at most 32.
        epochs: Positive integer. Default: as many as make about 6,000 updates.
        batch_size: Positive integer. Default: 128, or 32 for fewer than 10,000 samples.
        learning_rate: Positive float, where the learning rate starts. Default: the model's own.
        patience: Positive integer, the epochs without a better validation loss after which the
            training stops.
        max_shift: Integer, 0 or more: move each training image by up to so many pixels, anew in
            each epoch, see `aezoo.augmentation.shifted`.
        seed: Integer, of the weights, the order of samples and the noise.
        output: String or path of the run folder, which must not exist. Default: a new folder
            `runs/MODEL-DATA`, numbered if that exists.
        data_dir: String or path, where TensorFlow Datasets keeps its data.
        callbacks: Sequence of `keras.callbacks.Callback`.
        exports: Sequence of what to export into the folder, see `export_to`.
        **options: The model's options. `normalization` is `"standard"` by default for vectors and
            signals, and `"minmax"` for images and volumes that are not in [0, 1].

    Returns:
        A `Run`. The folder holds `model.keras`, `log.csv`, `metrics.json`, `history.png`,
        `reconstructions.png` and `latent.png`.

    Raises:
        ValueError: For an unknown model or option, a value out of its range, or unusable data.
        FileNotFoundError: If the data cannot be found.
        FileExistsError: If the output folder exists.
        OSError: If the output folder cannot be written.
        RuntimeError: If the training diverges.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = aezoo.train("vanilla", "digits", epochs=2, output=f"{folder}/run")
    ...     sorted(path.name for path in run.folder.iterdir())
    ['history.png', 'latent.png', 'log.csv', 'metrics.json', 'model.keras',
     'reconstructions.png']
    """
    given = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    for name, value in given.items():
        if value is not None and (value != int(value) or value < 1):
            raise ValueError(f"{name} must be a positive integer. Received: {value!r}")
    if not hasattr(max_shift, "__index__") or max_shift < 0:
        raise ValueError(f"max_shift must be an integer, 0 or more. Received: {max_shift!r}")
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be a positive number. Received: {learning_rate!r}")
    for kind in exports:
        _checked_kind(kind)
    if output is not None and Path(output).exists():
        raise _exists(output)

    train_set = load_dataset(data, "train", data_dir=data_dir)
    test_set = load_dataset(data, "test", data_dir=data_dir)
    shape = train_set.x.shape[1:]
    if test_set.x.shape[1:] != shape:
        raise ValueError(
            f"The samples of the test split are {test_set.x.shape[1:]}, those of the training "
            f"split {shape}."
        )
    if len(train_set.x) < 10:
        raise ValueError(f"Training needs 10 samples or more. Received: {len(train_set.x)}")
    scaled = len(shape) >= 3 and train_set.x.min() >= 0 and train_set.x.max() <= 1
    if not scaled and accepts(model, "normalization"):
        options = {"normalization": "minmax" if len(shape) >= 3 else "standard", **options}
    if latent_dim is None:
        latent_dim = min(32, max(1, math.prod(shape) // 8))
    keras.utils.set_random_seed(seed)
    ae = build(model, shape, latent_dim, **options)

    fitted, held_out = split_validation(train_set.x, seed)
    sizes = {"train": len(fitted), "validation": len(held_out), "test": len(test_set.x)}
    batch_size = batch_size or (128 if len(fitted) >= 10_000 else 32)
    settings = {
        "epochs": epochs or max(1, round(STEPS / math.ceil(len(fitted) / batch_size))),
        "batch_size": batch_size,
        "learning_rate": learning_rate or float(ae.optimizer.learning_rate),
        "patience": patience,
        "max_shift": max_shift,
    }
    fed = {"x": fitted, "batch_size": batch_size}
    if max_shift:
        fed["x"] = augmentation.shifted(fitted, fed.pop("batch_size"), max_shift, seed)
        fed["validation_batch_size"] = batch_size
    folder = _new_folder(output, f"{model}-{train_set.name}")
    begin = time.perf_counter()
    history, outcome = _fit(
        ae,
        fed,
        validation_data=held_out,
        log_file=folder / "log.csv",
        callbacks=callbacks,
        **{key: settings[key] for key in ("epochs", "learning_rate", "patience")},
    )
    del fitted, held_out, fed  # copies of the training split, which the baseline has no use for
    if not all(np.isfinite(weight).all() for weight in ae.get_weights()):
        raise RuntimeError(
            "The training diverged: the loss became infinite or NaN. Lower the learning rate (it "
            f"was {settings['learning_rate']:g})."
        )
    outcome["seconds"] = round(time.perf_counter() - begin, 1)
    with replacing(folder / "model.keras") as path:
        ae.save(path)

    metrics = evaluate(ae, test_set.x, train_set.x)
    for remark in remarks(metrics):
        log.warning(remark)
    _write_json(
        folder / "metrics.json",
        {
            "model": model,
            "input_shape": shape,
            "latent_dim": latent_dim,
            "options": options,
            "data": {
                "source": str(Path(data).resolve()) if is_path(data) else str(data),
                "data_dir": data_dir and str(Path(data_dir).resolve()),
                **sizes,
            },
            "training": {**settings, "seed": seed, **outcome},
            "versions": {
                "python": platform.python_version(),
                **{name: metadata.version(name) for name in PACKAGES},
            },
            "metrics": metrics,
        },
    )
    _draw(folder, ae, history, test_set)
    for kind in exports:
        export_to(folder, ae, kind, train_set.x, test_set.x)
    return Run(ae, metrics, history, folder, outcome["interrupted"])


def export_to(folder, ae, kind, x_train, x_test):
    """Exports a model into a folder, calibrated on the training and compared on the test split.

    Args:
        folder: `pathlib.Path` of the folder.
        ae: `aezoo.Autoencoder`, trained.
        kind: String, `"saved_model"`, `"onnx"`, a precision of TFLite, which is `"float32"`,
            `"float16"`, `"dynamic"` or `"int8"`, or `"micro"` for microcontrollers.
        x_train: Array of shape `(n, *input_shape)`.
        x_test: Array of shape `(m, *input_shape)`.

    Returns:
        `aezoo.ExportReport`.

    Raises:
        ValueError: For another kind, or what the exports raise.
    """
    _checked_kind(kind)
    with native_output_discarded():
        if kind == "saved_model":
            return export.export_saved_model(ae, folder / kind, samples=x_test)
        if kind == "onnx":
            return export.export_onnx(ae, folder / "model.onnx", samples=x_test)
        micro = kind == "micro"
        return export.export_tflite(
            ae,
            folder / (kind if micro else f"model-{kind}.tflite"),
            quantize={"float32": None, "micro": "int8"}.get(kind, kind),
            target="micro" if micro else None,
            calibration_data=x_train,
            samples=x_test,
        )


def _checked_kind(kind):
    if kind not in EXPORTS:
        raise ValueError(f"An export is one of {', '.join(EXPORTS)}. Received: {kind!r}")


def split_validation(x, seed):
    """The part of the training split that is trained on, and the part that decides when to stop.

    Args:
        x: Array of shape `(n, ...)`, the training split.
        seed: Integer, the run's seed.

    Returns:
        A pair of arrays, nine tenths and one tenth of the samples.
    """
    return train_test_split(x, test_size=VALIDATION_FRACTION, random_state=seed)


def _fit(ae, data, *, validation_data, log_file, callbacks, epochs, learning_rate, patience):
    """Trains to the best epoch. Returns the history and what became of the plan."""
    history = keras.callbacks.History()
    table = keras.callbacks.CSVLogger(log_file)
    best = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
    )
    interrupted = False
    try:
        ae.fit(
            **data,
            validation_data=validation_data,
            epochs=epochs,
            verbose=0,
            callbacks=[schedule, history, table, best, *callbacks],
        )
    except KeyboardInterrupt:
        interrupted = True
        if table.csv_file:
            table.on_train_end()
        if best.best_weights is not None:
            ae.set_weights(best.best_weights)
    ae.optimizer.learning_rate = learning_rate  # a loaded model can be trained further
    outcome = {
        "epochs_run": len(history.history.get("loss", [])),
        "best_epoch": best.best_epoch + 1 if history.history else None,
        "interrupted": interrupted,
    }
    return history.history, outcome


def _draw(folder, ae, history, test_set):
    x = test_set.x[:PICTURED]
    corrupted = ae.corrupt(x[:8]) if ae.corruption else None
    rebuilt = ae.reconstruct(x[:8] if corrupted is None else corrupted)
    labels = None if test_set.y is None else test_set.y[:PICTURED]
    figures = {
        "reconstructions.png": plots.reconstructions(x[:8], rebuilt, corrupted),
        "latent.png": plots.latent(ae.encode(x), labels),
    }
    if history.get("loss"):
        figures["history.png"] = plots.history(history)
    for name, figure in figures.items():
        with replacing(folder / name) as path:
            figure.savefig(path, dpi=120)


def _new_folder(output, name):
    if output is not None:
        folders = [Path(output)]
    else:
        numbered = (f"{name}-{i}" for i in itertools.count(2))
        folders = (Path("runs") / n for n in itertools.chain([name], numbered))
    for folder in folders:
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(
                f"The run folder {folder} cannot be made ({error.strerror}): choose another output "
                "folder."
            ) from error
    raise _exists(output)


def _exists(output):
    return FileExistsError(f"{output} exists already: choose another output folder.")


def _write_json(path, record):
    with replacing(path) as beside:
        text = json.dumps(record, indent=2, default=keras.saving.serialize_keras_object)
        beside.write_text(text + "\n", encoding="utf-8")
