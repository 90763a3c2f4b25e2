import keras
import numpy as np
import pytest
from scipy import stats

import aezoo
from aezoo.layers.objectives import Forward

LEVELS = ((0, 2), (2, 3), (3, 5))


@pytest.fixture(scope="module")
def ae():
    """Three levels whose priors are far from N(0, I)."""
    keras.utils.set_random_seed(0)
    ae = aezoo.hierarchical(6, 5, hidden_units=(4,), levels=3, prior_units=(7,), beta=2.0)
    rng = np.random.default_rng(0)
    for variable in ae.trainable_variables:
        variable.assign_add(rng.normal(0, 0.3, variable.shape))
    return ae


def by_hand(ae, z):
    """Means and deviations of the prior of each number, from the weights alone."""
    mean, deviation = np.zeros_like(z), np.ones_like(z)
    for (first, end), network in zip(LEVELS[1:], ae.bottleneck.networks, strict=True):
        (w, b), (v, c) = (map(np.array, (layer.kernel, layer.bias)) for layer in network)
        center, spread = np.split(np.maximum(z[:, :first] @ w + b, 0) @ v + c, 2, axis=1)
        mean[:, first:end], deviation[:, first:end] = center, np.exp(spread / 2)
    return mean, deviation


def test_density_of_the_prior(ae, rng):
    z = rng.normal(size=(30, 5)).astype("float32")
    expected = stats.norm(*by_hand(ae, z)).logpdf(z).sum(axis=1)
    np.testing.assert_allclose(ae.bottleneck.log_prior(z), expected, rtol=1e-4)


def test_draws_of_the_prior(ae):
    """Brought back by their own prior they are draws of N(0, I), independent of each other."""
    z = ae.bottleneck.prior(20_000, (5,), seed=0)
    mean, deviation = by_hand(ae, z)
    noise = (z - mean) / deviation
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(noise.T), np.eye(5), atol=0.04)
    assert np.abs(np.corrcoef(z.T) - np.eye(5)).max() > 0.1
    np.testing.assert_allclose(ae.sample(9, seed=1), ae.decode(ae.bottleneck.prior(9, (5,), 1)))


def test_draws_of_codes_and_their_divergence(ae, rng):
    """Of one sample very often: the mean of log q - log p is what the terms say."""
    features = np.repeat(rng.normal(size=(1, 10)).astype("float32"), 50_000, axis=0)
    z = np.array(ae.bottleneck.draw(features, seed=3))
    mean, deviation = by_hand(ae, z)
    own = stats.norm(mean + features[:, :5], deviation * np.exp(features[:, 5:] / 2))
    standard = (z - own.mean()) / own.std()
    np.testing.assert_allclose(np.cov(standard.T), np.eye(5), atol=0.03)
    found, loss = ae.bottleneck.terms(Forward(None, None, features, z, None, None, True))["kl"]
    expected = np.mean((own.logpdf(z) - stats.norm(mean, deviation).logpdf(z)).sum(axis=1))
    assert float(found) == pytest.approx(expected, rel=0.02)
    assert float(loss) == pytest.approx(2 * float(found) / 6, rel=1e-5)


def test_codes_are_means_given_the_means_above(ae, rng):
    x = rng.uniform(size=(8, 6)).astype("float32")
    shift, stretch = np.split(np.array(ae._features(x)), 2, axis=1)
    z, log_var = ae.encode_distribution(x)
    mean, deviation = by_hand(ae, z)
    np.testing.assert_allclose(z, mean + shift, atol=1e-5)
    np.testing.assert_allclose(np.exp(log_var / 2), deviation * np.exp(stretch / 2), rtol=1e-4)
    np.testing.assert_allclose(ae.encode(x), z, atol=1e-6)
    q, p = (deviation * np.exp(stretch / 2)) ** 2, deviation**2
    expected = 0.5 * ((shift**2 + q) / p - 1 - np.log(q / p))
    np.testing.assert_allclose(ae.kl_divergence(x), expected, rtol=1e-3, atol=1e-5)


def test_one_level_is_a_variational_model(rng):
    x = rng.uniform(size=(32, 6)).astype("float32")
    logs, models = [], []
    for build in (aezoo.variational, lambda *a, **o: aezoo.hierarchical(*a, levels=1, **o)):
        keras.utils.set_random_seed(1)
        models.append(build(6, 3, hidden_units=(5,)))
        logs.append(models[-1].fit(x, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*logs, rtol=1e-5)
    np.testing.assert_allclose(*(ae.encode(x) for ae in models), atol=1e-5)


def test_the_prior_is_learned_and_kept(rng, tmp_path):
    x = rng.uniform(size=(64, 8, 8, 1)).astype("float32")
    ae = aezoo.hierarchical((8, 8, 1), 5, levels=2, prior_units=(6,))
    assert ae.bottleneck.spans == [(0, 2), (2, 5)]
    before = [np.array(v) for layer in ae.bottleneck.networks[0] for v in layer.weights]
    ae.fit(x, epochs=2, verbose=0)
    after = [np.array(v) for layer in ae.bottleneck.networks[0] for v in layer.weights]
    assert all(np.abs(a - b).max() > 0 for a, b in zip(after, before, strict=True))
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.sample(5, seed=0), ae.sample(5, seed=0), atol=1e-6)


def test_codes_with_places(rng):
    ae = aezoo.hierarchical((8, 8, 1), 4, backbone="conv", filters=(4,), bottleneck="spatial")
    assert len(ae.latent_shape) == 3
    assert ae.sample(2).shape == (2, 8, 8, 1)
    assert np.isfinite(ae.fit(rng.uniform(size=(8, 8, 8, 1)), verbose=0).history["kl"]).all()
    assert ae.bottleneck.log_prior(ae.encode(rng.uniform(size=(3, 8, 8, 1)))).shape == (3,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 5}, "5 levels.*latent_dim is 4"),
        ({"levels": 0}, "levels.*0"),
        ({"prior_units": (3, 0)}, "prior_units.*0"),
        ({"prior_units": 8.5}, "prior_units"),
        ({"beta": -1}, "beta.*-1"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.hierarchical(9, 4, **options)
