"""What models cost, and how good they are for it."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite
from aezoo.plots.style import COLOURS, finished

OTHERS = {"alpha": 0.35, "s": 22, "linewidths": 0}
FRONT = {"s": 46, "edgecolors": "black", "linewidths": 0.8, "zorder": 3}
LIMIT = {"color": "black", "linestyle": "--", "linewidth": 1}


def pareto(
    errors: ArrayLike,
    costs: Mapping[str, ArrayLike],
    names: Sequence[str],
    *,
    front: ArrayLike | None = None,
    limits: Mapping[str, float | None] | None = None,
) -> Figure:
    """The error of models over each of their costs, with those that no other one beats.

    Args:
        errors: Array of shape `(n,)`, positive.
        costs: Dictionary of names of costs, such as `"kB"`, to arrays of shape `(n,)`, positive:
            one picture each, side by side.
        names: Sequence of `n` strings, the family of each model, which gives its colour.
        front: Boolean array of shape `(n,)`, the models with a black edge. Default: those that no
            other one beats in one of these and is worse in none.
        limits: Dictionary of names of costs to floats, drawn as dashed lines; `None` for none.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no model, or an array is not of one positive number for each.

    Example:

    >>> import aezoo
    >>> costs = {"kB": [50, 90, 95], "µs": [20, 30, 60]}
    >>> figure = aezoo.plots.pareto([0.006, 0.004, 0.005], costs, ["deep", "conv", "conv"])
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['kB', 'µs']
    """
    count = len(names)
    if not count or not costs:
        raise ValueError(f"pareto takes one model and one cost or more. Received: {count} names")
    errors = _positive("errors", errors, count)
    columns = {name: _positive(name, values, count) for name, values in costs.items()}
    if front is None:
        front = _unbeaten(np.column_stack([errors, *columns.values()]))
    front = np.asarray(front, bool)
    families = sorted(set(names))
    figure, row = plt.subplots(
        1, len(columns), figsize=(5 * len(columns), 4), layout="constrained", squeeze=False
    )
    for axes, (name, values) in zip(row[0], columns.items(), strict=True):
        for i, family in enumerate(families):
            own = np.array([other == family for other in names])
            colour = COLOURS[i % len(COLOURS)]
            for chosen, style in ((own & ~front, OTHERS), (own & front, FRONT)):
                axes.scatter(values[chosen], errors[chosen], color=colour, **style)
            axes.scatter([], [], color=colour, label=family)
        limit = (limits or {}).get(name)
        if limit is not None and math.isfinite(limit):
            axes.axvline(limit, **LIMIT, label="limit")
        axes.set(xscale="log", yscale="log", xlabel=name, ylabel="mean squared error")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("{x:g}")
        axes.tick_params(which="both", labelsize="small")
        axes.tick_params(axis="x", which="both", rotation=45)
        axes.grid(which="both", alpha=0.2)
    row[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle("Error over cost: the black edge has what no other one beats")
    return finished(figure)


def _positive(name, values, count):
    found = finite(name, values, (count,))
    if (found <= 0).any():
        raise ValueError(f"{name} must be positive. Received: {found.min():g}")
    return found


def _unbeaten(rows):
    """Rows that no other one is below in some column and above in none."""
    no_worse = (rows[:, np.newaxis] <= rows).all(axis=2)  # (n, n): the first than the second
    better = (rows[:, np.newaxis] < rows).any(axis=2)
    return ~(no_worse & better).any(axis=0)
