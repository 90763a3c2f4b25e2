import keras
import numpy as np
import pytest

import aezoo
from aezoo.models.gumbel import Categories


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def test_divergence_against_its_sum(rng, terms):
    logits = rng.normal(size=(20, 3, 4)).astype("float32")
    q = softmax(logits.astype("float64"))
    expected = (q * np.log(q * 4)).sum(axis=-1)
    layer = Categories(10, beta=2.0, categories=4)
    layer(logits)
    np.testing.assert_allclose(layer.divergence(logits), expected, rtol=1e-4, atol=1e-6)
    value, loss = terms(layer, logits)["kl"]
    assert float(value) == pytest.approx(expected.sum(axis=1).mean(), rel=1e-4)
    assert float(loss) == pytest.approx(0.2 * float(value), rel=1e-4)


@pytest.mark.parametrize("straight_through", [True, False])
def test_draws_have_their_probabilities(straight_through, rng):
    """The largest of logits with Gumbel noise is a category with the probability of softmax."""
    logits = np.float32([1.0, -0.5, 0.3])
    layer = Categories(1, categories=3, straight_through=straight_through, seed=0)
    drawn = np.asarray(layer(np.tile(logits, (40_000, 1)), training=True))
    found = np.bincount(drawn.argmax(axis=1)) / 40_000
    np.testing.assert_allclose(found, softmax(logits), atol=0.01)
    np.testing.assert_allclose(drawn.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(layer(logits[None]), [[1, 0, 0]])
    assert (drawn.max(axis=1).mean() > 0.999) == straight_through


def test_temperature_falls_with_updates(rng, terms):
    how = {"temperature": 2.0, "final_temperature": 0.5, "temperature_steps": 4}
    layer = Categories(1, categories=3, **how)
    logits = rng.normal(size=(5, 3)).astype("float32")
    layer(logits)
    for expected in (2.0, 2**0.5, 1.0, 0.5**0.5, 0.5, 0.5):
        assert float(layer.current_temperature()) == pytest.approx(expected, rel=1e-5)
        terms(layer, logits, training=True)
        terms(layer, logits)


def test_gradients_pass_straight_through(rng):
    tf = pytest.importorskip("tensorflow", reason="its gradients")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("its gradients")
    logits, upstream = rng.normal(size=(2, 6, 3)).astype("float32")
    logits = tf.Variable(logits)
    found = []
    for straight_through in (True, False):
        layer = Categories(1, categories=3, straight_through=straight_through)
        layer(logits)
        with tf.GradientTape() as tape:
            out = tf.reduce_sum(layer.draw(logits, seed=7) * upstream)
        found.append(tape.gradient(out, logits))
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-6)
    assert np.abs(found[0]).max() > 0.01


def test_codes_of_a_model(rng, tmp_path):
    x = rng.random((60, 8, 8, 1)).astype("float32")
    ae = aezoo.gumbel((8, 8, 1), 5, categories=4, filters=(4,))
    ae.fit(x, x, verbose=0)
    assert float(ae.bottleneck.updates) == 2  # once a batch, though there is a target
    codes, categories = ae.encode(x), ae.encode_indices(x)
    assert (ae.latent_shape, codes.shape, categories.shape) == ((5, 4), (60, 5, 4), (60, 5))
    np.testing.assert_array_equal(np.eye(4)[categories], codes)
    np.testing.assert_allclose(ae.decode_indices(categories), ae.reconstruct(x), atol=1e-6)
    drawn = ae.bottleneck.prior(7, (5, 4), seed=3)
    np.testing.assert_allclose(ae.sample(7, seed=3), ae.decode(drawn), atol=1e-6)
    assert ae.sample(2, "autoregressive", x=x).shape == (2, 8, 8, 1)
    assert ae.bottleneck.code_bits(ae.latent_shape) == 10
    found = aezoo.decompress(aezoo.compress(ae, x), ae)
    np.testing.assert_allclose(found, ae.reconstruct(x), atol=1e-5)


def test_categories_at_places():
    ae = aezoo.gumbel((8, 8, 1), 2, categories=3, filters=(4,), bottleneck="spatial")
    assert ae.latent_shape == (4, 4, 2, 3)
    assert ae.encode_indices(np.zeros((1, 8, 8, 1))).shape == (1, 4, 4, 2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow exports")
def test_in_int8_a_code_is_its_categories(rng, tmp_path):
    x = rng.random((60, 12)).astype("float32")
    ae = aezoo.gumbel(12, 3, categories=4, hidden_units=(8,))
    ae.fit(x, epochs=5, verbose=0)
    path = tmp_path / "model.tflite"
    report = aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x)
    assert report.contents["float_ops"] == {}
    assert report.parity["encode_differing"] < 0.1
    assert aezoo.LiteModel(path).encode(x).shape == (60, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "temperature must be a number above 0.*-1"),
        ({"temperature": 0}, "temperature must be a number above 0.*0"),
        ({"final_temperature": -0.5}, "final_temperature must be a number above 0"),
        ({"final_temperature": 2}, r"final_temperature.*at most 1\.0.*2"),
        ({"temperature_steps": 0}, "temperature_steps.*0"),
        ({"categories": 1}, "categories must be an integer, 2 or more.*1"),
        ({"categories": 0}, "categories.*0"),
        ({"straight_through": "no"}, "straight_through must be a boolean.*'no'"),
        ({"beta": 0}, "beta must be a number above 0"),
        ({"linear_path": True}, "no linear_path"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.gumbel(9, 4, **options)
