"""What detectors are asked for, checked before anything is learned."""

from typing import Any

from aezoo.checks import number, positive
from aezoo.uses.scores import SCORES

THRESHOLDS = ("auto", "percentile", "contamination", "sigma", "conformal")


def check_arguments(detector: Any) -> None:
    """Refuses arguments that no detector can have.

    Args:
        detector: `aezoo.AnomalyDetector`.

    Raises:
        ValueError: For one that is out of its range.
    """
    for name, known in (("scoring", SCORES), ("threshold", THRESHOLDS)):
        value = getattr(detector, name)
        if value not in known and (name == "scoring" or isinstance(value, str)):
            raise ValueError(f"{name} must be one of {', '.join(known)}. Received: {value!r}")
    if not isinstance(detector.threshold, str):
        number("threshold", detector.threshold)
    share = detector.contamination
    if share != "auto" and (
        isinstance(share, str) or not 0 <= number("contamination", share) <= 0.5
    ):
        raise ValueError(f"contamination must be 'auto' or in [0, 0.5]. Received: {share!r}")
    if detector.threshold == "contamination" and share in ("auto", 0):
        raise ValueError("threshold='contamination' needs a share: contamination=0.05, say.")
    number("false_alarm_rate", detector.false_alarm_rate, above=0, below=1)
    positive("n_neighbors", detector.n_neighbors)
    number("n_references", positive("n_references", detector.n_references), least=2)
    if detector.epochs is not None:
        positive("epochs", detector.epochs)


def method_of(detector: Any) -> str | float:
    """How a detector's threshold is set, or the number that it was given.

    Args:
        detector: `aezoo.AnomalyDetector`.

    Returns:
        String, one of `THRESHOLDS` but `"auto"`, or a float.
    """
    if detector.threshold != "auto":
        return detector.threshold
    return "percentile" if detector.contamination in ("auto", 0) else "contamination"
