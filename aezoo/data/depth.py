"""Integers as they are stored, of photographs and of sound, as floats and back."""

import numpy as np

from aezoo.data.sound import as_waves


def as_floats(x: np.ndarray, sound: bool) -> np.ndarray:
    """Stored values as floats.

    Args:
        x: Array of integers or floats.
        sound: Boolean, whether it is sound, whose integers become [-1, 1], or a photograph, whose
            unsigned integers become [0, 1].

    Returns:
        float32 array of the same shape.

    Example:

    >>> as_floats(np.array([0, 51, 255], "uint8"), sound=False).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    if sound or x.dtype.kind == "f":
        return as_waves(x)
    return np.divide(x, np.iinfo(x.dtype).max, dtype=np.float32)


def as_stored(x: np.ndarray, dtype: np.dtype, sound: bool) -> np.ndarray:
    """The inverse of `as_floats`: rounded, and what no integer can say is cut off.

    Args:
        x: float32 array.
        dtype: NumPy's type of the stored values. Of floats nothing is changed.
        sound: Boolean, as in `as_floats`.

    Returns:
        Array of that type; of float32 for any floats.

    Example:

    >>> as_stored(np.float32([-0.1, 0.2, 0.999]), np.dtype("uint8"), sound=False).tolist()
    [0, 51, 255]
    """
    if dtype.kind == "f":
        return x
    limits = np.iinfo(dtype)
    x = x.astype(np.float64)
    if not sound:
        x = x * limits.max
    elif dtype.kind == "u":  # bytes, around 128
        x = x * 128 + 128
    else:
        x = x * -float(limits.min)
    return np.clip(np.rint(x), limits.min, limits.max).astype(dtype)
