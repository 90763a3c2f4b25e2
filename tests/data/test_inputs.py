import numpy as np
import pytest
import tensorflow as tf

from aezoo.data.inputs import FEW, FIRST, Door, is_dataset


def test_datasets_are_told_from_arrays():
    for array in (np.zeros(3), [1, 2], tf.zeros(3)):
        assert not is_dataset(array)
    for dataset in (tf.data.Dataset.range(3), (i for i in range(3))):
        assert is_dataset(dataset)
    for neither in (None, "photos", {"a": 1}, 3):
        assert not is_dataset(neither)


@pytest.fixture
def door():
    return Door((2,))


@pytest.fixture
def x():
    return np.arange(40, dtype="float32").reshape(20, 2)


def test_one_form_comes_out_of_many(door, x):
    weights = np.ones(20)
    assert door.fed(x)[1:] == (None, None)
    same = door.fed(x, None, weights)
    assert same[1] is same[0]  # a target for the weights, held once
    assert door.fed(x.tolist(), x.astype("float64"), weights[:, None])[2].shape == (20,)
    assert door.validation(x) is not None
    assert len(door.validation((x, x))) == 2
    assert len(door.validation((x, None, weights))) == 3
    assert door.validation(None) is None


def test_a_generator_is_looked_at_and_whole(door, x):
    given = ((part, 2 * part) for part in np.split(x, 4))
    fed, _, _ = door.fed(given)
    targets, fed = door.first_targets(fed)
    np.testing.assert_array_equal(targets, 2 * x)
    np.testing.assert_array_equal(np.concatenate([a for a, _ in fed]), x)


def test_first_targets_come_from_several_batches(door):
    """One batch of sorted data, or of one sample, is not the mean of all."""
    x = np.arange(2 * 5000, dtype="float32").reshape(5000, 2)
    for size, count in ((1, FEW), (100, FIRST), (3000, 3000), (5000, 5000)):
        data = tf.data.Dataset.from_tensor_slices(x).batch(size).repeat()
        targets, same = door.first_targets(data)
        assert same is data
        np.testing.assert_array_equal(targets, x[:count])


def test_targets_are_those_of_the_samples_shape(door, x):
    pairs = tf.data.Dataset.from_tensor_slices((x + 100, x)).batch(7)
    np.testing.assert_array_equal(np.concatenate(list(door.targets(pairs))), x)
    labelled = tf.data.Dataset.from_tensor_slices((x, np.arange(20))).batch(7)
    np.testing.assert_array_equal(np.concatenate(list(door.targets(labelled))), x)
    np.testing.assert_array_equal(np.concatenate(list(door.batches(x, 7))), x)
