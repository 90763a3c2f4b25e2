"""Folders of images, and images of one size and colour."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.data.samples import DataError, split_off

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
SPLITS = ("train", "test")
CHANNELS = {"grey": 1, "rgb": 3}
LUMA = (0.299, 0.587, 0.114)  # of ITU-R BT.601, as in Pillow's "L"


def read_folder(
    path: Path, split: str, size: tuple[int, int] | None = None, color: str | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images of a folder, and their labels: the names of subfolders, numbered by the alphabet.

    Args:
        path: Path of the folder. Subfolders `train` and `test` are its splits.
        split: `"train"`, `"test"` or `"all"`.
        size: Pair of integers or `None`, see `prepared`.
        color: String or `None`, see `prepared`.

    Returns:
        float32 array of shape `(n, height, width, channels)` in [0, 1], and integers of shape
        `(n,)`, the same for a class in every split, or `None` if an image is in no subfolder.

    Raises:
        DataError: If there is no image, one cannot be read, or they differ in size or channels.
    """
    own_splits = split_folders(path)
    roots = own_splits or [path]
    found = {root: image_files(root) for root in roots}
    chosen = [path / split] if own_splits and split != "all" else roots
    files = [file for root in chosen for file in found[root]]
    if not files:
        raise DataError(
            f"{', '.join(map(str, chosen))} holds no image ({', '.join(IMAGES)}). Recordings are "
            "cut into windows with window=256 (--window 256)."
        )
    y = None
    if not any(file.parent in roots for file in files):
        every = [file for root in roots for file in found[root] if file.parent not in roots]
        classes = sorted({file.parent.name for file in every})
        y = np.searchsorted(classes, [file.parent.name for file in files])
    if not own_splits:  # before they are read, which takes the time
        chosen_files, y = split_off(np.array(files, object), y, split)
        files = list(chosen_files)
    images = alike((read_image(file, size, color) for file in files), files)
    return gathered(images, len(files)), y


def split_folders(path: Path) -> list[Path]:
    """Subfolders `train` and `test`, if there are both, else none."""
    folders = [path / split for split in SPLITS]
    return folders if all(folder.is_dir() for folder in folders) else []


def image_files(root: Path) -> list[Path]:
    """The images of a folder and of those in it, in the order of their paths."""
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in IMAGES)


def read_image(
    file: Path, size: tuple[int, int] | None = None, color: str | None = None
) -> np.ndarray:
    """One image.

    Args:
        file: Path of the file.
        size: Pair of integers or `None`, see `prepared`.
        color: String or `None`, see `prepared`.

    Returns:
        float32 array of shape `(height, width, channels)` in [0, 1], turned as its EXIF data say.

    Raises:
        DataError: If it cannot be read.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                check_tiles(image)
                if image.mode in ("F", "I"):
                    raise OSError(f"32 bits a pixel (mode {image.mode}), save it with 8 or 16")
                ImageOps.exif_transpose(image, in_place=True)
                # 16-bit greys stay as they are, palettes and transparency become colours
                if not image.mode.startswith("I;16"):
                    image = image.convert("L" if image.mode in ("1", "L") else "RGB")
                pixels = np.asarray(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} has more than {Image.MAX_IMAGE_PIXELS:,} pixels, from where on Pillow fears "
            "an attack: scale it down."
        ) from error
    except (OSError, SyntaxError, ValueError, TypeError, EOFError) as error:
        raise DataError(f"{file} cannot be read as an image: {error}") from error
    pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels  # (H, W) -> (H, W, 1)
    depth = np.iinfo(pixels.dtype).max  # its own: a folder may hold images of 8 and of 16 bits
    return _coloured(np.divide(_fitted(pixels, size), depth, dtype=np.float32), color)


def check_tiles(image: Any) -> None:
    """Refuses a TIFF file of which the pixels of a part are there, as if the rest were black.

    Args:
        image: `PIL.Image.Image`, opened, of any format.

    Raises:
        OSError: If it says that it is larger than what it holds.
    """
    if image.format != "TIFF":  # a GIF may well begin with a part
        return
    ends = [extents[2:] for _, extents, *_ in image.tile]
    held = tuple(max(sides) for sides in zip(*ends, strict=True))
    if any(end < size for end, size in zip(held, image.size, strict=True)):
        raise OSError(f"it holds {held[0]} x {held[1]} pixels of {image.width} x {image.height}")


def prepared(x: np.ndarray, size: tuple[int, int] | None, color: str | None) -> np.ndarray:
    """Images brought to one size and colour.

    Args:
        x: float32 array of shape `(n, height, width, channels)`.
        size: Pair of integers, height and width, or `None` to keep it. An image is scaled until
            its shorter side fits, with Pillow's antialiased Lanczos filter, and its centre is cut
            out, so that nothing is distorted. No value leaves the range of the image.
        color: `"grey"`, the luma of ITU-R BT.601; `"rgb"`; or `None` to keep it.

    Returns:
        float32 array of shape `(n, *size, channels)`.

    Raises:
        ValueError: If these are no images, or neither grey nor of three colours.

    Example:

    >>> from aezoo.data.images import prepared
    >>> prepared(np.ones((2, 6, 8, 3), "float32"), (3, 3), "grey").shape
    (2, 3, 3, 1)
    """
    if x.ndim != 4:
        raise ValueError(
            "size and color are for images, (n, height, width, channels). Received: samples of "
            f"shape {x.shape[1:]}"
        )
    if size is not None and x.shape[1:3] != size:
        x = gathered((_fitted(image, size) for image in x), len(x))
    return _coloured(x, color)


def alike(images: Iterable[np.ndarray], names: Sequence[object]) -> Iterator[np.ndarray]:
    """Passes images on as long as they are of the first one's shape.

    Args:
        images: Iterable of arrays of shape `(height, width, channels)`.
        names: Sequence of as many names, for the error.

    Yields:
        The arrays.

    Raises:
        DataError: If the shape of one differs.
    """
    shape = None
    for name, image in zip(names, images, strict=True):
        shape = shape or image.shape
        if image.shape != shape:
            ways = ["of one size with size=64 (--size 64)"] * (image.shape[:2] != shape[:2])
            ways += ["grey or coloured with color='grey' or 'rgb' (--color grey)"] * (
                image.shape[2] != shape[2]
            )
            raise DataError(
                "The images of a folder must be of one height, width and number of channels. "
                f"Received: {names[0]} of {shape}, {name} of {image.shape}. aezoo.load_dataset and "
                f"`aezoo train` make them {', and '.join(ways)}."
            )
        yield image


def gathered(images: Iterable[np.ndarray], count: int) -> np.ndarray:
    """Images as one array, which is made once.

    Args:
        images: Iterable of arrays of one shape.
        count: Integer, how many there are, 1 or more.

    Returns:
        float32 array of shape `(count, ...)`.
    """
    images = iter(images)
    first = next(images)
    try:
        x = np.empty((count, *first.shape), np.float32)
    except MemoryError as error:
        raise DataError(
            f"{count:,} images of {first.shape} do not fit into memory: give a size, or read them "
            "as a stream, with stream=True (--stream)."
        ) from error
    for i, image in enumerate(chain([first], images)):
        x[i] = image
    return x


def _fitted(image, size):
    """The centre of an image, of the shape that is wanted, scaled to it."""
    from PIL import Image, ImageOps

    if size is None or image.shape[:2] == size:
        return image
    channels = []
    for channel in np.moveaxis(image, -1, 0):  # (H, W, C) -> (C, H, W)
        if channel.dtype != np.uint8:  # Pillow filters bytes, or floats
            channel = channel.astype(np.float32)
        scaled = ImageOps.fit(Image.fromarray(channel), size[::-1], Image.Resampling.LANCZOS)
        # at edges the filter goes beyond what there is
        channels.append(np.clip(np.asarray(scaled), channel.min(), channel.max()))
    return np.stack(channels, axis=-1)  # C of (h, w) -> (h, w, C)


def _coloured(x, color):
    channels = x.shape[-1]
    if color is None or channels == CHANNELS[color]:
        return x
    if channels not in CHANNELS.values():
        raise ValueError(f"color is for images of 1 or 3 channels. Received: {channels}")
    if color == "rgb":
        return np.repeat(x, 3, axis=-1)  # (..., 1) -> (..., 3)
    # by rounding white would be more than white
    luma = np.clip(x @ np.float32(LUMA), x.min(axis=-1), x.max(axis=-1))
    return luma[..., np.newaxis]  # (..., 3) -> (..., 1)
