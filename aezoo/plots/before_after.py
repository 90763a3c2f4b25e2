"""Photographs and recordings before something was done to them, and after."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from skimage.metrics import peak_signal_noise_ratio

from aezoo.checks import positive
from aezoo.plots.style import finished

INCHES = 4.0  # of a panel
TALLEST = 3.0  # height of a panel over its width, beyond which it is drawn smaller


def before_after(
    before: ArrayLike, after: ArrayLike, clean: ArrayLike | None = None, zoom: int = 96
) -> Figure:
    """A photograph before and after, whole and a part of its middle, pixel by pixel.

    Args:
        before: Array of shape `(height, width)` or `(height, width, channels)`, integers of 8 or
            16 bits, or floats in [0, 1], what is beyond is cut off. Or of shape `(steps,)` or
            `(steps, 1)`, drawn as lines.
        after: Array of the same shape.
        clean: Array of the same shape or `None`: what should have come out. Titles then have the
            peak signal-to-noise ratio in dB.
        zoom: Positive integer, height and width of the part in pixels, or how many steps.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shapes differ, or are of something else.

    Example:

    >>> import aezoo, numpy as np
    >>> clean = np.random.default_rng(0).random((64, 48))
    >>> figure = aezoo.plots.before_after(clean + 0.1, clean, clean)
    >>> figure.axes[0].get_title()
    'before, 20.0 dB'
    """
    given = {"before": before, "after": after, "clean": clean}
    shown = {name: _floats(x) for name, x in given.items() if name != "clean" or x is not None}
    shapes = {x.shape for x in shown.values()}
    first = shown["before"]
    if len(shapes) > 1:
        raise ValueError(f"Expected arrays of one shape. Received: {sorted(shapes)}")
    grey = first.ndim == 2 and first.shape[1] > 1
    if not first.size or not (grey or first.ndim <= 2 or first.shape[2:] in ((1,), (3,))):
        raise ValueError(f"Expected a photograph or a recording. Received: shape {first.shape}")
    positive("zoom", zoom)
    titles = {name: name + _quality(x, shown, name) for name, x in shown.items()}
    if not grey and first.ndim <= 2:
        return _lines(shown, titles, zoom)
    height, width = first.shape[:2]
    tall = min(height / width, TALLEST)
    figure, grid = plt.subplots(
        2,
        len(shown),
        figsize=(INCHES * len(shown), INCHES * (1 + tall)),
        height_ratios=(tall, 1),
        squeeze=False,
        layout="constrained",
    )
    parts = [slice(max(0, (n - zoom) // 2), (n + zoom) // 2) for n in (height, width)]
    for column, (name, x) in enumerate(shown.items()):
        for row, image in enumerate((x, x[tuple(parts)])):
            axes = grid[row, column]
            axes.imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
        grid[0, column].set_title(titles[name])
    return finished(figure)


def _floats(x):
    x = np.asarray(x)
    if x.dtype in (np.uint8, np.uint16):
        return x / float(np.iinfo(x.dtype).max)
    if x.dtype.kind != "f" or not np.isfinite(x).all():
        raise ValueError(
            "before, after and clean must be finite floats, uint8 or uint16. Received: an array "
            f"of {x.dtype}"
        )
    return x.astype("float64")


def _quality(x, shown, name):
    if "clean" not in shown or name == "clean":
        return ""
    clean = shown["clean"]
    peak = 1.0 if x.ndim > 1 and x.shape[1] > 1 else np.abs(clean).max()
    with np.errstate(divide="ignore"):  # of what is exact
        return f", {peak_signal_noise_ratio(clean, x, data_range=peak):.1f} dB"


def _lines(shown, titles, zoom):
    figure, grid = plt.subplots(
        len(shown),
        2,
        figsize=(2.2 * INCHES, 1.2 + 1.2 * len(shown)),
        sharex="col",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row, (name, x) in enumerate(shown.items()):
        x = x.reshape(-1)
        start = max(0, (len(x) - zoom) // 2)
        grid[row, 0].plot(x, linewidth=0.5)
        grid[row, 1].plot(np.arange(start, min(len(x), start + zoom)), x[start : start + zoom])
        grid[row, 0].set_ylabel(titles[name].replace(", ", "\n"))
    for axes in grid[-1]:
        axes.set_xlabel("step")
        axes.ticklabel_format(axis="x", useOffset=False)
    return finished(figure)
