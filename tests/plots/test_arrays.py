import numpy as np
import pytest

from aezoo.plots.arrays import finite, log_from, shortened, texts, zeros_and_ones


def test_what_is_right_comes_back():
    assert finite("x", [True, 2]).tolist() == [1, 2]
    assert finite("x", np.array([1, 2.5], object), (None,)).dtype == "float64"
    assert zeros_and_ones("y", [0.0, 1.0, True], 3).tolist() == [False, True, True]
    assert texts("channel", None, 2) == ["channel 0", "channel 1"]
    assert texts("channel", np.array(["a", "b"]), 2) == ["a", "b"]
    assert texts("channel", (1, 2), 2) == ["1", "2"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", "b"], "x must be an array of numbers.*'a'"),
        (["1", "2"], "x must be an array of numbers.*'1'"),
        ([[1], [1, 2]], "x must be an array of numbers"),
        ([1, np.nan, np.inf], "x must be finite. Received: 2 of 3"),
        (None, "of shape .n,."),
        ([], "one or more. Received: an array of shape .0,."),
        (3.0, "of shape .n,., one or more. Received: an array of shape ..$"),
        ([[1, 2]], "of shape .n,., one or more. Received: an array of shape .1, 2."),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        finite("x", values, (None,))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2, 1], r"0 \(normal\) or 1 \(anomalous\). Received: \[2.0\].$"),
        ([-1, 1, 1], r"Received: \[-1.0\]. What `predict` .* `labels == -1`"),
        ([0, np.nan, 1], "y must be finite"),
        (["normal", "odd", "odd"], "y must be an array of numbers"),
        ([0, 1], r"y must be numbers of shape \(3,\).*\(2,\)"),
    ],
)
def test_labels_are_0_and_1(labels, message):
    with pytest.raises(ValueError, match=message):
        zeros_and_ones("y", labels, 3)


@pytest.mark.parametrize(("names", "received"), [(["a"], "1$"), ("ab", "'ab'$")])
def test_names_are_one_for_each(names, received):
    with pytest.raises(ValueError, match=f"names must be one for each channel, 2. .*{received}"):
        texts("channel", names, 2)


def test_long_names_are_cut():
    assert shortened("x" * 40) == "x" * 40
    assert shortened("x" * 41) == "x" * 37 + "..."


@pytest.mark.parametrize(
    ("scores", "threshold", "least"),
    [
        ([1, 2, 29], None, None),
        ([1, 2, 30], None, 1),
        ([1, 2, 3], 30, 1),
        ([1, 2, 3], 0.1, 0.1),
        ([0, 2, 3, 60], None, 2),
        ([1e-9, 2, 2, 3], None, 2e-3),
        ([0, 0, 0, 30], None, None),
        ([-1, 2, 300], None, None),
        ([1, 2, 300], 0, None),
    ],
)
def test_scores_that_span_decades(scores, threshold, least):
    found = log_from(np.array(scores, float), threshold)
    assert found == (least if least is None else pytest.approx(least))
