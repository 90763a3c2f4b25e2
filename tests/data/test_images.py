import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from aezoo.data.images import alike, gathered, prepared, read_folder, read_image
from aezoo.data.photographs import read_photograph
from aezoo.data.samples import DataError


def save(path, value, shape=(4, 5), dtype="uint8"):
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.full(shape, value, dtype)).save(path)


class TestPixels:
    def test_16_bits_keep_their_depth(self, tmp_path):
        greys = np.array([[0, 30000, 65535]], "uint16")
        Image.fromarray(greys).save(tmp_path / "0.png")
        Image.fromarray(greys).save(tmp_path / "1.tiff")
        x, _ = read_folder(tmp_path, "all")
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x[0], x[1])
        np.testing.assert_allclose(x[0, 0, :, 0], [0, 30000 / 65535, 1], rtol=1e-6)

    def test_each_image_is_scaled_by_its_own_depth(self, tmp_path):
        save(tmp_path / "0.png", 51)
        save(tmp_path / "1.png", 13107, dtype="uint16")
        save(tmp_path / "2.png", 102)
        x, _ = read_folder(tmp_path, "all")
        np.testing.assert_allclose(x[:, 0, 0, 0], [0.2, 0.2, 0.4], rtol=1e-6)

    def test_black_and_white_palettes_and_transparency(self, tmp_path):
        save(tmp_path / "a" / "0.png", True, dtype=bool)
        x, _ = read_folder(tmp_path / "a", "all")
        assert (x.shape, x.min()) == ((1, 4, 5, 1), 1)
        for mode in ("P", "RGBA", "LA", "CMYK"):
            suffix = ".tiff" if mode == "CMYK" else ".png"
            image = Image.new("RGB", (5, 4), (51, 51, 51)).convert(mode)
            (tmp_path / "b").mkdir(exist_ok=True)
            image.save(tmp_path / "b" / f"{mode}{suffix}")
        x, _ = read_folder(tmp_path / "b", "all")
        assert x.shape == (4, 4, 5, 3)
        np.testing.assert_allclose(x, 0.2, atol=1 / 255)

    def test_turned_as_the_camera_was(self, tmp_path):
        pixels = np.zeros((4, 6), "uint8")
        pixels[0] = 255
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera stood upright: turn by 90 degrees, clockwise
        Image.fromarray(pixels).save(tmp_path / "0.png", exif=exif)
        x, _ = read_folder(tmp_path, "all")
        assert x.shape == (1, 6, 4, 1)
        assert x[0, :, 3, 0].tolist() == [1] * 6
        assert x[0, :, :3].max() == 0


class TestLabelsAndSplits:
    def test_labels_are_subfolders(self, tmp_path):
        for i in range(3):
            save(tmp_path / "cat" / f"{i}.png", 0)
            save(tmp_path / "dog" / f"{i}.png", 255)
        (tmp_path / "notes.txt").write_text("no image")
        x, y = read_folder(tmp_path, "all")
        assert x.shape == (6, 4, 5, 1)
        np.testing.assert_array_equal(x[:, 0, 0, 0], y)
        for split, count in (("train", 4), ("test", 2)):
            x, y = read_folder(tmp_path, split)
            assert len(x) == count
            np.testing.assert_array_equal(x[:, 0, 0, 0], y)

    def test_own_splits_and_colours(self, tmp_path):
        save(tmp_path / "train" / "0.png", 51, (4, 5, 3))
        save(tmp_path / "test" / "0.png", 255, (4, 5, 3))
        found = [read_folder(tmp_path, split) for split in ("train", "test", "all")]
        (train, _), (test, _), (every, _) = found
        assert train.shape == (1, 4, 5, 3)
        assert train.max() == pytest.approx(0.2)
        assert test.min() == 1
        assert len(every) == 2
        assert [y for _, y in found] == [None] * 3  # train and test are no classes

    def test_a_class_has_one_number_in_every_split(self, tmp_path):
        for file in ("train/cat/0.png", "train/dog/0.png", "test/dog/1.png", "test/emu/1.png"):
            save(tmp_path / file, 0)
        assert read_folder(tmp_path, "train")[1].tolist() == [0, 1]
        assert read_folder(tmp_path, "test")[1].tolist() == [1, 2]
        assert read_folder(tmp_path, "all")[1].tolist() == [0, 1, 1, 2]

    def test_images_in_no_subfolder(self, tmp_path):
        save(tmp_path / "cat" / "0.png", 0)
        save(tmp_path / "1.png", 0)
        assert read_folder(tmp_path, "all")[1] is None


class TestPreparation:
    def test_the_centre_is_cut_out_without_distortion(self):
        x = np.zeros((1, 40, 100, 1), "float32")
        x[:, :, 30:70] = 1  # a square in the middle, which is all that a square image shows
        x[:, 10:30, 40:60] = 0.5
        found = prepared(x, (20, 20), None)[0, ..., 0]
        inside = found[2:-2, 2:-2]  # at its border the filter sees what is cut off
        np.testing.assert_allclose(inside, inside.T, atol=0.01)
        np.testing.assert_allclose(found[8:12, 8:12], 0.5, atol=0.03)
        np.testing.assert_allclose(found[2, 2:-2], 1, atol=0.03)
        assert prepared(x, (20, 50), None).shape == (1, 20, 50, 1)
        np.testing.assert_allclose(prepared(x, (20, 50), None)[0, 1, :12], 0, atol=1e-6)
        turned = prepared(np.swapaxes(x, 1, 2), (20, 20), None)[0, ..., 0]
        np.testing.assert_allclose(turned, found.T, atol=1e-6)

    def test_fine_patterns_become_grey(self):
        x = np.indices((64, 64)).sum(axis=0)[np.newaxis, ..., np.newaxis] % 2
        found = prepared(x.astype("float32"), (8, 8), None)
        np.testing.assert_allclose(found, 0.5, atol=0.02)  # every second pixel would be 0, or 1

    def test_as_pillow_does(self, tmp_path, rng):
        pixels = rng.integers(0, 256, (30, 40, 3), "uint8")
        Image.fromarray(pixels).save(tmp_path / "0.png")
        fitted = ImageOps.fit(Image.fromarray(pixels), (9, 12), Image.Resampling.LANCZOS)
        found = read_image(tmp_path / "0.png", (12, 9))
        np.testing.assert_array_equal(np.rint(found * 255), np.asarray(fitted))
        as_floats = prepared(np.float32(pixels[np.newaxis] / 255), (12, 9), None)[0]
        np.testing.assert_allclose(as_floats, found, atol=1 / 255)  # bytes are rounded twice
        grey = np.asarray(Image.fromarray(pixels).convert("L"))
        found = read_image(tmp_path / "0.png", color="grey")[..., 0]
        np.testing.assert_allclose(found * 255, grey, atol=0.51)

    def test_no_value_leaves_the_range(self):
        x = np.zeros((1, 8, 8, 3), "float32")
        x[:, 4:] = 1
        found = prepared(x, (5, 5), None)
        assert (found.min(), found.max()) == (0, 1)
        white = np.ones((50, 7, 7, 3), "float32") * np.linspace(0, 1, 50)[:, None, None, None]
        white = white.astype("float32")
        np.testing.assert_array_equal(prepared(white, None, "grey"), white[..., :1])

    def test_colours(self):
        x = np.eye(3, dtype="float32").reshape(1, 1, 3, 3)  # red, green, blue
        grey = prepared(x, None, "grey")
        np.testing.assert_allclose(grey.ravel(), [0.299, 0.587, 0.114], rtol=1e-6)
        rgb = prepared(grey, None, "rgb")
        assert rgb.shape == (1, 1, 3, 3)
        np.testing.assert_array_equal(rgb[..., 1], grey[..., 0])
        for color in ("grey", "rgb"):
            np.testing.assert_array_equal(
                prepared(prepared(x, None, color), None, color), prepared(x, None, color)
            )

    def test_16_bits_keep_their_depth(self, tmp_path):
        save(tmp_path / "0.png", 30001, (6, 8), "uint16")
        found = read_image(tmp_path / "0.png", (3, 3), "rgb")
        assert found.shape == (3, 3, 3)
        np.testing.assert_allclose(found, 30001 / 65535, rtol=1e-6)

    def test_what_folders_mix(self, tmp_path):
        for i, mode in enumerate(("1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK")):
            if mode == "I;16":
                image = Image.fromarray(np.full((9, 5 + i), 13107, "uint16"))
            else:
                image = Image.new("RGB", (5 + i, 9), (255,) * 3 if mode == "1" else (51,) * 3)
                image = image.convert(mode)
            image.save(tmp_path / f"{i}.{'tiff' if mode == 'CMYK' else 'png'}")
        for color, channels in (("grey", 1), ("rgb", 3)):
            x, _ = read_folder(tmp_path, "all", (4, 6), color)
            assert x.shape == (8, 4, 6, channels)
            np.testing.assert_allclose(x[0], 1, rtol=1e-6)
            np.testing.assert_allclose(x[1:], 0.2, atol=1 / 255)

    def test_of_no_images(self):
        with pytest.raises(ValueError, match=r"are for images.*samples of shape \(5,\)"):
            prepared(np.ones((3, 5), "float32"), (2, 2), None)
        with pytest.raises(ValueError, match="1 or 3 channels. Received: 5"):
            prepared(np.ones((3, 4, 4, 5), "float32"), None, "grey")


def test_only_the_images_of_a_split_are_read(tmp_path):
    for i in range(10):
        save(tmp_path / f"{i}.png", i)
    train, test, every = (read_folder(tmp_path, split)[0] for split in ("train", "test", "all"))
    np.testing.assert_array_equal(every[:, 0, 0, 0], np.float32(np.arange(10) / 255))
    assert len(test) == 2
    whole = [int(np.rint(value * 255)) for value in test[:, 0, 0, 0]]
    for i in whole:
        (tmp_path / f"{i}.png").write_bytes(b"damaged")
    np.testing.assert_array_equal(read_folder(tmp_path, "train")[0], train)
    with pytest.raises(DataError, match="cannot be read"):
        read_folder(tmp_path, "test")


def test_as_one_array():
    images = [np.full((2, 3, 1), i) for i in range(4)]
    x = gathered(alike(iter(images), "abcd"), 4)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, np.stack(images))


class TestUnusable:
    def test_no_image(self, tmp_path):
        with pytest.raises(DataError, match="holds no image"):
            read_folder(tmp_path, "all")

    @pytest.mark.parametrize("shape", [(5, 4), (4, 5, 3)])
    def test_two_shapes(self, tmp_path, shape):
        save(tmp_path / "0.png", 0)
        save(tmp_path / "1.png", 0, shape)
        with pytest.raises(DataError, match=r"0\.png of \(4, 5, 1\), .*1\.png of \(") as raised:
            read_folder(tmp_path, "all")
        hints = ("--size 64" in str(raised.value), "--color grey" in str(raised.value))
        assert hints == ((True, False) if shape == (5, 4) else (False, True))

    def test_32_bits(self, tmp_path):
        save(tmp_path / "0.tiff", 0, dtype="float32")
        with pytest.raises(DataError, match=r"0\.tiff.*32 bits a pixel"):
            read_folder(tmp_path, "all")

    def test_pixels_of_a_part(self, tmp_path):
        save(tmp_path / "0.tiff", 0)
        content = (tmp_path / "0.tiff").read_bytes()
        with Image.open(tmp_path / "0.tiff") as image:
            width, height = image.size
        field = struct.pack("<HHI", 257, 4, 1)  # ImageLength, one LONG
        assert field + struct.pack("<I", height) in content
        more = content.replace(field + struct.pack("<I", height), field + struct.pack("<I", 10**6))
        (tmp_path / "0.tiff").write_bytes(more)
        held = f"holds {width} x {height} pixels of {width} x 1000000"
        with pytest.raises(DataError, match=held):
            read_image(tmp_path / "0.tiff")
        with pytest.raises(DataError, match=held):
            read_photograph(tmp_path / "0.tiff")

    def test_damaged(self, tmp_path):
        save(tmp_path / "0.png", 9, (40, 40))
        whole = (tmp_path / "0.png").read_bytes()
        for content in (b"", b"no image", whole[:50], whole[:30] + whole[35:]):
            (tmp_path / "0.png").write_bytes(content)
            with pytest.raises(DataError, match=r"0\.png cannot be read as an image"):
                read_folder(tmp_path, "all")

    @pytest.mark.parametrize("limit", [15, 5])  # Pillow warns up to twice the limit, then raises
    def test_huge(self, tmp_path, monkeypatch, limit):
        save(tmp_path / "0.png", 0)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(DataError, match=rf"0\.png has more than {limit} pixels.*scale it down"):
            read_folder(tmp_path, "all")
