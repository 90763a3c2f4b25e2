"""How many labels a classifier needs."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from aezoo.plots.style import COLOURS, finished

KEYS = ("features", "classifier", "labels", "accuracy", "spread")
STYLES = ("-", ":", "--", "-.")  # of the classifiers


def label_efficiency(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """The accuracy of classifiers over the number of labels, with its spread over draws.

    Args:
        rows: Sequence of dictionaries, as `aezoo.probe` returns them.
        title: String, such as the data.

    Returns:
        `matplotlib.figure.Figure`: a colour for each kind of features, a line style for each
        classifier, and bars of one standard deviation.

    Raises:
        ValueError: If there are no rows, or one lacks a key.

    Example:

    >>> import aezoo
    >>> row = {"features": "codes", "classifier": "linear"}
    >>> rows = [
    ...     {**row, "labels": 100, "accuracy": 0.8, "spread": 0.02},
    ...     {**row, "labels": 1000, "accuracy": 0.9, "spread": 0.01},
    ... ]
    >>> aezoo.plots.label_efficiency(rows).axes[0].get_xlabel()
    'labels'
    """
    rows = list(rows)
    if not rows:
        raise ValueError("label_efficiency takes one row or more. Received: none")
    for row in rows:
        if missing := [key for key in KEYS if key not in row]:
            raise ValueError(f"rows must have {', '.join(KEYS)}. Received: one without {missing}")
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    kinds, classifiers = (
        list(dict.fromkeys(row[key] for row in rows)) for key in ("features", "classifier")
    )
    for i, features in enumerate(kinds):
        for j, classifier in enumerate(classifiers):
            own = sorted(
                (row["labels"], row["accuracy"], row["spread"])
                for row in rows
                if (row["features"], row["classifier"]) == (features, classifier)
            )
            if own:
                labels, accuracies, spreads = zip(*own, strict=True)
                style = {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[j % len(STYLES)]}
                name = f"{features}, {classifier}"
                axes.errorbar(
                    labels,
                    accuracies,
                    spreads,
                    marker="o",
                    markersize=4,
                    capsize=3,
                    label=name,
                    **style,
                )
    sizes = sorted({row["labels"] for row in rows})
    axes.set(xscale="log", xlabel="labels", ylabel="accuracy", title=title)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.grid(alpha=0.2)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return finished(figure)
