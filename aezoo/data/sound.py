"""Recordings of sound."""

import warnings
from pathlib import Path

import numpy as np

from aezoo.data.samples import DataError


def read_sound(path: Path) -> tuple[int, np.ndarray]:
    """The steps of a `.wav` file, as they are stored, and mapped where that is possible.

    Args:
        path: Path of the file.

    Returns:
        Integer, steps a second, and array of shape `(T, channels)`, of integers or floats.

    Raises:
        DataError: If the file is damaged, or has no steps.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of parts that are no sound
            try:
                rate, x = wavfile.read(path, mmap=True)
            except ValueError:  # 24 bits
                rate, x = wavfile.read(path)
    except Exception as error:  # of damaged files
        raise DataError(f"{path} cannot be read as sound: {error}") from error
    if not len(x):
        raise DataError(f"{path} has no steps.")
    return rate, x[:, np.newaxis] if x.ndim == 1 else x  # (T,) -> (T, 1)


def as_waves(x: np.ndarray) -> np.ndarray:
    """Steps of sound as float32 in [-1, 1], whatever their depth.

    Args:
        x: Array of unsigned bytes, signed integers or floats.

    Returns:
        float32 array of the same shape.

    Example:

    >>> as_waves(np.array([-32768, 0, 16384], "int16")).tolist()
    [-1.0, 0.0, 0.5]
    """
    if x.dtype == np.uint8:
        return (x.astype(np.float32) - 128) / 128
    if x.dtype.kind == "i":
        return x.astype(np.float32) / -float(np.iinfo(x.dtype).min)
    return x.astype(np.float32)
