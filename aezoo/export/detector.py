"""Anomaly detectors for devices: the model, its scores and a threshold of the file's own."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import keras
import numpy as np

from aezoo.edge import Detector, LiteModel, inspect
from aezoo.edge.criterion import Criterion, stored
from aezoo.export.bounds import refusal
from aezoo.export.conversion import packed
from aezoo.export.detector_rows import detector_rows, ranges
from aezoo.export.integer_scoring import IntegerScoring, in_integers
from aezoo.export.micro import prove, refuse_difference, run_plain, write_sources
from aezoo.export.micro_detector import refuse_size, write_detector
from aezoo.export.parity import parity
from aezoo.export.parts import tells_indices
from aezoo.export.paths import file_to_write, new_folder, report_of
from aezoo.export.recalibration import carried, detector_refusal, figures, thinned
from aezoo.export.report import ExportError, ExportReport, latency
from aezoo.export.samples import CHECKED, checked_model, spread
from aezoo.export.tflite import converted, one_of, refuse_operators
from aezoo.system.files import replacing

PROVED = 25  # normal and odd samples each that TensorFlow Lite Micro is run on
REFERENCES = {None: "float32", "float16": "float16", "dynamic": "float16"}
# One scale a kernel makes smaller files, and is enough for most models; int16 has both the
# resolution for what the network rebuilds well, and the range for what it has never seen.
ATTEMPTS = {
    "int8": [
        {"per_unit": False, "wide": False},
        {"per_unit": True, "wide": False},
        {"per_unit": True, "wide": True},
    ]
}


def export_detector(
    detector: Any,
    path: str | os.PathLike,
    *,
    quantize: str | None = None,
    calibration_data: Any = None,
    samples: Any = None,
    target: str | None = None,
) -> ExportReport:
    """Writes a detector for devices, with the threshold set anew on the export's own scores.

    `"int8"` computes with int8 weights, and with int8 activations where these rank samples as the
    Keras model does, with a correlation of 0.995. Where they do not they are int16: an error that
    is small against the spread of the features, and anomalies far beyond the range of normal
    samples, take more than 256 steps.
    What is refused, and why, see `aezoo.export.recalibration.detector_refusal`.

    The threshold is carried over by ranks: as many of the calibration's samples exceed it as exceed
    the Keras model's, see `aezoo.export.recalibration.carried`. Given the very samples that the
    latter was set on, it is what the same method gives on the new scores: a conformal promise stays
    one. The ranges of integers are set by the references, which are training samples, so that the
    calibration's are not used for anything else.

    Args:
        detector: `aezoo.AnomalyDetector`, fitted, of an `aezoo.Autoencoder`.
        path: String or path of the file, ending in `.tflite`; for microcontrollers of the folder
            to write, which must not exist.
        quantize: `None`, `"float16"`, `"dynamic"` or `"int8"`, see `aezoo.export_tflite`.
        calibration_data: Normal samples as the detector takes them, best those that its threshold
            was set on. Default: the references.
        samples: Normal samples that nothing else was done with, to measure false alarms and
            ranks on. Default: the calibration's, of which too few alarms say little.
        target: `None`, or `"micro"` for microcontrollers: a folder with the int8 model as
            `reconstruct.tflite`, `reconstruct.h` and `reconstruct.cc`, and with `detector.h` and
            `detector.c`, which score and judge in integers alone. Proved as in `export_tflite`.

    Returns:
        `ExportReport`, with `detector`; also written beside as `PATH.json`.

    Raises:
        FileExistsError: If there is a file already, without the report of an export beside it.
        ValueError: If an argument is wrong, the detector has no references and there is no
            calibration data, or its constants are too large for a microcontroller.
        ExportError: A `ValueError`, if the export does not rank and flag as the detector does. An
            earlier file is then left as it was.
        ImportError: For microcontrollers, if `tflite-micro` is not installed.

    Example:

    >>> import aezoo, numpy as np, tempfile
    >>> x = np.random.default_rng(0).normal(size=(300, 3))
    >>> detector = aezoo.AnomalyDetector(contamination=0, epochs=1, random_state=0).fit(x)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = export_detector(detector, f"{folder}/detector.tflite", samples=x[:100])
    >>> report.detector["false_alarms"] == report.detector["false_alarms_keras"]
    True
    """
    one_of("target", target, (None, "micro"))
    micro = target == "micro"
    one_of("quantize", quantize, ("int8",) if micro else (None, "float16", "dynamic", "int8"))
    path = new_folder(path) if micro else file_to_write(path, ".tflite")
    if isinstance(detector.model_, LiteModel):
        raise ValueError(
            "The detector's model is a file for devices already: fit one with the Keras model that "
            "it was exported from, and export that. Received: aezoo.LiteModel"
        )
    ae = detector.model_
    checked_model(ae)
    rows = detector_rows(detector, calibration_data, samples, exact=quantize is None)
    keras_scores = _each(lambda x: _scores(ae, detector.scoring_, x), rows)
    with replacing(path) as beside:
        if micro:
            beside.mkdir()
        file = beside / "reconstruct.tflite" if micro else beside
        job = _Job(detector, ae, rows, keras_scores, quantize, micro)
        report = None
        for attempt in ATTEMPTS.get(quantize or "float32", [{}]):
            kept = file.read_bytes() if report else b""
            try:
                made = _written(job, file, **attempt)
            except ExportError:
                if report is None:
                    raise
                file.write_bytes(kept)  # not every operator is there with int16
                break
            report = _report(job, made, file, path)
            if detector_refusal(report.detector, strict=True) is None:
                break
        reason = refusal(report) if quantize is None else None
        reason = reason or detector_refusal(report.detector)
        if reason:
            raise ExportError(_told(reason, quantize), report)
        if micro:
            report = _proved(job, made, beside, report)
        report.save(report_of(path))
    return report


class _Job(NamedTuple):
    detector: Any
    ae: keras.Model
    rows: dict[str, np.ndarray]
    keras_scores: dict[str, np.ndarray]
    quantize: str | None
    micro: bool


class _Made(NamedTuple):
    """A file that was written, its scores of all rows, its threshold and what its codes are."""

    scores: dict[str, np.ndarray]
    threshold: float | int
    indices: bool
    integers: IntegerScoring | None = None


def _written(job, file, per_unit=False, wide=False):
    """Writes one file, and returns what it makes of the samples."""
    signatures = ("reconstruct",) if job.micro else ("reconstruct", "encode")
    typical = ranges(job.ae, job.detector.scoring_, job.rows["calibration"], wide)
    precision = "int16x8" if wide else job.quantize
    indices = tells_indices(job.ae, precision)
    content, metadata = converted(
        job.ae,
        signatures,
        precision,
        {"x": typical},
        batch_size=1 if job.micro else None,
        per_unit=per_unit,
        indices=indices,
    )
    file.write_bytes(packed(content, metadata))
    found = inspect(file)
    refuse_operators(found, integers=job.quantize == "int8")
    ends = found["signatures"]["reconstruct"]
    given, returned = ends["inputs"]["x"], ends["outputs"]["reconstruction"]
    if job.micro:
        integers = in_integers(job.detector.scoring_, _detail(given), _detail(returned))
        refuse_size(integers)
        scores = _each(lambda x: integers.score(*run_plain(file, job.ae.normalize(x))), job.rows)
        return _Made(scores, int(np.floor(_carried(job, scores)[0])), indices, integers)
    criterion = _criterion(job)

    def write(criterion):
        dtype = REFERENCES.get(job.quantize, given["dtype"])
        described, arrays = stored(
            criterion, dtype, given.get("scale", 1.0), given.get("zero_point", 0)
        )
        file.write_bytes(packed(content, {**metadata, "detector": described}, arrays))

    write(criterion)
    scores = _each(Detector(file).anomaly_score, job.rows)
    threshold, calibration = _carried(job, scores)
    counts = getattr(job.detector, "calibration_weights_", None)
    kept, weights = thinned(calibration, counts, threshold=threshold)
    write(
        criterion._replace(
            threshold=threshold, calibration_scores=kept, calibration_weights=weights
        )
    )
    return _Made(scores, threshold, indices)


def _criterion(job):
    """The detector as it is in Keras."""
    detector, shape = job.detector, job.ae.input_shape[1:]
    weights = getattr(detector, "calibration_weights_", None)
    kept, counts = thinned(detector.calibration_scores_, weights)
    return Criterion(
        detector.scoring_,
        detector.threshold_,
        kept,
        counts,
        1.0 if weights is None else float(np.max(weights)),
        detector.false_alarm_rate_,
        tuple(map(str, detector.columns_.names)) if len(shape) == 1 else None,
    )


def _carried(job, scores):
    """Threshold and calibration scores of the Keras model as an export's."""
    known = np.asarray(job.detector.calibration_scores_, "float64")
    before = np.sort(job.keras_scores["calibration"])
    if len(known) == len(before) and np.allclose(np.sort(known), before, rtol=1e-3):
        before = known  # the very samples, but for a rounding
    after = scores["calibration"]
    threshold = float(carried(job.detector.threshold_, before, after))
    if not np.isfinite(threshold):
        raise ValueError(f"The detector's threshold must be finite. Received: {threshold}")
    return threshold, carried(known, before, after)


def _report(job, made, file, path):
    found = inspect(file)
    lite = LiteModel(file)
    x = spread(job.rows.get("samples", job.rows["calibration"]), CHECKED)
    ends = found["signatures"]["reconstruct"]
    references = job.detector.scoring_.references
    dtype = REFERENCES.get(job.quantize, ends["inputs"]["x"]["dtype"])
    scale = made.integers.unit if made.integers else 1.0
    scores = {name: values * scale for name, values in made.scores.items()}
    described = {
        **figures(job.keras_scores, scores, job.detector.threshold_, made.threshold * scale),
        "activations": "float32" if job.quantize != "int8" else dtype,
        "references": len(references),
        "reference_bytes": references.size * np.dtype(dtype).itemsize,
    }
    if made.integers:
        described["threshold_integer"] = made.threshold
        described["constant_bytes"] = made.integers.bytes
    size = found.pop("size")
    for key in ("flash", "arena"):  # of what is in the file, which `inspect` tells
        found.pop(key)
    return ExportReport(
        path=str(path),
        format="micro" if job.micro else "tflite",
        precision=job.quantize or "float32",
        size=size,
        contents=found,
        parity=parity(job.ae, lite, x, exact=job.quantize is None, indices=made.indices),
        latency=latency(job.ae, lite, x),
        sha256="" if job.micro else hashlib.sha256(file.read_bytes()).hexdigest(),
        detector=described,
    )


def _told(reason, quantize):
    way = "" if quantize is None else " Export with another precision, such as quantize='float16'."
    return f"The detector exported in {quantize or 'float32'} {reason}.{way}"


def _proved(job, made, folder, report):
    """Runs the model as a microcontroller would, and writes C sources with what was found."""
    file = folder / "reconstruct.tflite"
    normal = job.rows.get("samples", job.rows["calibration"])
    x = np.concatenate([spread(rows, PROVED) for rows in (normal, job.rows["strangers"])])
    proof = prove(file, job.ae.normalize(x))
    refuse_difference("reconstruct", proof)
    write_sources(file, proof, job.ae.normalization and job.ae.normalization.statistics)
    write_detector(folder, made.integers, made.threshold, report.detector["calibration"], proof)
    part = {"arena": proof.arena, "difference": proof.difference, "beyond": proof.beyond}
    return replace(report, micro={"reconstruct": part})


def _scores(ae, scoring, x):
    return scoring.score(ae.normalize(x), ae.normalize(ae.reconstruct(x)))


def _each(function: Callable, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(function(x)) for name, x in rows.items()}


def _detail(tensor):
    """A tensor's details as LiteRT names them."""
    return {
        "dtype": np.dtype(tensor["dtype"]).type,
        "quantization": (tensor["scale"], tensor["zero_point"]),
    }
