import keras
import numpy as np
import pytest
from scipy import special

import aezoo
from aezoo.layers.spherical import divergence
from aezoo.models.hyperspherical import VonMisesFisher


def test_draws_have_length_1_and_their_mean(rng):
    features = np.float32([3.0, 0.0, -4.0, 8.0])
    layer = VonMisesFisher(1, seed=0)
    z = np.asarray(layer(np.tile(features, (40_000, 1)), training=True))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-4)
    kappa = np.log1p(np.exp(8.0)) + 1
    length = special.ive(1.5, kappa) / special.ive(0.5, kappa)
    np.testing.assert_allclose(z.mean(axis=0), length * np.array([0.6, 0, -0.8]), atol=0.01)
    across = z - (z @ [0.6, 0, -0.8])[:, None] * [0.6, 0, -0.8]  # alike in all directions
    assert (across[:, 1] ** 2).mean() == pytest.approx((across**2).sum(axis=1).mean() / 2, rel=0.05)
    np.testing.assert_allclose(layer(features[None]), [[0.6, 0, -0.8]], atol=1e-6)


def test_divergence_in_the_loss(rng, terms):
    features = rng.normal(size=(30, 5)).astype("float32")
    layer = VonMisesFisher(10, beta=2.0)
    kappa = np.log1p(np.exp(features[:, -1:])) + 1
    expected = np.mean(divergence(kappa, 4))
    value, loss = terms(layer, features)["kl"]
    assert float(value) == pytest.approx(expected, rel=1e-4)
    assert float(loss) == pytest.approx(0.2 * expected, rel=1e-4)


def test_codes_of_a_model(rng, tmp_path):
    x = rng.random((60, 6)).astype("float32")
    ae = aezoo.hyperspherical(6, 3, hidden_units=(5,))
    ae.fit(x, verbose=0)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    mean, concentration = loaded.encode_distribution(x)
    np.testing.assert_allclose(mean, ae.encode(x), atol=1e-6)
    assert concentration.shape == (60, 1)
    assert concentration.min() >= 1
    drawn = ae.bottleneck.prior(5000, (3,), seed=0)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(loaded.sample(5000, seed=0), ae.decode(drawn), atol=1e-5)
    seen = []
    ae.decode = seen.append
    ae.sample(20, "gaussian_mixture", x=x, seed=0)
    ae.interpolate(x[0], x[1], steps=5)
    for codes in seen:
        np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 1}, "A sphere has 2 numbers or more.*1"),
        ({"beta": 0}, "beta must be a number above 0"),
        ({"linear_path": True}, "no linear_path"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.hyperspherical(9, **{"latent_dim": 4, **options})
