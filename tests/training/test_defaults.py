import numpy as np
import pytest

import aezoo
from aezoo.data.datasets import Dataset
from aezoo.training.defaults import (
    usual_batch_size,
    usual_epochs,
    usual_latent_dim,
    usual_learning_rate,
    with_normalization,
)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.full((3, 4, 4, 1), 0.5), None),
        (np.full((3, 4, 4, 1), 2.0), "minmax"),
        (np.full((3, 4), 0.5), "standard"),
        (np.full((3, 8, 1), 0.5), "standard"),
    ],
)
def test_normalization_of_what_needs_one(x, expected):
    data = Dataset(x, None, "mine")
    assert with_normalization("deep", data, {"l2": 0}).get("normalization") == expected
    said = with_normalization("deep", data, {"normalization": None})
    assert said == {"normalization": None}


def test_numbers():
    assert [usual_latent_dim(shape) for shape in ((3,), (8, 8, 1), (28, 28, 1))] == [1, 8, 32]
    assert [usual_batch_size(n) for n in (9_999, 10_000)] == [32, 128]
    assert usual_epochs(1293, 32) == round(6000 / 41)
    assert usual_epochs(10**7, 128) == 1
    ae = aezoo.vanilla(4, 2)
    rate = float(ae.optimizer.learning_rate)
    assert usual_learning_rate(ae, 10_000) == rate
    assert usual_learning_rate(ae, 9_999) == rate / 2
