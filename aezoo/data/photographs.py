"""Photographs as they are stored: their depth, transparency and colour profile are kept."""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aezoo.data.images import check_tiles
from aezoo.data.samples import DataError

CONVERTED = {"P": "RGB", "PA": "RGBA"}  # palettes, whose numbers are no brightness
DEEP = "I;16"
FORMATS = {  # what can be written: with 16 bits, with transparency, without loss
    ".png": (True, True, {}),
    ".tif": (True, True, {}),
    ".tiff": (True, True, {}),
    ".webp": (False, True, {"lossless": True}),
    ".jpg": (False, False, {"quality": 95}),
    ".jpeg": (False, False, {"quality": 95}),
}


class Photograph(NamedTuple):
    """A photograph, and what is to be kept of its file.

    Attributes:
        pixels: Array of shape `(height, width)` or `(height, width, 3)`, uint8 or uint16, turned
            as its EXIF data say.
        alpha: uint8 array of shape `(height, width)`, or `None` without transparency.
        profile: Bytes, the ICC profile of its colours, or `None`.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    profile: bytes | None


def read_photograph(file: Path) -> Photograph:
    """Reads a photograph.

    Args:
        file: Path of the file, grey in 8 or 16 bits, or in colour in 8.

    Returns:
        `Photograph`.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If it cannot be read, or is of another kind, such as CMYK.
    """
    from PIL import Image, ImageOps

    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                check_tiles(image)
                _refuse_others(file, image)
                profile = image.info.get("icc_profile")
                mode = CONVERTED.get(image.mode, image.mode)
                if mode in ("L", "RGB") and "transparency" in image.info:
                    mode = {"L": "LA", "RGB": "RGBA"}[mode]
                image = ImageOps.exif_transpose(image)
                pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} has more than {Image.MAX_IMAGE_PIXELS:,} pixels, from where on Pillow fears "
            "an attack: cut it into parts."
        ) from error
    except (OSError, SyntaxError, TypeError, EOFError) as error:
        raise DataError(f"{file} cannot be read as an image: {error}") from error
    if pixels.dtype != np.uint8:
        pixels = pixels.astype(np.uint16)  # of either order of bytes
    if pixels.ndim == 3 and pixels.shape[-1] in (2, 4):
        colours = pixels[..., 0] if pixels.shape[-1] == 2 else pixels[..., :3]
        return Photograph(colours, pixels[..., -1], profile)
    return Photograph(pixels, None, profile)


def write_photograph(file: Path, photograph: Photograph, kind: str) -> None:
    """Writes a photograph.

    Args:
        file: Path of the file.
        photograph: `Photograph`.
        kind: String, the ending that says its format, such as `".png"`.

    Raises:
        DataError: If the format is none of `FORMATS`, or cannot hold it.
    """
    from PIL import Image

    pixels, alpha, profile = photograph
    deep, transparent, options = FORMATS.get(kind.lower(), (None, None, {}))
    if deep is None:
        raise DataError(f"Expected a file of {', '.join(FORMATS)}. Received: {kind}")
    if (pixels.dtype != np.uint8 and not deep) or (alpha is not None and not transparent):
        what = "transparency" if pixels.dtype == np.uint8 else "16 bits"
        raise DataError(f"{kind} cannot hold {what}, .png can.")
    if alpha is not None:
        pixels = np.dstack([pixels, alpha])
    kept: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    name = Image.registered_extensions()[kind.lower()]
    Image.fromarray(pixels).save(file, format=name, **kept, **options)


def _refuse_others(file, image):
    stored = str(image.tile[0][3]) if image.tile else ""
    if image.mode.startswith("RGB") and "16" in stored:
        raise DataError(
            f"{file} has 16 bits for each of its colours, of which Pillow would drop 8: give its "
            "channels as grey images of 16 bits, or the whole with 8."
        )
    if getattr(image, "n_frames", 1) > 1:
        raise DataError(f"{file} has {image.n_frames} frames: give one image.")
    if image.mode.startswith(DEEP) and "transparency" in image.info:
        raise DataError(f"{file} has 16 bits and transparency: give it without.")
    if image.mode not in ("L", "LA", "RGB", "RGBA", *CONVERTED) and not image.mode.startswith(DEEP):
        raise DataError(
            f"{file} is of mode {image.mode}: convert it to grey or RGB, with 8 bits, or grey with "
            "16."
        )
