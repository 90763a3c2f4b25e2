"""Where a sample is odd."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite, texts
from aezoo.plots.style import CHANNELS, COLOURS, finished

SHADES = LinearSegmentedColormap.from_list("shades", ["white", COLOURS[1]])  # black is seen on them
COLUMNS = 1000  # of shades over a signal: about one for each pixel


def error_map(x: ArrayLike, contributions: ArrayLike, names: Sequence[Any] | None = None) -> Figure:
    """Where an image or a signal is odd: the contributions to its score, each at its place.

    Args:
        x: Array, one sample: an image of shape `(height, width, channels)`, a volume of shape
            `(depth, height, width, channels)`, drawn by the slice that contributes most, or a
            signal of shape `(steps,)` or `(steps, channels)`. Images in [0, 1] are drawn as they
            are, others from their least value to their largest. Of more than eight channels of a
            signal those that contribute most are drawn.
        contributions: Array of the same shape, or of that without channels.
        names: Sequence or `None`, the names of a signal's channels.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shapes do not fit, or values are not finite.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.rand(8, 8, 1)
    >>> figure = aezoo.plots.error_map(x, x**2)
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['input', 'contributions']
    """
    x, parts = finite("x", x), finite("contributions", contributions)
    if x.ndim not in (1, 2, 3, 4):
        raise ValueError(
            "x must be one signal of shape (steps,) or (steps, channels), one image of shape "
            "(height, width, channels) or one volume of shape (depth, height, width, channels). "
            f"Received: an array of shape {x.shape}"
        )
    if parts.shape not in (x.shape, x.shape[:-1]):
        raise ValueError(
            f"contributions must be of the shape of x, {x.shape}, or of that without channels. "
            f"Received: an array of shape {parts.shape}"
        )
    title = f"Anomaly score {parts.sum():.4g}"
    if x.ndim <= 2:
        x = x.reshape(len(x), -1)  # (T,) -> (T, 1)
        return _shaded(x, parts, texts("channel", names, x.shape[1]), title)
    parts = parts.sum(axis=-1) if parts.ndim == x.ndim else parts  # (..., H, W, C) -> (..., H, W)
    if x.ndim == 4:  # (D, H, W, C) -> (H, W, C)
        oddest = parts.sum(axis=(1, 2)).argmax()
        title = f"{title}, drawn: x[{oddest}]"
        x, parts = x[oddest], parts[oddest]
    return _mapped(x, parts, title)


def _mapped(image, parts, title):
    height, width, channels = image.shape
    if image.min() < 0 or image.max() > 1:
        image = (image - image.min()) / max(np.ptp(image), 1e-12)
    if channels not in (1, 3):
        image = image.mean(axis=-1, keepdims=True)
    wide = width > 2 * height
    across = 6.5 if wide else float(np.clip(3.2 * width / height, 1, 3.4))  # inches of a panel
    down = float(np.clip(across * height / width, 0.5, 8))
    figure, (left, right) = plt.subplots(
        nrows=1 + wide,
        ncols=2 - wide,
        figsize=(across + 1, 2 * down + 1.2) if wide else (2 * across + 1.2, down + 0.8),
        layout="constrained",
    )
    left.imshow(image, cmap="gray", vmin=0, vmax=1)
    drawn = right.imshow(
        parts, cmap="magma", vmin=min(parts.min(), 0), vmax=max(parts.max(), 1e-12)
    )
    figure.colorbar(drawn, ax=right, fraction=0.05)
    for axes, name in ((left, "input"), (right, "contributions")):
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize="medium")
    figure.suptitle(title)
    return finished(figure)


def _shaded(x, parts, names, title):
    steps, channels = x.shape
    parts = np.broadcast_to(parts.reshape(steps, -1), x.shape)
    chosen = np.sort(np.argsort(-parts.sum(axis=0), kind="stable")[:CHANNELS])
    if len(chosen) < channels:
        title = f"{title}; the {len(chosen)} of {channels} channels that contribute most"
    begins = np.arange(0, steps, max(1, -(-steps // COLUMNS)))
    shades = np.maximum.reduceat(parts[:, chosen], begins)  # (T, C) -> (columns, C)
    figure, grid = plt.subplots(
        len(chosen),
        figsize=(8, 1.4 + 1.1 * len(chosen)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    scale = {"vmin": min(shades.min(), 0), "vmax": max(shades.max(), 1e-12), "cmap": SHADES}
    for axes, channel, shade in zip(grid[:, 0], chosen, shades.T, strict=True):
        marker = "o" if steps <= 40 else None
        axes.plot(x[:, channel], color="black", linewidth=1, marker=marker, markersize=3)
        bounds = axes.get_ylim()
        edges = np.append(begins, steps) - 0.5
        drawn = axes.pcolormesh(edges, bounds, shade[np.newaxis], zorder=0, **scale)
        axes.set(xlim=(edges[0], edges[-1]), ylim=bounds)
        if channels > 1:
            axes.set_title(names[channel], fontsize="small", loc="left", pad=2, parse_math=False)
    grid[-1, 0].set_xlabel("step")
    grid[-1, 0].xaxis.get_major_locator().set_params(integer=True)
    figure.colorbar(drawn, ax=grid[:, 0].tolist(), label="contribution", fraction=0.05, pad=0.02)
    figure.suptitle(title)
    return finished(figure)
