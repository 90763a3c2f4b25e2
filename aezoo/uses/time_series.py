"""A detector of anomalies in recordings of many channels."""

import os
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from aezoo.checks import positive
from aezoo.data.recordings import windows_of
from aezoo.data.samples import DataError
from aezoo.uses import stored_series
from aezoo.uses.anomaly import AnomalyDetector
from aezoo.uses.events import (
    Event,
    checked_labels,
    event_metrics,
    events_of,
    flags_of,
    point_metrics,
)
from aezoo.uses.surprises import OfSurprises, Surprises
from aezoo.uses.thresholds import share
from aezoo.uses.windows import by_step, channel_names, pieces_of, recordings_of

# Windows overlap, and processes drift: what follows on a recording scores a few times as much as
# what was fitted to. 4.5 to 6 do equally well in benchmarks/anomaly_time_series.py.
MARGIN = 5.5
VALUES = 2**24  # of windows that are scored at a time
HEIGHT = 0.6  # of the way up, in logarithms, where an event ends


class TimeSeriesDetector(BaseEstimator):
    """Tells when a recording is unlike those it was fitted to.

    Each step has the score of the window that ends with it, so that a stream (`update`) has the
    same scores as a recording. By default a window is described by what its channels do that
    their own past does not foretell (`aezoo.uses.surprises.Surprises`), and an autoencoder that is
    trained with much noise learns how these surprises go together; the score is the distance of
    its residual. With a `model` the windows themselves are what is rebuilt.

    Args:
        window: Positive integer, how many steps a window has: as many as it takes to see that
            something is wrong. What lasts for a sixth of it or more shows: for single odd steps
            choose a window of six.
        stride: Positive integer, steps from window to window. Steps between have the score of the
            last window before them.
        **options: Those of `aezoo.AnomalyDetector`, with other defaults: `contamination=0`, and,
            without a `model`, `scoring="mahalanobis"`. A `model` is the name of a family, or a
            trained `aezoo.Autoencoder` or `aezoo.LiteModel` for windows of shape `(window, C)`.
            With `threshold="auto"` scores must exceed 5.5 times what all but `false_alarm_rate`
            of the windows fitted to have: those overlap, and are few. Other thresholds are taken
            as they are. No rate is promised, also not by `"conformal"`, since neighbouring windows
            are no independent samples; `calibrate` sets a threshold by recordings of its own.

    Attributes:
        detector_: `aezoo.AnomalyDetector` of windows.
        surprises_: `aezoo.uses.surprises.Surprises`, or `None` with a `model`.
        threshold_: Float, the score above which something is wrong.
        n_features_in_, feature_names_in_: As in scikit-learn, of the channels.

    Raises:
        ValueError: In `fit` and all that follows, for arguments out of their range and recordings
            that cannot be used: of other channels, too short, or not finite.

    Example:

    >>> import aezoo, numpy as np
    >>> rng = np.random.default_rng(0)
    >>> normal, new = rng.normal(size=(500, 3)), rng.normal(size=(200, 3))
    >>> new[100:150, 1] += 4  # from then on the second channel is off
    >>> detector = aezoo.TimeSeriesDetector(window=24, random_state=0).fit(normal)
    >>> [event] = detector.events(new)
    >>> 100 <= event.start < 110 and 145 < event.end < 155
    True
    >>> int(detector.contributions(new)[event.peak].argmax())
    1

    Reference:
        For the metrics of `evaluate`, and why they adjust no points, Kim et al., "Towards a
        Rigorous Evaluation of Time-Series Anomaly Detection", AAAI 2022, arXiv:2109.05257.
    """

    def __init__(self, window: int = 60, *, stride: int = 1, **options: Any):
        AnomalyDetector(**options)  # which refuses what it does not know
        self.window = window
        self.stride = stride
        self.options = options

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Arguments, those of `AnomalyDetector` only where they were given.

        Args:
            deep: Ignored.

        Returns:
            Dictionary.
        """
        return {"window": self.window, "stride": self.stride, **self.options}

    def set_params(self, **params: Any) -> Self:
        """Sets arguments, as in scikit-learn.

        Args:
            **params: Those to change.

        Returns:
            The detector.
        """
        self.__init__(**{**self.get_params(), **params})  # type: ignore[misc]
        return self

    def fit(self, recordings: Any, y: Any = None) -> Self:
        """Learns what is usual.

        Args:
            recordings: A recording: array of shape `(T, C)`, `(T,)` for one channel, or a pandas
                table of a row a step; or a list of recordings of any lengths. No window crosses
                from one to the next.
            y: Ignored.

        Returns:
            The detector.
        """
        window, stride = positive("window", self.window), positive("stride", self.stride)
        found = recordings_of(recordings)
        self._remember_names(recordings, found[0].shape[1])
        if sum(max(0, len(part) - window + 1) for part in found) < 2:
            raise DataError(
                f"Expected recordings of more than {window} steps, the window. Received: "
                f"{max(map(len, found))} steps at most. Give longer ones, or a smaller window."
            )
        options = {"contamination": 0, **self.options}
        self.surprises_ = None if options.get("model") is not None else Surprises.fit(found, window)
        of_windows: Any = (AnomalyDetector, {}), (OfSurprises, {"scoring": "mahalanobis"})
        kind, defaults = of_windows[self.surprises_ is not None]
        self.detector_ = kind(**{**defaults, **options})
        self.detector_.fit(np.concatenate([self._described(part, stride) for part in found]))
        self.threshold_ = self.detector_.threshold_
        if self.detector_.threshold == "auto":  # by the very windows fitted to
            scores, rate = self.detector_.calibration_scores_, self.detector_.false_alarm_rate
            self.threshold_ = MARGIN * share(scores, rate)
        return self.reset()

    def anomaly_score(self, recording: Any) -> np.ndarray:
        """How odd each step is, by the window that ends with it; higher is odder.

        Args:
            recording: One recording, as in `fit`.

        Returns:
            float array of shape `(T,)`, NaN for the steps before the first window is complete.
        """
        x = self._one(recording)
        return self._by_step(x, self.detector_.anomaly_score)

    def contributions(self, recording: Any) -> np.ndarray:
        """What each channel adds to the scores.

        Args:
            recording: One recording, as in `fit`.

        Returns:
            float array of shape `(T, C)`, 0 or more, which sums to `anomaly_score`.
        """
        x = self._one(recording)
        return self._by_step(x, lambda described: self._by_channel(described, x.shape[1]))

    def predict(self, recording: Any) -> np.ndarray:
        """Whether steps are normal.

        Args:
            recording: One recording, as in `fit`.

        Returns:
            Integer array of shape `(T,)`: -1 for the steps of `events`, 1 for the others.
        """
        flags = flags_of(self.events(recording), len(self._one(recording)))
        return np.where(flags, -1, 1)

    def events(self, recording: Any) -> list[Event]:
        """When something was wrong.

        Events are scores above `threshold_`, until they come down towards it from what they
        usually are in the event, see `height` of `aezoo.uses.events.events_of`. Events half a
        window apart or less are one; those shorter than a sixth of it are none.

        Args:
            recording: One recording, as in `fit`.

        Returns:
            List of `aezoo.uses.events.Event`: `start`, `end` (the step after the last), `peak`
            (a step) and `score` (the highest).
        """
        return self._events(self.anomaly_score(recording))

    def calibrate(
        self, recordings: Any, *, false_alarm_rate: float | None = None, method: str = "percentile"
    ) -> Self:
        """Sets the threshold anew, by normal recordings that were not fitted to.

        Args:
            recordings: As in `fit`.
            false_alarm_rate: Float in (0, 1), which share of their windows may score above the
                threshold. Default: the detector's.
            method: `"percentile"`, `"sigma"` or `"conformal"`, see
                `aezoo.AnomalyDetector.calibrate`.

        Returns:
            The detector.
        """
        check_is_fitted(self, "detector_")
        found = recordings_of(recordings, self.n_features_in_)
        described = np.concatenate([self._described(part, self.stride) for part in found])
        if not len(described):
            raise DataError(f"Expected recordings of at least {self.window} steps, the window.")
        self.detector_.calibrate(described, false_alarm_rate=false_alarm_rate, method=method)
        self.threshold_ = self.detector_.threshold_
        return self

    def evaluate(self, recordings: Any, labels: Any) -> dict[str, float]:
        """How well steps and events are told, without point adjustment.

        Args:
            recordings: As in `fit`.
            labels: Array of shape `(T,)` of zeros and ones, 1 for anomalous steps; or a list of
                them, one for each recording.

        Returns:
            Dictionary of the figures of `aezoo.uses.events.point_metrics`, over the steps of all
            recordings together, and of `event_metrics`.
        """
        check_is_fitted(self, "detector_")
        found = recordings_of(recordings, self.n_features_in_)
        many = isinstance(labels, (list, tuple)) and np.ndim(getattr(labels[0], "shape", 0)) > 0
        given = list(labels) if many else [labels]
        if len(given) != len(found):
            raise DataError(
                f"Expected labels of {len(found)} recordings. Received: of {len(given)}"
            )
        truths = [checked_labels(t, len(x)) for t, x in zip(given, found, strict=True)]
        scores = [self.anomaly_score(x) for x in found]
        events = [self._events(s) for s in scores]
        flags = [flags_of(e, len(s)) for e, s in zip(events, scores, strict=True)]
        points = point_metrics(*map(np.concatenate, (truths, flags, scores)))
        return {**points, **event_metrics(truths, events)}

    def update(self, step: ArrayLike) -> float:
        """The score of the next step of a stream.

        Holds one window, however long the stream: `anomaly_score` of all steps since the last
        `reset` ends with the same score.

        Args:
            step: Array of shape `(C,)`, or a number for one channel.

        Returns:
            Float, NaN until a window is complete.
        """
        check_is_fitted(self, "detector_")
        step = recordings_of(np.atleast_2d(np.asarray(step)), self.n_features_in_)[0]
        if len(step) != 1:
            raise DataError(f"Expected one step. Received: {len(step)} steps")
        self._ring[self._seen % len(self._ring)] = step[0]
        self._seen += 1
        behind = self._seen - len(self._ring)
        if behind >= 0 and behind % self.stride == 0:
            window = np.roll(self._ring, -(self._seen % len(self._ring)), axis=0)
            self._last = float(self.detector_.anomaly_score(self._described(window, 1))[0])
        return self._last

    def reset(self) -> Self:
        """Forgets the steps that `update` was given.

        Returns:
            The detector.
        """
        check_is_fitted(self, "detector_")
        self._ring = np.zeros((self.window, self.n_features_in_))
        self._seen, self._last = 0, float("nan")
        return self

    def save(self, path: str | os.PathLike) -> None:
        """Writes the detector into a folder, which `load` reads.

        Args:
            path: String or path of the folder, which must not exist.
        """
        stored_series.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "TimeSeriesDetector":
        """Reads a detector that `save` wrote, see `aezoo.uses.stored_series.load`.

        Args:
            path: String or path of the folder.

        Returns:
            The detector, fitted, at the start of a stream.
        """
        return stored_series.load(cls, path)

    def _one(self, recording):
        check_is_fitted(self, "detector_")
        names = getattr(self, "feature_names_in_", None)
        given = channel_names(recording)
        if names is not None and given is not None and list(names) != given:
            raise DataError(
                f"Expected the channels {', '.join(names)}. Received: {', '.join(given)}"
            )
        found = recordings_of(recording, self.n_features_in_)
        if len(found) != 1:
            raise DataError(f"Expected one recording. Received: a list of {len(found)}")
        return found[0]

    def _remember_names(self, recordings, channels):
        self.n_features_in_ = channels
        vars(self).pop("feature_names_in_", None)
        names = channel_names(recordings)
        if names is not None:
            self.feature_names_in_ = np.array(names, object)

    def _described(self, x, stride):
        """What the detector is given of each window."""
        if self.surprises_ is not None:
            return self.surprises_.of(x, stride)
        return windows_of(x.astype("float32"), self.window, stride)

    def _by_channel(self, described, channels):
        parts = self.detector_.contributions(described)
        # (n, spans * C) or (n, window, C) -> (n, C)
        return parts.reshape(len(parts), -1, channels).sum(axis=1)

    def _by_step(self, x, function):
        steps = len(x)
        x = np.pad(x, [(0, max(0, self.window - steps)), (0, 0)])  # for the shape of the results
        parts = pieces_of(x, self.window, self.stride, VALUES)
        results = [function(self._described(part, self.stride)) for part in parts]
        return by_step(np.concatenate(results), len(x), self.window, self.stride)[:steps]

    def _events(self, scores):
        return events_of(
            scores,
            self.threshold_,
            gap=self.window // 2,
            min_length=max(1, self.window // 6),
            height=HEIGHT,
        )
