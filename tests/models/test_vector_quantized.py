import keras
import numpy as np
import pytest

import aezoo


@pytest.mark.parametrize(
    "options",
    [
        {"num_embeddings": 12},
        {"quantizer": "gradient", "num_embeddings": 12},
        {"quantizer": "fsq", "latent_dim": 3, "levels": (4, 4, 4)},
        {"backbone": "dense", "hidden_units": (16,), "num_codes": 5},
    ],
    ids=str,
)
def test_indices_of_a_model(options, rng):
    x = rng.random((20, 8, 8, 1)).astype("float32")
    ae = aezoo.vector_quantized((8, 8, 1), **{"latent_dim": 6, **options})
    ae.fit(x, epochs=2, verbose=0)
    indices = ae.encode_indices(x)
    assert indices.shape == (20, *ae.latent_shape[:-1])
    np.testing.assert_allclose(ae.decode_indices(indices), ae.reconstruct(x), atol=1e-5)
    with pytest.raises(ValueError, match="from 0 to"):
        ae.decode_indices(indices + ae.bottleneck.num_embeddings)
    with pytest.raises(ValueError, match="Indices must be integers"):
        ae.decode_indices(indices.astype("float32"))


def test_dense_output_is_checked_like_others():
    with pytest.raises(ValueError, match="sigmoid or clipped output"):
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
        ({"levels": (5, 5, 5, 5)}, "levels is of no use here: it is for quantizer='fsq'"),
        ({"quantizer": "fsq", "num_embeddings": 9}, "num_embeddings.*a learned codebook"),
        ({"quantizer": "fsq", "commitment_cost": 1}, "commitment_cost.*a learned codebook"),
        ({"quantizer": "gradient", "decay": 0.9}, "decay.*quantizer='moving_average'"),
        ({"num_codes": 4}, "num_codes.*dense backbones"),
        ({"quantizer": "fsq", "levels": (5, 5, 5, 1)}, "at least 3"),
        ({"quantizer": "fsq", "levels": (50, 50, 50, 50)}, "6,250,000 codes"),
        ({"backbone": "dense", "num_codes": 0}, "num_codes.*0"),
        ({"backbone": "dense", "linear_path": True}, "no linear_path"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.vector_quantized((8, 8, 1), 4, **options)


def test_methods_belong_to_their_families():
    """What a model can do is what help and completion show of it."""
    plain, quantized = aezoo.deep(6, 2, hidden_units=(4,)), aezoo.vector_quantized(6, 2)
    variational = aezoo.variational(6, 2)
    for method, ae in (
        ("encode_indices", quantized),
        ("decode_indices", quantized),
        ("encode_distribution", variational),
        ("kl_divergence", variational),
    ):
        assert [hasattr(other, method) for other in (plain, quantized, variational)] == [
            other is ae for other in (plain, quantized, variational)
        ]
