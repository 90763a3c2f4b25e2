"""Images of any size as tiles of one, and back."""

import math

import numpy as np


def cut(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Images as tiles, row by row; beyond the edges the last pixels are repeated.

    Args:
        images: Array of shape `(n, height, width, channels)`.
        size: Pair of positive integers, height and width of a tile.

    Returns:
        Array of shape `(n * rows * columns, *size, channels)`.

    Example:

    >>> import numpy as np
    >>> from aezoo.data import tiles
    >>> x = np.random.default_rng(0).random((2, 5, 7, 3))
    >>> parts = tiles.cut(x, (4, 4))
    >>> parts.shape, np.array_equal(tiles.joined(parts, (5, 7)), x)
    ((8, 4, 4, 3), True)
    """
    n, height, width, channels = images.shape
    rows, columns = _grid((height, width), size)
    beyond = ((0, 0), (0, rows * size[0] - height), (0, columns * size[1] - width), (0, 0))
    padded = np.pad(images, beyond, mode="edge")
    parts = padded.reshape(n, rows, size[0], columns, size[1], channels)
    parts = parts.swapaxes(2, 3)  # (n, R, h, Q, w, C) -> (n, R, Q, h, w, C)
    return parts.reshape(-1, *size, channels)


def joined(parts: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The images that were cut.

    Args:
        parts: Array of shape `(n * rows * columns, h, w, channels)`, as `cut` returns it.
        size: Pair of positive integers, height and width of an image.

    Returns:
        Array of shape `(n, *size, channels)`.
    """
    tile, channels = parts.shape[1:3], parts.shape[3]
    rows, columns = _grid(size, tile)
    images = parts.reshape(-1, rows, columns, *tile, channels)
    images = images.swapaxes(2, 3)  # (n, R, Q, h, w, C) -> (n, R, h, Q, w, C)
    images = images.reshape(-1, rows * tile[0], columns * tile[1], channels)
    return images[:, : size[0], : size[1]]


def count(size: tuple[int, int], tile: tuple[int, int]) -> int:
    """How many tiles an image has.

    Args:
        size: Pair of positive integers, height and width of the image.
        tile: Pair of positive integers, those of a tile.

    Returns:
        Positive integer.
    """
    return math.prod(_grid(size, tile))


def _grid(size, tile):
    return tuple(-(-length // part) for length, part in zip(size, tile, strict=True))
