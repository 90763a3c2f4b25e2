"""Detectors in folders: the model, and what makes a detector of it, each known by its hash."""

import json
import numbers
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.columns import Columns
from aezoo.data.limits import arrays_of
from aezoo.edge import LiteModel, Scoring
from aezoo.edge.scoring import check_scoring
from aezoo.registry import weights
from aezoo.registry.loading import load_model
from aezoo.system.files import replacing
from aezoo.system.quiet import native_output_discarded

VERSION = 1
RECORD, ARRAYS = "detector.json", "detector.npz"
MODELS = {"keras": "model.keras", "tflite": "model.tflite"}
PREFIX = "detector-"  # of the folders beside the pretrained models
GIVEN = "(given)"  # in place of a model that the user brought


def save(detector: Any, path: str | os.PathLike) -> None:
    """Writes a detector into a folder.

    Args:
        detector: `aezoo.AnomalyDetector`, fitted.
        path: String or path of the folder.

    Raises:
        FileExistsError: If it exists.
    """
    with replacing(new_folder(path)) as folder:
        folder.mkdir()
        model = detector.model_
        if isinstance(model, LiteModel):
            file = folder / MODELS["tflite"]
            file.write_bytes(model.content)
        else:
            file = folder / MODELS["keras"]
            model.save(file)
        arrays = {
            **detector.scoring_._asdict(),
            "calibration_scores": detector.calibration_scores_,
            "calibration_weights": detector.calibration_weights_,
        }
        kept = {key: value for key, value in arrays.items() if value is not None}
        np.savez(folder / ARRAYS, **kept)
        record = {
            "version": VERSION,
            "class": type(detector).__name__,
            "parameters": parameters(detector),
            "threshold": float(detector.threshold_),
            "false_alarm_rate": detector.false_alarm_rate_,
            "threshold_error": detector.threshold_error_,
            "calibrated": detector.calibrated_,
            "columns": detector.columns_.to_config(),
            "sha256": {name: weights.sha256(folder / name) for name in (file.name, ARRAYS)},
        }
        text = json.dumps(record, indent=2)
        (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def load(kind: type, path: str | os.PathLike) -> Any:
    """Reads a detector that `save` wrote.

    Args:
        kind: `aezoo.AnomalyDetector`, or a subclass.
        path: String or path of the folder, or the name of a pretrained detector.

    Returns:
        The detector, fitted.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file is damaged, or of another detector.
    """
    folder = _found(path)
    record = read_record(folder / RECORD, VERSION, (ARRAYS, *MODELS.values()))
    if record["class"] != kind.__name__:
        name = "TimeSeriesDetector" if record["class"] == "OfSurprises" else record["class"]
        raise ValueError(f"{folder} holds a {name}, not a {kind.__name__}: load it with that.")
    try:
        return _restored(kind, folder, record)
    except Exception as error:  # of Keras, zipfile, NumPy, or a record that was changed
        raise ValueError(f"{folder} cannot be read as a detector: {error}") from error


def pretrained() -> dict[str, Path]:
    """Detectors that come with the package.

    Returns:
        Dictionary of names, such as `"ecg5000"`, to folders.
    """
    folders = sorted(weights.folder().glob(f"{PREFIX}*/{RECORD}"))
    return {file.parent.name.removeprefix(PREFIX): file.parent for file in folders}


def new_folder(path: str | os.PathLike) -> Path:
    """The path of a folder to write.

    Args:
        path: String or path.

    Returns:
        `pathlib.Path`.

    Raises:
        FileExistsError: If it exists.
    """
    path = Path(path)
    if os.path.lexists(path):
        raise FileExistsError(f"{path} exists. Remove it, or choose another name.")
    return path


def parameters(detector: Any) -> dict[str, Any]:
    """Arguments of a detector as JSON can hold them.

    Args:
        detector: scikit-learn estimator.

    Returns:
        Dictionary, with `"(given)"` for a model that the user brought, and `None` for a generator.
    """
    return {name: _plain(name, value) for name, value in detector.get_params(deep=False).items()}


def read_record(file: Path, version: int, files: Sequence[str]) -> dict[str, Any]:
    """Reads a record, and compares the files that it names with their hashes in it.

    Args:
        file: Path of the record.
        version: Integer, the format that it must be of.
        files: Strings, the names of files that it may know, in its folder. Of a hash without a
            name the first is meant.

    Returns:
        Dictionary.

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If one is damaged, or of another record, or the format is another.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        found, hashes = record["version"], record["sha256"]
        hashes = {files[0]: hashes} if isinstance(hashes, str) else dict(hashes)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged: {error!r}") from error
    if found != version:
        raise ValueError(
            f"{file.parent} is of format {found}, and this version of aezoo reads {version}."
        )
    for name, expected in hashes.items():
        if name not in files:
            raise ValueError(f"{file} names a file that no detector has: {name!r}")
        named = file.with_name(name)
        if not named.is_file():
            raise FileNotFoundError(f"There is no {named}, which {file.name} names.")
        if weights.sha256(named) != expected:
            raise ValueError(
                f"{named} is damaged, or of another detector than {file.name}: they belong "
                "together."
            )
    return record


def _found(path):
    folder = Path(path)
    if (folder / RECORD).is_file():
        return folder
    known = pretrained()
    if not folder.exists() and str(path) in known:
        return known[str(path)]
    raise FileNotFoundError(
        f"There is no detector in {folder}: expected {RECORD} there, or the name of a pretrained "
        f"one: {', '.join(known) or 'there are none'}."
    )


def _restored(kind, folder, record):
    tflite = MODELS["tflite"] in record["sha256"]
    if tflite:
        model = LiteModel(folder / MODELS["tflite"])
    else:
        with native_output_discarded():
            model = load_model(folder / MODELS["keras"])
    arrays = arrays_of(folder / ARRAYS)
    detector = kind(**record["parameters"])
    if record["parameters"]["model"] == GIVEN:
        detector.model = model
    detector.model_ = model
    detector.columns_ = Columns.from_config(record["columns"], owner=detector)
    arrays["neighbors"] = int(arrays["neighbors"])
    detector.scoring_ = Scoring(*(arrays[name] for name in Scoring._fields))
    check_scoring(detector.scoring_)
    scores, counts = arrays["calibration_scores"], arrays.get("calibration_weights")
    for values in (scores, scores if counts is None else counts):
        if values.shape != (len(scores),) or values.dtype.kind not in "fiu":
            raise ValueError(f"its calibration is {values.dtype} of shape {values.shape}")
    detector.calibration_scores_, detector.calibration_weights_ = scores, counts
    detector.calibrated_ = bool(record["calibrated"])
    detector.threshold_ = float(record["threshold"])
    detector.threshold_error_ = float(record.get("threshold_error", 0.0))
    detector.false_alarm_rate_ = float(record.get("false_alarm_rate", detector.false_alarm_rate))
    return detector


def _plain(name, value):
    if isinstance(value, (Autoencoder, LiteModel)):
        return GIVEN
    if name == "random_state" and not isinstance(value, numbers.Integral):
        return None  # a generator has gone on since
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return value.item() if hasattr(value, "item") else str(value)
