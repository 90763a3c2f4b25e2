import numpy as np
import pytest
from PIL import Image

from aezoo.training import split_validation
from aezoo.training.splits import load_splits


def test_parts_of_data():
    splits = load_splits("digits", 0, None, {})
    assert splits.sizes == {"train": 1293, "validation": 144, "test": 360}
    parts = np.concatenate([splits.fitted, splits.held_out]).reshape(1437, -1)
    every = splits.train.x.reshape(1437, -1)
    np.testing.assert_array_equal(np.sort(parts, axis=0), np.sort(every, axis=0))
    other = load_splits("digits", 1, None, {})
    assert not np.array_equal(other.held_out, splits.held_out)


def test_data_that_are_refused(tmp_path):
    np.save(tmp_path / "few.npy", np.zeros((10, 4)))  # a fifth is for the test
    with pytest.raises(ValueError, match="10 samples or more. Received: 8"):
        load_splits(tmp_path / "few.npy", 0, None, {})
    shapes = {"x_train": np.zeros((20, 4)), "x_test": np.zeros((20, 5))}
    np.savez(tmp_path / "two.npz", **shapes)
    with pytest.raises(ValueError, match=r"test split are \(5,\), those of .* \(4,\)"):
        load_splits(tmp_path / "two.npz", 0, None, {})


def test_windows_that_all_share_steps_are_refused():
    with pytest.raises(ValueError, match="The 20 windows for training overlap too much"):
        split_validation(np.zeros((20, 30, 1)), 0, 29)
    fitted, held_out = split_validation(np.arange(20), 0, 17)
    assert (fitted.tolist(), held_out.tolist()) == ([0], [18, 19])


def test_validation_has_no_image_of_the_training(tmp_path):
    """Pieces of one image overlap, row by row too: those of the one that is cut are in neither."""
    for i in range(40):
        image = np.full((12, 12), 6 * i, np.uint8)
        Image.fromarray(image).save(tmp_path / f"{i:02}.png")
    _, _, fitted, held_out, _ = load_splits(tmp_path, 0, None, {"window": 8, "stride": 2})
    train, validation = (set(np.unique(x)) for x in (fitted, held_out))
    assert len(train) > 20
    assert len(validation) > 2
    assert not train & validation
