"""Run exported files with NumPy and LiteRT alone: no Keras, no TensorFlow."""

from aezoo.edge.inspection import inspect, microseconds
from aezoo.edge.lite_model import METADATA, LiteModel, dequantized, quantized

__all__ = ["METADATA", "LiteModel", "dequantized", "inspect", "microseconds", "quantized"]
