import json
import shutil

import numpy as np
import pytest

from aezoo.evaluation import class_features, classifiers, features, likeness
from aezoo.evaluation.features import CARD
from aezoo.registry import weights


def test_shapes_and_what_they_see(rng):
    assert classifiers() == ["mnist"]
    noise = rng.random((300, 28, 28, 1))
    strokes = np.zeros((300, 28, 28, 1))
    for image, row in zip(strokes, rng.integers(4, 20, 300), strict=True):
        image[row : row + 3, 6:22] = 1
    first, second = (class_features(noise[i::2]) for i in (0, 1))
    assert first.shape == (150, 64)
    apart = likeness(first, class_features(strokes)).frechet
    assert apart > 5 * likeness(first, second).frechet


def test_unknown_names_and_other_shapes():
    with pytest.raises(ValueError, match="no classifier 'cifar10'.*mnist"):
        class_features(np.zeros((1, 28, 28, 1)), "cifar10")
    with pytest.raises(ValueError, match=r"28, 28, 1"):
        class_features(np.zeros((1, 32, 32, 3)))
    with pytest.raises(ValueError, match=r"in \[0, 1\].*255"):
        class_features(np.full((1, 28, 28, 1), 255.0))


@pytest.mark.parametrize("damage", [CARD, "model.keras"])
def test_damaged_files(damage, tmp_path, monkeypatch):
    folder = tmp_path / "classifier-mnist"
    shutil.copytree(weights.folder() / folder.name, folder)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    (folder / damage).write_text("{}")
    features._network.cache_clear()
    with pytest.raises(weights.WeightsError, match="damaged"):
        class_features(np.zeros((1, 28, 28, 1)))
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="Known are: none"):
        class_features(np.zeros((1, 28, 28, 1)))


def test_the_card_tells_what_it_is():
    card = json.loads((weights.folder() / "classifier-mnist" / CARD).read_text(encoding="utf-8"))
    assert card["metrics"]["accuracy"] > 0.99
