"""Many samples in rows and columns, and the units that make them differ."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite, plain, texts
from aezoo.plots.style import CHANNELS, COLOURS, finished

MOST = 30  # rows and columns: more are not told apart
GREY = "lightgrey"
BEYOND = 0.5  # of [0, 1], that outputs of images in it may be
BARS = 64  # units with a bar each


def sample_grid(
    samples: ArrayLike,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    *,
    title: str = "",
) -> Figure:
    """Samples in rows and columns, such as walks along units or a map of the code.

    Args:
        samples: Array of shape `(rows, columns, ...)`, up to 30 of each. Images `(height, width,
            channels)` are drawn as images, those in other units than [0, 1] from their least value
            to their largest; all else as lines over the index, on one scale.
        rows: Sequence of names for the rows, or `None`.
        columns: Sequence of names for the columns, or `None`.
        title: String.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is nothing to draw, too much, or not a name for each.

    Example:

    >>> import aezoo, numpy as np
    >>> figure = aezoo.plots.sample_grid(np.random.rand(2, 3, 8, 8, 1), rows=["a", "b"])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['a', '', '', 'b', '', '']
    """
    samples = finite("samples", samples)
    if samples.ndim < 3 or max(samples.shape[:2]) > MOST:
        raise ValueError(
            f"samples must be of shape (rows, columns, ...), up to {MOST} of each. "
            f"Received: {samples.shape}"
        )
    count, width = samples.shape[:2]
    names = [
        [""] * size if given is None else [plain(name) for name in texts(kind, given, size)]
        for kind, given, size in (("row", rows, count), ("column", columns, width))
    ]
    image = samples.ndim == 5 and samples.shape[-1] in (1, 3)
    size = (
        (0.9 * width + 0.8, 0.9 * count + 0.5) if image else (1.6 * width + 0.8, 1.1 * count + 0.5)
    )
    figure, grid = plt.subplots(count, width, figsize=size, squeeze=False, layout="constrained")
    ends = samples.min(), samples.max()
    usual = ends[0] >= -BEYOND and ends[1] <= 1 + BEYOND
    low, extent = (0.0, 1.0) if usual else (ends[0], (ends[1] - ends[0]) or 1.0)
    for i, j in np.ndindex(count, width):
        axes = grid[i, j]
        if image:
            axes.imshow(np.clip((samples[i, j] - low) / extent, 0, 1), cmap="gray", vmin=0, vmax=1)
        else:
            _draw_lines(axes, samples[i, j], ends)
        axes.set(xticks=[], yticks=[])
    for i, name in enumerate(names[0]):
        grid[i, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    for j, name in enumerate(names[1]):
        grid[0, j].set_title(name, fontsize="small")
    figure.suptitle(plain(title))
    return finished(figure)


def units(
    deviation: ArrayLike,
    correlation: ArrayLike,
    dead: ArrayLike,
    kl: ArrayLike | None = None,
) -> Figure:
    """The units of a code: how much each varies, and which are alike.

    Args:
        deviation: Array of shape `(D,)`, standard deviations.
        correlation: Array of shape `(D, D)`.
        dead: Boolean array of shape `(D,)`, drawn in grey.
        kl: Array of shape `(D,)` or `None`, nats from the prior.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shapes do not fit.

    Example:

    >>> import aezoo, numpy as np
    >>> figure = aezoo.plots.units([1.0, 0.0], np.eye(2), [False, True])
    >>> figure.axes[0].get_title()
    'Deviation: 1 of 2 units say something'
    """
    deviation = finite("deviation", deviation, (None,))
    size = len(deviation)
    correlation = finite("correlation", correlation, (size, size))
    dead = finite("dead", dead, (size,)).astype(bool)
    bars = {f"Deviation: {size - int(dead.sum())} of {size} units say something": deviation}
    if kl is not None:
        kl = finite("kl", kl, (size,))
        bars[f"KL: {kl.sum():.2f} nats in all"] = kl
    figure, row = plt.subplots(
        1, len(bars) + 1, figsize=(4.6 * (len(bars) + 1), 4), layout="constrained"
    )
    for axes, (title, values) in zip(row, bars.items(), strict=False):
        if size <= BARS:
            axes.bar(range(size), values, color=[GREY if one else COLOURS[0] for one in dead])
        else:
            axes.plot(np.sort(values)[::-1], color=COLOURS[0])
        axes.set(xlabel="unit" if size <= BARS else "units, the largest first", title=title)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", alpha=0.2)
    drawn = row[-1].imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1)
    others = np.abs(np.triu(correlation, 1)).max()
    row[-1].set(xlabel="unit", ylabel="unit", title=f"Correlation: at most {others:.2f}")
    for axis in (row[-1].xaxis, row[-1].yaxis):
        axis.get_major_locator().set_params(integer=True)
    figure.colorbar(drawn, ax=row[-1], fraction=0.046)
    return finished(figure)


def _draw_lines(axes: Axes, sample: np.ndarray, ends: tuple[float, float]) -> None:
    """A signal (steps, channels), or anything else as one line of its values."""
    lines = sample.reshape(len(sample), -1) if sample.ndim == 2 else sample.reshape(-1, 1)
    for channel in range(min(lines.shape[1], CHANNELS)):
        axes.plot(lines[:, channel], color=COLOURS[channel % len(COLOURS)], linewidth=0.8)
    margin = 0.05 * (ends[1] - ends[0]) or 1.0
    axes.set_ylim(ends[0] - margin, ends[1] + margin)
