import keras
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.importance_weighted import ImportanceWeighted


def forward_of(rng, training=True, rows=6, dims=2, values=5):
    kernel = rng.normal(size=(dims, values)).astype("float32")

    def decoder(z, training=False):
        return 1 / (1 + np.exp(-np.asarray(z) @ kernel))

    mean, log_var, noise = rng.normal(size=(3, rows, dims)).astype("float32")
    z = mean + np.exp(log_var / 2) * noise
    target = rng.random((rows, values)).astype("float32")
    features = np.concatenate([mean, log_var], axis=1)
    return Forward(None, target, features, z, decoder(z), decoder, training)


def log_weights(codes, forward, likelihood, beta):
    """Of each draw and sample, by the densities of scipy: (K, B)."""
    mean, log_var = np.split(forward.features.astype("float64"), 2, axis=1)
    found = stats.norm.logpdf(codes).sum(axis=2)
    found -= stats.norm(mean, np.exp(log_var / 2)).logpdf(codes).sum(axis=2)
    outputs = np.array([forward.decoder(z.astype("float32")) for z in codes], "float64")
    if likelihood == "gaussian":
        each = stats.norm(outputs, np.sqrt(beta / 2)).logpdf(forward.target)
    else:
        each = forward.target * np.log(outputs) + (1 - forward.target) * np.log(1 - outputs)
    return found + each.sum(axis=2)


@pytest.mark.parametrize(("likelihood", "beta"), [("gaussian", 0.3), ("bernoulli", 1.0)])
@pytest.mark.parametrize("elbo_weight", [0.0, 0.25])
def test_bound_against_the_draws(likelihood, beta, elbo_weight, rng):
    forward = forward_of(rng, training=False)
    how = {"elbo_weight": elbo_weight, "likelihood": likelihood}
    layer = ImportanceWeighted(5, beta, draws=4, **how)
    codes, errors = map(np.asarray, layer.drawn(forward))  # those of evaluation
    np.testing.assert_array_equal(codes[0], forward.code)
    assert np.abs(codes[1:] - codes[:1]).min() > 0
    log_w = log_weights(codes, forward, likelihood, beta)
    tight = np.mean(logsumexp(log_w, axis=0) - np.log(4))
    expected = elbo_weight * log_w.mean() + (1 - elbo_weight) * tight
    value, loss = layer.terms(forward)["bound"]
    assert float(value) == pytest.approx(expected, rel=1e-4)
    constant = -2.5 * np.log(np.pi * beta) if likelihood == "gaussian" else 0
    whole = errors[0].mean() + float(loss)  # with the reconstruction's part of the loss
    assert whole == pytest.approx(-beta * (expected - constant) / 5, rel=1e-3)


def test_draws_are_of_the_code(rng):
    forward = forward_of(rng, rows=1)
    codes = np.asarray(ImportanceWeighted(5, draws=20_000, seed=0).drawn(forward)[0])[1:, 0]
    np.testing.assert_allclose(codes.mean(axis=0), forward.features[0, :2], atol=0.05)
    np.testing.assert_allclose(codes.var(axis=0), np.exp(forward.features[0, 2:]), rtol=0.05)


def test_one_draw_is_variational_but_for_chance(rng):
    x = rng.random((4000, 6)).astype("float32")
    both = []
    for name, own in (("variational", {}), ("importance_weighted", {"draws": 1})):
        keras.utils.set_random_seed(0)
        ae = aezoo.build(name, 6, 2, hidden_units=(4,), beta=0.5, **own)
        both.append(ae.evaluate(x, batch_size=4000, verbose=0, return_dict=True)["loss"])
    assert both[0] == pytest.approx(both[1], rel=0.02)


def test_more_draws_give_a_higher_bound(rng):
    x = rng.random((500, 6)).astype("float32")
    bounds = []
    for draws in (1, 4, 30):
        keras.utils.set_random_seed(0)
        ae = aezoo.importance_weighted(6, 2, hidden_units=(), draws=draws, beta=0.05)
        found = ae.evaluate(x, batch_size=500, verbose=0, return_dict=True)
        assert found["loss"] == ae.evaluate(x, batch_size=500, verbose=0, return_dict=True)["loss"]
        bounds.append(found["bound"])
    assert bounds[0] < bounds[1] < bounds[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws must be made of positive integers.*0"),
        ({"draws": 2.5}, r"draws.*2\.5"),
        ({"elbo_weight": 1.5}, r"elbo_weight must be a number at least 0 and at most 1.*1\.5"),
        ({"elbo_weight": -0.1}, "elbo_weight.*-0.1"),
        ({"beta": 0}, "beta must be a number above 0"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.importance_weighted(9, 4, **options)
