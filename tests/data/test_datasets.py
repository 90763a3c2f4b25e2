import time

import numpy as np
import pytest
import requests
from PIL import Image
from sklearn.datasets import load_digits

from aezoo.data.datasets import DataError, is_path, load_dataset


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


class TestNamesAndPaths:
    def test_what_is_a_path(self, tmp_path):
        paths = ["a/b", "./photos", "table.CSV", "x.npz", tmp_path]
        assert [is_path(each) for each in [*paths, "mnist", "photos", "mnist:3.0.1"]] == [
            *[True] * 5,
            *[False] * 3,
        ]

    def test_readers_are_chosen_by_what_is_there(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros((4, 2)))
        (tmp_path / "b.CSV").write_text("1,2,3")
        (tmp_path / "photos").mkdir()
        Image.new("RGB", (5, 4)).save(tmp_path / "photos" / "0.png")
        names = ["a.npy", "b.CSV", "photos"]
        found = [load_dataset(str(tmp_path / name), "all") for name in names]
        assert [data.x.shape for data in found] == [(4, 2), (1, 3), (1, 4, 5, 3)]
        assert [data.name for data in found] == ["a", "b", "photos"]

    def test_a_folder_without_a_slash(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "photos").mkdir()
        Image.new("L", (4, 4)).save(tmp_path / "photos" / "0.png")
        with pytest.raises(ValueError, match=r"a folder of that name here: write \./photos"):
            load_dataset("photos", "all")
        assert load_dataset("./photos", "all").x.shape == (1, 4, 4, 1)

    def test_a_file_that_no_reader_knows(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "weird.parquet").write_bytes(b"")
        for name in ("weird.parquet", "./weird.parquet"):
            with pytest.raises(DataError, match=r"\.npy, \.npz, \.csv.*weird\.parquet"):
                load_dataset(name)

    @pytest.mark.parametrize("name", ["weird.parquet", "my data", "mnist:9", ""])
    def test_names_that_are_no_names(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ValueError, match=f"^Unknown dataset '{name}'") as raised:
            load_dataset(name)
        assert "kwargs" not in str(raised.value)  # no grammar of TFDS

    def test_splits_and_missing_files(self, tmp_path):
        with pytest.raises(ValueError, match="'validation'"):
            load_dataset("digits", "validation")
        with pytest.raises(FileNotFoundError, match=r"nothing\.npy"):
            load_dataset(tmp_path / "nothing.npy")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((5, 2), np.nan), "10 NaN"),
        (np.full((5, 2), 1e50), "10 NaN or infinite"),
        (np.zeros((9, 0)), "no values"),
    ],
)
def test_values_that_cannot_be_trained_on(tmp_path, array, message):
    np.save(tmp_path / "data.npy", array)
    with pytest.raises(DataError, match=message):
        load_dataset(tmp_path / "data.npy", "all")
