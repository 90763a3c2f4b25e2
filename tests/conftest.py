import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import keras
import numpy as np
import pytest

from aezoo.layers.objectives import Forward


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def terms():
    """What a bottleneck says of features that come into it: names to values and losses."""

    def found(layer, features, training=False):
        code = layer(features, training=training)
        return layer.terms(Forward(None, None, features, code, None, None, training))

    return found


@pytest.fixture
def mnist_dir():
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("MNIST is not on disk: set TFDS_DATA_DIR to a folder where TFDS prepared it")
    return folder
