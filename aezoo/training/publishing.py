"""From a run folder to a pretrained model of the zoo, and the proof that it still is one."""

import json
import math
import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from aezoo.data.datasets import is_path, load_dataset, preparation
from aezoo.data.named import is_named
from aezoo.edge import LiteModel
from aezoo.export import ExportError
from aezoo.export.bounds import is_near
from aezoo.export.saved_model import SavedModel
from aezoo.registry import accepts, build, weights
from aezoo.system.files import replacing
from aezoo.training.card import PICTURE, readme
from aezoo.training.exporting import checked_kind, export_to
from aezoo.training.folder import MODEL, load_model, read_record
from aezoo.training.plan import REFINED
from aezoo.training.runs import Run, train
from aezoo.uses import compress, decompress

NOISE = 0.05  # how far the error of a model trained again may be off, relative; seeds give 1 to 3 %
PUBLISHED = ("saved_model", "float32", "int8")
UNCHOSEN = {"linear_path": False, "dropout": 0}  # of cards that say nothing of what train chooses
ARTEFACTS = {  # file, how to open it, how far its error may be off the card's, relative
    "saved_model": (SavedModel, 1e-3),
    "model-float32.tflite": (LiteModel, 1e-3),
    "model-int8.tflite": (LiteModel, 0.03),
}


def publish(
    run: str | os.PathLike,
    destination: str | os.PathLike,
    *,
    exports: Sequence[str] = PUBLISHED,
    note: str = "",
    data_name: str | None = None,
) -> dict[str, Any]:
    """Makes a pretrained model of a run folder.

    The weights are kept in half precision if the test error stays the same to four digits. An int8
    file that loses a per cent and more is fine-tuned, and left out if it is refused. Its README
    says what the file loses on the test split, or why there is none.

    Args:
        run: String or path of a run folder of `aezoo.train`.
        destination: String or path of the folder to write, which must not exist. What its name
            says after the family's is the name of the weights.
        exports: Sequence of what to export, see `export_to`.
        note: String, what else its README is to say of the data.
        data_name: String, what to call data that are a file or folder here. `verify` and `rebuild`
            ask for them then.

    Returns:
        Dictionary, the card.

    Raises:
        FileExistsError: If the destination exists.
        FileNotFoundError: If the run is not complete.
        OSError: If it is damaged.
        ValueError: For an unknown export, if the data has no name, or the model cannot be built
            from its card.
    """
    for kind in exports:
        checked_kind(kind)
    run, destination = Path(run), Path(destination)
    if destination.exists():
        raise FileExistsError(f"{destination} exists already: choose another folder.")
    record = read_record(run)
    data = record["data"]["source"]
    if is_path(data) and data_name is None:
        raise ValueError(
            f"A pretrained model is of a dataset with a name, not of the file {data}: say how to "
            "call that with data_name (--data-name)."
        )
    ae = load_model(run / MODEL)
    data_dir = record["data"].get("data_dir")
    prepared = preparation(record["data"])
    train_set, test_set = (
        load_dataset(data, split, data_dir=data_dir, **prepared) for split in ("train", "test")
    )
    record["data"]["source"] = data_name or data
    again = f"aezoo rebuild {destination.name}" + " --data FOLDER" * (data_name is not None)
    with replacing(destination) as beside:
        beside.mkdir(parents=True)
        _write_weights(ae, beside / weights.FILE, test_set.x)
        told = ""
        for kind in exports:
            if kind == "int8":
                told = _export_int8(beside, ae, train_set.x, test_set.x)
            else:
                export_to(beside, ae, kind, train_set.x, test_set.x)
        shutil.copy(run / PICTURE, beside / PICTURE)
        told_of = (told, note, ae.bottleneck)
        text = readme(record, destination.name, again, *told_of)
        (beside / "README.md").write_text(text, encoding="utf-8")
        for report in beside.glob("*.json"):  # paths inside of this folder, not of this machine
            found = json.loads(report.read_text(encoding="utf-8"))
            report.write_text(
                json.dumps({**found, "path": Path(found["path"]).name}, indent=2) + "\n",
                encoding="utf-8",
            )
        files = sorted(path for path in beside.rglob("*") if path.is_file())
        card = {
            "model": record["model"],
            "data": record["data"]["source"],
            **prepared,
            "input_shape": record["input_shape"],
            "latent_dim": record["latent_dim"],
            "options": record["options"],
            "command": again,
            "samples": {key: record["data"][key] for key in ("train", "validation", "test")},
            "training": record["training"],
            "versions": record["versions"],
            "metrics": record["metrics"],
            "noise": NOISE,
            "files": {path.relative_to(beside).as_posix(): weights.sha256(path) for path in files},
        }
        (beside / weights.CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        build(card["model"], weights=beside)  # or it is of no use
    return card


def verify(
    name: str,
    data_dir: str | os.PathLike | None = None,
    data: str | os.PathLike | None = None,
) -> dict[str, float]:
    """Checks the hashes of a pretrained model, opens every artefact and measures it again.

    Args:
        name: String, a folder of the pretrained models.
        data_dir: String or path, where TensorFlow Datasets keeps its data.
        data: String or path of the data, for a model of data that have no name to load them by.

    Returns:
        Dictionary of each artefact's file to its test error, that of the weights first. Of models
        without a narrow code it is that of noisy samples, to the clean ones. Empty if the data are
        needed and not given: hashes were checked, and no more.

    Raises:
        WeightsError: A `ValueError`, if a file is damaged, or an error is not the card's.
        FileNotFoundError: If there is no such model, or no data.
    """
    card = weights.read_card(weights.folder() / name)
    whole = (card["folder"] / "README.md").exists()  # an installed package has the weights alone
    for file in card["files"] if whole else [weights.FILE]:
        weights.check(card, file)
    ae = build(card["model"], weights=card["folder"])
    data = card["data"] if is_named(card["data"]) else data
    if data is None:
        return {}
    x = load_dataset(data, "test", data_dir=data_dir, **preparation(card)).x
    expected = card["metrics"]["mse"]
    rounded = ae.bottleneck.step is not None
    errors = {weights.FILE: (_own_error(ae, x, x), 1e-3)}
    seen = x if ae.bottleneck.narrow else ae.corrupt(x)
    if rounded or seen is not x:
        # half precision is a larger part of the little that is left of clean samples, or moves
        # codes across an edge
        _refuse_other(name, weights.FILE, errors[weights.FILE][0], 5e-3, expected)
        expected = _error(ae, x, seen)
        errors[weights.FILE] = (expected, 1e-3)
    for file, (opened, tolerance) in ARTEFACTS.items():
        if (card["folder"] / file).exists():
            errors[file] = (_error(opened(card["folder"] / file), x, seen), tolerance)
    for file, (error, tolerance) in errors.items():
        _refuse_other(name, file, error, tolerance, expected)
    return {file: error for file, (error, _) in errors.items()}


def rebuild(
    name: str,
    output: str | os.PathLike,
    data_dir: str | os.PathLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    data: str | os.PathLike | None = None,
) -> Run:
    """Trains a pretrained model again as its card says.

    Args:
        name: String, a folder of the pretrained models.
        output: String or path of the run folder to write, which must not exist.
        data_dir: String or path, where TensorFlow Datasets keeps its data.
        callbacks: Sequence of `keras.callbacks.Callback`.
        data: String or path of the data, for a model of data that have no name to load them by.

    Returns:
        `aezoo.training.Run`.

    Raises:
        WeightsError: A `ValueError`, if the error is further off the card's than its noise.
        FileNotFoundError: If there is no such model, or no data.
    """
    card = weights.read_card(weights.folder() / name)
    if data is None and not is_named(card["data"]):
        raise FileNotFoundError(
            f"{name} was trained on {card['data']}, which are not to be loaded by a name: give "
            "their folder with data (--data)."
        )
    settings = (
        *("epochs", "batch_size", "learning_rate", "patience"),
        *("max_shift", "flip", "turn", "precision", "quantize_aware", "seed"),
    )
    trained = {"max_shift": 0, "flip": False, **card["training"]}
    if "minutes" in trained:  # its epochs were as many as there was time for
        settings = ("minutes", *settings[1:])
    unchosen = {key: no for key, no in UNCHOSEN.items() if accepts(card["model"], key)}
    if card["model"] in REFINED and len(card["input_shape"]) == 3:
        unchosen["refinement"] = 0
    run = train(
        card["model"],
        data or card["data"],
        latent_dim=card["latent_dim"],
        output=output,
        data_dir=data_dir,
        callbacks=callbacks,
        **preparation(card),
        **{key: trained[key] for key in settings if key in trained},
        **{**unchosen, **card["options"]},
    )
    expected, error = card["metrics"]["mse"], run.metrics["mse"]
    if not run.interrupted and not math.isclose(error, expected, rel_tol=card["noise"]):
        raise weights.WeightsError(
            f"Trained again, {name} has the test error {error:.6f}; its card says {expected:.6f} "
            f"with a noise of {card['noise']:.0%}."
        )
    return run


def _write_weights(ae, path, x):
    """The weights alone, in half precision where that makes no difference to four digits."""
    whole = path.with_name("whole.weights.h5")
    ae.save_weights(whole)
    seen = x if ae.bottleneck.narrow else ae.corrupt(x)
    before = _own_error(ae, x, seen)
    for half in (True, False):
        with h5py.File(whole) as source, h5py.File(path, "w") as target:

            def copy(key, item, target=target, half=half):
                if isinstance(item, h5py.Dataset) and not key.startswith("optimizer/"):
                    values = item[()]
                    narrow = half and values.dtype == "float32"
                    kind = "float16" if narrow else values.dtype
                    target.create_dataset(key, data=values.astype(kind))
                elif isinstance(item, h5py.Group) and not key.startswith("optimizer"):
                    target.require_group(key)

            source.visititems(copy)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras misses the optimizer's state
            ae.load_weights(path)
        after = _own_error(ae, x, seen)
        if f"{after:.4g}" == f"{before:.4g}":
            break
    whole.unlink()


def _error(opened, x, seen):
    """The mean error of an artefact, or of what it makes of noisy samples."""
    if seen is x:
        score = getattr(opened, "score", None) or opened.reconstruction_error
        return float(np.mean(score(x)))
    return float(np.mean(np.square(opened.reconstruct(seen) - x)))


def _own_error(ae, x, seen):
    """The mean error of a model; of one whose codes are rounded that of samples compressed."""
    if ae.bottleneck.step is None:
        return _error(ae, x, seen)
    rebuilt = decompress(compress(ae, x), ae)
    return float(np.mean(np.square(ae.normalize(rebuilt) - ae.normalize(x))))


def _refuse_other(name, file, error, tolerance, expected):
    if not math.isclose(error, expected, rel_tol=tolerance):
        raise weights.WeightsError(
            f"{name}/{file} has the test error {error:.6f}, its card says {expected:.6f}."
        )


def _export_int8(folder, ae, x_train, x_test):
    """Exports a model in int8, fine-tuned unless near as it is. Returns what a README says."""
    said = refusal = ""
    seen = x_test if ae.bottleneck.narrow else ae.corrupt(x_test)
    before = _error(ae, x_test, seen)
    for fine_tune in (False, True):
        try:
            report = export_to(folder, ae, "int8", x_train, x_test, fine_tune)
        except ExportError as error:
            refusal = str(error).partition(". ")[0].rstrip(".")
            continue
        except ValueError:  # of what cannot be fine-tuned
            if not fine_tune:
                raise
            continue
        after = _error(LiteModel(report.path), x_test, seen)
        how = ", after fine-tuning for it" if fine_tune else ""
        said = f"In int8 its error changes by {after / before - 1:+.1%}{how}."
        if is_near(report):
            break
    return said or f"There is no file in int8, which was refused: {refusal}."
