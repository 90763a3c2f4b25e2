import keras
import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from aezoo.layers.normalization import SCALERS, Normalization


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


def test_large_arrays_are_looked_at_in_pieces(rng, monkeypatch):
    x = rng.normal(3, 7, (50, 2, 3))
    sizes = []

    class Watched(StandardScaler):
        def partial_fit(self, x):
            sizes.append(x.size)
            return super().partial_fit(x)

    monkeypatch.setattr("aezoo.layers.normalization.PIECE", 45)  # 7 samples, and a rest
    monkeypatch.setitem(SCALERS, "standard", Watched)
    layer = Normalization("standard")
    layer.adapt(x)
    assert max(sizes) <= 45
    assert sum(sizes) == x.size
    np.testing.assert_allclose(layer.offset, x.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(layer.scale, x.std(axis=(0, 1)), rtol=1e-5)


def test_statistics_are_among_the_weights():
    first, second = (Normalization("minmax") for _ in range(2))
    assert first.statistics is None
    first.adapt(np.array([[10.0], [30.0]]))
    second.build((None, 1))
    assert not second.adapted
    second.set_weights(first.get_weights())
    np.testing.assert_array_equal(second.statistics, [[10], [20]])
    for variable in second.weights:  # as Keras does on loading
        variable.assign(variable * 2)
    np.testing.assert_array_equal(second.statistics, [[20], [40]])


def test_without_statistics_nothing_passes_for_a_value():
    layer = Normalization("standard")
    layer.build((None, 2))
    assert not np.isfinite(layer(np.array([[0.0, 3.0]]))).any()
    assert not np.isfinite(layer(np.array([[0.0, 3.0]]), inverse=True)).any()
    for weight in layer.get_weights():  # several processes must have equal ones
        assert (weight == weight).all()
