import numpy as np
import pytest
import tensorflow as tf

from aezoo.data.inputs import checked_array, is_dataset


def test_datasets_are_told_from_arrays():
    for array in (np.zeros(3), [1, 2], tf.zeros(3)):
        assert not is_dataset(array)
    for dataset in (tf.data.Dataset.range(3), (i for i in range(3))):
        assert is_dataset(dataset)


@pytest.mark.parametrize(
    ("received", "shape", "hint"),
    [
        ((28, 28, 1), (28, 28, 1), "batch axis"),
        ((5, 28, 28), (28, 28, 1), "axis of channels"),
        ((5, 28, 28), (784,), r"x\.reshape\(-1, 784\)"),
        ((5, 3), (4,), r"\(n, 4\).*\(5, 3\).*input_shape"),
        ((5, 3), (3, 3), r"\(n, 3, 3\)"),
    ],
)
def test_hints(received, shape, hint):
    with pytest.raises(ValueError, match=hint):
        checked_array(np.zeros(received), shape)


def test_integers():
    with pytest.raises(ValueError, match="uint8 from 0 to 255"):
        checked_array(np.array([[0, 255]], "uint8"), (2,))
    for welcome in (
        checked_array(np.array([[0, 255]], "uint8"), (2,), raw=True),
        checked_array(np.array([[0, 1]]), (2,)),
        checked_array(np.array([[True, False]]), (2,)),
    ):
        assert welcome.shape == (1, 2)
