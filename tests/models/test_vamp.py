import keras
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aezoo
from aezoo.layers.objectives import Forward


@pytest.fixture(scope="module")
def ae():
    """A model whose distributions are far apart and of different widths."""
    keras.utils.set_random_seed(0)
    ae = aezoo.vamp(6, 2, hidden_units=(5,), pseudo_inputs=7, normalization="standard", beta=2.0)
    rng = np.random.default_rng(0)
    for variable in ae.trainable_variables:
        variable.assign_add(rng.normal(0, 0.3, variable.shape))
    ae.adapt(rng.normal(3, 2, size=(100, 6)))
    return ae


def mixture(ae):
    """Means and deviations of the prior, by what the model makes of its pseudo-inputs."""
    mean, log_var = ae.encode_distribution(ae.pseudo_inputs)
    return mean.astype("float64"), np.exp(log_var.astype("float64") / 2)


def log_density(ae, z):
    mean, deviation = mixture(ae)
    each = stats.norm(mean, deviation).logpdf(z[:, np.newaxis]).sum(axis=2)
    return logsumexp(each, axis=1) - np.log(len(mean))


def test_density_of_the_prior_against_the_mixture(ae, rng):
    z = rng.normal(size=(30, 2))
    found = ae.bottleneck.log_prior(z.astype("float32"))
    np.testing.assert_allclose(found, log_density(ae, z), rtol=1e-3, atol=1e-3)


def test_divergence_of_draws(ae, rng):
    features = rng.normal(size=(40, 4)).astype("float32")
    z = (features[:, :2] + 0.3).astype("float32")
    forward = Forward(None, None, features, z, None, None, True)
    value, loss = ae.bottleneck.terms(forward)["kl"]
    own = stats.norm(features[:, :2], np.exp(features[:, 2:] / 2)).logpdf(z).sum(axis=1)
    expected = np.mean(own - log_density(ae, z.astype("float64")))
    assert float(value) == pytest.approx(expected, rel=1e-3)
    assert float(loss) == pytest.approx(2 * expected / 6, rel=1e-3)


def test_draws_of_the_prior(ae):
    mean, deviation = mixture(ae)
    z = ae.bottleneck.prior(20_000, (2,), seed=0)
    np.testing.assert_allclose(z.mean(axis=0), mean.mean(axis=0), atol=0.05)
    variance = (deviation**2).mean(axis=0) + mean.var(axis=0)
    np.testing.assert_allclose(z.var(axis=0), variance, rtol=0.05)
    np.testing.assert_allclose(ae.sample(9, seed=1), ae.decode(ae.bottleneck.prior(9, (2,), 1)))


def test_pseudo_inputs_are_learned_and_kept(rng, tmp_path):
    x = rng.normal(size=(64, 6)).astype("float32")
    ae = aezoo.vamp(6, 2, hidden_units=(5,), pseudo_inputs=3)
    before = ae.pseudo_inputs
    ae.fit(x, epochs=2, verbose=0)
    assert np.abs(ae.pseudo_inputs - before).min() > 0
    ae.save(tmp_path / "vamp.keras")
    loaded = keras.saving.load_model(tmp_path / "vamp.keras")
    np.testing.assert_array_equal(loaded.pseudo_inputs, ae.pseudo_inputs)
    np.testing.assert_allclose(loaded.sample(5, seed=0), ae.sample(5, seed=0), atol=1e-5)
    assert np.isfinite(loaded.fit(x, verbose=0).history["kl"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pseudo_inputs": 0}, "pseudo_inputs must be made of positive integers.*0"),
        ({"pseudo_inputs": None}, "pseudo_inputs.*None"),
        ({"beta": -1}, "beta.*-1"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.vamp(9, 4, **options)
