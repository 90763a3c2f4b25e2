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
from sklearn.manifold import TSNE, trustworthiness

from aezoo.plots.arrays import in_legend, is_measure
from aezoo.plots.style import COLOURS, finished

OUTLINE = [patheffects.withStroke(linewidth=3, foreground="white")]
CENTRED = {"ha": "center", "va": "center", "weight": "bold"}
NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
NEIGHBOURS = 15
JUDGED = 2000
MORE_COLOURS = matplotlib.color_sequences["tab20"]


def latent(
    codes: ArrayLike, labels: ArrayLike | None = None, *, method: str = "pca", seed: int = 0
) -> Figure:
    """Codes in two dimensions: as they are, or what is left of them in two.

    Args:
        codes: Array of shape `(n, ...)`; more than one axis a code is flattened.
        labels: Array of shape `(n,)` or `None`, what to colour by: classes, numbers or text, or
            a measure. Numbers are a measure, and drawn with a bar of colours, if they are not
            whole or of more than 20 values. Of text the 39 most frequent classes are named when
            there are more than 40.
        method: `"pca"`, the first two principal components, `"tsne"` or `"umap"`, neighbourhoods
            (the latter with `pip install umap-learn`). Codes of one or two numbers are drawn as
            they are. See `in_two` for what is lost.
        seed: Integer, of the methods that draw.

    Returns:
        `matplotlib.figure.Figure`. Of `"tsne"` and `"umap"` its title has the trustworthiness.

    Raises:
        ValueError: If there is not one label for each code, there are no finite codes, or too few
            for the method.
        ImportError: If UMAP is not installed.

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
    if method not in NAMES:
        raise ValueError(f"method must be one of {', '.join(NAMES)}. Received: {method!r}")
    if codes.shape[1] > 2 and _varies(codes):
        if method == "pca":
            title = "Codes, their first two principal components"
            codes, names = in_plane(codes)
        else:
            codes, trusted = in_two(codes, method, seed)
            names = ("", "")
            title = f"Codes by {NAMES[method]}, trustworthiness {trusted:.3f}"
    else:
        title = "Codes"
        codes, names = in_plane(codes)
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    points = {"s": np.clip(8000 / len(codes), 6, 30), "alpha": 0.7, "linewidths": 0}
    labels = None if labels is None else np.asarray(labels)
    if labels is None or len(np.unique(labels.astype(str))) == 1:
        axes.scatter(*codes.T, color=COLOURS[0], **points)
    elif is_measure(labels):
        drawn = axes.scatter(*codes.T, c=labels, cmap="viridis", **points)
        figure.colorbar(drawn, label="label")
    else:
        _scatter_classes(axes, codes, labels, points)
    axes.set(xlabel=names[0], ylabel=names[1], title=title)
    return finished(figure)


def in_plane(codes: ArrayLike) -> tuple[np.ndarray, tuple[str, str]]:
    """Codes as points of a plane: as they are, or their first two principal components.

    Args:
        codes: Array of shape `(n, ...)`; more than one axis a code is flattened.

    Returns:
        A pair: array of shape `(n, 2)`, and what its two columns are.

    Example:

    >>> import numpy as np
    >>> from aezoo.plots.codes import in_plane
    >>> in_plane(np.eye(2))[1]
    ('code 1', 'code 2')
    """
    codes = np.reshape(codes, (len(codes), -1)).astype("float64")  # (n, ...) -> (n, D)
    if codes.shape[1] > 2 and _varies(codes):
        pca = PCA(2).fit(codes)
        first, second = (
            f"{100 * share:.0f} % of variance" for share in pca.explained_variance_ratio_
        )
        names = f"principal component 1 ({first})", f"principal component 2 ({second})"
        return pca.transform(codes), names
    if codes.shape[1] == 1:  # spread over the height, where it means nothing
        beside = np.random.default_rng(0).random(len(codes))
        return np.column_stack([codes[:, 0], beside]), ("code 1", "(random, for sight)")
    return codes[:, :2], ("code 1", "code 2")


def in_two(codes: ArrayLike, method: str = "pca", seed: int = 0) -> tuple[np.ndarray, float]:
    """Codes as points of a plane, and how far neighbours there are neighbours in the code.

    Args:
        codes: Array of shape `(n, ...)`, four or more; more than one axis a code is flattened.
        method: `"pca"`, `"tsne"` or `"umap"`.
        seed: Integer, of the methods that draw.

    Returns:
        A pair: array of shape `(n, 2)`, and the trustworthiness in [0, 1] of the neighbours of a
        point, fifteen or as many as there are: 1 if each is a neighbour of its code, too. Of more
        than 2,000 codes it is that of 2,000.

    Raises:
        ValueError: If there are too few codes, or numbers in them, or all are equal.
        ImportError: If UMAP is not installed.

    Example:

    >>> import numpy as np
    >>> from aezoo.plots.codes import in_two
    >>> points, trusted = in_two(np.random.default_rng(0).random((50, 8)))
    >>> points.shape, 0 < trusted < 1
    ((50, 2), True)

    Reference:
        Venna and Kaski, "Neighborhood Preservation in Nonlinear Projection Methods", ICANN 2001;
        van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008; McInnes et al.,
        "UMAP", 2018, arXiv:1802.03426.
    """
    if method not in NAMES:
        raise ValueError(f"method must be one of {', '.join(NAMES)}. Received: {method!r}")
    codes = np.reshape(codes, (len(codes), -1))  # (n, ...) -> (n, D)
    if len(codes) < 4 or codes.shape[1] < 2 or not np.ptp(codes, axis=0).any():
        raise ValueError(
            "A view needs four codes or more, of two numbers or more, that are not all equal. "
            f"Received: {codes.shape}"
        )
    if method == "umap":
        try:
            from umap import UMAP
        except ImportError as error:
            raise ImportError("UMAP is not installed: pip install umap-learn") from error
        view = UMAP(n_neighbors=min(NEIGHBOURS, len(codes) - 1), random_state=seed, n_jobs=1)
    elif method == "tsne":
        view = TSNE(perplexity=min(30.0, (len(codes) - 1) / 3), random_state=seed)
    else:
        view = PCA(2)
    points = view.fit_transform(codes)
    some = np.random.default_rng(seed).permutation(len(codes))[:JUDGED]
    neighbours = min(NEIGHBOURS, (len(some) - 1) // 2)
    return points, float(trustworthiness(codes[some], points[some], n_neighbors=neighbours))


def _varies(codes):
    """Whether there is a variance to divide by; that of what differs by rounding may be none."""
    return codes.var(axis=0).sum() > 0


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
        axes.scatter(*members.T, color=colour, marker=marker, label=in_legend(value), **points)
        if not many:
            middle = np.median(members, axis=0)
            axes.annotate(in_legend(value), middle, path_effects=OUTLINE, **CENTRED)
    legend = axes.legend(
        title="label",
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        ncols=1 + many,
        fontsize=None if few else "small",
    )
    for handle in legend.legend_handles:
        handle.set(sizes=[30], alpha=1)
