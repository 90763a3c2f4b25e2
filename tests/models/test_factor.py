import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.factor import ShuffledUnits


def made(rng, weight=4.0, beta=0.5):
    layer = ShuffledUnits(10, beta, weight, units=(8,), seed=0)
    z = rng.normal(size=(30, 3)).astype("float32")
    return layer, z


def forward_of(z, training=False):
    return Forward(None, None, None, z, None, None, training)


def test_units_are_shuffled_apart(rng):
    layer, z = made(rng)
    for training in (True, False):
        found = np.asarray(layer.shuffled(z, training))
        np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(z, axis=0))
        together = [row.tolist() for row in z if any(np.array_equal(row, r) for r in found)]
        assert len(together) < 10
    np.testing.assert_array_equal(found, layer.shuffled(z, False))
    assert not np.array_equal(layer.shuffled(z, True), layer.shuffled(z, True))


def test_gradients_are_those_of_two_players(rng):
    """Of the paper's two losses, each by the weights of its own player alone."""
    tf = pytest.importorskip("tensorflow", reason="its gradients")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("its gradients")
    layer, z = made(rng)
    layer.discriminator(z)
    z = tf.Variable(z)
    weights = [variable.value for variable in layer.discriminator.trainable_variables]
    shuffled = layer.shuffled(z.numpy(), False)
    with tf.GradientTape() as tape:
        terms = layer.terms(forward_of(z))
        loss = sum(term.loss for term in terms.values())
    of_code, *of_weights = tape.gradient(loss, [z, *weights])
    with tf.GradientTape() as tape:
        encoder = 0.5 * 4 * tf.reduce_mean(layer.discriminator(z)) / 10
    np.testing.assert_allclose(of_code, tape.gradient(encoder, z), rtol=1e-4, atol=1e-8)
    with tf.GradientTape() as tape:
        logits = [layer.discriminator(part) for part in (z.numpy(), shuffled)]
        told = [tf.ones(30), tf.zeros(30)]
        ce = tf.nn.sigmoid_cross_entropy_with_logits(tf.concat(told, 0), tf.concat(logits, 0))
        player = tf.reduce_mean(ce)
    expected = tape.gradient(player, weights)
    for found, wanted in zip(of_weights, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    assert float(terms["discriminator"].value) == pytest.approx(float(player), rel=1e-5)
    assert float(loss) == pytest.approx(float(encoder), rel=1e-4, abs=1e-7)
    assert float(encoder) == pytest.approx(0.2 * float(terms["total_correlation"].value), rel=1e-4)


@pytest.mark.slow
def test_a_trained_discriminator_tells_the_total_correlation(rng):
    """Of a normal distribution with correlation r it is -log(1 - r^2) / 2."""
    r = 0.8
    z = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], 4000).astype("float32")
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    critic = ShuffledUnits(2, 1.0, 1.0, units=(64,), seed=0)
    ae = aezoo.Autoencoder(encoder, decoder, objectives=[critic])
    log = ae.fit(z, epochs=60, batch_size=200, verbose=0).history["total_correlation"]
    assert np.mean(log[-10:]) == pytest.approx(-0.5 * np.log(1 - r**2), abs=0.1)


def test_only_the_model_has_the_discriminator(rng, tmp_path):
    x = rng.random((32, 6)).astype("float32")
    ae = aezoo.factor(6, 2, hidden_units=(4,), discriminator_units=(5,))
    assert ae.count_params() - ae.encoder.count_params() - ae.decoder.count_params() == 21
    ae.fit(x, verbose=0)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(loaded.get_weights(), ae.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert loaded.evaluate(x, verbose=0) == pytest.approx(ae.evaluate(x, verbose=0), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discriminator_units": ()}, "at least one layer"),
        ({"discriminator_units": (0,)}, "discriminator_units.*0"),
        ({"weight": -1}, "weight must be a number at least 0.*-1"),
        ({"beta": 0}, "beta must be a number above 0"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.factor(9, 4, **options)
