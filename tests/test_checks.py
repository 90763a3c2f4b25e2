import numpy as np
import pytest

from aezoo.checks import count, number, positive, sequence


def test_what_is_right_comes_back():
    assert positive("n", np.int64(3)) == 3
    assert count("n", 0) == 0
    assert number("w", np.float32(0.5), above=0, below=1) == 0.5
    assert sequence("f", 4) == (4,)
    assert sequence("f", [4, 5]) == (4, 5)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (positive, 0),
        (positive, 1.0),
        (positive, True),
        (count, -1),
        (count, "1"),
        (number, float("nan")),
        (number, "1"),
        (number, True),
        (sequence, "abc"),
        (sequence, 1.5),
    ],
)
def test_what_is_wrong_is_named(check, value):
    with pytest.raises(ValueError, match=rf"^width .*{value!r}"):
        check("width", value)


def test_bounds_are_said():
    with pytest.raises(ValueError, match="rate must be a number at least 0 and below 1. .*: 1"):
        number("rate", 1, least=0, below=1)
