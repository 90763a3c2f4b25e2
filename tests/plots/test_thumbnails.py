import base64
import io

import numpy as np
import pytest
from PIL import Image

from aezoo.plots.thumbnails import heat, in_bytes, lines, picture, shrunk, viewed


@pytest.mark.parametrize(
    ("shape", "expected", "words"),
    [
        ((2, 5, 4, 1), (2, 5, 4, 1), ""),
        ((2, 5, 4, 3), (2, 5, 4, 3), ""),
        ((2, 5, 4, 2), (2, 5, 4, 1), "Of 2 channels the first is shown."),
        ((2, 5, 4, 7), (2, 5, 4, 3), "Of 7 channels the first three are shown."),
        ((2, 9, 5, 4, 1), (2, 5, 4, 1), "the middle slice"),
        ((2, 30, 4), (2, 30, 4), ""),
        ((2, 30), (2, 30, 1), ""),
    ],
)
def test_what_is_drawn(shape, expected, words, rng):
    x = rng.random(shape)
    shown, said = viewed(x)
    assert shown.shape == expected
    assert words in said
    assert bool(words) == bool(said)
    if len(shape) == 5:
        np.testing.assert_array_equal(shown, x[:, 4])


def test_bytes():
    np.testing.assert_array_equal(in_bytes([-9, 0, 5, 10, 99], 0, 10), [0, 0, 128, 255, 255])
    np.testing.assert_array_equal(in_bytes([7.0, 7.0], 7, 7), [0, 0])


def test_smaller_ones_are_means(rng):
    x = rng.integers(0, 255, (3, 8, 8, 1)).astype("uint8")
    expected = x.reshape(3, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(shrunk(x, 4), expected, atol=1)
    assert shrunk(x, 8) is x
    signal = rng.random((2, 7, 3))
    found = shrunk(signal, 3)  # of 3, 3 and 1 values
    np.testing.assert_allclose(found[:, 0], signal[:, :3].mean(axis=1))
    np.testing.assert_allclose(found[:, 2], signal[:, 6])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_what_was_given(channels, rng):
    image = rng.integers(0, 255, (5, 4, channels)).astype("uint8")
    found = picture(image, "sample 3")
    assert (found.get("alt"), found.get("width"), found.get("height")) == ("sample 3", "4", "5")
    content = base64.b64decode(found.get("src").removeprefix("data:image/png;base64,"))
    read = np.asarray(Image.open(io.BytesIO(content))).reshape(image.shape)
    np.testing.assert_array_equal(read, image)


def test_heat_grows_lighter():
    light = heat(np.array([[0.0, 0.5, 1.0]]), 1.0)[0].astype(int).sum(axis=1)
    assert light[0] < 20 < light[1] < light[2]


def test_lines_go_from_the_bottom_to_the_top():
    found = lines({"original": np.array([[0.0], [1.0]])}, 0.0, 1.0, "a line")
    (line,) = found.iter("polyline")
    assert line.get("points") == "4.0,116.0 236.0,4.0"
    assert (line.get("class"), found.get("aria-label")) == ("original", "a line")
