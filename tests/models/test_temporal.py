import keras
import numpy as np
import pytest

import aezoo


def test_what_a_step_knows_of(rng):
    """Each of the two convolutions of a block sees two more, as far apart as it is dilated."""
    ae = aezoo.temporal((150, 2), 4, filters=5, activation="tanh")
    before = keras.Model(ae.encoder.input, ae.encoder.get_layer("pooling").input)
    x = rng.normal(size=(1, 150, 2)).astype("float32")
    other = x.copy()
    other[0, 75] += 1
    changed = np.abs(np.asarray(before(x)) - np.asarray(before(other))).max(axis=(0, 2)) > 0
    np.testing.assert_array_equal(np.flatnonzero(changed), np.arange(75 - 30, 75 + 31))


def test_a_block_against_its_formula(rng):
    ae = aezoo.temporal((12, 3), 2, filters=3, dilations=(2,), activation="tanh", pooling=3)
    first, second = (ae.encoder.get_layer(f"conv_1_{i}") for i in (1, 2))
    for layer in (first, second):
        layer.bias.assign(rng.normal(size=3))

    def convolved(layer, h):
        padded = np.pad(h, ((2, 2), (0, 0)))
        parts = [padded[2 * k : 2 * k + 12] @ np.asarray(layer.kernel)[k] for k in range(3)]
        return np.tanh(sum(parts) + np.asarray(layer.bias))

    x = rng.normal(size=(12, 3)).astype("float32")
    h = x + convolved(second, convolved(first, x))
    means = h.reshape(4, 3, 3).mean(axis=1).ravel()
    latent = ae.encoder.get_layer("latent")
    expected = means @ np.asarray(latent.kernel) + np.asarray(latent.bias)
    np.testing.assert_allclose(ae.encode(x[None])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(13,), (13, 2), (5, 4, 3)])
def test_any_shape_whose_first_axis_is_time(shape, rng):
    ae = aezoo.temporal(shape, 3, filters=4, dilations=(1, 2), pooling=4)
    x = rng.random((3, *shape)).astype("float32")
    assert ae.reconstruct(x).shape == x.shape


def test_a_network_for_other_families():
    ae = aezoo.variational((20, 2), 3, backbone="temporal", filters=4, dropout=0.1)
    assert ae.sample(2).shape == (2, 20, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dilations": ()}, "dilations must name at least one"),
        ({"dilations": (0,)}, "dilations.*0"),
        ({"filters": 0}, "filters.*0"),
        ({"pooling": 0}, "pooling.*0"),
        ({"hidden_units": (3,)}, "Unknown option 'hidden_units'"),
        ({"linear_path": True}, "Unknown option 'linear_path'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.temporal((9, 2), 4, **options)
