import time
import warnings

import numpy as np
import pytest
import requests
from sklearn.datasets import load_digits

from aezoo.data.datasets import load_dataset
from aezoo.data.named import is_named, read_named
from aezoo.data.samples import DataError


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

    def test_images_of_several_sizes(self, several_sizes, tmp_path):
        with pytest.raises(DataError, match="several_sizes have several sizes.*--size 64"):
            read_named(several_sizes, "all", tmp_path)
        with pytest.raises(DataError, match="are grey and coloured.*--color grey"):
            read_named(several_sizes, "all", tmp_path, (2, 3))
        x, y = read_named(several_sizes, "all", tmp_path, (2, 3), "grey")
        assert x.shape == (10, 2, 3, 1)
        np.testing.assert_allclose(x.mean(axis=(1, 2, 3)) * 255, 20 * y, atol=1e-4)
        assert sorted(y) == list(range(10))
        test, labels = read_named(several_sizes, "test", tmp_path, (2, 3), "grey")
        assert (test.shape, len(labels)) == ((2, 2, 3, 1), 2)

    def test_names(self):
        found = [is_named(name) for name in ("digits", "mnist", "mnist:3.0.1", "holidays", "")]
        assert found == [True, True, True, False, False]


@pytest.fixture
def several_sizes(tmp_path):
    """The name of a dataset that is prepared here: ten images, alike in nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_datasets as tfds

        class SeveralSizes(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")

            def _info(self):
                image = tfds.features.Image(shape=(None, None, None))
                features = tfds.features.FeaturesDict({"image": image, "label": np.int64})
                return tfds.core.DatasetInfo(builder=self, features=features)

            def _split_generators(self, _):
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                for i in range(10):
                    shape = (4 + i, 6, 3 if i % 2 else 1)
                    yield i, {"image": np.full(shape, 20 * i, "uint8"), "label": i}

        SeveralSizes(data_dir=tmp_path).download_and_prepare()
        yield SeveralSizes.name
