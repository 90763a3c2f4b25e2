"""A page that shows the sample behind each point."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite, is_measure, shortened
from aezoo.plots.markup import Element, document, element
from aezoo.plots.style import COLOURS
from aezoo.plots.thumbnails import in_bytes, viewed

HERE = Path(__file__).parent
STYLE = (HERE / "hover.css").read_text(encoding="utf-8")
SCRIPT = (HERE / "hover.js").read_text(encoding="utf-8")
MOST = 5000  # samples, of which a page of images of 28 x 28 has 10 MB
SIDE, MARGIN = 620, 24  # of the plane, in its own units
NAMED = 40  # classes with a line in the legend
SHADES = 16  # of a measure
TOLD = "Move over a point, or move the slider, to see its sample."


def hover_page(
    points: ArrayLike,
    x: ArrayLike,
    rebuilt: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    title: str = "Codes",
) -> str:
    """A page of HTML, one file: points of a plane, and under the pointer the sample of each.

    It needs no network and no server. Values have 8 bits in it, from the least of the samples to
    their largest; classes have ten colours in turn, and a measure has shades.

    Args:
        points: Array of shape `(n, 2)`, such as `aezoo.plots.codes.in_two` makes of codes; up to
            5,000.
        x: Array of shape `(n, ...)`, the samples. Images `(height, width, channels)` are drawn as
            images, of volumes the middle slice, all else as lines.
        rebuilt: Array of the same shape, their reconstructions.
        labels: Array of shape `(n,)` or `None`, what to colour by and to show.
        title: String.

    Returns:
        String: write it to a file that ends in `.html`, in UTF-8.

    Raises:
        ValueError: If shapes differ, or there are too many points.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.rand(3, 8, 8, 1)
    >>> page = aezoo.plots.hover_page(np.random.rand(3, 2), x, x, title="Digits")
    >>> "<canvas" in page
    True
    """
    x = finite("x", x)
    rebuilt = finite("rebuilt", rebuilt, x.shape)
    low, high = float(x.min()), float(x.max())
    pair = [in_bytes(viewed(array)[0], low, high) for array in (x, rebuilt)]
    flat = [array.reshape(len(x), -1) for array in (x, rebuilt)]  # (n, ...) -> (n, D)
    errors = np.square(flat[0] - flat[1]).mean(axis=1)
    found = sample_map(points, *pair, errors, labels)
    heading = element("h1", title)
    body = element("main", heading, element("p", TOLD, class_="quiet"), found)
    return document(title, body, style=STYLE, script=SCRIPT)


def sample_map(
    points: ArrayLike,
    original: np.ndarray,
    rebuilt: np.ndarray,
    errors: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    numbers: Sequence[int] | None = None,
) -> Element:
    """Points of a plane with their samples: a part of a page with `STYLE` and `SCRIPT`.

    The points are there without the script, which shows their samples.

    Args:
        points: Array of shape `(n, 2)`; up to 5,000.
        original, rebuilt: uint8 arrays of one shape, `(n, height, width, channels)`, images with
            one or three channels, or `(n, length, channels)`, lines.
        errors: Array of shape `(n,)`, what to tell of each.
        labels: Array of shape `(n,)` or `None`, what to colour by.
        numbers: Sequence of integers, what to call each sample. Default: 0, 1 and so on.

    Returns:
        `Element`.

    Raises:
        ValueError: If lengths differ, or there are too many points.
    """
    points = finite("points", points, (None, 2))
    if len(points) > MOST:
        raise ValueError(f"A page shows up to {MOST:,} points. Received: {len(points):,}")
    if len(original) != len(points):
        raise ValueError(
            f"Expected one sample for each of {len(points)} points. Received: {len(original)}"
        )
    if labels is not None and np.shape(labels) != (len(points),):
        raise ValueError(
            f"Expected one label for each of {len(points)} points. Received: {np.shape(labels)}"
        )
    extent = np.ptp(points, axis=0)
    # what is alike in one number lies in the middle
    share = (points - points.min(axis=0)) / np.where(extent > 0, extent, 1.0)
    share = np.where(extent > 0, share, 0.5)
    places = MARGIN + (SIDE - 2 * MARGIN) * np.column_stack([share[:, 0], 1 - share[:, 1]])
    kinds = _kinds(len(points), labels)
    data = {
        "points": places.round(2).tolist(),
        "shape": original.shape[1:],
        "labels": None if labels is None else [label_of(label) for label in np.asarray(labels)],
        "numbers": list(map(int, range(len(points)) if numbers is None else numbers)),
        "palette": [to_hex(colour) for colour in COLOURS],
        "errors": np.asarray(errors, "float64").tolist(),
        "original": base64.b64encode(original.tobytes()).decode(),
        "rebuilt": base64.b64encode(rebuilt.tobytes()).decode(),
    }
    # in a page "</script>" would end the data, wherever it stands
    text = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    slider = element("input", id="chosen", type="range", min=0, max=len(points) - 1, value=0)
    captions = {"original": "original", "rebuilt": "reconstruction"}
    shown = element(
        "div",
        element("label", "Sample ", element("br"), slider),
        element("p", id="said", class_="said", aria_live="polite"),
        (
            element(
                "figure",
                element("canvas", id=key, role="img", aria_label=f"{caption} of the sample"),
                element("figcaption", caption),
            )
            for key, caption in captions.items()
        ),
        class_="chosen" if original.ndim == 4 else "chosen lines",
    )
    return element(
        "div",
        element("div", _plane(places, kinds), _legend(kinds)),
        shown,
        element("script", text, id="data", type="application/json"),
        class_="map",
    )


def label_of(label: Any) -> str:
    """A label as text: of a measure four digits."""
    return f"{label:.4g}" if isinstance(label, float) else str(label)


class _Kind(NamedTuple):
    """Points of one colour: their name, `None` of points without labels, and which they are."""

    name: str | None
    colour: str
    members: np.ndarray


def _kinds(count, labels):
    palette = [to_hex(colour) for colour in COLOURS]
    if labels is None:
        return [_Kind(None, palette[0], np.arange(count))]
    values = np.asarray(labels)
    if is_measure(values):
        return _shades(values)
    names = np.asarray([label_of(label) for label in values])
    return [
        _Kind(name, palette[i % len(palette)], np.flatnonzero(names == name))
        for i, name in enumerate(sorted(set(names.tolist()), key=_in_order))
    ]


def _shades(values):
    """Steps of a measure, from dark to light."""
    known = np.isfinite(values)
    edges = np.linspace(values[known].min(), values[known].max(), SHADES + 1)
    shade = np.clip(np.searchsorted(edges, values, "right") - 1, 0, SHADES - 1)
    kinds = [
        _Kind(
            f"from {edges[i]:.3g}",
            to_hex(colormaps["viridis"](i / (SHADES - 1))),
            np.flatnonzero(known & (shade == i)),
        )
        for i in np.unique(shade[known])
    ]
    return [*kinds, *([] if known.all() else [_Kind("none", "#808080", np.flatnonzero(~known))])]


def _in_order(name):
    """Numbers by their value, before all else."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _plane(places, kinds):
    """The points, a path for each colour: of a line of no length its round end is drawn."""
    drawn = []
    for kind in kinds:
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places[kind.members])
        drawn.append(element("path", d=dots, stroke=kind.colour))
    ring = element("circle", id="ring", r=9, visibility="hidden")
    told = f"{len(places):,} codes in two dimensions"
    view = {"viewBox": f"0 0 {SIDE} {SIDE}", "id": "plane", "class_": "plane"}
    return element("svg", drawn, ring, role="img", aria_label=told, **view)


def _legend(kinds):
    """A line for each class."""
    if kinds[0].name is None:
        return None
    lines = [
        element("li", element("i", style=f"background:{kind.colour}"), shortened(kind.name))
        for kind in kinds[:NAMED]
    ]
    if len(kinds) > NAMED:
        lines.append(element("li", f"and {len(kinds) - NAMED:,} others"))
    return element("ul", lines, class_="classes")
