"""A page that shows the sample behind each point."""

import base64
import json
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike

from aezoo.plots.arrays import finite
from aezoo.plots.style import COLOURS

TEMPLATE = Path(__file__).with_name("hover.html")
MOST = 5000  # samples, of which a page of images of 28 x 28 has 10 MB


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
    their largest; classes have ten colours in turn.

    Args:
        points: Array of shape `(n, 2)`, such as `aezoo.plots.codes.in_two` makes of codes; up to
            5,000.
        x: Array of shape `(n, ...)`, the samples. Images `(height, width, channels)` with one or
            three channels are drawn as images, all else as lines.
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
    points = finite("points", points, (None, 2))
    if len(points) > MOST:
        raise ValueError(f"A page shows up to {MOST:,} points. Received: {len(points):,}")
    x = finite("x", x)
    rebuilt = finite("rebuilt", rebuilt, x.shape)
    if len(x) != len(points):
        raise ValueError(
            f"Expected one sample for each of {len(points)} points. Received: {len(x)}"
        )
    if labels is not None and np.shape(labels) != (len(points),):
        raise ValueError(
            f"Expected one label for each of {len(points)} points. Received: {np.shape(labels)}"
        )
    names = None if labels is None else [str(label) for label in np.asarray(labels)]
    extent = np.ptp(points, axis=0)
    places = (points - points.min(axis=0)) / np.where(extent > 0, extent, 1.0)
    palette = [to_hex(colour) for colour in COLOURS]
    kinds = {name: i for i, name in enumerate(sorted(set(names or [])))}
    low, high = float(x.min()), float(x.max())
    flat = [array.reshape(len(x), -1) for array in (x, rebuilt)]  # (n, ...) -> (n, D)
    data = {
        "title": title,
        "points": places.round(5).tolist(),
        "shape": x.shape[1:] or [1],
        "labels": names,
        "colours": [palette[kinds[name] % len(palette)] for name in names or []]
        or [palette[0]] * len(points),
        "palette": palette,
        "errors": np.square(flat[0] - flat[1]).mean(axis=1).tolist(),
        **{
            key: _text(array, low, high)
            for key, array in zip(("original", "rebuilt"), flat, strict=True)
        },
    }
    # in a page "</script>" would end the data, wherever it stands
    document = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    return TEMPLATE.read_text(encoding="utf-8").replace("DATA", document, 1)


def _text(array, low, high):
    """Values from the least to the largest as bytes, in Base64."""
    bytes_of = np.rint(255 * np.clip((array - low) / ((high - low) or 1.0), 0, 1)).astype(np.uint8)
    return base64.b64encode(bytes_of.tobytes()).decode()
