import keras
import numpy as np
import pytest

from aezoo.layers.adversary import Discriminator


def test_loss_against_the_cross_entropy(rng):
    layer = Discriminator((8,), seed=0)
    yes, no = rng.normal(size=(2, 20, 3)).astype("float32")
    told = 1 / (1 + np.exp(-np.concatenate([layer(yes), layer(no)]).astype("float64")))
    expected = -np.concatenate([np.log(told[:20]), np.log(1 - told[20:])]).mean()
    assert float(layer.loss(yes, no)) == pytest.approx(expected, rel=1e-4)


def test_round_trip(rng):
    layer = Discriminator((8, 4), seed=3)
    x = rng.normal(size=(5, 3)).astype("float32")
    found = np.asarray(layer(x))
    assert found.shape == (5,)
    again = Discriminator.from_config(layer.get_config())
    np.testing.assert_allclose(again(x), found, atol=1e-6)  # of the same seed
    assert [tuple(v.shape) for v in layer.trainable_variables[::2]] == [(3, 8), (8, 4), (4, 1)]
    assert keras.saving.get_registered_name(Discriminator) == "aezoo>Discriminator"


@pytest.mark.parametrize(
    ("units", "message"),
    [((), "at least one layer"), ((0,), "discriminator_units.*0"), ("a", "'a'"), ((2.5,), "2.5")],
)
def test_bad_values(units, message):
    with pytest.raises(ValueError, match=message):
        Discriminator(units)
