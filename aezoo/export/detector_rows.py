"""The samples that an exported detector is calibrated and judged on."""

from typing import Any

import keras
import numpy as np

from aezoo.data.accepted import accepted
from aezoo.data.streams import Stream
from aezoo.edge import Scoring
from aezoo.export.recalibration import strangers
from aezoo.export.samples import CALIBRATION, CHECKED, FEWEST, spread

STRETCH = 4.0  # the range of int16 activations, in that of the normal samples
ULPS = 4  # float32 numbers next to one, of which rounding may have made it


def detector_rows(
    detector: Any, calibration_data: Any, samples: Any, exact: bool
) -> dict[str, np.ndarray]:
    """Normal samples as the model takes them, and anomalies made of them.

    Args:
        detector: `aezoo.AnomalyDetector`, fitted.
        calibration_data: Normal samples as the detector takes them, of a stream its random sample;
            or `None` for its references.
        samples: Others, or `None`.
        exact: Boolean, whether the export computes in float32, which two samples can show.

    Returns:
        Dictionary of float32 arrays of shape `(n, *input_shape)`: `"calibration"`, `"samples"` if
        there are any, and `"strangers"`, see `aezoo.export.recalibration.strangers`.

    Raises:
        ValueError: If the samples do not fit the detector, or are too few, or there are none.
    """
    ae, scoring = detector.model_, detector.scoring_
    rows = {}
    if calibration_data is not None:
        rows["calibration"] = _taken(detector, calibration_data)
    elif len(scoring.references):
        rows["calibration"] = _raw(ae, _shaped(ae, scoring.references))
    else:
        raise ValueError(
            "The threshold is set anew on the scores of the export, and the detector keeps no "
            "samples of its own: give calibration_data, some hundred normal samples, best those "
            "that it was calibrated or fitted on."
        )
    if samples is not None:
        rows["samples"] = _taken(detector, samples)
    least = 2 if exact else FEWEST
    for name, x in rows.items():
        if len(x) < least:
            raise ValueError(
                f"{least} {name} samples or more are needed, some hundred to be sure. Received: "
                f"{len(x)}"
            )
    normal = spread(ae.normalize(rows.get("samples", rows["calibration"])), CHECKED)
    made = strangers(normal, stretched=ae.normalization is not None)
    return {**rows, "strangers": _raw(ae, made)}


def ranges(ae: keras.Model, scoring: Scoring, calibration: np.ndarray, wide: bool) -> np.ndarray:
    """Samples that set the ranges of integers: typical ones, and the farthest of each feature.

    Args:
        ae: `aezoo.Autoencoder`.
        scoring: `aezoo.edge.Scoring`, whose references they are, where there are enough.
        calibration: float32 array of shape `(n, *input_shape)`, to be taken where there are not.
        wide: Boolean, whether the integers have resolution for four times the range, too.

    Returns:
        float32 array of shape `(m, *input_shape)`, normalized.
    """
    z = ae.normalize(calibration)
    if len(scoring.references) >= FEWEST:
        z = _shaped(ae, scoring.references)
    flat = z.reshape(len(z), -1)
    ends = np.unique(np.concatenate([flat.argmin(axis=0), flat.argmax(axis=0)]))
    farthest = z[spread(ends, CALIBRATION)]
    return np.concatenate([spread(z, CALIBRATION), farthest * STRETCH if wide else farthest])


def _taken(detector, x):
    if isinstance(x, Stream):
        return accepted(detector.columns_, x).x
    return detector.columns_.transform(x, owner=detector)


def _shaped(ae, flat):
    return flat.reshape(-1, *ae.input_shape[1:])  # (n, D) -> (n, ...)


def _raw(ae, z):
    """Raw values that are normalized to these, bit by bit where there are such.

    A reference is then found to be one: it is no neighbour of its own.
    """
    if ae.normalization is None:
        return z
    offset, scale = ae.normalization.statistics
    nearest = (z * scale + offset).astype("float32")
    found, candidate = nearest, nearest
    for direction in (np.inf, -np.inf):
        for _ in range(ULPS):
            found = np.where(ae.normalize(found) == z, found, candidate)
            candidate = np.nextafter(candidate, np.float32(direction))
        candidate = nearest
    return np.where(ae.normalize(found) == z, found, nearest)
