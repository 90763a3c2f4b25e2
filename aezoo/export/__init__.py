"""Exports that are checked against the Keras model, or not written at all."""

from aezoo.export.exports import export_onnx, export_saved_model, export_tflite
from aezoo.export.report import ExportError, ExportReport

__all__ = ["ExportError", "ExportReport", "export_onnx", "export_saved_model", "export_tflite"]
