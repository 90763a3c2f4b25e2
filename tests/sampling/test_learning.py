import keras
import numpy as np

from aezoo.sampling.learning import EPOCHS, learned


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
