import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.models.vector_quantized import ScalarQuantizer, VectorQuantizer


@pytest.fixture
def layer(rng):
    layer = VectorQuantizer(7, seed=0)
    layer.build((None, 3))
    layer.embeddings.assign(rng.normal(size=(7, 3)))
    return layer


def nearest(z, embeddings):
    return np.argmin(((z[..., None, :] - embeddings) ** 2).sum(axis=-1), axis=-1)


def test_nearest_code_against_brute_force(layer, rng):
    z = rng.normal(size=(4, 5, 6, 3)).astype("float32")
    embeddings = layer.embeddings.numpy()
    expected = nearest(z, embeddings)
    np.testing.assert_array_equal(layer.indices(z), expected)
    np.testing.assert_allclose(layer(z), embeddings[expected], atol=1e-6)
    np.testing.assert_allclose(layer.lookup(expected), embeddings[expected], atol=1e-6)


@pytest.mark.parametrize("decay", [0.9, None])
def test_gradient_passes_straight_through(rng, decay):
    layer = VectorQuantizer(7, commitment_cost=0.0, decay=decay)
    z = tf.Variable(rng.normal(size=(5, 3)).astype("float32"))
    upstream = rng.normal(size=(5, 3)).astype("float32")
    with tf.GradientTape() as tape:
        out = tf.reduce_sum(layer(z, training=True) * upstream)
    np.testing.assert_allclose(tape.gradient(out, z), upstream, atol=1e-6)


def test_losses(rng):
    """van den Oord et al., equation 3, as means."""
    z = rng.normal(size=(5, 3)).astype("float32")
    for decay, factor in ((0.9, 0.5), (None, 1.5)):
        layer = VectorQuantizer(7, commitment_cost=0.5, decay=decay)
        distance = np.mean((z - np.asarray(layer(z))) ** 2)
        assert float(layer.losses[0]) == pytest.approx(factor * distance, rel=1e-5)


def test_moving_averages_against_numpy(rng):
    layer = VectorQuantizer(4, decay=0.8, restart_below=0.0)
    layer.build((None, 2))
    embeddings = rng.normal(size=(4, 2)).astype("float32")
    uses, sums = np.full(4, 2.0), embeddings * 2.0
    for weight, value in zip(
        (layer.embeddings, layer.uses, layer.sums), (embeddings, uses, sums), strict=True
    ):
        weight.assign(value)
    for _ in range(3):
        z = rng.normal(size=(30, 2)).astype("float32")
        chosen = np.eye(4)[nearest(z, embeddings)]
        uses = 0.8 * uses + 0.2 * chosen.sum(axis=0)
        sums = 0.8 * sums + 0.2 * chosen.T @ z
        embeddings = sums / uses[:, None]
        layer(z, training=True)
        np.testing.assert_allclose(layer.uses, uses, rtol=1e-4)
        np.testing.assert_allclose(layer.embeddings, embeddings, rtol=1e-4)


def test_dead_codes_restart_at_samples(layer, rng):
    z = (10 + rng.normal(size=(40, 3))).astype("float32")
    embeddings = np.full((7, 3), 10.0)
    embeddings[2:] = -50
    layer.embeddings.assign(embeddings)
    layer.uses.assign([100.0, 100, 0, 0, 0, 0, 0])
    layer.sums.assign(embeddings * 100)
    layer(z, training=True)
    after = layer.embeddings.numpy()
    distances = np.abs(after[2:, None] - z).sum(axis=-1).min(axis=1)
    assert distances.max() < 1e-3
    assert np.abs(after[:2] - 10).max() < 1  # those in use stayed


def test_dead_codes_of_a_learned_codebook_are_pulled_to_samples(rng):
    layer = VectorQuantizer(5, decay=None, seed=0)
    z = tf.constant(10 + rng.normal(size=(40, 3)), tf.float32)
    layer(z, training=True)
    with tf.GradientTape() as tape:
        layer(z, training=True)
        loss = layer.losses[0]
    gradient = tape.gradient(loss, layer.embeddings).numpy()
    assert np.all(gradient.sum(axis=1) < 0)  # down that gradient, every code moves up, to 10


def test_scalar_quantizer_levels(rng):
    levels = (8, 5, 3)
    layer = ScalarQuantizer(levels)
    z = rng.normal(0, 0.5, size=(5000, 3)).astype("float32")
    codes = np.asarray(layer(z))
    for column, level in zip(codes.T, levels, strict=True):
        np.testing.assert_allclose(np.unique(column), np.linspace(-1, 1, level), atol=1e-5)
    indices = np.asarray(layer.indices(z))
    assert set(indices) == set(range(120))
    np.testing.assert_allclose(layer.lookup(indices), codes, atol=1e-5)


def test_scalar_quantizer_passes_gradients(rng):
    layer = ScalarQuantizer((5, 5))
    z = tf.Variable(0.2 * rng.normal(size=(6, 2)).astype("float32"))
    with tf.GradientTape() as tape:
        out = tf.reduce_sum(layer(z, training=True))
    half = 2 * (1 + 1e-3)
    expected = half * 4 * (1 - np.tanh(4 * z.numpy()) ** 2) / 2
    np.testing.assert_allclose(tape.gradient(out, z), expected, rtol=1e-3)


def test_perplexity():
    layer = VectorQuantizer(4)
    layer.build((None, 1))
    layer.embeddings.assign([[0.0], [1.0], [2.0], [3.0]])
    even = np.float32([[0], [1], [2], [3]])
    assert float(layer.log(even)["perplexity"]) == pytest.approx(4, rel=1e-3)
    assert float(layer.log(even[:1])["perplexity"]) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quantizer": "gradient"},
        {"quantizer": "fsq", "latent_dim": 3, "levels": (4, 4, 4)},
        {"backbone": "dense", "hidden_units": (16,), "num_codes": 5},
    ],
    ids=str,
)
def test_indices_of_a_model(options, rng):
    x = rng.random((20, 8, 8, 1)).astype("float32")
    ae = aezoo.vector_quantized((8, 8, 1), **{"latent_dim": 6, "num_embeddings": 12, **options})
    ae.fit(x, epochs=2, verbose=0)
    indices = ae.encode_indices(x)
    assert indices.shape == (20, *ae.latent_shape[:-1])
    np.testing.assert_allclose(ae.decode_indices(indices), ae.reconstruct(x), atol=1e-5)
    with pytest.raises(ValueError, match="from 0 to"):
        ae.decode_indices(indices + ae.bottleneck.num_embeddings)
    with pytest.raises(ValueError, match="Indices must be integers"):
        ae.decode_indices(indices.astype("float32"))


def test_unused_codes_without_restarts_stay(rng):
    layer = VectorQuantizer(6, restart_below=0.0)
    z = (3 + rng.normal(size=(20, 2))).astype("float32")
    layer.build((None, 2))
    before = layer.embeddings.numpy()
    layer(z, training=True)
    after = layer.embeddings.numpy()
    assert np.isfinite(after).all()
    unused = np.asarray(layer.uses) == 0
    assert unused.any()
    np.testing.assert_array_equal(after[unused], before[unused])


def test_dense_output_is_checked_like_others():
    with pytest.raises(ValueError, match="sigmoid output"):
        aezoo.vector_quantized((8, 8, 1), 4, backbone="dense", normalization="standard")
    ae = aezoo.vector_quantized((8, 8, 1), 4, backbone="dense")
    with pytest.raises(ValueError, match="values in"):
        ae.fit(np.full((20, 8, 8, 1), 5.0), verbose=0)


def test_codebook_is_used(rng):
    """Restarts bring every code into use, however they were initialized."""
    keras.utils.set_random_seed(0)
    x = rng.random((400, 8, 8, 1)).astype("float32")
    ae = aezoo.vector_quantized((8, 8, 1), 4, filters=(8,), num_embeddings=32)
    ae.fit(x, epochs=15, batch_size=32, verbose=0)
    assert len(np.unique(ae.encode_indices(x))) >= 29


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantizer": "pq"}, "quantizer must be one of.*'pq'"),
        ({"num_embeddings": 1}, "num_embeddings must be at least 2"),
        ({"num_embeddings": 2.5}, r"num_embeddings.*2\.5"),
        ({"commitment_cost": -1}, "commitment_cost.*-1"),
        ({"decay": 1}, "decay must be a number above 0 and below 1"),
        ({"quantizer": "fsq", "levels": (5, 5)}, "latent_dim = 4"),
        ({"quantizer": "fsq", "levels": ()}, "levels"),
        ({"levels": (5, 5, 5, 5)}, "levels are for quantizer='fsq'"),
        ({"quantizer": "fsq", "levels": (5, 5, 5, 1)}, "at least 3"),
        ({"quantizer": "fsq", "levels": (50, 50, 50, 50)}, "6,250,000 codes"),
        ({"backbone": "dense", "num_codes": 0}, "num_codes.*0"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.vector_quantized((8, 8, 1), 4, **options)


def test_other_families_have_no_codebook():
    ae = aezoo.deep(6, 2, hidden_units=(4,))
    for method, argument in (("encode_indices", np.zeros((1, 6))), ("decode_indices", [[0]])):
        with pytest.raises(ValueError, match="family deep has no codebook"):
            getattr(ae, method)(argument)
    for method in ("encode_distribution", "kl_divergence"):
        with pytest.raises(ValueError, match="no distribution of codes"):
            getattr(ae, method)(np.zeros((1, 6)))
