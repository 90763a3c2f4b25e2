"""Samples as small pictures within a page: images as PNG, all else as lines."""

import base64
import io
import math
from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from PIL import Image

from aezoo.plots.markup import Element, element

HEAT = colormaps["magma"]
WIDE, HIGH = 240, 120  # of a picture of lines
MARKED = 40  # values, up to which each has a point


def viewed(x: np.ndarray) -> tuple[np.ndarray, str]:
    """What of samples can be drawn, as images or as lines.

    Args:
        x: Array of shape `(n, ...)`.

    Returns:
        A pair: array of shape `(n, height, width, channels)`, with one or three channels, of
        images, their first channels where there are others, and of the middle slice of volumes; or
        `(n, length, channels)`, lines; and a sentence that says what was left out, or `""`.

    Example:

    >>> import numpy as np
    >>> from aezoo.plots.thumbnails import viewed
    >>> viewed(np.zeros((2, 9, 5, 5, 1)))[0].shape, viewed(np.zeros((2, 30)))[0].shape
    ((2, 5, 5, 1), (2, 30, 1))
    """
    said = ""
    if x.ndim == 5:  # (n, D, H, W, C) -> (n, H, W, C)
        x, said = x[:, x.shape[1] // 2], "Of volumes the middle slice is shown."
    if x.ndim == 4:
        shown = 3 if x.shape[-1] >= 3 else 1
        if x.shape[-1] != shown:
            also = (
                f"Of {x.shape[-1]} channels the first {'three are' if shown == 3 else 'is'} shown."
            )
            said = f"{said} {also}".strip()
        return x[..., :shown], said
    if x.ndim == 3:
        return x, said
    return x.reshape(len(x), -1, 1), said  # (n, ...) -> (n, N, 1)


def in_bytes(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values from the least to the largest as whole numbers from 0 to 255.

    Args:
        x: Array.
        low, high: Floats.

    Returns:
        uint8 array of the same shape.
    """
    share = (np.asarray(x, "float64") - low) / ((high - low) or 1.0)
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)


def shrunk(x: np.ndarray, longest: int) -> np.ndarray:
    """Samples of at most so many values along a side: means of neighbours.

    Args:
        x: Array as `viewed` gives it: uint8 images, or lines.
        longest: Positive integer.

    Returns:
        Array of the same kind.

    Example:

    >>> import numpy as np
    >>> from aezoo.plots.thumbnails import shrunk
    >>> shrunk(np.zeros((2, 100, 50, 3), "uint8"), 32).shape, shrunk(np.ones((2, 9, 1)), 4).shape
    ((2, 32, 16, 3), (2, 3, 1))
    """
    if max(x.shape[1:-1]) <= longest:
        return x
    if x.ndim == 3:  # (n, N, C) -> (n, N / k, C)
        starts = np.arange(0, x.shape[1], math.ceil(x.shape[1] / longest))
        counts = np.diff([*starts, x.shape[1]])
        return np.add.reduceat(x, starts, axis=1, dtype="float64") / counts[:, None]
    share = longest / max(x.shape[1:3])
    width, height = (max(1, round(share * side)) for side in (x.shape[2], x.shape[1]))
    small = [_image(one).resize((width, height), Image.Resampling.BOX) for one in x]
    return np.stack([np.asarray(one).reshape(height, width, -1) for one in small])


def picture(image: np.ndarray, said: str) -> Element:
    """An image within a page.

    Args:
        image: uint8 array of shape `(height, width, channels)`, one or three channels.
        said: String, what it is, for those who do not see it.

    Returns:
        `Element`, `img`.
    """
    content = io.BytesIO()
    _image(image).save(content, "PNG", optimize=True)
    text = base64.b64encode(content.getvalue()).decode()
    size = {"width": image.shape[1], "height": image.shape[0]}
    return element("img", src=f"data:image/png;base64,{text}", alt=said, **size)


def heat(error: np.ndarray, most: float) -> np.ndarray:
    """An image of errors, from black over red to light yellow.

    Args:
        error: Array of shape `(height, width)`, 0 or more.
        most: Float, the error that is the lightest.

    Returns:
        uint8 array of shape `(height, width, 3)`.
    """
    return HEAT(in_bytes(error, 0, most), bytes=True)[..., :3]


def lines(curves: Mapping[str, np.ndarray], low: float, high: float, said: str) -> Element:
    """A sample beside its reconstruction, as lines over the index.

    Args:
        curves: Mapping of names, which are the classes that the page's style colours, to arrays of
            shape `(length, channels)`, of which three channels are drawn.
        low, high: Floats, what the picture reaches from and to.
        said: String, what it is, for those who do not see it.

    Returns:
        `Element`, `svg`.
    """
    drawn = []
    for name, values in curves.items():
        # (N, C) -> (N, C), pixels from the top
        up = HIGH - 4 - (HIGH - 8) * (values - low) / ((high - low) or 1.0)
        across = np.linspace(4, WIDE - 4, len(values)) if len(values) > 1 else np.full(1, WIDE / 2)
        for channel in up.T[:3]:
            pairs = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, channel, strict=True))
            drawn.append(element("polyline", points=pairs, class_=name))
            if len(values) <= MARKED:
                dots = " ".join(f"M{x:.1f} {y:.1f}h0" for x, y in zip(across, channel, strict=True))
                drawn.append(element("path", d=dots, class_=f"{name} dots"))
    return element("svg", drawn, viewBox=f"0 0 {WIDE} {HIGH}", role="img", aria_label=said)


def _image(image):
    """(H, W, 1) or (H, W, 3) -> an image of Pillow."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
