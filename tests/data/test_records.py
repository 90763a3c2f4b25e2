"""Files of TensorFlow Datasets: those of MNIST, where it is on disk, and one made here."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from aezoo.data import records
from aezoo.data.datasets import load_dataset
from aezoo.data.records import Records, records_of


class OddSizes(tfds.core.GeneratorBasedBuilder):
    """Images of several sizes."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        image = tfds.features.Image(shape=(None, None, 3))
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict({"image": image}))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(7):
            yield i, {"image": np.full((8 + i, 9, 3), 10 * i, "uint8")}


@pytest.fixture
def odd(tmp_path):
    builder = OddSizes(data_dir=tmp_path)
    builder.download_and_prepare()
    return builder


def test_images_are_brought_to_one_size(odd, monkeypatch):
    monkeypatch.setattr(records, "BYTES", 3 * 4 * 4 * 4 - 1)
    pieces = list(Records(odd, "train", 0, 7).samples((4, 4), "grey"))
    assert [piece.shape for piece in pieces] == [(3, 4, 4, 1), (3, 4, 4, 1), (1, 4, 4, 1)]
    values = np.concatenate(pieces)
    np.testing.assert_allclose(values, values[:, :1, :1] * np.ones((1, 4, 4, 1)), atol=1e-6)
    tens = np.sort(values[:, 0, 0, 0]) * 255 / 10
    np.testing.assert_allclose(tens, np.arange(7), atol=1e-4)


def test_a_part_of_a_file(odd):
    whole = np.concatenate(list(Records(odd, "train", 0, 7).samples((4, 4))))
    part = np.concatenate(list(Records(odd, "train", 2, 5).samples((4, 4))))
    np.testing.assert_array_equal(part, whole[2:5])


@pytest.mark.data
def test_mnist(mnist_dir):
    found = records_of("mnist", mnist_dir)
    assert set(found) == {"train", "test"}
    ((file, test),) = found["test"]
    assert file.is_file()
    assert (test.split, test.start, test.stop) == ("test", 0, 10_000)
    x = np.concatenate(list(test.samples()))
    np.testing.assert_array_equal(x, load_dataset("mnist", "test", data_dir=mnist_dir).x)


@pytest.mark.slow
@pytest.mark.data
def test_a_stream_of_mnist(mnist_dir):
    stream = load_dataset("mnist", "test", data_dir=mnist_dir, stream=True)
    assert (len(stream), stream.shape, stream.range) == (10_000, (28, 28, 1), (0.0, 1.0))
    assert stream.name == "mnist"
    sums = [float(batch.numpy().sum()) for batch in stream.batches(1000, shuffle=False)]
    x = load_dataset("mnist", "test", data_dir=mnist_dir).x
    np.testing.assert_allclose(sums, x.reshape(10, -1).sum(axis=1), rtol=1e-5)


def test_what_has_no_stream():
    with pytest.raises(ValueError, match="A stream is of files. Received: the name 'digits'"):
        load_dataset("digits", stream=True)
    with pytest.raises(ValueError, match="Did you mean 'mnist'"):
        load_dataset("minst", stream=True)
