"""Run exported files with NumPy and LiteRT alone: no Keras, no TensorFlow."""

from aezoo.edge.detector import Detector
from aezoo.edge.inspection import inspect, microseconds
from aezoo.edge.lite_model import METADATA, LiteModel, dequantized, quantized
from aezoo.edge.scoring import Scoring, p_values

__all__ = [
    "METADATA",
    "Detector",
    "LiteModel",
    "Scoring",
    "dequantized",
    "inspect",
    "microseconds",
    "p_values",
    "quantized",
]
