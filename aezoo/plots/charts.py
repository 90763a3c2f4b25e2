"""Curves as SVG within a page: they take its colours, light or dark, and its width."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from aezoo.plots.markup import Element, element

WIDTH, HEIGHT = 420, 250  # in pixels, as wide as a phone has room for: text keeps its size
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 10, 40
DECADES = 20  # times the least, from which on ticks are those of decades
POINTED = 100  # epochs, up to which each has a point that says its value


def line_chart(
    curves: Mapping[str, Sequence[float]], *, name: str, marked: int | None = None
) -> Element:
    """Values by epoch, on a logarithmic axis if all are positive.

    Args:
        curves: Mapping of names to their values, from the first epoch on. What is not finite is
            a gap.
        name: String, what is on the axis.
        marked: Positive integer, an epoch to mark, or `None`.

    Returns:
        `Element`, `svg`. The i-th curve has the class `curve-i`, in which the page's style says
        its colour.

    Raises:
        ValueError: If nothing is finite.

    Example:

    >>> from aezoo.plots.charts import line_chart
    >>> chart = line_chart({"training": [0.2, 0.1]}, name="loss")
    >>> chart.get("aria-label")
    'loss by epoch: training from 0.2 to 0.1'
    """
    lines = {key: np.asarray(values, "float64") for key, values in curves.items()}
    every = np.concatenate([*lines.values(), []])
    every = every[np.isfinite(every)]
    if not len(every):
        raise ValueError(f"Expected finite values by epoch. Received: {dict(curves)!r}")
    logarithmic = bool(every.min() > 0)
    scale = np.log if logarithmic else np.asarray
    low, high = float(every.min()), float(every.max())
    low, high = (low / 1.05, high * 1.05) if logarithmic else (low, high + (high == low))
    epochs = max(map(len, lines.values()))

    def across(epoch):
        share = (epoch - 1) / (epochs - 1) if epochs > 1 else 0.5
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def up(value):
        share = (scale(value) - scale(low)) / (scale(high) - scale(low))
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * float(share), 1)

    drawn = [
        *_grid(low, high, logarithmic, up),
        *_epochs(epochs, across),
        element("text", "epoch", x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 6, text_anchor="middle"),
    ]
    if marked is not None and 1 <= marked <= epochs:
        ends = {"y1": TOP, "y2": HEIGHT - BOTTOM}
        drawn.append(element("line", x1=across(marked), x2=across(marked), class_="marked", **ends))
    for i, (key, values) in enumerate(lines.items()):
        places = [
            (epoch, value, across(epoch), up(value)) if math.isfinite(value) else None
            for epoch, value in enumerate(values.tolist(), 1)
        ]
        drawn.append(_curve(i, key, places))
    said = ", ".join(f"{key} {_ends(values)}" for key, values in lines.items())
    label = f"{name} by epoch: {said}"
    viewed = f"0 0 {WIDTH} {HEIGHT}"
    return element("svg", drawn, viewBox=viewed, role="img", aria_label=label, class_="chart")


def _grid(low, high, logarithmic, up):
    """Lines across, each with its value."""
    if logarithmic and high > DECADES * low:
        locator = LogLocator(subs=(1.0,) if high > 1000 * low else (1.0, 2.0, 5.0))
    else:
        locator = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10])
    for value in locator.tick_values(low, high):
        if low <= value <= high:
            y = up(value)
            yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
            yield element("text", f"{value:.4g}", x=LEFT - 6, y=y + 4, text_anchor="end")


def _epochs(epochs, across):
    ticks = MaxNLocator(nbins=6, integer=True).tick_values(1, max(epochs, 2))
    for epoch in sorted({1, *(int(tick) for tick in ticks if 1 < tick <= epochs)}):
        x = across(epoch)
        yield element("text", f"{epoch:,}", x=x, y=HEIGHT - BOTTOM + 18, text_anchor="middle")


def _curve(i, key, places):
    """A line with gaps, and where there is room a point for each epoch, which says its value."""
    steps, before = [], None
    for place in places:
        if place is not None:
            steps.append(f"{'M' if before is None else 'L'}{place[2]} {place[3]}")
        before = place
    drawn = [element("path", d=" ".join(steps), class_="line")]
    for place in places if len(places) <= POINTED else ():
        if place is not None:
            epoch, value, x, y = place
            said = element("title", f"{key}, epoch {epoch}: {value:.5g}")
            drawn.append(element("circle", said, cx=x, cy=y, r=5, class_="point"))
            if len(places) == 1:
                drawn.append(element("circle", cx=x, cy=y, r=4, class_="only"))
    return element("g", drawn, class_=f"curve-{i}")


def _ends(values):
    found = [value for value in values.tolist() if math.isfinite(value)]
    if not found:
        return "never finite"
    return f"from {found[0]:.3g} to {found[-1]:.3g}" if len(found) > 1 else f"{found[0]:.3g}"
