import numpy as np
import pytest
from scipy import stats

from aezoo.layers.gaussian import Gaussian, NormalPrior, flat, log_normal


def test_log_density_against_scipy(rng):
    z, mean, log_var = rng.normal(size=(3, 20)).astype("float32")
    expected = stats.norm(mean, np.exp(log_var / 2)).logpdf(z)
    np.testing.assert_allclose(log_normal(z, mean, log_var), expected, rtol=1e-5, atol=1e-5)


def test_draws_of_evaluation_are_the_same_ones():
    layer, like = NormalPrior(), np.zeros((500, 3), "float32")
    first, second = (np.asarray(layer.noise(like, training=False)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    drawn = np.asarray(layer.noise(like, training=True))
    assert not np.array_equal(drawn, np.asarray(layer.noise(like, training=True)))
    assert drawn.std() == pytest.approx(1, abs=0.1)


def test_round_trip():
    layer = Gaussian(7, beta=None, seed=3)
    config = Gaussian.from_config(layer.get_config()).get_config()
    assert config == layer.get_config()
    assert (config["values"], config["beta"], config["seed"]) == (7, None, 3)


def test_codes_with_places_become_vectors(rng):
    codes = rng.normal(size=(5, 2, 3, 4)).astype("float32")
    np.testing.assert_array_equal(flat(codes), codes.reshape(5, 24))
