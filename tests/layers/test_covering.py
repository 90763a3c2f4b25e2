import keras
import numpy as np
import pytest

from aezoo.layers.covering import CoveringConv2D, CoveringConv2DTranspose


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def pair(request):
    keras.utils.set_random_seed(3)
    own = {"use_bias": request.param, "bias_initializer": "random_normal", "activation": "relu"}
    down = CoveringConv2D(5, (4, 3), **own)
    up = CoveringConv2DTranspose(2, (4, 3), **own)
    x = np.random.default_rng(0).normal(size=(6, 4, 3, 2)).astype("float32")
    code = np.random.default_rng(1).normal(size=(6, 1, 1, 5)).astype("float32")
    return (down, x), (up, code)


def test_training_computes_the_convolution(pair):
    for layer, x in pair:
        trained, judged = layer(x, training=True), layer(x, training=False)
        assert trained.shape == judged.shape
        assert np.ptp(judged) > 0.5
        np.testing.assert_allclose(trained, judged, atol=2e-6)


def test_training_is_by_a_matrix_product(pair, monkeypatch):
    for layer, x in pair:
        layer(x)
        monkeypatch.setattr(type(layer).__base__, "call", None)
        layer(x, training=True)
        with pytest.raises(TypeError):
            layer(x)


def test_saved_and_loaded(pair, tmp_path):
    for layer, x in pair:
        model = keras.Sequential([keras.Input(x.shape[1:]), layer])
        model.save(tmp_path / "m.keras")
        again = keras.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_array_equal(again(x), model(x))
        np.testing.assert_array_equal(again(x, training=True), model(x, training=True))
