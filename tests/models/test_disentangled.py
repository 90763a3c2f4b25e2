import keras
import numpy as np
import pytest

import aezoo
from aezoo.models.disentangled import InferredPrior


@pytest.mark.parametrize(("covariance", "times"), [("means", 10), ("codes", 1)])
def test_terms_against_the_covariance_of_numpy(covariance, times, rng, terms):
    inputs = rng.normal(size=(50, 6)).astype("float32")
    mean, log_var = np.split(inputs.astype("float64"), 2, axis=1)
    expected = np.cov(mean.T, bias=True)
    if covariance == "codes":
        expected = expected + np.diag(np.exp(log_var).mean(axis=0))
    layer = InferredPrior(10, beta=2.0, covariance=covariance, weight=3.0)
    np.testing.assert_allclose(layer.matrix(inputs), expected, rtol=1e-3, atol=1e-5)
    found = terms(layer, inputs)
    between = np.square(expected - np.diag(np.diag(expected))).sum()
    own = np.square(np.diag(expected) - 1).sum()
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    for name, value, weight in (
        ("kl", kl, 1),
        ("covariance", between, 3),
        ("variance", own, 3 * times),
    ):
        assert float(found[name].value) == pytest.approx(value, rel=1e-3)
        assert float(found[name].loss) == pytest.approx(2 * weight * value / 10, rel=1e-3)


def test_codes_with_places_are_vectors(rng):
    inputs = rng.normal(size=(50, 2, 6)).astype("float32")
    mean = inputs[..., :3].reshape(50, 6)
    found = InferredPrior(10).matrix(inputs)
    np.testing.assert_allclose(found, np.cov(mean.T, bias=True), atol=1e-5)


@pytest.mark.slow
def test_units_become_uncorrelated(rng):
    x = (rng.normal(size=(512, 3)) @ rng.normal(size=(3, 8))).astype("float32")
    found = {}
    for weight in (0.0, 100.0):
        keras.utils.set_random_seed(0)
        ae = aezoo.disentangled(8, 3, hidden_units=(16,), weight=weight, beta=0.05)
        ae.fit(x, epochs=40, verbose=0)
        matrix = np.cov(ae.encode(x).T, bias=True)
        found[weight] = np.abs(matrix - np.eye(3)).max()
    assert found[100.0] < 0.25 < found[0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "both"}, "covariance must be one of.*'both'"),
        ({"weight": -1}, "weight must be a number at least 0.*-1"),
        ({"variance_weight": "a"}, "variance_weight.*'a'"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.disentangled(9, 4, **options)
