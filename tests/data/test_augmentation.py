import numpy as np
import pytest

from aezoo.data.augmentation import VARIED, shifted, variants


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


@pytest.fixture
def numbered():
    """Images whose columns say from 0 on which they are, each of a brightness of its own."""
    columns = np.broadcast_to(np.arange(5, dtype="float32"), (300, 4, 5))
    return (columns + 10 * np.arange(300)[:, np.newaxis, np.newaxis])[..., np.newaxis]


def turned(images):
    """Which images are mirrored, and that all are whole, as they were or left for right."""
    numbers = np.round(images.min(axis=(1, 2, 3)) / 10).astype(int)
    rows = images[..., 0] - 10 * numbers[:, np.newaxis, np.newaxis]
    mirrored = rows[:, 0, 0] == 4
    expected = np.where(mirrored[:, np.newaxis], np.arange(5)[::-1], np.arange(5))
    np.testing.assert_array_equal(rows, np.repeat(expected[:, np.newaxis], 4, axis=1))
    return dict(zip(numbers.tolist(), mirrored.tolist(), strict=True))


def test_every_other_image_is_mirrored_anew_in_each_epoch(numbered):
    data, again = (shifted(numbered, 100, 0, seed=2, flip=True) for _ in range(2))
    first, second = (turned(np.concatenate(list(data.as_numpy_iterator()))) for _ in range(2))
    assert len(first) == 300
    assert np.mean(list(first.values())) == pytest.approx(0.5, abs=0.1)
    assert np.mean([first[i] == second[i] for i in range(300)]) == pytest.approx(0.5, abs=0.1)
    repeated = turned(np.concatenate(list(again.as_numpy_iterator())))
    assert list(repeated.items()) == list(first.items())


def test_shifts_are_the_same_with_mirrored_images(images):
    rows = [
        {key: place[0] for key, place in places(shifted(images, 16, 2, flip=flip)).items()}
        for flip in (False, True)
    ]  # columns are those of mirrored images
    assert rows[0] == rows[1]


def test_variants_are_the_images_and_others(images, numbered):
    found = variants(images, 100, 2, False)
    assert found.shape == (100, 9, 7, 1)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:40], images)
    np.testing.assert_array_equal(found, variants(images, 100, 2, False))
    for kind in (np.float64, np.longdouble):
        assert variants(images.astype(kind), 100, 2, False).dtype == np.float32
    brightness = np.round(40 * found[40:].max(axis=(1, 2, 3))).astype(int)
    assert np.bincount(brightness, minlength=41)[1:].tolist() == [2] * 20 + [1] * 20
    rows, columns = np.argwhere(found[40:, ..., 0])[:, 1:].T
    assert set(rows) == {2, 3, 4, 5, 6}
    assert set(columns) == {1, 2, 3, 4, 5}

    mirrored = turned(variants(numbered, 600, 0, True)[300:])
    assert np.mean(list(mirrored.values())) == pytest.approx(0.5, abs=0.1)
    assert not any(turned(variants(numbered, 300, 0, True)).values())  # no others are asked for


def test_many_variants_are_not_moved_alike():
    image = np.zeros((1, 9, 9, 1), "float32")
    image[0, 4, 4] = 1
    found = variants(image, 2 * VARIED + 1, 2, False)[1:]
    rows = np.argwhere(found[..., 0])[:, 1]
    assert not np.array_equal(rows[:VARIED], rows[VARIED:])


@pytest.mark.parametrize("max_shift", [0, -1, 7, 1.5])
def test_refuses_shifts_out_of_range(images, max_shift):
    with pytest.raises(ValueError, match=f"max_shift.*{max_shift}"):
        shifted(images, 16, max_shift)


@pytest.mark.parametrize("max_shift", [-1, 7, 1.5])
def test_refuses_shifts_out_of_range_of_mirrored_images(images, max_shift):
    with pytest.raises(ValueError, match=f"max_shift.*{max_shift}"):
        shifted(images, 16, max_shift, flip=True)


def test_refuses_what_is_no_image(images):
    with pytest.raises(ValueError, match=r"images.*\(63,\)"):
        shifted(images.reshape(40, 63), 16, 1)


def test_turned_by_quarters(rng):
    image = rng.random((1, 5, 5, 1), "float32")
    images = np.repeat(image, 400, axis=0)
    ways = [np.rot90(image[0], k) for k in range(4)]

    def way(found):
        return next(k for k, each in enumerate(ways) if np.array_equal(found, each))

    turned = np.concatenate([batch.numpy() for batch in shifted(images, 100, 0, turn=True)])
    counts = np.bincount([way(found) for found in turned], minlength=4)
    assert counts.min() > 70
    both = shifted(images, 400, 0, flip=True, turn=True)
    distinct = {found.tobytes() for batch in both for found in batch.numpy()}
    assert len(distinct) == 8
    with pytest.raises(ValueError, match="Only squares can be turned"):
        shifted(rng.random((4, 5, 6, 1)), 2, 0, turn=True)
