"""What autoencoders are built for."""

from aezoo.uses.anomaly import AnomalyDetector
from aezoo.uses.codes import CodeTransformer
from aezoo.uses.compression import compress, decompress
from aezoo.uses.denoising import denoise, resized
from aezoo.uses.time_series import TimeSeriesDetector

__all__ = [
    "AnomalyDetector",
    "CodeTransformer",
    "TimeSeriesDetector",
    "compress",
    "decompress",
    "denoise",
    "resized",
]
