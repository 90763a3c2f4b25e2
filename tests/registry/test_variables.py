import threading

import keras
import pytest

from aezoo.registry import variables
from aezoo.registry.variables import no_more_than_in


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    monkeypatch.setattr(variables, "FURTHER", 0)
    monkeypatch.setattr(variables, "FURTHER_VARIABLES", 0)


def dense(units):
    layer = keras.layers.Dense(units)
    layer.build((None, 3))
    return layer


def test_numbers():
    with no_more_than_in([(3, 20), (20,)]):
        dense(100)  # 400 numbers for 80 in the file
    words = r"shape \(101,\), and more .* the 80 numbers in 2 arrays"
    with pytest.raises(ValueError, match=words), no_more_than_in([(3, 20), (20,)]):
        dense(101)
    dense(1000)  # nothing is left behind


def test_variables():
    with no_more_than_in([(1000,)]):
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1), keras.layers.Dense(1)])
    layers = [keras.Input((3,)), *(keras.layers.Dense(1) for _ in range(3))]
    with pytest.raises(ValueError, match="more in all"), no_more_than_in([(1000,)]):
        keras.Sequential(layers)


def test_optimizers_and_metrics_count():
    layer = dense(100)
    with pytest.raises(ValueError, match=r"shape \(3, 100\)"), no_more_than_in([(3, 20)]):
        keras.optimizers.Adam().build(layer.trainable_variables)
    with pytest.raises(ValueError, match=r"shape \(100, 100\)"), no_more_than_in([(3, 20)]):
        keras.metrics.MeanIoU(100)
    with pytest.raises(ValueError, match=r"shape \(\)"), no_more_than_in([]):
        keras.Variable(1.0)


def test_statistics_count():
    def scaled():
        layer = keras.layers.Normalization(mean=1.0, variance=4.0, axis=(1, -1))
        return layer(keras.Input((100, 5, 3)))

    with pytest.raises(ValueError, match=r"\(100, 3\)|\[100, 3\]"), no_more_than_in([(59,)]):
        scaled()
    with no_more_than_in([(60,)]):
        assert scaled().shape == (None, 100, 5, 3)


def test_sizes_that_are_none():
    for size in (float("nan"), 10**9):
        with pytest.raises(ValueError, match="more in all"), no_more_than_in([(9,)]):
            keras.Variable("zeros", shape=(size, 2))


def test_calls(monkeypatch):
    def twice(model):
        inputs = keras.Input((None,))
        return keras.Model(inputs, model(model(inputs)))

    inputs = keras.Input((None,))
    model = keras.Model(inputs, keras.layers.ReLU()(inputs))
    for _ in range(7):
        model = twice(model)
    monkeypatch.setattr(variables, "MOST_TENSORS", 100)
    with pytest.raises(ValueError, match="more than 100 inputs and outputs"), no_more_than_in([]):
        model(keras.Input((3,)))
    model(keras.Input((3,)))
    with no_more_than_in([]):
        keras.layers.ReLU()(keras.Input((3,)))


def test_other_threads_are_free():
    with no_more_than_in([(1,)]):
        thread = threading.Thread(target=dense, args=(1000,))
        thread.start()
        thread.join()
        keras.Variable(1.0)
