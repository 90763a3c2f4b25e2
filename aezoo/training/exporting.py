"""Exports of a trained model into the folder of its run."""

from pathlib import Path

import numpy as np

from aezoo import export
from aezoo.autoencoder import Autoencoder
from aezoo.export import ExportReport
from aezoo.system.quiet import native_output_discarded

EXPORTS = (
    "saved_model",
    "onnx",
    "float32",
    "float16",
    "dynamic",
    "int4",
    "int8",
    "int16x8",
    "micro",
    "c",
)


def export_to(
    folder: Path,
    ae: Autoencoder,
    kind: str,
    x_train: np.ndarray,
    x_test: np.ndarray,
    fine_tune: bool = False,
    tolerance: float | None = None,
) -> ExportReport:
    """Exports a model into a folder, calibrated on the training and compared on the test split.

    Args:
        folder: `pathlib.Path` of the folder.
        ae: `aezoo.Autoencoder`, trained.
        kind: String, `"saved_model"`, `"onnx"`, a precision of TFLite, which is `"float32"`,
            `"float16"`, `"dynamic"`, `"int4"`, `"int8"` or `"int16x8"`, or for microcontrollers
            `"micro"` or `"c"`, plain C.
        x_train: Array of shape `(n, *input_shape)`.
        x_test: Array of shape `(m, *input_shape)`.
        fine_tune: Boolean, whether a copy is trained for integers first: for `"int4"`, `"int8"`,
            `"micro"` or `"c"`.
        tolerance: Float or `None`, of TFLite below float32, see `aezoo.export_tflite`.

    Returns:
        `aezoo.ExportReport`.

    Raises:
        ValueError: For another kind, or what the exports raise.
    """
    checked_kind(kind)
    with native_output_discarded():
        if kind == "saved_model":
            return export.export_saved_model(ae, folder / kind, samples=x_test)
        if kind == "onnx":
            return export.export_onnx(ae, folder / "model.onnx", samples=x_test)
        target = kind if kind in ("micro", "c") else None
        return export.export_tflite(
            ae,
            folder / (target or f"model-{kind}.tflite"),
            quantize="int8" if target else {"float32": None}.get(kind, kind),
            target=target,
            calibration_data=x_train,
            samples=x_test,
            fine_tune=x_train if fine_tune else None,
            tolerance=tolerance,
        )


def checked_kind(kind: str) -> str:
    """Refuses what is no export.

    Args:
        kind: String.

    Returns:
        String, the same.

    Raises:
        ValueError: If it is not one of `EXPORTS`.
    """
    if kind not in EXPORTS:
        raise ValueError(f"An export is one of {', '.join(EXPORTS)}. Received: {kind!r}")
    return kind
