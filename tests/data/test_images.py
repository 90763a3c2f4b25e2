import numpy as np
import pytest
from PIL import Image

from aezoo.data.images import read_folder
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


class TestUnusable:
    def test_no_image(self, tmp_path):
        with pytest.raises(DataError, match="holds no image"):
            read_folder(tmp_path, "all")

    @pytest.mark.parametrize("shape", [(5, 4), (4, 5, 3)])
    def test_two_shapes(self, tmp_path, shape):
        save(tmp_path / "0.png", 0)
        save(tmp_path / "1.png", 0, shape)
        with pytest.raises(DataError, match=r"0\.png of \(4, 5, 1\), .*1\.png of \("):
            read_folder(tmp_path, "all")

    def test_32_bits(self, tmp_path):
        save(tmp_path / "0.tiff", 0, dtype="float32")
        with pytest.raises(DataError, match=r"0\.tiff.*32 bits a pixel"):
            read_folder(tmp_path, "all")

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
