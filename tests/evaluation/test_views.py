from types import SimpleNamespace

import keras
import numpy as np
import pytest

import aezoo
from aezoo.evaluation.views import decoded_grid, traversals, unit_statistics

SCALES = np.float32([1.0, 4.0, 2.0])


@pytest.fixture(scope="module")
def scaling():
    """A model of three numbers, whose code is the sample, and whose decoder scales it."""
    encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    encoder.layers[-1].set_weights([np.eye(3), np.zeros(3)])
    decoder.layers[-1].set_weights([np.diag(SCALES), np.zeros(3)])
    return aezoo.Autoencoder(encoder, decoder)


def test_dead_and_alike_units(scaling, rng):
    x = rng.normal(size=(500, 3)).astype("float32")
    x[:, 2] = -x[:, 0]
    x[:, 1] *= 0.005
    found = unit_statistics(scaling, x)
    assert found.dead.tolist() == [False, True, False]
    assert found.most_correlated == (0, 2, pytest.approx(-1))
    np.testing.assert_allclose(found.deviation, x.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.mean, x.mean(axis=0), atol=1e-6)
    assert not found.correlation[1].any()
    assert found.kl is None


def test_codes_that_never_vary(scaling):
    found = unit_statistics(scaling, np.ones((5, 3)))
    assert found.dead.all()
    assert found.most_correlated == (0, 0, 0.0)


def test_kl_of_a_variational_model(rng):
    ae = aezoo.variational(6, 2)
    x = rng.random((20, 6))
    found = unit_statistics(ae, x)
    np.testing.assert_allclose(found.kl, ae.kl_divergence(x).mean(axis=0))


def test_walks_along_units(scaling, rng):
    x = rng.normal(3, [2, 1, 1], (500, 3)).astype("float32")
    found = traversals(scaling, x, units=2, steps=5, extent=2)
    assert found.units == [1, 0] or found.units == [1, 2]
    deviation, mean = x.std(axis=0), x.mean(axis=0)
    effects = (4 * deviation * SCALES) ** 2 / 3
    order = np.argsort(-effects)[:2]
    assert found.units == order.tolist()
    np.testing.assert_allclose(found.change, effects[order], rtol=1e-4)
    for unit, row in zip(found.units, found.samples, strict=True):
        expected = np.tile(mean * SCALES, (5, 1))
        expected[:, unit] += SCALES[unit] * deviation[unit] * np.linspace(-2, 2, 5)
        np.testing.assert_allclose(row, expected, rtol=1e-4)


def test_change_is_of_normalized_outputs(rng):
    """In raw units the second column would be all of it."""
    parts = [
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
        for _ in range(2)
    ]
    ae = aezoo.Autoencoder(*parts, normalization="standard")
    x = rng.normal(size=(400, 2)) * [1, 1000]
    ae.adapt(x)
    low, high = sorted(traversals(ae, x).change)
    assert high < 1.1 * low


def test_dead_is_a_hundredth_of_the_largest(scaling, rng):
    x = rng.normal(size=(500, 3)) * [1, 0.02, 0.008]
    assert unit_statistics(scaling, x).dead.tolist() == [False, False, True]


def test_walks_stay_where_codes_can_be(rng):
    seen = []
    ae = aezoo.vanilla(4, 2, latent_activation="relu")
    watched = SimpleNamespace(
        bottleneck=ae.bottleneck,
        decode=lambda z: seen.append(z) or ae.decode(z),
        encode=ae.encode,
        latent_shape=ae.latent_shape,
        name=ae.name,
        normalize=ae.normalize,
    )
    x = rng.random((50, 4), dtype="float32")
    traversals(watched, x, extent=9)
    decoded_grid(watched, x, side=3)
    assert min(z.min() for z in seen) == 0


def test_a_map_of_two_numbers_as_on_paper(rng):
    identity = [np.eye(2), np.zeros(2)]
    parts = [keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]) for _ in range(2)]
    for part in parts:
        part.layers[-1].set_weights(identity)
    x = rng.uniform(-1, 1, (2000, 2)).astype("float32")
    found = decoded_grid(aezoo.Autoencoder(*parts), x, side=3)
    ends = np.percentile(x, (1, 50, 99), axis=0)
    np.testing.assert_allclose(found[0, 0], [ends[0, 0], ends[2, 1]], atol=1e-5)
    np.testing.assert_allclose(found[2, 2], [ends[2, 0], ends[0, 1]], atol=1e-5)
    np.testing.assert_allclose(found[1, 1], (ends[0] + ends[2]) / 2, atol=1e-5)


def test_a_map_of_more_numbers_is_their_principal_plane(scaling, rng):
    x = rng.normal(size=(1000, 3)).astype("float32") * np.float32([5, 0.01, 3])
    found = decoded_grid(scaling, x, side=4) / SCALES
    assert np.abs(found[..., 1]).max() < 0.05
    assert np.ptp(found[..., 0]) > 15


def test_what_is_refused(scaling, rng):
    x = rng.random((20, 8, 8, 1))
    for look in (unit_statistics, traversals, decoded_grid):
        with pytest.raises(ValueError, match="codebook"):
            look(aezoo.vector_quantized((8, 8, 1), 2), x)
        with pytest.raises(ValueError, match="two samples"):
            look(scaling, np.ones((1, 3)))
    with pytest.raises(ValueError, match="two numbers or more"):
        decoded_grid(aezoo.vanilla(3, 1), np.ones((4, 3)))
    for options in ({"steps": 1}, {"units": 0}, {"extent": 0}, {"extent": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(options))):
            traversals(scaling, np.ones((4, 3)), **options)
