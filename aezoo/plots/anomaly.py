"""How odd samples are, and why."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.checks import number, positive
from aezoo.plots.arrays import finite, log_from, shortened, texts, zeros_and_ones
from aezoo.plots.style import COLOURS, finished


def score_histogram(
    scores: ArrayLike, threshold: float | None = None, labels: ArrayLike | None = None
) -> Figure:
    """How anomaly scores are spread, and what share of them is above a threshold.

    The axis of scores is logarithmic where they are 0 or more and the largest is 30
    times the least or more.

    Args:
        scores: Array of shape `(n,)`, anomaly scores: higher is odder.
        threshold: Number or `None`, above which samples are flagged.
        labels: Array of shape `(n,)` or `None`: 0 for normal samples, 1 for anomalous ones. With
            them bars are shares of each class, which so can be compared however rare one is.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If scores are not finite, or labels are not 0 or 1, one for each score.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.score_histogram([0.5, 0.7, 0.9, 3.0], threshold=2)
    >>> figure.legends[0].get_texts()[-1].get_text()
    'threshold 2: 25.0 % above'
    """
    scores = finite("scores", scores, (None,))
    odd = None if labels is None else zeros_and_ones("labels", labels, len(scores))
    line = None if threshold is None else number("threshold", threshold)
    least = log_from(scores, line)
    drawn = scores if least is None else np.log10(np.maximum(scores, least))
    bins = int(np.clip(2 * np.sqrt(len(scores)), 10, 60))
    edges = np.histogram_bin_edges(drawn, bins)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    everyone = np.ones(len(scores), bool)
    groups = {"samples": everyone} if odd is None else {"normal": ~odd, "anomalous": odd}
    for colour, (name, members) in zip(COLOURS, groups.items(), strict=False):
        if members.any():
            heights = np.histogram(drawn[members], edges)[0] / (1 if odd is None else members.sum())
            axes.stairs(
                heights,
                edges if least is None else 10**edges,
                fill=True,
                facecolor=(colour, 0.4),
                edgecolor=colour,
                linewidth=1.5,
                label=f"{name} ({members.sum()})" + _above(odd is not None, scores[members], line),
            )
    if line is not None:
        label = f"threshold {line:.4g}" + _above(odd is None, scores, line)
        axes.axvline(line, color="black", linestyle="--", label=label)
    note = (
        f" (less than {least:.2g} is drawn there)"
        if least is not None and least > scores.min()
        else ""
    )
    axes.set(
        xlabel=f"anomaly score{note}",
        ylabel="samples" if odd is None else "share of the class",
        xscale="linear" if least is None else "log",
        title="Anomaly scores",
    )
    axes.grid(alpha=0.2)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return finished(figure)


def contributions(
    values: ArrayLike,
    names: Sequence[Any] | None = None,
    n: int = 10,
    sample: Sequence[Any] | ArrayLike | None = None,
) -> Figure:
    """What makes one sample odd: the largest contributions to its score.

    The bars sum to the score, which is the title: what is not among the largest is one bar.

    Args:
        values: Array of shape `(d,)`, the contribution of each feature.
        names: Sequence of length `d` or `None`, the names of the features.
        n: Positive integer, how many of the largest are drawn on their own.
        sample: Sequence of length `d` or `None`, the sample's own values, to be written beside
            the names.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the values are not those of one sample and finite, or there is not one
            name and one value for each.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.contributions([1, 6, 2, 0.5], ["a", "b", "c", "d"], n=2)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['b', 'c', '2 others']
    >>> figure.axes[0].get_title()
    'Anomaly score 9.5'
    """
    values = finite("values", values, (None,))
    named = texts("feature", names, len(values))
    if sample is not None:
        own = np.asarray(sample, "O")
        if own.shape != values.shape:
            raise ValueError(
                f"sample must have one value for each contribution, {len(values)}. "
                f"Received: an array of shape {own.shape}"
            )
        named = [f"{name} = {_written(value)}" for name, value in zip(named, own, strict=True)]
    order = np.argsort(-np.abs(values), kind="stable")
    many = len(values) > positive("n", n) + 1  # one other has its name and needs no more room
    shown, others = (order[:n], order[n:]) if many else (order, order[:0])
    lengths, written = values[shown].tolist(), [named[i] for i in shown]
    if many:
        lengths.append(values[others].sum())
        written.append(f"{len(others)} others")
    figure, axes = plt.subplots(figsize=(7, 1.2 + 0.3 * len(written)), layout="constrained")
    colours = [COLOURS[0]] * len(shown) + ["grey"] * many
    bars = axes.barh(range(len(written)), lengths, color=colours)
    total = values.sum()
    shares = [f" ({100 * length / total:.0f} %)" for length in lengths] if total > 0 else []
    if values.min() < 0 or not shares:
        shares = [""] * len(lengths)
    ends = [f"{length:.3g}{share}" for length, share in zip(lengths, shares, strict=True)]
    axes.bar_label(bars, ends, padding=3, fontsize="small")
    axes.margins(x=0.2, y=0.02)
    axes.set_yticks(range(len(written)), written, parse_math=False)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set(xlabel="contribution to the score", title=f"Anomaly score {total:.4g}")
    return finished(figure)


def _above(wanted, scores, threshold):
    if not wanted or threshold is None:
        return ""
    return f": {100 * np.mean(scores > threshold):.1f} % above"


def _written(value):
    return f"{value:.4g}" if isinstance(value, float | np.floating) else shortened(str(value))
