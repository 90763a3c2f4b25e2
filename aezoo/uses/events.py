"""Events out of scores, and how well they tell what happened."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from aezoo.data.samples import DataError


class Event(NamedTuple):
    """A stretch of steps that are unlike the others.

    Attributes:
        start: Integer, its first step.
        end: Integer, the step after its last one.
        peak: Integer, the step with the highest score.
        score: Float, the score there.
    """

    start: int
    end: int
    peak: int
    score: float


def events_of(
    scores: ArrayLike,
    threshold: float,
    *,
    gap: int = 0,
    min_length: int = 1,
    height: float = 0.0,
) -> list[Event]:
    """Stretches of steps with scores above a threshold.

    Args:
        scores: Array of shape `(T,)`; steps of NaN belong to no event.
        threshold: Float, what a score must exceed.
        gap: Integer, 0 or more: events with so many steps or fewer between them are one.
        min_length: Positive integer: shorter events are left out.
        height: Float in [0, 1]: an event ends after its last score that is above this share of
            the way from the threshold to the median score of the event, in logarithms. The score
            of a window comes down only as an anomaly leaves it, and a process takes time to
            settle: 0.5 ends the event half-way down. 0 ends it at the threshold. Scores and
            thresholds must then be positive.

    Returns:
        List of `Event`, in the order of time, which do not overlap.

    Example:

    >>> events_of([0, 2, 9, 3, 0, 0, 4, 0], 1)
    [Event(start=1, end=4, peak=2, score=9.0), Event(start=6, end=7, peak=6, score=4.0)]
    >>> [(event.start, event.end) for event in events_of([0, 2, 9, 3, 0, 0, 4, 0], 1, gap=2)]
    [(1, 7)]
    """
    scores = np.asarray(scores, "float64")
    found: list[Event] = []
    for start, end in _merged(runs(scores > threshold), gap):
        if height:
            inside = np.log(np.maximum(scores[start:end], threshold))
            floor = (1 - height) * np.log(threshold) + height * np.median(inside)
            end = start + int(np.flatnonzero(inside >= floor)[-1]) + 1
        if end - start >= min_length:
            peak = start + int(np.nanargmax(scores[start:end]))
            found.append(Event(start, end, peak, float(scores[peak])))
    return found


def runs(flags: ArrayLike) -> list[tuple[int, int]]:
    """Stretches of true values.

    Args:
        flags: Boolean array of shape `(T,)`.

    Returns:
        List of pairs of integers, the first step and the one after the last.

    Example:

    >>> runs([True, False, True, True])
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, "int8"), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def flags_of(events: Sequence[Event], steps: int) -> np.ndarray:
    """Which steps belong to events.

    Args:
        events: List of `Event`.
        steps: Integer, how many steps the recording has.

    Returns:
        Boolean array of shape `(steps,)`.
    """
    flags = np.zeros(steps, bool)
    for event in events:
        flags[event.start : event.end] = True
    return flags


def point_metrics(labels: ArrayLike, flags: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """How well single steps are told apart.

    Each step counts as what it is: no point adjustment. That widespread custom counts a whole
    anomaly as found if one step of it is, and so lets random scores reach the figures of the best
    published methods: long anomalies are hit by chance. See `event_metrics` for how many anomalies
    are found.

    Args:
        labels: Array of shape `(T,)` of zeros and ones, 1 for anomalous steps.
        flags: Boolean array of shape `(T,)`, steps that were flagged.
        scores: Array of shape `(T,)`, higher is odder; steps of NaN are left out of `auroc`.

    Returns:
        Dictionary of floats: `precision`, `recall`, `f1`, `false_alarm_rate` (the share of normal
        steps that are flagged) and `auroc`, NaN where it is not defined.

    Reference:
        Kim et al., "Towards a Rigorous Evaluation of Time-Series Anomaly Detection", AAAI 2022,
        arXiv:2109.05257.
    """
    labels, flags = checked_labels(labels), np.asarray(flags, bool)
    scores = np.asarray(scores, "float64")
    known = ~np.isnan(scores)
    both = len(np.unique(labels[known])) == 2
    normal = flags[~labels]
    return {
        "precision": float(precision_score(labels, flags, zero_division=0)),
        "recall": float(recall_score(labels, flags, zero_division=0)),
        "f1": float(f1_score(labels, flags, zero_division=0)),
        "false_alarm_rate": float(normal.mean()) if len(normal) else float("nan"),
        "auroc": float(roc_auc_score(labels[known], scores[known])) if both else float("nan"),
    }


def event_metrics(
    labels: Sequence[ArrayLike], events: Sequence[Sequence[Event]]
) -> dict[str, float]:
    """How many anomalies are found, and how many events are none.

    An anomaly is found if an event shares a step with it; an event is false if it shares none with
    any. Both count once, however long: a flood of flags raises `false_events`, or, as one event
    without an end, lowers the precision of `point_metrics`.

    Args:
        labels: List of arrays of zeros and ones, one for each recording.
        events: List of lists of `Event`, one for each recording.

    Returns:
        Dictionary: integers `anomalies`, `events` and `false_events`; floats `event_recall` and
        `event_precision`, NaN where there is no anomaly or no event.

    Example:

    >>> found = event_metrics([[0, 1, 1, 0, 0, 1]], [[Event(2, 4, 2, 9.0), Event(4, 5, 4, 3.0)]])
    >>> found["event_recall"], found["event_precision"], found["false_events"]
    (0.5, 0.5, 1)
    """
    anomalies = hits = total = false = 0
    for truth, found in zip(labels, events, strict=True):
        truth = checked_labels(truth)
        flags = flags_of(found, len(truth))
        stretches = runs(truth)
        anomalies += len(stretches)
        hits += sum(bool(flags[start:end].any()) for start, end in stretches)
        total += len(found)
        false += sum(not truth[event.start : event.end].any() for event in found)
    return {
        "anomalies": anomalies,
        "events": total,
        "false_events": false,
        "event_recall": hits / anomalies if anomalies else float("nan"),
        "event_precision": (total - false) / total if total else float("nan"),
    }


def checked_labels(labels: ArrayLike, steps: int | None = None) -> np.ndarray:
    """Labels of steps as booleans.

    Args:
        labels: Array of shape `(T,)` of zeros and ones.
        steps: Integer or `None`, how many there must be.

    Returns:
        Boolean array of shape `(T,)`.

    Raises:
        DataError: A `ValueError`, if they are anything else.
    """
    labels = np.asarray(labels)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or (steps is not None and len(labels) != steps):
        expected = "one label a step" if steps is None else f"{steps} labels, one a step"
        raise DataError(f"Expected {expected}. Received: an array of shape {labels.shape}")
    values = sorted(set(labels.tolist()), key=str)
    if not all(value in (0, 1) for value in values):
        raise DataError(
            "Labels must be 0 for normal and 1 for anomalous steps. Received: "
            f"{', '.join(map(str, values[:5]))}"
        )
    return labels.astype(bool)


def _merged(stretches, gap):
    merged: list[tuple[int, int]] = []
    for start, end in stretches:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], end
        else:
            merged.append((start, end))
    return merged
