"""Every picture, one function each. They return a matplotlib Figure: `figure.savefig(path)`."""

import itertools
from collections.abc import Mapping, Sequence

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from aezoo.checks import positive

OUTLINE = [patheffects.withStroke(linewidth=3, foreground="white")]
CENTRED = {"ha": "center", "va": "center", "weight": "bold"}
COLOURS = matplotlib.color_sequences["petroff10"]  # told apart with any colour vision
MORE_COLOURS = matplotlib.color_sequences["tab20"]


def history(log: Mapping[str, Sequence[float]]) -> Figure:
    """The loss by epoch, on a logarithmic axis.

    Args:
        log: Dictionary of lists, such as `fit(...).history`: `loss` and, if there is one,
            `val_loss`.

    Returns:
        `matplotlib.figure.Figure`.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.history({"loss": [0.1, 0.05], "val_loss": [0.11, 0.06]})
    >>> figure.axes[0].get_xlabel()
    'epoch'
    """
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    names = {"loss": "training", "val_loss": "validation"}
    for colour, (key, label) in zip(COLOURS, names.items(), strict=False):
        if key in log:
            marker = "o" if len(log[key]) == 1 else None
            epochs = range(1, len(log[key]) + 1)
            axes.plot(epochs, log[key], color=colour, marker=marker, label=label)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log", title="Loss by epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(which="both", alpha=0.2)
    axes.legend()
    return _finished(figure)


def reconstructions(
    x: ArrayLike, rebuilt: ArrayLike, corrupted: ArrayLike | None = None, n: int = 8
) -> Figure:
    """Originals beside their reconstructions, and the difference.

    Args:
        x: Array of shape `(m, ...)`. Images `(height, width, channels)` in [0, 1] are drawn as
            images, one-channel volumes by their middle slice, all else as lines over the index.
        rebuilt: Array of the same shape, the reconstructions.
        corrupted: Array of the same shape or `None`: what was reconstructed, where that is not
            `x` itself.
        n: Positive integer, how many samples to draw, from the first on.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shapes differ, or there is nothing to draw.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.rand(3, 8, 8, 1)
    >>> figure = aezoo.plots.reconstructions(x, x)
    >>> figure.axes[0].get_ylabel()
    'original'
    """
    if positive("n", n) and (not np.ndim(x) or not np.size(x)):
        raise ValueError(f"Expected samples to draw. Received: an array of shape {np.shape(x)}")
    rows = {"original": x, "corrupted": corrupted, "reconstruction": rebuilt}
    rows = {
        title: np.asarray(data, "float64")[:n] for title, data in rows.items() if data is not None
    }
    shapes = {data.shape for data in rows.values()}
    if len(shapes) > 1:
        raise ValueError(f"Expected arrays of one shape. Received: {sorted(shapes)}")
    if np.ndim(x) == 5:  # (B, D, H, W, C) -> (B, H, W, C), the middle slice
        rows = {title: data[:, data.shape[1] // 2] for title, data in rows.items()}
    shape = rows["original"].shape
    return _images(rows) if len(shape) == 4 and shape[-1] in (1, 3) else _lines(rows)


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
    return _finished(figure)


def elbow(errors: Mapping[str, Mapping[int | str, float]]) -> Figure:
    """The error over the size of the code: where it bends, more numbers are of little use.

    Args:
        errors: Dictionary of names, such as `"conv"` and `"PCA"`, to dictionaries of code sizes
            to errors. PCA is drawn as a dashed line.

    Returns:
        `matplotlib.figure.Figure`.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.elbow({"conv": {2: 0.04, 8: 0.01}, "PCA": {2: 0.06, 8: 0.04}})
    >>> figure.axes[0].get_xlabel()
    'numbers in a code'
    """
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    sizes = sorted({int(size) for row in errors.values() for size in row})
    colours = itertools.cycle(COLOURS)
    for name, row in errors.items():
        points = sorted((int(size), error) for size, error in row.items())
        style = {"color": "black", "linestyle": "--"} if name == "PCA" else {"color": next(colours)}
        axes.plot(*zip(*points, strict=True), marker="o", markersize=4, label=name, **style)
    axes.set(xscale="log", yscale="log", xlabel="numbers in a code", ylabel="mean squared error")
    axes.set_xticks(sizes, sizes, fontsize="small")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(alpha=0.2)
    axes.set_title("Error by the size of the code")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return _finished(figure)


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


def _images(rows):
    # (B, H, W, C) -> (B, H, W, 1)
    error = np.abs(rows["original"] - rows["reconstruction"]).mean(axis=-1, keepdims=True)
    count = len(error)
    height = 1.2 * (len(rows) + 1)
    figure, grid = plt.subplots(
        len(rows) + 1, count, figsize=(1 + 1.1 * count, height), squeeze=False, layout="constrained"
    )
    for axes_row, (title, images) in zip(grid, rows.items(), strict=False):
        axes_row[0].set_ylabel(title)
        for axes, image in zip(axes_row, images, strict=True):
            axes.imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1)
    grid[-1, 0].set_ylabel("absolute\nerror")
    for axes, image in zip(grid[-1], error, strict=True):
        drawn = axes.imshow(image, cmap="magma", vmin=0, vmax=max(float(error.max()), 1e-6))
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    figure.colorbar(drawn, ax=grid[-1].tolist(), fraction=0.02, pad=0.01)
    return _finished(figure)


def _lines(rows):
    # (B, N) and (B, N, C) -> (B, N, C), all else -> (B, N, 1)
    shape = rows["original"].shape
    shape = (*shape[:2], -1) if len(shape) <= 3 else (shape[0], -1, 1)
    rows = {title: data.reshape(shape) for title, data in rows.items()}
    count, length, channels = rows["original"].shape
    count = min(count, 4)
    figure, grid = plt.subplots(
        count, 1, figsize=(7, 1 + 1.4 * count), sharex=True, squeeze=False, layout="constrained"
    )
    styles = {"original": "-", "corrupted": ":", "reconstruction": "--"}
    for sample, axes in enumerate(grid[:, 0]):
        for colour, (title, data) in zip(COLOURS, rows.items(), strict=False):
            for channel in range(min(channels, 3)):
                axes.plot(
                    data[sample, :, channel],
                    styles[title],
                    color=colour,
                    marker="o" if length <= 40 else None,
                    markersize=3,
                    label=title if channel == 0 else None,
                )
        axes.grid(alpha=0.2)
    grid[0, 0].legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    grid[-1, 0].set_xlabel("index of the value")
    figure.supylabel("value")
    return _finished(figure)


def _finished(figure):
    plt.close(figure)  # a notebook draws a returned figure; left open it would draw it twice
    return figure
