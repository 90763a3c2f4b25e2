import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.discrepancy import mmd
from aezoo.models.wasserstein import MatchedPrior


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_codes_beside_draws_of_the_prior(kernel, rng, terms):
    z = (2 * rng.normal(size=(40, 3))).astype("float32")
    layer = MatchedPrior(10, weight=3.0, kernel=kernel)
    drawn = keras.random.normal(z.shape, seed=1)  # those of evaluation
    value, loss = terms(layer, z)["mmd"]
    assert float(value) == pytest.approx(float(mmd(z, drawn, kernel)), rel=1e-5)
    assert float(loss) == pytest.approx(0.3 * float(value), rel=1e-5)
    again = [float(terms(layer, z, training=True)["mmd"].value) for _ in range(2)]
    assert again[0] != again[1]


@pytest.mark.slow
def test_codes_come_to_lie_as_the_prior_does(rng):
    x = rng.normal(size=(512, 6)).astype("float32") * 3
    ae = aezoo.wasserstein(6, 2, hidden_units=(16,), weight=500.0)
    log = ae.fit(x, epochs=40, batch_size=128, verbose=0).history["mmd"]
    assert log[-1] < 0.2 * log[0]
    codes = ae.encode(x)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=0.3)
    np.testing.assert_allclose(codes.std(axis=0), 1, atol=0.3)


def test_samples_are_of_the_prior():
    ae = aezoo.wasserstein(6, 2, hidden_units=())
    drawn = ae.bottleneck.prior(50, (2,), seed=3)
    np.testing.assert_allclose(ae.sample(50, seed=3), ae.decode(drawn), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "linear"}, "kernel must be one of.*'linear'"),
        ({"weight": 0}, "weight must be a number above 0.*0"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.wasserstein(9, 4, **options)
