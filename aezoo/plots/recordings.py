"""What was found in a recording, and when."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.checks import number
from aezoo.plots.arrays import finite, log_from, texts, zeros_and_ones
from aezoo.plots.style import CHANNELS, COLOURS, finished

FOUND = {"facecolor": (COLOURS[1], 0.4), "edgecolor": COLOURS[1], "linewidth": 0.8}


def events(
    scores: ArrayLike,
    threshold: float,
    events: Iterable[Any] = (),
    values: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    names: Sequence[Any] | None = None,
) -> Figure:
    """Anomaly scores over time, and the events that were made out of them.

    The axis of scores is logarithmic where they are 0 or more and the largest is 30
    times the least or more.

    Args:
        scores: Array of shape `(steps,)`, the score of each step: higher is odder. NaN for the
            first ones, as from `aezoo.TimeSeriesDetector`, leaves these out.
        threshold: Number, above which steps are flagged.
        events: What was found: objects with `start`, `end` (the first step after it) and `peak`,
            the oddest step. They are shaded.
        values: Array of shape `(steps,)` or `(steps, channels)`, or `None`: the recording,
            whose first eight channels are drawn above the scores.
        labels: Array of shape `(steps,)` or `None`: 1 where the recording is truly anomalous, else
            0. Drawn as a band.
        names: Sequence or `None`, the names of the recording's channels.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If scores or values are not finite, labels are not 0 or 1, one for each step,
            or an event is not within the recording.

    Example:

    >>> import aezoo, types
    >>> found = types.SimpleNamespace(start=2, end=4, peak=3)
    >>> figure = aezoo.plots.events([0.1, 0.2, 0.8, 0.9, 0.3], threshold=0.5, events=[found])
    >>> figure.get_suptitle()
    'Anomaly scores: 1 event'
    """
    scores = _from_first_number("scores", scores)
    threshold = number("threshold", threshold)
    found = [_within(event, len(scores)) for event in events]
    recording = np.zeros((len(scores), 0)) if values is None else _channels(values, len(scores))
    named = texts("channel", names, recording.shape[1])
    recording = recording[:, :CHANNELS]
    true = None if labels is None else zeros_and_ones("labels", labels, len(scores))
    heights = [1.0] * recording.shape[1] + [2.2] + [0.35] * (true is not None)
    figure, grid = plt.subplots(
        len(heights),
        figsize=(9, 1.2 + sum(heights)),
        height_ratios=heights,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    rows = list(grid[:, 0])
    axes = rows[recording.shape[1]]
    for channel, (row, name) in enumerate(zip(rows, named[:CHANNELS], strict=False)):
        row.plot(recording[:, channel], color="black", linewidth=0.8)
        row.set_title(name, fontsize="small", loc="left", pad=2, parse_math=False)
    drawn = _draw_scores(axes, scores, threshold)
    for row in rows[: recording.shape[1] + 1]:
        for start, end, _ in found:
            row.axvspan(start - 0.5, end - 0.5, zorder=0, **FOUND)
    for label in ["event"] * bool(found):
        axes.fill_between([], [], label=label, **FOUND)
    peaks = [peak for *_, peak in found]
    axes.plot(peaks, drawn[peaks], "v", color=COLOURS[2], label="peak" if peaks else None)
    if true is not None:
        bounds = np.flatnonzero(np.diff(true, prepend=False, append=False)).reshape(-1, 2)
        spans = [(start - 0.5, end - start) for start, end in bounds]
        rows[-1].broken_barh(spans, (0, 1), color=COLOURS[4])
        rows[-1].set(yticks=[], ylim=(0, 1))
        rows[-1].set_ylabel(
            "truly\nanomalous", fontsize="small", rotation=0, ha="right", va="center"
        )
    rows[-1].set(xlabel="step", xlim=(-0.5, len(scores) - 0.5))
    rows[-1].xaxis.get_major_locator().set_params(integer=True)
    many = "" if len(found) == 1 else "s"
    more = f"; the first {CHANNELS} of {len(named)} channels" * (len(named) > CHANNELS)
    figure.suptitle(f"Anomaly scores: {len(found)} event{many}{more}")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return finished(figure)


def _from_first_number(name: str, values: ArrayLike) -> np.ndarray:
    """Numbers, of which the first may be NaN, but not all."""
    if np.ndim(values) != 1 or np.asarray(values).dtype.kind != "f":
        return finite(name, values, (None,))
    known = np.flatnonzero(~np.isnan(values))
    begin = known[0] if known.size else 0
    finite(name, np.asarray(values)[begin:], (None,))
    return np.asarray(values, "float64")


def _draw_scores(axes, scores, threshold):
    least = log_from(scores[~np.isnan(scores)], threshold)
    drawn = scores if least is None else np.maximum(scores, least)
    axes.plot(drawn, color=COLOURS[0], linewidth=1, label="score")
    axes.axhline(
        threshold, color="black", linestyle="--", linewidth=1, label=f"threshold {threshold:.4g}"
    )
    axes.set(ylabel="anomaly score", yscale="linear" if least is None else "log")
    axes.grid(alpha=0.2)
    return drawn


def _channels(values, steps):
    shape = (steps, None) if np.ndim(values) == 2 else (steps,)
    return finite("values", values, shape).reshape(steps, -1)  # (T,) -> (T, 1)


def _within(event, steps):
    try:
        start, end, peak = (int(getattr(event, name)) for name in ("start", "end", "peak"))
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"events must have start, end and peak, which are steps. Received: {event!r}"
        ) from None
    if not 0 <= start <= peak < end <= steps:
        raise ValueError(
            f"events must lie within the {steps} steps of the scores, with start <= peak < end. "
            f"Received: start {start}, end {end}, peak {peak}"
        )
    return start, end, peak
