import keras
import numpy as np
import pytest

import aezoo
from aezoo.edge import LiteModel
from aezoo.uses import networks


def test_every_sample_is_drawn_as_often(rng):
    x = np.arange(10, dtype="float32")[:, np.newaxis]
    drawn = networks._Drawn(x, 4, 5, seed=0)
    batches = np.concatenate([drawn[i][0] for i in range(len(drawn))])
    np.testing.assert_array_equal(np.sort(batches[:10], axis=0), x)
    np.testing.assert_array_equal(np.sort(batches[10:], axis=0), x)
    assert not np.array_equal(batches[:10], batches[10:])


def test_training_and_what_is_left_of_it(rng):
    x = np.float32(rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)))
    model = networks.suitable(None, (6,), bounded=False)
    networks.train(model, x, epochs=None, seed=0, verbose=0)
    assert model.reconstruction_error(x).mean() < 0.1
    assert isinstance(model.optimizer, keras.optimizers.Adam)


def test_outputs_are_normalized(rng, monkeypatch):
    x = np.float32(rng.normal(size=(50, 3)) * 100 + 7)
    model = aezoo.vanilla(3, 2, normalization="standard")
    model.adapt(x)
    z, rebuilt = networks.outputs(model, x)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(rebuilt, model.normalize(model.reconstruct(x)), atol=1e-4)
    monkeypatch.setattr(networks, "PIECE", 1000)
    np.testing.assert_allclose(networks.outputs(model, x)[1], rebuilt, atol=1e-5)


def test_trained_on_what_is_seen_with_the_statistics_of_all(rng, monkeypatch):
    x = np.float32(rng.normal(size=(50, 3)) * 100 + 7)
    given, seen = [], np.arange(50) < 20
    monkeypatch.setattr(networks, "train", lambda model, x, **options: given.append((x, options)))

    def untrained(shape, bounded):
        given.append((shape, bounded))
        return networks.suitable(None, shape, bounded)

    options = {"epochs": 3, "seed": 5, "verbose": 0}
    model = networks.trained(None, x, untrained, seen=seen, **options)
    np.testing.assert_allclose(model.normalize(x).mean(axis=0), 0, atol=1e-5)
    assert given[0] == ((3,), False)
    np.testing.assert_array_equal(given[1][0], x[seen])
    assert given[1][1] == options


def test_models_that_are_taken_as_they_are_and_others():
    x, options = np.zeros((5, 3), "float32"), {"epochs": 1, "seed": 0, "verbose": 0}
    model = aezoo.vanilla(3, 2)
    assert networks.trained(model, x, None, **options) is model
    with pytest.raises(ValueError, match=r"a trained aezoo\.LiteModel. Received: <Autoencoder"):
        networks.trained(model, x, None, kinds=(LiteModel,), **options)
    with pytest.raises(ValueError, match=r"aezoo\.Autoencoder or aezoo\.LiteModel. Received: 3"):
        networks.trained(3, x, None, kinds=(aezoo.Autoencoder, LiteModel), **options)


@pytest.mark.parametrize(
    ("shape", "bounded", "normalized"),
    [((5,), False, True), ((5,), True, True), ((8, 8, 1), True, False), ((8, 8, 1), False, True)],
)
def test_what_suits(shape, bounded, normalized):
    model = networks.suitable(None, shape, bounded)
    assert model.name == "denoising"
    assert (model.normalization is not None) == normalized
    assert model.input_shape[1:] == shape
