import numpy as np
import pytest

from aezoo.data.augmentation import shifted


@pytest.fixture
def images():
    """One bright pixel in the middle, of a brightness of its own."""
    images = np.zeros((40, 9, 7, 1), "float32")
    images[:, 4, 3, 0] = np.arange(1, 41) / 40
    return images


def places(batches):
    return {
        float(image.max()): tuple(int(i) for i in np.argwhere(image[..., 0])[0])
        for batch in batches
        for image in batch.numpy()
    }


def test_each_image_moves_by_whole_pixels(images):
    data = shifted(images, 16, 2)
    assert [len(batch) for batch in data] == [16, 16, 8]
    found = places(data)
    assert sorted(found) == pytest.approx(np.arange(1, 41) / 40)
    rows, columns = np.transpose(list(found.values()))
    assert set(rows) == {2, 3, 4, 5, 6}
    assert set(columns) == {1, 2, 3, 4, 5}
    assert len(set(zip(rows, columns, strict=True))) > 10  # the axes on their own


def test_anew_in_each_epoch_and_the_same_with_a_seed(images):
    data, again = (shifted(images, 16, 2, seed=3) for _ in range(2))
    first, second = places(data), places(data)
    assert first != second
    assert list(places(again).items()) == list(first.items())


def test_the_border_is_repeated():
    columns = np.broadcast_to(np.arange(5, dtype="float32"), (200, 5, 5))[..., None] / 4
    for batch in shifted(columns, 200, 1):
        rows = {tuple(4 * row) for row in batch.numpy()[:, 0, :, 0]}
    assert rows == {(0, 1, 2, 3, 4), (0, 0, 1, 2, 3), (1, 2, 3, 4, 4)}


@pytest.mark.parametrize("max_shift", [0, -1, 7, 1.5])
def test_refuses_shifts_out_of_range(images, max_shift):
    with pytest.raises(ValueError, match=f"max_shift.*{max_shift}"):
        shifted(images, 16, max_shift)


def test_refuses_what_is_no_image(images):
    with pytest.raises(ValueError, match=r"images.*\(63,\)"):
        shifted(images.reshape(40, 63), 16, 1)
