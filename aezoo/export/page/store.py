"""Arrays in one file beside a page, in few bytes."""

from typing import Any

import numpy as np


class Store:
    """Arrays one after the other, each with a place that says how to read it.

    Attributes:
        content: bytearray, the file so far.

    Example:

    >>> store = Store()
    >>> place = store.add(np.float32([0, 0.5, 1]), steps=255)
    >>> place["type"], len(store.content)
    ('uint8', 4)
    >>> restored(store.content, place).round(2).tolist()
    [0.0, 0.5, 1.0]
    """

    def __init__(self):
        self.content = bytearray()

    def add(
        self,
        values: np.ndarray,
        steps: int | None = None,
        ends: tuple[float, float] | None = None,
    ) -> dict[str, Any]:
        """Takes an array.

        Args:
            values: Array of numbers.
            steps: `None` for all bits of float32 or int32; 255 or 65535 for so many steps from the
                least value to the largest, in one or two bytes.
            ends: Pair of floats, what the steps go from and to. Default: those two values.

        Returns:
            Dictionary for JSON: `at`, the byte where it begins, `type`, `shape`, and with steps
            `offset` and `scale`.
        """
        values = np.asarray(values)
        place: dict[str, Any] = {"at": len(self.content), "shape": list(values.shape)}
        if steps:
            low, high = ends or (float(values.min()), float(values.max()))
            offset, scale = np.float32(low), np.float32((high - low) / steps or 1)
            whole = np.rint((values.astype("float64") - offset) / scale)
            stored = np.clip(whole, 0, steps).astype("<u1" if steps < 256 else "<u2")
            place |= {"offset": float(offset), "scale": float(scale)}
        else:
            stored = values.astype("<i4" if np.issubdtype(values.dtype, np.integer) else "<f4")
        place["type"] = stored.dtype.name
        self.content += stored.tobytes()
        self.content += bytes(-len(self.content) % 4)  # where typed arrays may begin
        return place


def restored(content: bytes | bytearray, place: dict[str, Any]) -> np.ndarray:
    """An array as the page reads it, to the last bit.

    Args:
        content: Bytes, of `Store.content`.
        place: Dictionary from `Store.add`.

    Returns:
        float32 array; int32 as it is.
    """
    count = int(np.prod(place["shape"]))
    dtype = np.dtype(place["type"]).newbyteorder("<")
    values = np.frombuffer(bytes(content), dtype, count, place["at"]).reshape(place["shape"])
    if place["type"] == "int32":
        return values.astype("int32")
    values = values.astype("float32")
    if "scale" in place:
        return values * np.float32(place["scale"]) + np.float32(place["offset"])
    return values
