"""Samples beside what a model makes of them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.checks import positive
from aezoo.plots.arrays import numbers
from aezoo.plots.style import COLOURS, finished


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
    rows = {title: numbers(title, data)[:n] for title, data in rows.items() if data is not None}
    shapes = {data.shape for data in rows.values()}
    if len(shapes) > 1:
        raise ValueError(f"Expected arrays of one shape. Received: {sorted(shapes)}")
    if np.ndim(x) == 5:  # (B, D, H, W, C) -> (B, H, W, C), the middle slice
        rows = {title: data[:, data.shape[1] // 2] for title, data in rows.items()}
    shape = rows["original"].shape
    return _images(rows) if len(shape) == 4 and shape[-1] in (1, 3) else _lines(rows)


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
    return finished(figure)


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
    return finished(figure)
