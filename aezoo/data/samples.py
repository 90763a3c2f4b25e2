"""What the arrays of a source must be to become samples: numbers of known range, in splits."""

import logging
from hashlib import blake2b

import numpy as np
from sklearn.model_selection import train_test_split

from aezoo.data.arrays import warn_of_coarse_steps

log = logging.getLogger("aezoo")

TEST_FRACTION = 0.2  # where a dataset brings no test split of its own


class DataError(ValueError):
    """Data that were found but cannot be used."""


def as_samples(x: np.ndarray, source: object, warn: bool = True) -> np.ndarray:
    """Numbers as float32, images scaled to [0, 1] and with an axis of channels.

    Args:
        x: Array of shape `(n, ...)`. Integers of 8 or 16 bits and three or four axes are images.
        source: Where it comes from, for errors.
        warn: Boolean, whether to say that float32 is too coarse for them.

    Returns:
        float32 array of shape `(n, ...)`, images of shape `(n, height, width, channels)`.

    Raises:
        DataError: If the array holds no real numbers, no samples, or integers of unknown range.

    Example:

    >>> from aezoo.data.samples import as_samples
    >>> as_samples(np.full((2, 3, 3), 255, "uint8"), "white").max().item()
    1.0
    """
    x = np.asarray(x)
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
        raise DataError(f"{source} must hold real numbers. Received: an array of {x.dtype}")
    if x.ndim < 2:
        raise DataError(
            f"{source} must hold an array of samples, (n, ...). Received: an array of shape "
            f"{x.shape}"
        )
    if x.dtype in (np.uint8, np.uint16) and x.ndim in (3, 4):
        x = x[..., np.newaxis] if x.ndim == 3 else x  # (n, H, W) -> (n, H, W, 1)
        return np.divide(x, np.iinfo(x.dtype).max, dtype=np.float32)
    if np.issubdtype(x.dtype, np.integer) and x.ndim > 2:
        raise DataError(
            f"{source} holds integers of type {x.dtype}, whose range is not known: save images as "
            "uint8 or uint16, or other data as float32."
        )
    if warn:
        warn_of_coarse_steps(x, str(source))
    with np.errstate(over="ignore"):  # infinite then, which the door refuses
        return x.astype(np.float32, copy=False)


def as_labels(y: np.ndarray | None, x: np.ndarray) -> np.ndarray | None:
    """Labels, if there is one for each sample: they only colour pictures.

    Args:
        y: Array or `None`.
        x: Array of shape `(n, ...)`, the samples.

    Returns:
        Array of shape `(n,)`, or `None`.
    """
    if y is None or y.shape not in ((len(x),), (len(x), 1)):
        if y is not None:
            log.warning("Labels of shape %s are left out: there are %d samples.", y.shape, len(x))
        return None
    return y.reshape(-1)  # (n, 1) -> (n,)


def split_off(
    x: np.ndarray, y: np.ndarray | None, split: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """One split of data that have none of their own: a fixed random fifth is for tests.

    Args:
        x: Array of shape `(n, ...)`.
        y: Array of shape `(n,)`, or `None`.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        The samples of the split, and their labels or `None`.

    Raises:
        DataError: If there are too few samples.
    """
    if split == "all":
        return x, y
    if len(x) < 2:
        raise DataError(f"Splitting needs two samples or more. Received: {len(x)}")
    parts = train_test_split(np.arange(len(x)), test_size=TEST_FRACTION, random_state=0)
    chosen = parts[("train", "test").index(split)]
    return x[chosen], None if y is None else y[chosen]


def digest_of(*arrays: np.ndarray) -> str:
    """A hash of samples.

    Args:
        *arrays: Arrays.

    Returns:
        String of 32 hexadecimal digits.

    Example:

    >>> digest_of(np.zeros(2)) == digest_of(np.zeros(2)), digest_of(np.zeros(2)) == digest_of()
    (True, False)
    """
    digest = blake2b(digest_size=16)
    for x in arrays:
        digest.update(f"{x.dtype}{x.shape}".encode())
        digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()
