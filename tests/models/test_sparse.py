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


def test_l1_penalty(rng, terms):
    z = rng.normal(size=(20, 9)).astype("float32")
    layer = Sparsity("l1", weight=0.5)
    np.testing.assert_array_equal(layer(z), z)
    value, loss = terms(layer, z)["sparsity"]
    assert float(value) == pytest.approx(np.abs(z).mean(), rel=1e-5)
    assert float(loss) == pytest.approx(0.5 * np.abs(z).mean(), rel=1e-5)


def test_kl_penalty_against_its_closed_form(rng, terms):
    z = rng.uniform(0.01, 0.99, size=(20, 5)).astype("float32")
    layer = Sparsity("kl", weight=2.0, target=0.1)
    r = z.mean(axis=0)
    divergence = 0.1 * np.log(0.1 / r) + 0.9 * np.log(0.9 / (1 - r))
    assert float(terms(layer, z)["sparsity"].loss) == pytest.approx(2 * divergence.mean(), rel=1e-4)


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
        ({"target": 0.1}, "target is for sparsity='kl', not for 'l1'"),
        ({"sparsity": "top_k", "weight": 0.1}, "weight is for sparsity='l1' or 'kl'"),
        ({"backbone": "conv"}, "dense backbone"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.sparse(9, 4, **options)


@pytest.mark.parametrize(
    "options", [{"sparsity": "top_k", "k": 3}, {"sparsity": "l1"}, {"sparsity": "kl"}]
)
def test_samples_have_codes_that_the_encoder_can_give(options, rng):
    ae = aezoo.sparse(20, 12, **options)
    codes = ae.bottleneck.project(rng.normal(size=(50, 12)))
    if options["sparsity"] == "top_k":
        np.testing.assert_array_equal(np.count_nonzero(codes, axis=1), 3)
    else:
        assert codes.min() == 0
    assert (codes.max() <= 1) == (options["sparsity"] == "kl")
    drawn = []
    ae.decode = lambda z: drawn.append(z)
    ae.sample(40, x=rng.random((60, 20)), seed=0)
    np.testing.assert_allclose(ae.bottleneck.project(drawn[0]), drawn[0])
