import keras
import numpy as np
import pytest

from aezoo.sampling import learning
from aezoo.sampling.learning import EPOCHS, _Shuffled, learned


def test_stops_with_the_weights_that_samples_held_out_like_best():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 30)).astype("float32"), rng.normal(size=40)  # nothing to be learned
    network = keras.Sequential([keras.Input((30,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    learned(network, x, y, "mse", seed=0)
    history = network.history.history["val_loss"]
    assert len(history) < EPOCHS
    held_out = np.random.default_rng(0).permutation(40)[:4]
    found = network.evaluate(x[held_out], y[held_out], verbose=0)
    np.testing.assert_allclose(found, min(history), rtol=1e-4)


def test_one_sample_is_learned_by_heart(monkeypatch):
    monkeypatch.setattr(learning, "EPOCHS", 3)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    learned(network, np.ones((1, 2), "float32"), np.ones(1), "mse", seed=0)
    assert min(network.history.history["loss"]) < network.history.history["loss"][0]


def test_a_loss_that_is_no_number():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="learned nothing"):
        learned(network, np.full((9, 2), np.nan, "float32"), np.ones(9), "mse", seed=0)


def test_samples_come_in_another_order_each_time():
    batches = _Shuffled(np.arange(50), np.arange(50), 20, seed=0)
    orders = []
    for _ in range(2):
        orders.append(np.concatenate([batches[i][0] for i in range(len(batches))]))
        batches.on_epoch_end()
    assert (orders[0] != orders[1]).any()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(50))


def test_many_samples_are_not_seen_a_hundred_times(monkeypatch, rng):
    monkeypatch.setattr(learning, "MOST_UPDATES", 12)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    x = rng.normal(size=(80, 2)).astype("float32")
    learned(network, x, x.sum(axis=1), "mse", seed=0)
    assert len(network.history.history["loss"]) == 2  # of 72 samples, 16 at a time: 5 updates
