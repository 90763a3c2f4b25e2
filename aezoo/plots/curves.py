"""How well scores tell anomalous samples from normal ones, whatever the threshold."""

import itertools
from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn import metrics

from aezoo.plots.arrays import finite, plain, shortened, zeros_and_ones
from aezoo.plots.style import COLOURS, finished

CHANCE = {"color": "grey", "linestyle": ":", "zorder": 1}
LINES = ("-", "--", "-.")  # in turn, once there is a detector of each colour


def roc(labels: ArrayLike, scores: ArrayLike | Mapping[str, ArrayLike]) -> Figure:
    """The share of anomalies that are found over the share of false alarms.

    Args:
        labels: Array of shape `(n,)`: 0 for normal samples, 1 for anomalous ones. Both must occur.
        scores: Array of shape `(n,)`, anomaly scores: higher is odder. To compare detectors, a
            dictionary of their names to such arrays.

    Returns:
        `matplotlib.figure.Figure`, with the area under each curve (AUROC) in its legend.

    Raises:
        ValueError: If labels are not 0 or 1, or all alike, or scores are not finite, one for each
            label.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.roc([0, 0, 1, 1], {"conv": [0.1, 0.4, 0.35, 0.8]})
    >>> figure.axes[0].get_legend().get_texts()[0].get_text()
    '0.750  conv'
    """
    axes, _ = _drawn(labels, scores, _alarms_and_found, metrics.roc_auc_score)
    axes.plot([0, 1], [0, 1], **CHANCE, label="0.500  chance")
    axes.set(xlabel="normal samples flagged", ylabel="anomalies found", title="ROC curve")
    return _finished(axes, "AUROC")


def precision_recall(labels: ArrayLike, scores: ArrayLike | Mapping[str, ArrayLike]) -> Figure:
    """The share of flags that are right over the share of anomalies that are found.

    Args:
        labels: Array of shape `(n,)`: 0 for normal samples, 1 for anomalous ones. Both must occur.
        scores: Array of shape `(n,)`, anomaly scores: higher is odder. To compare detectors, a
            dictionary of their names to such arrays.

    Returns:
        `matplotlib.figure.Figure`, with the average precision of each curve in its legend.

    Raises:
        ValueError: If labels are not 0 or 1, or all alike, or scores are not finite, one for each
            label.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.precision_recall([0, 0, 1, 1], {"conv": [0.1, 0.4, 0.35, 0.8]})
    >>> figure.axes[0].get_legend().get_texts()[0].get_text()
    '0.833  conv'
    """
    area = metrics.average_precision_score
    axes, share = _drawn(labels, scores, _found_and_right, area, drawstyle="steps-post")
    axes.plot([0, 1], [share, share], **CHANCE, label=f"{share:.3f}  chance")
    axes.set(xlabel="recall: anomalies found", ylabel="precision: flags that are right")
    axes.set_title("Precision and recall")
    return _finished(axes, "average precision")


def _drawn(labels, scores, points, area, **options):
    """Axes with a line of points a detector, and the share of anomalies."""
    odd, detectors = _checked(labels, scores)
    width = 6 + 0.08 * max(map(len, detectors))  # inches: the legend stands beside the curves
    _, axes = plt.subplots(figsize=(width, 4.5), layout="constrained")
    for style, (name, own) in zip(_styles(), detectors.items(), strict=False):
        label = f"{area(odd, own):.3f}  {name}".rstrip()
        axes.plot(*points(odd, own), **style, **options, label=label)
    return axes, odd.mean()


def _alarms_and_found(odd, scores):
    false_alarms, found, _ = metrics.roc_curve(odd, scores)
    return false_alarms, found


def _found_and_right(odd, scores):
    right, found, _ = metrics.precision_recall_curve(odd, scores)
    return found, right


def _checked(labels, scores):
    detectors = scores if isinstance(scores, Mapping) else {"": scores}
    if not detectors:
        raise ValueError("scores must be of one detector or more. Received: an empty dictionary")
    odd = zeros_and_ones("labels", labels)
    if odd.all() or not odd.any():
        raise ValueError(
            "labels must have both 0 (normal) and 1 (anomalous): of one class alone there is no "
            f"curve. Received: {len(odd)} times {int(odd[0])}"
        )
    return odd, {
        plain(shortened(str(name))): finite(
            f"scores of {name}" if name else "scores", own, (len(odd),)
        )
        for name, own in detectors.items()
    }


def _styles():
    return ({"linestyle": line, "color": c} for line, c in itertools.product(LINES, COLOURS))


def _finished(axes, title):
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.grid(alpha=0.2)
    axes.legend(title=title, loc="center left", bbox_to_anchor=(1, 0.5))
    return finished(axes.figure)
