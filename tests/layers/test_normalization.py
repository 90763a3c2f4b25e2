import keras
import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from aezoo.layers.normalization import Normalization


@pytest.mark.parametrize(
    ("mode", "scaler"), [("minmax", MinMaxScaler()), ("standard", StandardScaler())]
)
def test_agrees_with_scikit_learn(mode, scaler, rng):
    x = rng.normal(3, 7, (50, 4)).astype("float32")
    x[:, 2] = 5  # a constant
    layer = Normalization(mode)
    assert not layer.adapted
    layer.adapt([x[:20], x[20:]])
    assert layer.adapted
    normalized = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(normalized, scaler.fit_transform(x), atol=1e-5)
    np.testing.assert_allclose(layer(normalized, inverse=True), x, atol=1e-4)


@pytest.mark.parametrize("mode", ["minmax", "standard"])
def test_tiny_units_are_no_constants(mode, rng):
    x = rng.random((50, 3)) * [1e-7, 1e-12, 1]
    layer = Normalization(mode)
    layer.adapt(x)
    np.testing.assert_allclose(
        layer.scale, x.std(0) if mode == "standard" else np.ptp(x, 0), rtol=1e-4
    )
    np.testing.assert_array_equal(layer.statistics[1], layer.scale)


def test_images_share_statistics_by_channel(rng):
    x = rng.random((10, 4, 4, 2)) * [1, 100]
    layer = Normalization("minmax")
    layer.adapt(x)
    np.testing.assert_allclose(layer.scale, np.ptp(x, axis=(0, 1, 2)), rtol=1e-5)


def test_round_trip():
    layer = Normalization("standard", name="scaling")
    assert Normalization.from_config(layer.get_config()).get_config() == layer.get_config()
