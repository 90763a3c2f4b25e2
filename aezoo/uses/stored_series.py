"""Detectors of recordings in folders: that of their windows, and how windows are made."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from aezoo.registry import weights
from aezoo.system.files import replacing
from aezoo.uses import stored
from aezoo.uses.anomaly import AnomalyDetector
from aezoo.uses.surprises import OfSurprises, Surprises

VERSION = 1
SERIES = "series.json"


def save(detector: Any, path: str | os.PathLike) -> None:
    """Writes a detector of recordings into a folder.

    Args:
        detector: `aezoo.TimeSeriesDetector`, fitted.
        path: String or path of the folder.

    Raises:
        FileExistsError: If it exists.
    """
    check_is_fitted(detector, "detector_")
    path = stored.new_folder(path)
    names = getattr(detector, "feature_names_in_", None)
    surprises = detector.surprises_
    with replacing(path) as folder:
        stored.save(detector.detector_, folder)
        record = {
            "version": VERSION,
            "parameters": stored.parameters(detector),
            "channels": int(detector.n_features_in_),
            "names": None if names is None else list(names),
            "threshold": float(detector.threshold_),
            "surprises": surprises
            and {k: np.asarray(v).tolist() for k, v in surprises._asdict().items()},
            "sha256": weights.sha256(folder / stored.RECORD),  # which has those of the other files
        }
        (folder / SERIES).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def load(kind: type, path: str | os.PathLike) -> Any:
    """Reads a detector that `save` wrote.

    Args:
        kind: `aezoo.TimeSeriesDetector`.
        path: String or path of the folder.

    Returns:
        The detector, fitted.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file is damaged, or of another detector.
    """
    folder = Path(path)
    if not (folder / SERIES).is_file():
        raise FileNotFoundError(
            f"There is no detector of recordings in {folder}: expected {SERIES} there."
        )
    record = stored.read_record(folder / SERIES, VERSION, [stored.RECORD])
    of_windows = AnomalyDetector if record.get("surprises") is None else OfSurprises
    inner = stored.load(of_windows, folder)
    try:
        return _restored(kind, record, inner)
    except Exception as error:  # of a record that was changed
        raise ValueError(f"{folder / SERIES} cannot be used: {error!r}") from error


def _restored(kind, record, inner):
    parameters = record["parameters"]
    if "model" in parameters:
        parameters["model"] = inner.model  # also one that was given
    detector = kind(**parameters)
    detector.detector_ = inner
    detector.n_features_in_ = record["channels"]
    if record["names"] is not None:
        detector.feature_names_in_ = np.array(record["names"], object)
    detector.threshold_ = record["threshold"]
    found = record["surprises"]
    detector.surprises_ = found and Surprises(
        **{key: np.array(found[key]) for key in ("mean", "scale")},
        weights=np.reshape(found["weights"], (-1, record["channels"])),  # also where there are none
        spans=tuple(found["spans"]),
        window=found["window"],
    )
    return detector.reset()
