"""Decisions out of scores, and thresholds that can be set anew."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from aezoo.checks import number, positive
from aezoo.data.arrays import checked_weights
from aezoo.data.streams import Stream
from aezoo.edge import p_values
from aezoo.uses import thresholds
from aezoo.uses.sketches import Sketch

METHODS = ("conformal", "percentile", "sigma")


class Calibrated:
    """What follows from `anomaly_score`, a threshold and the scores of normal samples.

    Attributes:
        false_alarm_rate: Float in (0, 1), an argument of the detector.
        threshold_: Float, the score above which a sample is an anomaly.
        false_alarm_rate_: Float in (0, 1), what it was set for, by `fit` or `calibrate`.
        calibration_scores_: float array of shape `(m,)`, the scores of normal samples.
        calibration_weights_: float array of shape `(m,)` or `None`, what each of them counts. Of a
            stream's some are kept, each for as many.
        threshold_error_: Float, by how much the share of samples above the threshold may be off,
            see `aezoo.uses.sketches.Sketch`; 0 of what is no stream.
        calibrated_: Boolean, whether they are of samples that were not fitted to.
    """

    false_alarm_rate: float
    threshold_: float
    false_alarm_rate_: float
    calibration_scores_: np.ndarray
    calibration_weights_: np.ndarray | None
    calibrated_: bool
    threshold_error_: float

    def anomaly_score(self, X: Any) -> np.ndarray:  # noqa: N803, as in scikit-learn
        """How odd samples are, which each kind of detector knows."""
        raise NotImplementedError

    def _pieces(self, X: Stream) -> Iterator[np.ndarray]:  # noqa: N803
        """The scores of a stream, some at a time."""
        raise NotImplementedError

    def score_samples(self, X: Any) -> np.ndarray:  # noqa: N803
        """`-anomaly_score`: lower is odder, as in scikit-learn.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            float array of shape `(n,)`.
        """
        return -self.anomaly_score(X)

    def decision_function(self, X: Any) -> np.ndarray:  # noqa: N803
        """`score_samples - offset_`: negative for anomalies.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            float array of shape `(n,)`.
        """
        scores = self.anomaly_score(X)
        return self.threshold_ - scores

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Whether samples are normal.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            Integer array of shape `(n,)`: 1 for normal, -1 for anomalous.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> np.ndarray:  # noqa: N803
        """How often normal samples are as odd.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            float array of shape `(n,)` in (0, 1], see `aezoo.edge.scoring.p_values`. What stands
            there of false alarms is promised if the calibration samples were not fitted to: after
            `calibrate`, or with `threshold="conformal"`.
        """
        scores = self.anomaly_score(X)
        return p_values(scores, self.calibration_scores_, self.calibration_weights_)

    @property
    def offset_(self) -> float:
        """`-threshold_`, as scikit-learn has it."""
        return -self.threshold_

    def calibrate(
        self,
        X: Any,  # noqa: N803
        *,
        false_alarm_rate: float | None = None,
        method: str = "conformal",
        sample_weight: ArrayLike | None = None,
        window: int | None = None,
    ) -> Self:
        """Sets the threshold anew, by normal samples that were not fitted to.

        Args:
            X: As in `fit`: normal samples, in the order of their coming, or a stream of such.
            false_alarm_rate: Float in (0, 1). Default: the detector's.
            method: `"conformal"`, `"percentile"` or `"sigma"`.
            sample_weight: Array of shape `(n,)` or `None`: what each counts for a conformal
                threshold and for p-values, such as `0.99 ** np.arange(n)[::-1]` for a drift.
            window: Positive integer: the scores of `X` join those of the last calls, of which so
                many count, the latest. `None`: those of `X` alone.

        Returns:
            The detector.

        Raises:
            ValueError: If the samples are too few for the rate, see
                `aezoo.uses.thresholds.conformal`. The threshold is then as it was.
        """
        check_is_fitted(self)
        rate = self.false_alarm_rate if false_alarm_rate is None else false_alarm_rate
        number("false_alarm_rate", rate, above=0, below=1)
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}. Received: {method!r}")
        if sample_weight is not None and (method != "conformal" or window is not None):
            raise ValueError("sample_weight is for the method 'conformal', and without a window.")
        if isinstance(X, Stream):
            if sample_weight is not None or window is not None:
                raise ValueError("sample_weight and window are for arrays, not for a stream.")
            sketch = Sketch(self._pieces(X))
            self.threshold_ = sketch.threshold(method, rate)
            remember(self, sketch)
            self.false_alarm_rate_, self.calibrated_ = float(rate), True
            return self
        scores = self.anomaly_score(X)
        weights = None if sample_weight is None else checked_weights(sample_weight, len(scores))
        if window is not None:
            before = self.calibration_scores_ if self.calibrated_ else []
            scores = np.append(before, scores)[-positive("window", window) :]
        if weights is not None and len(weights) != len(scores):
            raise ValueError(
                f"sample_weight must have one number a sample, {len(scores)}. Received: "
                f"{len(weights)}"
            )
        self.threshold_ = threshold_of(method, scores, rate, weights)
        self.calibration_scores_, self.calibration_weights_ = scores, weights
        self.false_alarm_rate_, self.threshold_error_ = float(rate), 0.0
        self.calibrated_ = True
        return self


def remember(detector: Calibrated, sketch: Sketch) -> None:
    """Keeps what a sketch knows of the scores that a threshold is set by.

    Args:
        detector: `Calibrated`.
        sketch: `Sketch`.
    """
    detector.calibration_scores_ = sketch.scores
    detector.calibration_weights_ = sketch.weights
    detector.threshold_error_ = sketch.error


def threshold_of(
    method: str, scores: ArrayLike, rate: float, weights: ArrayLike | None = None
) -> float:
    """The threshold of a method, see `aezoo.uses.thresholds`.

    Args:
        method: `"conformal"`, `"sigma"`, or another name for a percentile.
        scores: Array of shape `(m,)`, of normal samples.
        rate: Float in (0, 1), how many may be flagged.
        weights: Array of shape `(m,)` or `None`, for `"conformal"`.

    Returns:
        Float.

    Raises:
        ValueError: If the scores are too few for a conformal threshold.
    """
    if method == "conformal":
        return thresholds.conformal(scores, rate, weights)
    return thresholds.sigma(scores) if method == "sigma" else thresholds.percentile(scores, rate)
