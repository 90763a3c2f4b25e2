import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.local import coarsest_step, for_size, is_local, last_step, reach

SMOOTH = {"activation": "softplus", "output_activation": "linear"}
PARTS = {
    "unet": lambda shape: aezoo.backbones.unet(shape, 1, filters=(3, 4), **SMOOTH),
    "lapped": lambda shape: aezoo.backbones.lapped(shape, 3, block=4, filters=(3, 4), **SMOOTH),
    "conv": lambda shape: aezoo.backbones.conv(
        shape, 3, filters=(3, 4), kernel_size=5, bottleneck="spatial", blocks=1, **SMOOTH
    ),
}


@pytest.mark.parametrize(
    ("name", "coarsest", "last"), [("unet", 4, 1), ("lapped", 4, 4), ("conv", 4, 4)]
)
def test_steps(name, coarsest, last):
    encoder, decoder = PARTS[name]((16, 16, 1))
    assert (coarsest_step(encoder), last_step(encoder)) == (coarsest, last)
    assert (coarsest_step(decoder, last), last_step(decoder, last)) == (4 if last > 1 else 1, 1)


@pytest.mark.parametrize("name", PARTS)
def test_nothing_beyond_its_reach_has_a_part(name, rng):
    parts = PARTS[name]((128, 1))
    step = 1
    for part in parts:
        part.set_weights([0.3 * rng.normal(size=w.shape) for w in part.get_weights()])
        x = rng.normal(size=(1, *part.input_shape[1:])).astype("float32")
        nudged = x.copy()
        at = x.shape[1] // 2
        nudged[0, at] += 1
        after = last_step(part, step)
        moved = np.flatnonzero(np.abs(np.asarray(part(nudged)) - part(x))[0].max(axis=-1))
        places = moved * after - at * step  # in steps of the signal
        assert np.abs(places).max() < reach(part, step) + max(step, after)
        assert np.abs(places).max() >= reach(part, step) / 3
        step = after


@pytest.mark.parametrize("name", PARTS)
def test_another_size_has_the_same_weights(name, rng):
    odd, even = PARTS[name]((13, 9, 1))[0], PARTS[name]((16, 12, 1))[0]
    even.set_weights(odd.get_weights())
    x = rng.random((2, 16, 12, 1)).astype("float32")
    for shape in ((16, 12, 1), (None, None, 1)):
        made = for_size(odd, shape)
        np.testing.assert_allclose(made(x), even(x), atol=1e-6)
    made.set_weights([np.zeros_like(w) for w in made.get_weights()])
    assert any(w.any() for w in odd.get_weights())


def test_what_is_alike_everywhere_and_what_is_not():
    assert all(is_local(part) for make in PARTS.values() for part in make((13, 9, 1)))
    assert not is_local(aezoo.backbones.conv((8, 8, 1), 3)[0])
    assert not is_local(keras.Sequential([keras.Input((4, 1)), keras.layers.Softmax(axis=1)]))
