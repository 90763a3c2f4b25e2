import keras
import numpy as np
import pytest

from aezoo.layers.likelihoods import LOSSES, errors_of, loss_of


def test_a_bernoulli_likelihood_has_a_sigmoid():
    options = {"dropout": 0.1}
    assert loss_of("gaussian", options) == "mse"
    assert options == {"dropout": 0.1}
    assert loss_of("bernoulli", options) == "binary_crossentropy"
    assert options == {"dropout": 0.1, "output_activation": "sigmoid"}


def test_refused():
    with pytest.raises(ValueError, match="likelihood must be one of.*'poisson'"):
        loss_of("poisson", {})
    with pytest.raises(ValueError, match="needs output_activation='sigmoid'.*'linear'"):
        loss_of("bernoulli", {"output_activation": "linear"})


@pytest.mark.parametrize("likelihood", LOSSES)
def test_the_mean_of_errors_is_the_loss(likelihood, rng):
    target, output = rng.random((2, 20, 3)).astype("float32")
    output[0] = [0, 1, 1]
    expected = keras.losses.get(LOSSES[likelihood])(target, output)
    found = np.mean(errors_of(likelihood, target, output), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
