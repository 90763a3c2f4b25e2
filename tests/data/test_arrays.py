import logging

import numpy as np
import pytest

from aezoo.data.arrays import checked_array, checked_weights, warn_of_coarse_steps
from aezoo.data.datasets import load_dataset


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


def test_a_stream_is_told_where_it_goes(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((9, 4)))
    stream = load_dataset(tmp_path, "all", stream=True)
    message = r"Received: <Stream 'test_.*>. fit and adapt take a stream's batches"
    with pytest.raises(ValueError, match=message):
        checked_array(stream, (4,))


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


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (1.7e9 + np.arange(0, 2000.0), True),
        (1.7e9 + np.arange(0, 60.0), True),
        (1.7e9 + np.arange(0, 2000.0) * 100, False),
        (np.full(50, 1.7e9), False),
        (np.arange(50.0), False),
        (np.int64(1_700_000_000) + np.arange(50), True),
    ],
)
def test_what_float32_cannot_tell_apart_is_told(column, told, caplog):
    x = np.stack([np.arange(len(column), dtype=column.dtype), column], axis=1)
    with caplog.at_level(logging.WARNING, "aezoo"):
        warn_of_coarse_steps(x, "table")
        warn_of_coarse_steps(x.astype("float32"), "table")  # too late to tell
    assert ("steps of 128 between 1700000000 and" in caplog.text) == told
    assert ("feature 1" in caplog.text) == told
    assert len(caplog.records) == told


def test_masked_values_are_no_values():
    x = np.ma.masked_array(np.ones((3, 2)), [[0, 1], [0, 0], [0, 0]])
    with pytest.raises(ValueError, match="masked values"):
        checked_array(x, (2,))
    assert checked_array(np.ma.masked_array(np.ones((3, 2))), (2,)).shape == (3, 2)
