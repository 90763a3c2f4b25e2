"""Samples in several files, and what is read of them."""

import numpy as np
import pytest

COUNT = 4000


def rows(batches):
    return np.concatenate(list(batches.as_numpy_iterator()))


def same(a, b):
    """Whether arrays hold the same samples, in any order."""
    return sorted(map(bytes, a)) == sorted(map(bytes, b))


@pytest.fixture
def x(rng):
    return rng.random((COUNT, 3), "float32")


@pytest.fixture
def folder(tmp_path, x):
    for i, part in enumerate(np.split(x, 4)):
        np.save(tmp_path / f"{i}.npy", part)
    return tmp_path
