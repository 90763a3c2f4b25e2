import keras
import numpy as np
import pytest

import aezoo
from aezoo.models.sparse import Sparsity


def test_top_k_against_sorting(rng):
    z = rng.normal(size=(20, 9)).astype("float32")
    kept = np.asarray(Sparsity("top_k", k=4)(z))
    for row, before in zip(kept, z, strict=True):
        largest = np.sort(before)[-4:]
        np.testing.assert_array_equal(np.sort(row[row != 0]), largest)


def test_l1_penalty(rng):
    z = rng.normal(size=(20, 9)).astype("float32")
    layer = Sparsity("l1", weight=0.5)
    np.testing.assert_array_equal(layer(z), z)
    assert float(layer.losses[0]) == pytest.approx(0.5 * np.abs(z).mean(), rel=1e-5)


def test_kl_penalty_against_its_closed_form(rng):
    z = rng.uniform(0.01, 0.99, size=(20, 5)).astype("float32")
    layer = Sparsity("kl", weight=2.0, target=0.1)
    layer(z)
    r = z.mean(axis=0)
    divergence = 0.1 * np.log(0.1 / r) + 0.9 * np.log(0.9 / (1 - r))
    assert float(layer.losses[0]) == pytest.approx(2 * divergence.mean(), rel=1e-4)


def test_penalty_makes_codes_sparse(rng):
    x = rng.random((128, 10)).astype("float32")
    fractions = []
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        ae = aezoo.sparse(10, 16, hidden_units=(16,), weight=weight)
        log = ae.fit(x, epochs=25, batch_size=32, verbose=0).history
        fractions.append(log["active_fraction"][-1])
        last = np.mean(np.abs(ae.encode(x)) > 1e-3)
        assert log["active_fraction"][-1] == pytest.approx(last, abs=0.1)
    assert fractions[1] < 0.5 * fractions[0]


def test_penalty_is_in_the_loss(rng):
    x = rng.random((64, 10)).astype("float32")
    ae = aezoo.sparse(10, 4, weight=3.0)
    expected = ae.reconstruction_error(x).mean() + 3 * np.abs(ae.encode(x)).mean()
    assert ae.evaluate(x, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sparsity": "l0"}, "sparsity must be one of.*'l0'"),
        ({"weight": -1}, "weight must be a number at least 0.*-1"),
        ({"weight": "1"}, "weight"),
        ({"weight": True}, "weight"),
        ({"sparsity": "kl", "target": 0}, "target must be a number above 0 and below 1.*0"),
        ({"sparsity": "kl", "latent_activation": "relu"}, "must be 'sigmoid'.*'relu'"),
        ({"sparsity": "top_k", "k": 0}, "k must be.*positive integers.*0"),
        ({"sparsity": "top_k", "k": 5}, "k must be from 1 to 4.*5"),
        ({"sparsity": "top_k", "k": 2.0}, r"k must be.*2\.0"),
        ({"sparsity": "top_k", "k": True}, "k must be.*True"),
        ({"k": 2}, "k is for sparsity='top_k'"),
        ({"backbone": "conv"}, "dense backbone"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.sparse(9, 4, **options)
