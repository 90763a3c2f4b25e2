import keras
import numpy as np
import pytest
from keras import layers

import aezoo
from aezoo.layers.output import Output, ending


def stack(*parts):
    return keras.Sequential([keras.Input((2,)), *parts])


@pytest.mark.parametrize(("name", "xla"), [("dense", True), ("conv", False)])
@pytest.mark.parametrize("activation", ["sigmoid", "linear", "clip"])
def test_backbones_declare(name, xla, activation, tmp_path):
    decoder = aezoo.backbones.build(name, (9, 7, 1), 2, output_activation=activation)[1]
    decoder.save(tmp_path / "decoder.keras")
    for model in (decoder, keras.saving.load_model(tmp_path / "decoder.keras")):
        found = ending(model)
        assert found.activation == activation
        assert found.bias is model.get_layer("output").bias
        assert found.xla == xla


@pytest.mark.parametrize(
    ("parts", "activation", "biased"),
    [
        ([layers.Dense(4, "sigmoid")], "sigmoid", 0),
        ([layers.Dense(4, "sigmoid"), layers.Reshape((2, 2))], "sigmoid", 0),
        ([layers.Dense(4), layers.Reshape((2, 2)), layers.Activation("tanh")], "tanh", 0),
        ([layers.Dense(4, "relu"), layers.Activation("sigmoid")], "sigmoid", None),
        ([layers.Dense(4, "sigmoid"), layers.Rescaling(255)], None, None),
        ([layers.Dense(4, "relu"), layers.Dense(4, use_bias=False)], "linear", None),
        ([], None, None),
    ],
)
def test_what_networks_of_users_say(parts, activation, biased):
    found = ending(stack(*parts))
    assert found.activation == activation
    assert found.bias is (None if biased is None else parts[biased].bias)
    assert not found.xla


def test_values_that_are_scaled_after_a_sigmoid_may_leave_its_range():
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    decoder = stack(layers.Dense(4, "sigmoid"), layers.Rescaling(255))
    ae = aezoo.Autoencoder(encoder, decoder)
    x = 100 + 50 * keras.random.uniform((32, 4), seed=0)
    assert ae.fit(x, verbose=0).history["loss"]


def test_a_clip_cuts_off_at_0_and_1(tmp_path):
    decoder = stack(Output("clip", bias_layer="mine"))
    decoder.save(tmp_path / "decoder.keras")
    x = np.float32([[-3.0, 0.25], [1.0, 7.0]])
    for model in (decoder, keras.saving.load_model(tmp_path / "decoder.keras")):
        np.testing.assert_array_equal(model(x), np.clip(x, 0, 1))
        found = ending(model)
        assert (found.activation, found.bias) == ("clip", None)
        assert model.layers[-1].bias_layer == "mine"
        again = Output.from_config(model.layers[-1].get_config())
        np.testing.assert_array_equal(again(x), np.clip(x, 0, 1))


@pytest.mark.parametrize("options", [{"output_activation": "clip"}, {"linear_path": True}])
def test_what_a_clip_cannot_reproduce_is_refused(options, rng):
    ae = aezoo.deep((4, 4, 1), 2, hidden_units=(4,), **options)
    with pytest.raises(ValueError, match=r"clip can only give values in \[0, 1\].*to 2"):
        ae.fit(np.linspace(0, 2, 160).reshape(10, 4, 4, 1), verbose=0)
    with pytest.raises(ValueError, match="clipped output"):
        aezoo.deep((4, 4, 1), 2, normalization="standard", **options)
    ae = aezoo.deep((4, 4, 1), 2, hidden_units=(4,), normalization="minmax", **options)
    raw = (100 * rng.random((40, 4, 4, 1))).astype("float32")
    assert ae.fit(raw, verbose=0).history["loss"]
    assert ae.reconstruct(raw).max() <= raw.max() + 1e-3
