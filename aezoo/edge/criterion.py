"""What makes a detector of a model, as the file of the model holds it."""

import json
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import ArrayLike

from aezoo.edge.scoring import Scoring, check_scoring

METADATA = "aezoo"  # the name under which an export keeps what the graph cannot say
VERSION = 1
TYPES = ("float32", "float16", "int16", "int8")
ARRAYS = ("error", "references", "weights", "calibration_scores", "calibration_weights")


class Criterion(NamedTuple):
    """How a detector scores samples, and where normal ends.

    Attributes:
        scoring: `aezoo.edge.Scoring`.
        threshold: Float, the score above which a sample is an anomaly.
        calibration_scores: float32 array of shape `(m,)`, ascending: scores of normal samples, each
            the highest of those that it stands for.
        calibration_weights: float32 array of shape `(m,)`, how many samples each stands for.
        own_weight: Float, what a new sample counts among them.
        false_alarm_rate: Float in (0, 1), what the threshold was set for.
        feature_names: Tuple of strings, or `None` for samples that are no rows of a table.
        steps: `"float32"`, `"float16"`, or the step between the integers as which the references
            are stored.
    """

    scoring: Scoring
    threshold: float
    calibration_scores: np.ndarray
    calibration_weights: np.ndarray
    own_weight: float
    false_alarm_rate: float
    feature_names: tuple[str, ...] | None
    steps: str | float = "float32"

    def p_values(self, scores: ArrayLike) -> np.ndarray:
        """Conformal p-values of scores; rounded up where a calibration score stands for several.

        Args:
            scores: Array of shape `(n,)`.

        Returns:
            float array of shape `(n,)` in (0, 1].
        """
        above = np.append(np.cumsum(self.calibration_weights[::-1], dtype="float64")[::-1], 0)
        as_odd = above[np.searchsorted(self.calibration_scores, scores, side="left")]
        return (as_odd + self.own_weight) / (above[0] + self.own_weight)

    def rounded(self, z: np.ndarray) -> np.ndarray:
        """Samples as the references are stored, but for the ends of the range.

        A sample is so found among the references if it is one of them.

        Args:
            z: float32 array of normalized samples.

        Returns:
            float32 array of that shape.
        """
        if self.steps == "float32":
            return z
        if self.steps == "float16":
            with np.errstate(over="ignore"):
                halves = z.astype("float16").astype("float32")
            return np.where(np.isfinite(halves), halves, z)
        step = np.float32(self.steps)
        with np.errstate(over="ignore"):
            whole = np.round(z / step) * step
        return np.where(np.isfinite(whole), whole, z)


def stored(
    criterion: Criterion, dtype: str, scale: float = 1.0, zero_point: int = 0
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A criterion as JSON and arrays, for the metadata of a file.

    Args:
        criterion: `Criterion`.
        dtype: String, as what the references are stored: `"float32"`, `"float16"`, `"int16"` or
            `"int8"`.
        scale: For integers, float, the step between them.
        zero_point: For integers, the one that stands for 0.

    Returns:
        A pair: a dictionary that JSON can express, to be the metadata's `"detector"`, and a
        dictionary of little-endian arrays by the names of the entries that they become.
    """
    scoring = criterion.scoring
    references = scoring.references
    if dtype.startswith("int"):
        limits = np.iinfo(dtype)
        references = np.clip(
            np.round(references / np.float32(scale)) + zero_point, limits.min, limits.max
        )
    values = {
        "error": np.asarray(scoring.error, "float32"),
        "references": references.astype(dtype),
        "weights": np.asarray(scoring.weights, "float32"),
        "calibration_scores": np.asarray(criterion.calibration_scores, "float32"),
        "calibration_weights": np.asarray(criterion.calibration_weights, "float32"),
    }
    described = {
        "version": VERSION,
        "threshold": float(criterion.threshold),
        "false_alarm_rate": float(criterion.false_alarm_rate),
        "neighbors": int(min(scoring.neighbors, max(1, len(references)))),
        "own_weight": float(criterion.own_weight),
        "features": criterion.feature_names and list(criterion.feature_names),
        "scale": float(scale),
        "zero_point": int(zero_point),
        "arrays": {key: [a.dtype.name, list(a.shape)] for key, a in values.items()},
    }
    little = {key: a.astype(a.dtype.newbyteorder("<"), order="C") for key, a in values.items()}
    return described, {f"{METADATA}.{key}": array for key, array in little.items()}


def criterion_of(model: schema.ModelT, size: int | None = None) -> Criterion | None:
    """The criterion in a file, or `None` if it holds none.

    Args:
        model: `ModelT` of the TFLite schema.
        size: Positive integer, how many values a sample of the model has; `None` for any.

    Returns:
        `Criterion` or `None`.

    Raises:
        ValueError: If what is there is of another format or model, or damaged.
    """
    entries = {entry.name.decode(): model.buffers[entry.buffer] for entry in model.metadata or []}
    if METADATA not in entries:
        return None
    try:
        described = json.loads(bytes(entries[METADATA].data)).get("detector")
        if described is None:
            return None
        version = described["version"]
    except Exception as error:
        raise ValueError(f"its metadata are damaged: {error!r}") from error
    if version != VERSION:
        raise ValueError(
            f"it holds a detector of format {version!r}, and this version of aezoo reads {VERSION}"
        )
    try:
        return _checked(_read(described, entries), size)
    except Exception as error:  # of whatever a damaged record leads to
        raise ValueError(f"its detector is damaged, or of another model: {error}") from error


def _read(described, entries):
    arrays = {}
    for key in ARRAYS:
        dtype, shape = described["arrays"][key]
        _require(dtype in TYPES, f"{key} are of type {dtype}")
        _require(dtype == "float32" or key == "references", f"{key} are of type {dtype}")
        data = entries[f"{METADATA}.{key}"].data
        content = b"" if data is None else bytes(data)
        values = np.frombuffer(content, np.dtype(dtype).newbyteorder("<"))
        arrays[key] = values.reshape([int(length) for length in shape])
        _require(min(shape, default=0) >= 0, f"{key} have the shape {shape}")
    references, scale = arrays["references"], np.float32(described["scale"])
    steps = references.dtype.name
    _require(np.isfinite(scale) and scale > 0, f"the step is {scale}")
    if steps.startswith("int"):
        steps = float(scale)
        references = (references.astype("float32") - described["zero_point"]) * scale
    scoring = Scoring(
        arrays["error"].astype("float32"),
        references.astype("float32"),
        arrays["weights"].astype("float32"),
        described["neighbors"],
    )
    names = described["features"]
    return Criterion(
        scoring,
        float(described["threshold"]),
        arrays["calibration_scores"].astype("float32"),
        arrays["calibration_weights"].astype("float32"),
        float(described["own_weight"]),
        float(described["false_alarm_rate"]),
        None if names is None else tuple(names),
        steps,
    )


def _checked(criterion, size):
    check_scoring(criterion.scoring, size)
    (_, references, _, neighbors), names = criterion.scoring, criterion.feature_names
    count, width = references.shape
    _require(neighbors <= max(1, count), f"{neighbors} neighbours of {count} references")
    scores, counts = criterion.calibration_scores, criterion.calibration_weights
    _require(
        scores.ndim == 1 and len(scores) and scores.shape == counts.shape,
        f"{scores.shape} calibration scores with {counts.shape} weights",
    )
    numbers = (criterion.threshold, criterion.own_weight)
    for values in (scores, counts, np.array(numbers)):
        _require(np.isfinite(values).all(), "not all of its numbers are finite")
    _require((counts >= 0).all(), "a weight is negative")
    _require(criterion.own_weight > 0, "a new sample counts nothing")
    _require((np.diff(scores) >= 0).all(), "the calibration scores do not ascend")
    _require(0 < criterion.false_alarm_rate < 1, f"a rate of {criterion.false_alarm_rate}")
    _require(
        names is None or (len(names) == width and all(isinstance(name, str) for name in names)),
        f"the names are not those of {width} features",
    )
    return criterion


def _require(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)
