import numpy as np
import pytest

from aezoo.autoencoder.variational import Variational, variational_of
from aezoo.layers.gaussian import Gaussian

HOW = {"backbone": "dense", "beta": None, "normalization": None}


def test_what_families_share(rng):
    options = {"hidden_units": (6,)}
    ae = variational_of(Gaussian, 5, 2, options, name="mine", likelihood="bernoulli", **HOW)
    assert type(ae) is Variational
    assert (ae.name, ae.loss, ae.bottleneck.values) == ("mine", "binary_crossentropy", 5)
    assert ae.bottleneck.beta == 1  # a Bernoulli likelihood has none to learn
    assert options == {"hidden_units": (6,)}
    x = rng.random((30, 5)).astype("float32")
    mean, log_var = ae.encode_distribution(x)
    expected = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(ae.kl_divergence(x), expected, atol=1e-5)


def test_a_code_that_is_bent_is_refused():
    options = {"latent_activation": "relu"}
    with pytest.raises(ValueError, match="must be 'linear'.*'relu'"):
        variational_of(Gaussian, 5, 2, options, name="mine", likelihood="gaussian", **HOW)
