import re

import numpy as np
import pytest
from PIL import Image

from aezoo.data.photographs import Photograph, read_photograph, write_photograph
from aezoo.data.samples import DataError

KINDS = {
    "grey": ((5, 7), np.uint8, ".png"),
    "grey, 16 bits": ((5, 7), np.uint16, ".png"),
    "grey, 16 bits, tiff": ((5, 7), np.uint16, ".tif"),
    "colours": ((5, 7, 3), np.uint8, ".png"),
}


@pytest.mark.parametrize(("shape", "kind", "ending"), KINDS.values(), ids=KINDS)
def test_there_and_back(shape, kind, ending, tmp_path, rng):
    pixels = rng.integers(0, np.iinfo(kind).max, shape, kind)
    write_photograph(tmp_path / "x", Photograph(pixels, None, b"profile"), ending)
    found = read_photograph(tmp_path / "x")
    assert found.pixels.dtype == kind
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.alpha is None
    assert found.profile == b"profile"


@pytest.mark.parametrize(("mode", "shape"), [("LA", (5, 7)), ("RGBA", (5, 7, 3))])
def test_transparency_is_kept(mode, shape, tmp_path, rng):
    image = Image.fromarray(rng.integers(0, 255, (5, 7, len(mode)), np.uint8), mode)
    image.save(tmp_path / "x.png")
    found = read_photograph(tmp_path / "x.png")
    assert found.pixels.shape == shape
    write_photograph(tmp_path / "y.png", found, ".png")
    with Image.open(tmp_path / "y.png") as again:
        assert again.mode == mode
        np.testing.assert_array_equal(again, image)


def test_palettes_become_colours(tmp_path, rng):
    image = Image.fromarray(rng.integers(0, 255, (5, 7, 3), np.uint8)).quantize(8)
    image.save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_photograph(tmp_path / "x.png").pixels, image.convert("RGB"))


def test_turned_as_its_exif_data_say(tmp_path, rng):
    image = Image.fromarray(rng.integers(0, 255, (5, 7), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter
    image.save(tmp_path / "x.png", exif=exif)
    found = read_photograph(tmp_path / "x.png").pixels
    np.testing.assert_array_equal(found, np.rot90(np.asarray(image), -1))


def cmyk(file, rng):
    Image.new("CMYK", (5, 7)).save(file, "JPEG")


def deep_colours(file, rng):
    import struct
    import zlib

    def chunk(name, data):
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))  # 2 x 2 pixels of 3 x 16 bits
    head = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def frames(file, rng):
    images = [Image.new("L", (5, 7), i) for i in range(3)]
    images[0].save(file, "GIF", save_all=True, append_images=images[1:])


UNUSABLE = {
    "CMYK": (cmyk, "mode CMYK: convert it to grey or RGB"),
    "16 bits in colour": (deep_colours, "16 bits for each of its colours"),
    "frames": (frames, "3 frames: give one image"),
    "floats": (lambda f, rng: Image.new("F", (5, 7)).save(f, "TIFF"), "mode F"),
    "black and white": (lambda f, rng: Image.new("1", (5, 7)).save(f, "PNG"), "mode 1"),
    "text": (lambda f, rng: f.write_text("no image"), "cannot be read as an image"),
}


@pytest.mark.parametrize(("make", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable(make, message, tmp_path, rng):
    make(tmp_path / "x", rng)
    with pytest.raises(DataError, match=message):
        read_photograph(tmp_path / "x")


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "none.png"))):
        read_photograph(tmp_path / "none.png")


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_webp_loses_nothing(shape, tmp_path, rng):
    pixels = rng.integers(0, 255, shape, np.uint8)
    write_photograph(tmp_path / "x.webp", Photograph(pixels, None, None), ".webp")
    found = read_photograph(tmp_path / "x.webp").pixels
    np.testing.assert_array_equal(found if len(shape) == 3 else found[..., 0], pixels)


def test_a_grey_that_is_transparent(tmp_path):
    image = Image.fromarray(np.arange(35, dtype=np.uint8).reshape(5, 7))
    image.save(tmp_path / "x.png", transparency=3)
    found = read_photograph(tmp_path / "x.png")
    assert (found.alpha == 0).sum() == 1
    assert found.alpha[0, 3] == 0


def test_formats_that_cannot_hold_it(tmp_path):
    deep = Photograph(np.zeros((5, 7), np.uint16), None, None)
    clear = Photograph(np.zeros((5, 7), np.uint8), np.zeros((5, 7), np.uint8), None)
    for ending in (".jpg", ".webp"):
        with pytest.raises(DataError, match=rf"\{ending} cannot hold 16 bits"):
            write_photograph(tmp_path / "x", deep, ending)
    with pytest.raises(DataError, match=r"\.jpeg cannot hold transparency"):
        write_photograph(tmp_path / "x", clear, ".jpeg")
    for ending in (".gif", ".bmp", ".nothing"):
        with pytest.raises(DataError, match=rf"Expected a file of \.png, .*\{ending}"):
            write_photograph(tmp_path / "x", clear, ending)
