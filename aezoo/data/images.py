"""Folders of images."""

import warnings
from pathlib import Path

import numpy as np

from aezoo.data.samples import DataError, split_off

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
SPLITS = ("train", "test")


def read_folder(path: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Images of a folder, and their labels: the names of subfolders, numbered by the alphabet.

    Args:
        path: Path of the folder. Subfolders `train` and `test` are its splits.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        float32 array of shape `(n, height, width, channels)` in [0, 1], and integers of shape
        `(n,)`, the same for a class in every split, or `None` if an image is in no subfolder.

    Raises:
        DataError: If there is no image, one cannot be read, or they differ in size or channels.
    """
    own_splits = all((path / part).is_dir() for part in SPLITS)
    roots = [path / part for part in SPLITS] if own_splits else [path]
    found = {root: image_files(root) for root in roots}
    chosen = [path / split] if own_splits and split != "all" else roots
    files = [file for root in chosen for file in found[root]]
    if not files:
        raise DataError(f"{', '.join(map(str, chosen))} holds no image ({', '.join(IMAGES)}).")
    first = read_image(files[0])
    x = np.empty((len(files), *first.shape), np.float32)
    for i, file in enumerate(files):
        image = read_image(file)
        if image.shape != first.shape:
            raise DataError(
                "The images of a folder must be of one height, width and number of channels. "
                f"Received: {files[0]} of {first.shape}, {file} of {image.shape}"
            )
        x[i] = image
    y = None
    if not any(file.parent in roots for file in files):
        every = [file for root in roots for file in found[root] if file.parent not in roots]
        classes = sorted({file.parent.name for file in every})
        y = np.searchsorted(classes, [file.parent.name for file in files])
    return (x, y) if own_splits else split_off(x, y, split)


def image_files(root: Path) -> list[Path]:
    """The images of a folder and of those in it, in the order of their paths."""
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in IMAGES)


def read_image(file: Path) -> np.ndarray:
    """One image.

    Args:
        file: Path of the file.

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
    # by its own depth: a folder may hold images of 8 and of 16 bits
    return np.divide(pixels, np.iinfo(pixels.dtype).max, dtype=np.float32)
