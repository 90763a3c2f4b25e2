"""Exports that are checked against the Keras model, or not written at all."""

from aezoo.export.detector import export_detector
from aezoo.export.fine_tuning import quantize_aware
from aezoo.export.onnx import export_onnx
from aezoo.export.page import export_page
from aezoo.export.report import ExportError, ExportReport
from aezoo.export.saved_model import export_saved_model
from aezoo.export.tflite import export_tflite

__all__ = [
    "ExportError",
    "ExportReport",
    "export_detector",
    "export_onnx",
    "export_page",
    "export_saved_model",
    "export_tflite",
    "quantize_aware",
]
