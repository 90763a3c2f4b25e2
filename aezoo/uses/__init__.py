"""What autoencoders are built for."""

from aezoo.uses.anomaly import AnomalyDetector

__all__ = ["AnomalyDetector"]
