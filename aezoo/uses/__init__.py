"""What autoencoders are built for."""

from aezoo.uses.anomaly import AnomalyDetector
from aezoo.uses.codes import CodeTransformer

__all__ = ["AnomalyDetector", "CodeTransformer"]
