"""How good samples are for the bytes that they take."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite
from aezoo.plots.style import COLOURS, finished


def rate_distortion(curves: Mapping[str, ArrayLike], *, title: str = "") -> Figure:
    """The quality of compressed samples over their size.

    Args:
        curves: Dictionary of names of codecs to arrays of shape `(n, 2)`: bits per pixel, positive,
            and PSNR in dB.
        title: String, such as the data.

    Returns:
        `matplotlib.figure.Figure`. Higher is better, and further to the left.

    Raises:
        ValueError: If there is no curve, or one is no such array.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.rate_distortion({"conv": [[0.1, 22], [0.2, 25]], "JPEG": [[0.8, 24]]})
    >>> [line.get_label() for line in figure.axes[0].get_lines()]
    ['conv', 'JPEG']
    """
    if not curves:
        raise ValueError("rate_distortion takes one curve or more. Received: none")
    points = {name: finite(f"curves[{name!r}]", curve, (None, 2)) for name, curve in curves.items()}
    for name, curve in points.items():
        if (curve[:, 0] <= 0).any():
            raise ValueError(f"Bits must be positive. Received: {curve[:, 0].min():g} of {name}")
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for i, (name, curve) in enumerate(points.items()):
        curve = curve[curve[:, 0].argsort()]
        axes.plot(*curve.T, marker="o", markersize=4, color=COLOURS[i % len(COLOURS)], label=name)
    axes.set(xscale="log", xlabel="bits per pixel", ylabel="PSNR (dB)", title=title)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(alpha=0.2)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return finished(figure)
