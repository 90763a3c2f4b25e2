import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.discrepancy import mmd
from aezoo.models.info import InfoSampling


def test_terms_against_their_formula(rng, terms):
    inputs = rng.normal(size=(40, 6)).astype("float32")
    layer = InfoSampling(10, beta=2.0, alpha=0.25, weight=5.0, kernel="imq")
    found = terms(layer, inputs)
    mean, log_var = np.split(inputs.astype("float64"), 2, axis=1)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    drawn = keras.random.normal((40, 3), seed=1)  # those of evaluation
    distance = float(mmd(inputs[:, :3], drawn, "imq"))
    assert float(found["kl"].value) == pytest.approx(kl, rel=1e-4)
    assert float(found["mmd"].value) == pytest.approx(distance, rel=1e-4)
    assert float(found["kl"].loss) == pytest.approx(2 * 0.75 * kl / 10, rel=1e-4)
    assert float(found["mmd"].loss) == pytest.approx(2 * 4.25 * distance / 10, rel=1e-4)


def test_without_information_it_is_variational(rng):
    """With alpha 0 and lambda 1 there is nothing but the KL divergence."""
    x = rng.random((50, 6)).astype("float32")
    both = []
    for name, own in (("variational", {}), ("info", {"alpha": 0, "weight": 1})):
        keras.utils.set_random_seed(0)
        ae = aezoo.build(name, 6, 2, hidden_units=(4,), beta=1.0, **own)
        both.append(ae.evaluate(x, verbose=0, return_dict=True)["loss"])
    assert both[0] == pytest.approx(both[1], rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "linear"}, "kernel must be one of.*'linear'"),
        ({"alpha": 1.5}, r"alpha must be a number at most 1.*1\.5"),
        ({"alpha": 0, "weight": 0.5}, r"weight must be a number at least 1.*0\.5"),
        ({"weight": -1}, r"weight must be a number at least 0\.0.*-1"),
        ({"beta": 0}, "beta must be a number above 0"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.info(9, 4, **options)
