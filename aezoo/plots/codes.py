"""Where samples lie in the code."""

import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from aezoo.plots.style import COLOURS, finished

OUTLINE = [patheffects.withStroke(linewidth=3, foreground="white")]
CENTRED = {"ha": "center", "va": "center", "weight": "bold"}
MORE_COLOURS = matplotlib.color_sequences["tab20"]


def latent(codes: ArrayLike, labels: ArrayLike | None = None) -> Figure:
    """Codes in two dimensions: as they are, or by their first two principal components.

    Args:
        codes: Array of shape `(n, ...)`; more than one axis a code is flattened.
        labels: Array of shape `(n,)` or `None`, what to colour by: classes, numbers or text, or
            a measure. Numbers are a measure, and drawn with a bar of colours, if they are not
            whole or of more than 20 values. Of text the 39 most frequent classes are named when
            there are more than 40.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is not one label for each code, or there are no finite codes.

    Example:

    >>> import aezoo, numpy as np
    >>> figure = aezoo.plots.latent(np.random.rand(50, 8), labels=np.arange(50) % 3)
    >>> "principal component" in figure.axes[0].get_xlabel()
    True
    """
    if not np.ndim(codes) or not np.size(codes) or not np.isfinite(codes).all():
        raise ValueError("Expected finite codes to draw, one or more.")
    codes = np.reshape(codes, (len(codes), -1))  # (n, ...) -> (n, D)
    if labels is not None and np.shape(labels) != (len(codes),):
        raise ValueError(
            f"labels must be one for each code, of shape ({len(codes)},). "
            f"Received: an array of shape {np.shape(labels)}"
        )
    if codes.shape[1] > 2 and len(codes) > 1:
        pca = PCA(2).fit(codes)
        codes = pca.transform(codes)
        share = 100 * pca.explained_variance_ratio_
        names = [f"principal component {i} ({share[i - 1]:.0f} % of variance)" for i in (1, 2)]
        title = "Codes, their first two principal components"
    else:
        names = ["code 1", "code 2"]
        title = "Codes"
        if codes.shape[1] == 1:  # spread over the height, where it means nothing
            codes = np.column_stack([codes[:, 0], np.random.default_rng(0).random(len(codes))])
            names[1] = "(random, for sight)"
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    codes = codes[:, :2]
    points = {"s": np.clip(8000 / len(codes), 6, 30), "alpha": 0.7, "linewidths": 0}
    labels = None if labels is None else np.asarray(labels)
    if labels is None or len(np.unique(labels.astype(str))) == 1:
        axes.scatter(*codes.T, color=COLOURS[0], **points)
    elif _is_measure(labels):
        drawn = axes.scatter(*codes.T, c=labels, cmap="viridis", **points)
        figure.colorbar(drawn, label="label")
    else:
        _scatter_classes(axes, codes, labels, points)
    axes.set(xlabel=names[0], ylabel=names[1], title=title)
    return finished(figure)


def _is_measure(labels):
    if labels.dtype.kind not in "iuf":
        return False
    return len(np.unique(labels)) > len(MORE_COLOURS) or not np.array_equal(
        labels, np.round(labels)
    )


def _scatter_classes(axes: Axes, codes: np.ndarray, labels: np.ndarray, points: dict):
    labels = labels.astype(str) if labels.dtype.kind == "O" else labels  # they may not compare
    classes, counts = np.unique(labels, return_counts=True)
    few, many = len(classes) <= len(COLOURS), len(classes) > len(MORE_COLOURS)
    if len(classes) > 2 * len(MORE_COLOURS):
        frequent = np.argsort(-counts, kind="stable")[: 2 * len(MORE_COLOURS) - 1]
        classes = np.sort(classes[frequent])
        others = codes[~np.isin(labels, classes)]
        axes.scatter(*others.T, color="lightgrey", label="others", **points)
    styles = itertools.product("o^", COLOURS if few else MORE_COLOURS)
    for (marker, colour), value in zip(styles, classes, strict=False):
        members = codes[labels == value]
        axes.scatter(*members.T, color=colour, marker=marker, label=str(value), **points)
        if not many:
            middle = np.median(members, axis=0)
            axes.annotate(str(value), middle, path_effects=OUTLINE, **CENTRED)
    legend = axes.legend(
        title="label",
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        ncols=1 + many,
        fontsize=None if few else "small",
    )
    for handle in legend.legend_handles:
        handle.set(sizes=[30], alpha=1)
