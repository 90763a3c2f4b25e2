import numpy as np
import pandas as pd
import pytest

from aezoo.data.recordings import windows_of
from aezoo.uses.windows import by_step, pieces_of, recordings_of


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("steps", [3, 5, 6, 13])
def test_steps_against_brute_force(steps, stride, shape):
    starts = range(0, steps - 4, stride)
    scores = np.random.default_rng(0).normal(size=(len(starts), *shape))
    found = by_step(scores, steps, 5, stride)
    assert found.shape == (steps, *shape)
    for step in range(steps):
        done = [i for i, start in enumerate(starts) if start + 5 - 1 <= step]
        expected = scores[done[-1]] if done else np.full(shape, np.nan)
        np.testing.assert_array_equal(found[step], expected)


@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("values", [1, 10, 31, 1000])
def test_pieces_have_the_same_windows(stride, values):
    x = np.random.default_rng(0).normal(size=(40, 2))
    found = [windows_of(part, 5, stride) for part in pieces_of(x, 5, stride, values)]
    np.testing.assert_array_equal(np.concatenate(found), windows_of(x, 5, stride))
    assert all(part.size <= max(values, 10) for part in found)


def test_recordings_come_as_they_are():
    x = np.arange(6.0).reshape(3, 2)
    table = pd.DataFrame(x, columns=["a", "b"])
    for given in (x, x.tolist(), table, [x], (table,)):
        (found,) = recordings_of(given)
        np.testing.assert_array_equal(found, x)
        assert found.dtype == np.float64
    assert [len(part) for part in recordings_of([x, table, x[:1]])] == [3, 3, 1]
    np.testing.assert_array_equal(recordings_of([1, 2, 3])[0], [[1], [2], [3]])
    np.testing.assert_array_equal(recordings_of(pd.Series([1, 2, 3]))[0], [[1], [2], [3]])
    assert [part.shape for part in recordings_of([np.zeros(3), np.zeros(4)])] == [(3, 1), (4, 1)]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "Expected a recording"),
        ("signal.csv", "Received: 'signal.csv'"),
        ([], "Expected recordings. Received: none"),
        (np.zeros((0, 2)), "shape \\(T, C\\). Received: \\(0, 2\\)"),
        (np.zeros((2, 3, 4)), "Received: \\(2, 3, 4\\)"),
        ([np.zeros((5, 2)), np.zeros((5, 3))], "Received: 2 and 3 channels"),
        ([[1, 2], [3, np.inf]], "1 NaN or infinite values, the first at step 1 of channel 1"),
        (np.array([[0.0, 1.0], [2.0, np.nan]]), "the first at step 1 of channel 1"),
        (np.array([[1e300]]), "finite in float32"),
        (np.array([["a", "b"]]), "real numbers"),
        (np.array([[1j]]), "real numbers"),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), "leave out columns of text"),
    ],
)
def test_bad_recordings_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        recordings_of(x)


def test_channels_must_be_those_expected():
    with pytest.raises(ValueError, match="Expected recordings of 3 channels. Received: 2"):
        recordings_of(np.zeros((5, 2)), channels=3)
