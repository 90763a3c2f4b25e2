import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.adversarial import PriorCritic


def test_gradients_are_those_of_two_players(rng):
    """Each loss by the weights of its own player alone, that of the encoder times the factor."""
    tf = pytest.importorskip("tensorflow", reason="its gradients")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("its gradients")
    layer = PriorCritic(0.3, units=(8,), seed=0)
    z = rng.normal(1, 2, size=(30, 3)).astype("float32")
    layer.discriminator(z)
    z = tf.Variable(z)
    weights = [variable.value for variable in layer.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        value, loss = layer.terms(Forward(None, None, None, z, None, None, False))["discriminator"]
    of_code, *of_weights = tape.gradient(loss, [z, *weights])
    drawn = keras.random.normal((30, 3), seed=1)  # that of evaluation
    with tf.GradientTape() as tape:
        logits = tf.concat([layer.discriminator(drawn), layer.discriminator(z)], 0)
        told = tf.concat([tf.ones(30), tf.zeros(30)], 0)
        player = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(told, logits))
    expected = tape.gradient(player, weights)
    with tf.GradientTape() as tape:
        encoder = -0.3 * tf.reduce_mean(tf.math.log_sigmoid(layer.discriminator(z)))
    assert float(value) == pytest.approx(float(player), rel=1e-5)
    assert float(loss) == 0
    np.testing.assert_allclose(of_code, tape.gradient(encoder, z), rtol=1e-4, atol=1e-8)
    for found, wanted in zip(of_weights, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.slow
def test_codes_come_to_lie_as_the_prior_does(rng):
    x = rng.normal(size=(512, 6)).astype("float32") * 3
    ae = aezoo.adversarial(6, 2, hidden_units=(16,), weight=3.0)
    before = np.abs(ae.encode(x).std(axis=0) - 1).max()
    log = ae.fit(x, epochs=80, batch_size=128, verbose=0).history
    codes = ae.encode(x)
    assert np.abs(codes.std(axis=0) - 1).max() < 0.5 < before
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=0.5)
    assert log["discriminator"][-1] == pytest.approx(np.log(2), abs=0.1)


def test_loss_is_of_the_reconstruction(rng):
    x = rng.random((40, 6)).astype("float32")
    ae = aezoo.adversarial(6, 2, hidden_units=(4,))
    found = ae.evaluate(x, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(ae.reconstruction_error(x).mean(), rel=1e-5)
    assert found["discriminator"] > 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discriminator_units": ()}, "at least one layer"),
        ({"discriminator_units": (8, 0)}, "discriminator_units.*0"),
        ({"weight": 0}, "weight must be a number above 0.*0"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.adversarial(9, 4, **options)
