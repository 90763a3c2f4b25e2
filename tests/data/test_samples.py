import numpy as np
import pytest

from aezoo.data.samples import DataError, as_labels, as_samples, digest_of, split_off


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_integer_images_are_scaled_by_their_type(dtype):
    images = np.zeros((4, 6, 5), dtype)
    images[1] = np.iinfo(dtype).max
    found = as_samples(images, "images")
    assert (found.shape, found.dtype) == ((4, 6, 5, 1), np.float32)
    assert found.min(axis=(1, 2, 3)).tolist() == [0, 1, 0, 0]


def test_other_numbers_keep_their_units():
    assert as_samples(np.array([[0, 255]], "uint8"), "table").tolist() == [[0, 255]]
    assert as_samples(np.full((2, 3, 4), 300.5), "signals").max() == 300.5


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), r"\(n, ...\)"),
        (np.array([["a"]]), "real numbers"),
        (np.array([[1j]]), "real numbers"),
        (np.zeros((4, 5, 5), int), "uint8 or uint16"),
    ],
)
def test_unusable(array, message):
    with pytest.raises(DataError, match=f"the source.*{message}"):
        as_samples(array, "the source")


def test_labels_are_one_a_sample():
    x = np.zeros((3, 2))
    assert as_labels(np.arange(3), x).tolist() == [0, 1, 2]
    assert as_labels(np.arange(3)[:, None], x).tolist() == [0, 1, 2]
    assert [as_labels(y, x) for y in (None, np.zeros(2), np.zeros((3, 2)))] == [None] * 3


def test_splits_hold_every_sample_once_with_its_label():
    x, y = np.arange(20.0)[:, None], np.arange(20)
    (train, train_y), (test, test_y) = (split_off(x, y, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (16, 4)
    assert sorted([*train[:, 0], *test[:, 0]]) == list(range(20))
    np.testing.assert_array_equal(train[:, 0], train_y)
    np.testing.assert_array_equal(test[:, 0], test_y)
    assert split_off(x, None, "test")[1] is None


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_split(count):
    with pytest.raises(DataError, match=f"two samples or more. Received: {count}"):
        split_off(np.zeros((count, 2)), None, "train")
    assert len(split_off(np.zeros((count, 2)), None, "all")[0]) == count


def test_digest_knows_values_shapes_and_types():
    x = np.arange(6.0)
    others = [x + 1e-9, x.astype("float32"), x.reshape(2, 3), x[::-1]]
    assert len({digest_of(other) for other in (x, *others)}) == 5
    assert digest_of(x, x) != digest_of(x)
    assert digest_of(x.reshape(2, 3).T) == digest_of(x.reshape(2, 3).T.copy())
