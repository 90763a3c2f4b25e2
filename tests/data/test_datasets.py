import time

import numpy as np
import pytest
import requests
from PIL import Image
from sklearn.datasets import load_digits

from aezoo.data.datasets import DataError, load_dataset


def parts(source, **kwargs):
    return [load_dataset(source, split, **kwargs) for split in ("train", "test", "all")]


def rows(x):
    return {row.tobytes() for row in x}


class TestDigits:
    def test_are_scikit_learns(self):
        data = load_dataset("digits", "all")
        np.testing.assert_allclose(data.x[..., 0] * 16, load_digits().images)
        np.testing.assert_array_equal(data.y, load_digits().target)
        assert data.x.dtype == np.float32
        assert data.name == "digits"

    def test_splits_are_fixed_and_apart(self):
        train, test, everything = parts("digits")
        assert (len(train.x), len(test.x), len(everything.x)) == (1437, 360, 1797)
        assert rows(train.x) | rows(test.x) == rows(everything.x)
        np.testing.assert_array_equal(test.x, load_dataset("digits", "test").x)
        image, label = test.x[7], test.y[7]
        same = (everything.x == image).all(axis=(1, 2, 3))
        assert everything.y[same].tolist() == [label]


class TestNumpy:
    def test_npy_in_own_units(self, tmp_path, rng):
        table = rng.normal(50, 10, (20, 3))
        np.save(tmp_path / "table.npy", table)
        train, test, everything = parts(tmp_path / "table.npy")
        np.testing.assert_allclose(everything.x, table.astype("float32"))
        assert (len(train.x), len(test.x), everything.y) == (16, 4, None)
        assert everything.name == "table"

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_integer_images_are_scaled(self, tmp_path, dtype):
        images = np.zeros((4, 6, 5), dtype)
        images[1] = np.iinfo(dtype).max
        np.save(tmp_path / "images.npy", images)
        data = load_dataset(tmp_path / "images.npy", "all")
        assert data.x.shape == (4, 6, 5, 1)
        assert data.x.dtype == np.float32
        assert sorted(np.unique(data.x)) == [0, 1]

    def test_npz_with_labels(self, tmp_path, rng):
        np.savez(tmp_path / "data.npz", X=rng.random((10, 3)), y=np.arange(10))
        data = load_dataset(tmp_path / "data.npz", "all")
        assert data.y.tolist() == list(range(10))

    def test_npz_with_own_splits(self, tmp_path):
        arrays = {"x_train": np.zeros((4, 2)), "x_test": np.ones((3, 2)), "y_test": np.arange(3)}
        np.savez(tmp_path / "data.npz", **arrays)
        train, test, everything = parts(tmp_path / "data.npz")
        assert [len(part.x) for part in (train, test, everything)] == [4, 3, 7]
        assert test.x.min() == 1
        assert (train.y, test.y.tolist()) == (None, [0, 1, 2])

    def test_npz_of_one_array(self, tmp_path):
        np.savez(tmp_path / "data.npz", samples=np.zeros((5, 2)))
        assert load_dataset(tmp_path / "data.npz", "all").x.shape == (5, 2)

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"a": np.zeros((2, 2)), "b": np.zeros(2)}, "under 'x'. It holds: a, b"),
            ({"x": np.zeros(3)}, r"\(n, ...\)"),
            ({"x": np.array([["a"]])}, "real numbers"),
            ({"x": np.full((5, 2), np.nan)}, "8 NaN"),
            ({"x": np.zeros((0, 2))}, "two samples"),
            ({"x": np.zeros((1, 2))}, "two samples"),
            ({"x": np.array([[{}]])}, "pickle"),
            ({"x": np.zeros((4, 5, 5), int)}, "uint8 or uint16"),
            ({"x": np.zeros((9, 0))}, "no values"),
        ],
    )
    def test_unusable(self, tmp_path, arrays, message):
        np.savez(tmp_path / "data.npz", **arrays)
        with pytest.raises(DataError, match=message):
            load_dataset(tmp_path / "data.npz")

    def test_unreadable(self, tmp_path):
        (tmp_path / "data.npy").write_bytes(b"no array")
        with pytest.raises(DataError, match=r"data\.npy cannot be read"):
            load_dataset(tmp_path / "data.npy")


class TestCsv:
    @pytest.mark.parametrize(
        "text",
        [
            "a,b\n1,2.5\n3,4\n",
            "1,2.5\n3,4",
            "1;2.5\n3;4\n",
            "a\tb\r\n1\t2.5\r\n3\t4\r\n",
            "\ufeffa,b\n1,2.5\n\n3,4\n",
            '"a, x",b\n"1","2.5"\n3,4\n',
        ],
    )
    def test_read(self, tmp_path, text):
        (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
        np.testing.assert_array_equal(load_dataset(tmp_path / "t.csv", "all").x, [[1, 2.5], [3, 4]])

    def test_one_column(self, tmp_path):
        (tmp_path / "t.csv").write_text("value\n1\n2\n")
        assert load_dataset(tmp_path / "t.csv", "all").x.tolist() == [[1], [2]]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no rows"),
            ("a,b\n", "no rows"),
            ("a,b\n1,2\n3\n", "row 2 of numbers has 1 columns, the first one 2"),
            ("a,b\n1,x\n", "'x'"),
            ("a,b\n1,\n", "could not convert"),
            ("1,2\n3,nan\n", "1 NaN"),
            (b"\xff\xfe\x00", "decode"),
        ],
    )
    def test_unusable(self, tmp_path, text, message):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(DataError, match=message):
            load_dataset(path, "all")


class TestFolder:
    def test_labels_are_subfolders(self, tmp_path):
        for label, value in (("cat", 0), ("dog", 255)):
            (tmp_path / label).mkdir()
            for i in range(3):
                Image.fromarray(np.full((4, 5), value, "uint8")).save(tmp_path / label / f"{i}.png")
        (tmp_path / "notes.txt").write_text("no image")
        data = load_dataset(tmp_path, "all")
        assert data.x.shape == (6, 4, 5, 1)
        np.testing.assert_array_equal(data.x[:, 0, 0, 0], data.y)

    def test_colours_and_own_splits(self, tmp_path):
        for split, value in (("train", 51), ("test", 255)):
            (tmp_path / split).mkdir()
            image = Image.fromarray(np.full((4, 5, 3), value, "uint8"))
            image.save(tmp_path / split / "0.png")
        train, test, everything = parts(tmp_path)
        assert train.x.shape == (1, 4, 5, 3)
        assert train.x.max() == pytest.approx(0.2)
        assert test.x.min() == 1
        assert len(everything.x) == 2

    def test_unusable(self, tmp_path):
        with pytest.raises(DataError, match="holds no image"):
            load_dataset(tmp_path)
        Image.new("L", (4, 4)).save(tmp_path / "0.png")
        Image.new("L", (5, 4)).save(tmp_path / "1.png")
        with pytest.raises(DataError, match=r"0\.png is \(4, 4\).*1\.png is \(4, 5\)"):
            load_dataset(tmp_path)
        (tmp_path / "1.png").unlink()
        Image.fromarray(np.zeros((4, 4), "float32")).save(tmp_path / "0.tiff")
        with pytest.raises(DataError, match=r"0\.tiff.*32 bits a pixel"):
            load_dataset(tmp_path)
        (tmp_path / "0.png").write_bytes(b"no image")
        with pytest.raises(DataError, match=r"0\.png cannot be read"):
            load_dataset(tmp_path)


class TestTfds:
    @pytest.mark.data
    def test_mnist(self, mnist_dir):
        train, test, everything = parts("mnist", data_dir=mnist_dir)
        assert [len(part.x) for part in (train, test, everything)] == [60_000, 10_000, 70_000]
        assert train.x.shape[1:] == (28, 28, 1)
        assert (train.x.dtype, train.x.min(), train.x.max()) == (np.float32, 0, 1)
        assert train.x.mean() == pytest.approx(0.1307, abs=1e-4)  # the known mean of MNIST
        assert set(test.y) == set(range(10))

    def test_without_network(self, tmp_path, monkeypatch):
        def unreachable(*args, **kwargs):
            raise requests.ConnectionError("no network")

        monkeypatch.setattr(requests, "head", unreachable)
        begin = time.monotonic()
        with pytest.raises(FileNotFoundError, match="TFDS_DATA_DIR.*'digits' needs no network"):
            load_dataset("cifar10", data_dir=tmp_path)
        assert time.monotonic() - begin < 10  # the promise; it takes a fraction of a second

    def test_unknown_name(self, tmp_path):
        with pytest.raises(ValueError, match="'fashion_mnst'. Did you mean 'fashion_mnist'"):
            load_dataset("fashion_mnst", data_dir=tmp_path)

    def test_without_images(self, tmp_path):
        with pytest.raises(DataError, match="iris has no images"):
            load_dataset("iris", data_dir=tmp_path)


def test_bad_names(tmp_path):
    with pytest.raises(ValueError, match="'validation'"):
        load_dataset("digits", "validation")
    with pytest.raises(FileNotFoundError, match=r"nothing\.npy"):
        load_dataset(tmp_path / "nothing.npy")
    (tmp_path / "data.txt").write_text("1")
    with pytest.raises(DataError, match=r"\.npz.*data\.txt"):
        load_dataset(tmp_path / "data.txt")
