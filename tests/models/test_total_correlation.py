import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.total_correlation import TotalCorrelation


@pytest.fixture
def drawn(rng):
    """Distributions of few samples, and a draw of each."""
    mean, log_var, noise = rng.normal(size=(3, 8, 2)).astype("float32")
    z = mean + np.exp(log_var / 2) * noise
    return Forward(None, None, np.concatenate([mean, log_var], axis=1), z, None, None, True)


def by_numpy(forward):
    """Densities of all samples together, by loops over draws and samples: (i, j, d)."""
    mean, log_var = np.split(forward.features.astype("float64"), 2, axis=1)
    return np.array([stats.norm(mean, np.exp(log_var / 2)).logpdf(z) for z in forward.code])


def test_densities_of_all_samples_are_exact(drawn):
    pairs = by_numpy(drawn)
    layer = TotalCorrelation(1, estimator="stratified", samples=8)
    joint, product, own, prior = map(np.asarray, layer.densities(drawn))
    np.testing.assert_allclose(joint, logsumexp(pairs.sum(axis=2), axis=1) - np.log(8), rtol=1e-4)
    marginals = logsumexp(pairs, axis=1) - np.log(8)
    np.testing.assert_allclose(product, marginals.sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(own, [pairs[i, i].sum() for i in range(8)], rtol=1e-4)
    np.testing.assert_allclose(prior, stats.norm.logpdf(drawn.code).sum(axis=1), rtol=1e-4)


def test_a_stratified_estimate_is_right_in_the_mean_of_batches(drawn, rng):
    pairs = by_numpy(drawn).sum(axis=2)
    expected = np.exp(pairs[0]).mean()
    layer = TotalCorrelation(1, estimator="stratified", samples=8)
    found = []
    for _ in range(400):
        rows = [0, *(1 + rng.permutation(7)[:3])]
        batch = drawn._replace(features=drawn.features[rows], code=drawn.code[rows])
        found.append(np.exp(float(layer.densities(batch)[0][0])))
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(400))
    assert np.std(found) > 0.01 * expected


def test_weighted_estimate_against_its_formula(drawn):
    pairs = by_numpy(drawn)
    for samples, total in ((None, 1), (1000, 1000)):
        joint, product, _, _ = TotalCorrelation(1, samples=samples).densities(drawn)
        expected = logsumexp(pairs.sum(axis=2), axis=1) - np.log(8 * total)
        np.testing.assert_allclose(joint, expected, rtol=1e-4)
        expected = (logsumexp(pairs, axis=1) - np.log(8 * total)).sum(axis=1)
        np.testing.assert_allclose(product, expected, rtol=1e-4)


def test_parts_are_the_divergence_of_the_draws(drawn):
    weights = {"weight": 6.0, "information_weight": 0.5, "dimension_weight": 2.0}
    layer = TotalCorrelation(10, beta=3.0, **weights)
    terms = layer.terms(drawn)
    _, _, own, prior = layer.densities(drawn)
    total = sum(float(term.value) for term in terms.values())
    assert total == pytest.approx(float(np.mean(own - prior)), rel=1e-3)
    for name, weight in zip(layer.term_names, (0.5, 6.0, 2.0), strict=True):
        expected = 3 * weight * float(terms[name].value) / 10
        assert float(terms[name].loss) == pytest.approx(expected, rel=1e-4)


def test_correlated_codes_have_a_total_correlation(rng):
    """Of a normal distribution with correlation r it is -log(1 - r^2) / 2."""
    r, spread = 0.9, 0.05
    mean = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], 1500)
    features = np.concatenate([mean, np.full_like(mean, 2 * np.log(spread))], axis=1)
    z = mean + spread * rng.normal(size=mean.shape)
    parts = (features.astype("float32"), z.astype("float32"))
    layer = TotalCorrelation(1, estimator="stratified", samples=1500)
    found = layer.terms(Forward(None, None, *parts, None, None, True))
    expected = -0.5 * np.log(1 - r**2)
    assert float(found["total_correlation"].value) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "exact"}, "estimator must be one of.*'exact'"),
        ({"estimator": "stratified"}, "needs to know how many samples"),
        ({"samples": 0}, "samples must be made of positive.*0"),
        ({"samples": 1}, "samples must be an integer, 2 or more.*1"),
        ({"weight": -1}, "weight must be a number at least 0"),
        ({"information_weight": "a"}, "information_weight.*'a'"),
        ({"dimension_weight": None}, "dimension_weight.*None"),
        ({"beta": -1}, "beta.*-1"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.total_correlation(9, 4, **options)
