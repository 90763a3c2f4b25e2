"""Pictures of a training, and of what its size is good for."""

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from aezoo.plots.arrays import in_legend, numbers
from aezoo.plots.style import COLOURS, finished


def history(log: Mapping[str, Sequence[float]]) -> Figure:
    """The loss by epoch, on a logarithmic axis.

    Args:
        log: Dictionary of lists, such as `fit(...).history`: `loss` and, if there is one,
            `val_loss`.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no `loss`, or one that is no list of numbers.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.history({"loss": [0.1, 0.05], "val_loss": [0.11, 0.06]})
    >>> figure.axes[0].get_xlabel()
    'epoch'
    """
    if not isinstance(log, Mapping) or "loss" not in log:
        raise ValueError(f"log must be a dictionary with the key 'loss'. Received: {log!r}")
    names = {"loss": "training", "val_loss": "validation"}
    losses = {
        label: numbers(key, log[key], (None,))
        for key, label in names.items()
        if len(log.get(key, ()))
    }
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for colour, (label, values) in zip(COLOURS, losses.items(), strict=False):
        marker = "o" if len(values) == 1 else None
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=colour, marker=marker, label=label)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log", title="Loss by epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(which="both", alpha=0.2)
    axes.legend()
    return finished(figure)


def histories(
    logs: Mapping[str, Mapping[str, Sequence[float]]], *, key: str = "val_loss"
) -> Figure:
    """The losses of several trainings by epoch, on one logarithmic axis.

    Args:
        logs: Dictionary of names to dictionaries of lists, such as `fit(...).history`.
        key: String, which of their lists is drawn. What has none is left out.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If none has such a list, or it is no list of numbers.

    Example:

    >>> import aezoo
    >>> logs = {"a": {"val_loss": [0.1, 0.05]}, "b": {"val_loss": [0.2, 0.04, 0.03]}}
    >>> figure = aezoo.plots.histories(logs)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['a', 'b']
    """
    if not isinstance(logs, Mapping) or not all(isinstance(log, Mapping) for log in logs.values()):
        raise ValueError(f"logs must be dictionaries of lists, by name. Received: {logs!r}")
    drawn = {name: numbers(key, log[key], (None,)) for name, log in logs.items() if key in log}
    if not drawn:
        raise ValueError(f"There is no {key!r} to draw. Received: {list(logs)}")
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    styles = itertools.product(("-", "--", ":"), COLOURS)
    for (style, colour), (name, values) in zip(
        itertools.cycle(styles), drawn.items(), strict=False
    ):
        marker = "o" if len(values) == 1 else None
        line = {"color": colour, "linestyle": style, "marker": marker, "label": in_legend(name)}
        axes.plot(range(1, len(values) + 1), values, **line)
    name = {"val_loss": "validation loss", "loss": "training loss"}.get(key, key)
    axes.set(xlabel="epoch", ylabel=name, yscale="log", title="Loss by epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(which="both", alpha=0.2)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return finished(figure)


def elbow(
    errors: Mapping[str, Mapping[int | str, float]],
    *,
    marked: Mapping[str, int | None] | None = None,
) -> Figure:
    """The error over the size of the code: where it bends, more numbers are of little use.

    Args:
        errors: Dictionary of names, such as `"conv"` and `"PCA"`, to dictionaries of code sizes
            to errors. PCA is drawn as a dashed line.
        marked: Dictionary of names to one of their sizes, which gets a ring, or to `None`, such as
            `aezoo.sweep` finds.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there are no errors, or no dictionaries of them.

    Example:

    >>> import aezoo
    >>> figure = aezoo.plots.elbow({"conv": {2: 0.04, 8: 0.01}, "PCA": {2: 0.06, 8: 0.04}})
    >>> figure.axes[0].get_xlabel()
    'numbers in a code'
    """
    if not errors or not all(isinstance(row, Mapping) and row for row in errors.values()):
        raise ValueError(
            f"errors must be dictionaries of code sizes to errors, by name. Received: {errors!r}"
        )
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    sizes = sorted({int(size) for row in errors.values() for size in row})
    colours = itertools.cycle(COLOURS)
    for name, row in errors.items():
        points = sorted((int(size), error) for size, error in row.items())
        style = {"color": "black", "linestyle": "--"} if name == "PCA" else {"color": next(colours)}
        axes.plot(*zip(*points, strict=True), marker="o", markersize=4, label=name, **style)
        bend = (marked or {}).get(name)
        if bend is not None:
            ring = {"markerfacecolor": "none", "markersize": 12, "color": style["color"]}
            axes.plot(bend, dict(points)[bend], marker="o", **ring)
    axes.set(xscale="log", yscale="log", xlabel="numbers in a code", ylabel="mean squared error")
    axes.set_xticks(sizes, sizes, fontsize="small")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(alpha=0.2)
    axes.set_title("Error by the size of the code")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return finished(figure)
