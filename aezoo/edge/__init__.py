"""Run exported files with NumPy and LiteRT alone: no Keras, no TensorFlow."""

from aezoo.edge.lite_model import METADATA, LiteModel, dequantized, inspect, microseconds, quantized

__all__ = ["METADATA", "LiteModel", "dequantized", "inspect", "microseconds", "quantized"]
