"""Images of any size, cut into squares of one."""

from pathlib import Path

import numpy as np

from aezoo.data.images import IMAGES, SPLITS, image_files, read_image, split_folders
from aezoo.data.recordings import RECORDINGS
from aezoo.data.samples import DataError, split_off


def is_of_images(path: Path) -> bool:
    """Whether windows are to be cut from images: a file that is one, or a folder of such."""
    if path.is_dir():
        kinds = {file.suffix.lower() for file in path.rglob("*")}
        if kinds.intersection(IMAGES) and kinds.intersection(RECORDINGS):
            raise DataError(
                f"{path} holds images and recordings, {', '.join(sorted(kinds - {''}))}: windows "
                "are cut from either. Give a folder of one kind."
            )
        return bool(kinds.intersection(IMAGES))
    return path.suffix.lower() in IMAGES


def read_pieces(
    path: Path, split: str, window: int, stride: int, color: str | None = None
) -> np.ndarray:
    """Squares out of an image or of all in a folder, image by image, row by row.

    Images are split as wholes: no pixel of the training split is in a piece of the test split.
    Subfolders `train` and `test` are splits of their own, else a fixed random fifth of the images
    is for tests.

    Args:
        path: Path of an image or of a folder.
        split: `"train"`, `"test"` or `"all"`.
        window: Positive integer, height and width of a square.
        stride: Positive integer, pixels from square to square.
        color: String or `None`, see `aezoo.data.images.prepared`.

    Returns:
        float32 array of shape `(n, window, window, channels)` in [0, 1].

    Raises:
        DataError: If there is no image, only one to be split, one cannot be read or is smaller than
            a square, or they differ in channels.
    """
    pieces, first = [], None
    for file in _files(path, split):
        image = read_image(file, None, color)
        if min(image.shape[:2]) < window:
            raise DataError(
                f"{file} is smaller than pieces of {window} x {window}: it has "
                f"{image.shape[0]} x {image.shape[1]} pixels. Give a smaller window."
            )
        first = first or (file, image.shape[-1])
        if image.shape[-1] != first[1]:
            raise DataError(
                "The images must all be grey, or all coloured: make them so with color='grey' or "
                f"'rgb' (--color grey). Received: {first[0]} of {first[1]} channels, {file} of "
                f"{image.shape[-1]}"
            )
        pieces.append(squares(image, window, stride))
    return np.concatenate(pieces)


def squares(image: np.ndarray, window: int, stride: int) -> np.ndarray:
    """All squares of an image, row by row.

    Args:
        image: Array of shape `(height, width, channels)`.
        window: Positive integer, height and width of a square.
        stride: Positive integer, pixels from square to square.

    Returns:
        Array of shape `(n, window, window, channels)`, a copy.

    Example:

    >>> squares(np.arange(12).reshape(3, 4, 1), 2, 2)[..., 0].tolist()
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    """
    # (H - w + 1, W - w + 1, C, w, w)
    view = np.lib.stride_tricks.sliding_window_view(image, (window, window), axis=(0, 1))
    view = np.moveaxis(view[::stride, ::stride], 2, -1)  # -> (rows, columns, w, w, C)
    return view.reshape(-1, *view.shape[2:])


def most_shared(path: Path, window: int, stride: int) -> int:
    """How many pieces before each may have pixels of it: those of the same image.

    Args:
        path: Path of an image or of a folder.
        window, stride: Positive integers, as for `read_pieces`.

    Returns:
        Integer, one less than the pieces of the largest image; 0 where none overlap.
    """
    if stride >= window:
        return 0
    from PIL import Image

    most = 1
    for file in _files(path, "train"):
        with Image.open(file) as image:
            counts = [1 + (size - window) // stride for size in image.size]
        most = max(most, counts[0] * counts[1])
    return most - 1


def _files(path: Path, split: str) -> list[Path]:
    if not path.is_dir():
        files = [path]
    else:
        own = split_folders(path)
        if own and split != "all":
            return image_files(path / split)
        files = [file for root in own or [path] for file in image_files(root)]
    if split == "all":
        return files
    if len(files) < 2:
        raise DataError(
            f"{path}: one image cannot be split into training and test pieces. Give a folder of "
            f"several, or one with subfolders {' and '.join(SPLITS)}."
        )
    chosen, _ = split_off(np.array(files, object), None, split)
    return sorted(chosen)
