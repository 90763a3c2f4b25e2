import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.layers.initialization import start_at_mean


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("deep", (6, 6, 2), 0),
        ("conv", (6, 6, 2), (0, 1, 2)),
        ("deep", (5,), 0),
        ("conv", (9, 1), 0),
    ],
)
@pytest.mark.parametrize("activation", ["sigmoid", "linear", "clip"])
def test_begins_at_the_mean(name, shape, axes, activation, rng):
    x = rng.random((50, *shape)) ** 3
    ae = aezoo.build(name, shape, 2, output_activation=activation)
    start_at_mean(ae.decoder, x.mean(axis=0))
    axes = (0, 1) if shape == (9, 1) and name == "conv" else axes
    expected = np.broadcast_to(x.mean(axis=axes, keepdims=True), (1, *shape))
    np.testing.assert_allclose(ae.decode(np.zeros((1, 2))), expected, atol=0.02)


def test_trained_or_unknown_outputs_are_left_alone(rng):
    x = rng.random((20, 4))
    ae = aezoo.deep(4, 2)
    ae.fit(x, verbose=0)
    before = ae.get_weights()
    start_at_mean(ae.decoder, x.mean(axis=0) + 5)
    for a, b in zip(before, ae.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

    frozen = aezoo.deep(4, 2)
    frozen.decoder.trainable = False
    start_at_mean(frozen.decoder, x.mean(axis=0))
    assert not np.any(frozen.decoder.get_layer("output").bias.numpy())

    hidden = keras.layers.Dense(4, "relu")
    unbiased = keras.Sequential([keras.Input((2,)), hidden, keras.layers.Dense(4, use_bias=False)])
    start_at_mean(unbiased, x.mean(axis=0))
    assert not np.any(hidden.bias.numpy())

    beside = aezoo.deep(4, 2, linear_path=True)  # a bias that is not trained
    start_at_mean(beside.decoder, x.mean(axis=0))
    for name in ("output", "linear_path"):
        assert not np.any(beside.decoder.get_layer(name).bias)

    other = aezoo.deep(4, 2, output_activation="tanh")
    start_at_mean(other.decoder, x.mean(axis=0))
    assert not np.any(other.decoder.get_layer("output").bias)


@pytest.mark.parametrize("source", ["array", "dataset", "pairs", "normalized"])
def test_fit_starts_there(source, rng):
    x = rng.random((20, 4)).astype("float32") + 7
    ae = aezoo.deep(4, 2, normalization="minmax" if source == "normalized" else None)
    ae.compile(keras.optimizers.SGD(0.0), loss="mse")
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(20)
    data = {"dataset": dataset, "pairs": dataset.map(lambda b: (b, b))}.get(source, x)
    ae.fit(data, verbose=0)
    np.testing.assert_allclose(ae.decode(np.zeros((1, 2)))[0], x.mean(axis=0), rtol=1e-5)


def test_generator_is_not_consumed(rng):
    x = rng.random((4, 4)).astype("float32")
    ae = aezoo.deep(4, 2)
    ae.fit(((x,) for _ in range(3)), steps_per_epoch=3, verbose=0)
    assert int(ae.optimizer.iterations.numpy()) == 3


@pytest.mark.parametrize("start", [True, False])
def test_deep_convolutions_collapse_without_it_only(start, monkeypatch):
    if not start:
        monkeypatch.setattr("aezoo.autoencoder.fitting.start_at_mean", lambda *args: None)
    x = aezoo.load_dataset("digits").x.repeat(2, axis=1).repeat(2, axis=2)
    x = np.pad(x, ((0, 0), (4, 4), (4, 4), (0, 0)))
    ae = aezoo.conv((24, 24, 1), 8, filters=(16, 32, 64), kernel_size=5)
    ae.fit(x, batch_size=32, epochs=1, verbose=0)
    spread = ae.reconstruct(x[:100]).std(axis=0).max()  # 0 for one constant image
    assert (spread > 0.05) == start
