import numpy as np
import pytest
from PIL import Image

from aezoo.data.pieces import is_of_images, most_shared, read_pieces, squares
from aezoo.data.samples import DataError


def write(file, image):
    file.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(image).save(file)


@pytest.fixture
def photos(tmp_path, rng):
    """Ten grey images of several sizes, each of values that no other has."""
    for i in range(10):
        image = rng.integers(10 * i, 10 * i + 10, (8 + i % 3, 9), np.uint8)
        write(tmp_path / "photos" / f"{i}.png", image)
    return tmp_path / "photos"


def owners(pieces):
    """The images that pieces came from."""
    return [{int(v) // 10 for v in np.unique(np.rint(piece * 255))} for piece in pieces]


def test_squares_row_by_row(rng):
    image = rng.random((7, 9, 3))
    found = squares(image, 4, 2)
    assert found.shape == (2 * 3, 4, 4, 3)
    np.testing.assert_array_equal(found[4], image[2:6, 2:6])


def test_images_are_split_as_wholes(photos):
    parts = {split: read_pieces(photos, split, 4, 2) for split in ("train", "test", "all")}
    assert all(len(owner) == 1 for owner in owners(parts["all"]))
    train, test = (set.union(*owners(parts[name])) for name in ("train", "test"))
    assert len(train) == 8
    assert len(test) == 2
    assert not train & test
    order = [min(owner) for owner in owners(parts["train"])]
    assert order == sorted(order)  # image by image, so that the last ones are apart
    assert most_shared(photos, 4, 2) == 4 * 3 - 1
    assert most_shared(photos, 4, 4) == 0


def test_own_splits(tmp_path, rng):
    write(tmp_path / "train" / "a.png", np.zeros((8, 8), np.uint8))
    write(tmp_path / "test" / "b.png", np.full((8, 8), 255, np.uint8))
    assert read_pieces(tmp_path, "train", 8, 8).max() == 0
    assert read_pieces(tmp_path, "test", 4, 4).shape == (4, 4, 4, 1)
    assert len(read_pieces(tmp_path, "all", 8, 8)) == 2


def test_colours(tmp_path, rng):
    write(tmp_path / "a.png", rng.integers(0, 255, (8, 8), np.uint8))
    write(tmp_path / "b.png", rng.integers(0, 255, (8, 8, 3), np.uint8))
    with pytest.raises(DataError, match=r"color='grey'.*a\.png of 1 channels.*b\.png of 3"):
        read_pieces(tmp_path, "all", 4, 4)
    assert read_pieces(tmp_path, "all", 4, 4, "rgb").shape == (8, 4, 4, 3)


def test_unusable(photos, tmp_path):
    with pytest.raises(DataError, match=r"smaller than pieces of 9 x 9: it has 8 x 9"):
        read_pieces(photos, "all", 9, 9)
    alone = photos / "0.png"
    assert read_pieces(alone, "all", 4, 4).shape == (4, 4, 4, 1)
    with pytest.raises(DataError, match="one image cannot be split"):
        read_pieces(alone, "train", 4, 4)


def test_what_is_cut_from_images(photos, tmp_path):
    assert is_of_images(photos)
    assert is_of_images(photos / "0.png")
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "a.wav").touch()
    assert not is_of_images(tmp_path / "sound")
    assert not is_of_images(tmp_path / "sound" / "a.wav")
    (tmp_path / "sound" / "cover.png").touch()
    with pytest.raises(DataError, match=r"images and recordings, \.png, \.wav"):
        is_of_images(tmp_path / "sound")
