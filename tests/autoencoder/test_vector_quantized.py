import keras
import numpy as np
import pytest

import aezoo
from aezoo.autoencoder.vector_quantized import VectorQuantized
from aezoo.layers.quantizers import ScalarQuantizer


@pytest.fixture
def ae():
    """Made by hand of two numbers with three levels each."""
    encoder = keras.Sequential([keras.Input((2,)), ScalarQuantizer((3, 3), name="bottleneck")])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="output")])
    return VectorQuantized(encoder, decoder)


def test_indices_there_and_back(ae, rng):
    x = rng.normal(size=(40, 2)).astype("float32")
    indices = ae.encode_indices(x)
    assert indices.shape == (40,)
    assert len(set(indices.tolist())) > 3
    np.testing.assert_allclose(ae.decode_indices(indices), ae.reconstruct(x), atol=1e-6)


@pytest.mark.parametrize(
    ("indices", "message"), [([], "at least one code"), ([9], "0 to 8.*9"), ([0.5], "float64")]
)
def test_places_that_are_none(ae, indices, message):
    with pytest.raises(ValueError, match=message):
        ae.decode_indices(indices)


def test_models_with_a_codebook_are_loaded_as_such(ae, tmp_path):
    ae.save(tmp_path / "model.keras")
    assert type(aezoo.load_model(tmp_path / "model.keras")) is VectorQuantized
