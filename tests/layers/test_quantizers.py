import numpy as np
import pytest
import tensorflow as tf

from aezoo.layers.quantizers import ScalarQuantizer, VectorQuantizer


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


def test_losses(rng, terms):
    """van den Oord et al., equation 3, as means."""
    z = rng.normal(size=(5, 3)).astype("float32")
    for decay, factor in ((0.9, 0.5), (None, 1.5)):
        layer = VectorQuantizer(7, commitment_cost=0.5, decay=decay)
        distance = np.mean((z - np.asarray(layer(z))) ** 2)
        value, loss = terms(layer, z)["commitment"]
        assert float(value) == pytest.approx(distance, rel=1e-5)
        assert float(loss) == pytest.approx(factor * distance, rel=1e-5)


def test_moving_averages_against_numpy(rng, terms):
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
        terms(layer, z, training=True)
        np.testing.assert_allclose(layer.uses, uses, rtol=1e-4)
        np.testing.assert_allclose(layer.embeddings, embeddings, rtol=1e-4)


def test_dead_codes_restart_at_samples(layer, rng, terms):
    z = (10 + rng.normal(size=(40, 3))).astype("float32")
    embeddings = np.full((7, 3), 10.0)
    embeddings[2:] = -50
    layer.embeddings.assign(embeddings)
    layer.uses.assign([100.0, 100, 0, 0, 0, 0, 0])
    layer.sums.assign(embeddings * 100)
    terms(layer, z, training=True)
    after = layer.embeddings.numpy()
    distances = np.abs(after[2:, None] - z).sum(axis=-1).min(axis=1)
    assert distances.max() < 1e-3
    assert np.abs(after[:2] - 10).max() < 1  # those in use stayed


def test_dead_codes_of_a_learned_codebook_are_pulled_to_samples(rng, terms):
    layer = VectorQuantizer(5, decay=None, seed=0)
    z = tf.constant(10 + rng.normal(size=(40, 3)), tf.float32)
    terms(layer, z, training=True)
    with tf.GradientTape() as tape:
        loss = terms(layer, z, training=True)["commitment"].loss
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


def test_perplexity(terms):
    layer = VectorQuantizer(4)
    layer.build((None, 1))
    layer.embeddings.assign([[0.0], [1.0], [2.0], [3.0]])
    even = np.float32([[0], [1], [2], [3]])
    assert float(terms(layer, even)["perplexity"].value) == pytest.approx(4, rel=1e-3)
    assert float(terms(layer, even[:1])["perplexity"].value) == pytest.approx(1, rel=1e-3)


def test_unused_codes_without_restarts_stay(rng, terms):
    layer = VectorQuantizer(6, restart_below=0.0)
    z = (3 + rng.normal(size=(20, 2))).astype("float32")
    layer.build((None, 2))
    before = layer.embeddings.numpy()
    terms(layer, z, training=True)
    after = layer.embeddings.numpy()
    assert np.isfinite(after).all()
    unused = np.asarray(layer.uses) == 0
    assert unused.any()
    np.testing.assert_array_equal(after[unused], before[unused])


@pytest.mark.parametrize("decay", [0.9, None])
def test_a_frozen_codebook_stays(rng, terms, decay):
    layer = VectorQuantizer(6, decay=decay)
    z = (3 + rng.normal(size=(20, 2))).astype("float32")
    layer.build((None, 2))
    layer.trainable = False
    before = layer.get_weights()
    terms(layer, z, training=True)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    layer.trainable = True
    terms(layer, z, training=True)
    assert np.any(layer.uses)


@pytest.mark.parametrize("level", [4, 5, 1000, 1001, 2001, 65_536])
def test_every_level_and_no_other(level):
    layer = ScalarQuantizer([level])
    z = np.concatenate([np.linspace(-9, 9, 9 * level), [-1e6, 0, 1e6]]).astype("float32")[:, None]
    indices = np.asarray(layer.indices(z))
    assert (indices.min(), indices.max()) == (0, level - 1)
    np.testing.assert_allclose(layer(z)[-3:, 0], layer.lookup(indices)[-3:, 0], atol=1e-6)


@pytest.mark.parametrize("level", [4, 5])
def test_zero_stays_near_zero(level):
    """With an even number of levels two of them are as near to zero as can be."""
    layer = ScalarQuantizer([level])
    out = float(layer(np.zeros((1, 1), "float32"))[0, 0])
    assert abs(out) <= 1 / (level - 1) + 1e-6
    low, high = np.asarray(layer(np.float32([[-3.0], [3.0]])))[:, 0]
    assert (low, high) == (pytest.approx(-1), pytest.approx(1))


def test_bits_of_a_code():
    assert VectorQuantizer(128).code_bits((7, 7, 16)) == 49 * 7
    assert VectorQuantizer(128).code_size((7, 7, 16)) == 49
    assert ScalarQuantizer((4, 4, 4)).code_bits((2, 3)) == 12


def test_closeness_is_largest_for_the_nearest_code(rng):
    layer = VectorQuantizer(num_embeddings=20)
    layer.build((None, 3))
    codes = rng.normal(size=(20, 3)).astype("float32") + 5
    layer.embeddings.assign(codes)
    kernel, bias = layer.closeness()
    z = np.concatenate([rng.normal(5, 1.5, (500, 3)), codes]).astype("float32")
    closeness = z @ kernel + bias
    np.testing.assert_array_equal(closeness.argmax(axis=1), layer.indices(z))
    # the winner is above 0, where a ReLU and integers let it be
    assert (closeness.max(axis=1) > 0).all()
    distances = np.square(z[:, None] - codes).sum(axis=-1)
    differences = closeness - closeness[:, :1]
    np.testing.assert_allclose(differences, distances[:, :1] - distances, atol=1e-3)
