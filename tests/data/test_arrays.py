import numpy as np
import pytest

from aezoo.data.arrays import checked_array, checked_weights


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


def test_weights_of_any_column_shape_are_a_row():
    for given in ([1, 2], [[1], [2]], np.ones((2, 1, 1)) * [[[1]], [[2]]], [True, 2]):
        np.testing.assert_array_equal(checked_weights(given, 2), np.float32([1, 2]))
