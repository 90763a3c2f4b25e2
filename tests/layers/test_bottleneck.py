import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.bottleneck import RANGES, Bottleneck, bottleneck_of


@pytest.mark.parametrize("activation", sorted(RANGES))
def test_ranges_are_those_of_the_activations(activation):
    x = np.linspace(-60, 60, 20_001).astype("float32")
    reached = keras.ops.convert_to_numpy(keras.activations.get(activation)(x))
    low, high = RANGES[activation]
    assert low == pytest.approx(reached.min(), abs=0.02)
    assert high == np.inf or high == pytest.approx(reached.max(), abs=0.02)
    codes = Bottleneck(activation).project(np.array([-9.0, 0.5, 9.0]))
    np.testing.assert_allclose(codes, np.clip([-9.0, 0.5, 9.0], low, high))


def test_a_plain_last_layer_has_one_that_stands_for_it():
    ae = aezoo.deep(5, 2, latent_activation="relu")
    assert ae.bottleneck.code_activation == "relu"
    assert ae.bottleneck is ae.bottleneck
    assert not ae.bottleneck.discrete
    assert not ae.bottleneck.has_prior
    assert ae.bottleneck.code_size((2, 3)) == 6
    assert ae.bottleneck.code_bits((2, 3)) == 192
    assert ae.bottleneck.draw(np.zeros((1, 2))) is None
    with pytest.raises(ValueError, match="no prior"):
        ae.bottleneck.prior(3, (2,))
    assert "bottleneck" not in {layer.name for layer in ae.layers}


def test_samples_of_positive_codes_are_decoded_from_positive_codes(rng):
    ae = aezoo.deep(6, 3, hidden_units=(8,), latent_activation="relu")
    seen = []
    ae.decode = seen.append
    ae.sample(200, x=rng.random((60, 6)), seed=0)
    assert seen[0].min() == 0


def test_a_linear_path_starts_at_the_components_as_they_are():
    shrunk, others = Bottleneck().linear_start(np.array([0.1, 0.5]))
    assert shrunk == 1
    assert others.shape == (0,)


def test_own_bottleneck_is_found():
    encoder, _ = aezoo.backbones.build("dense", 5, 2)
    layer = Bottleneck(name="mine")
    assert bottleneck_of(aezoo.backbones.with_bottleneck(encoder, layer)) is layer


def test_a_code_that_is_the_whole_sample(rng):
    ae = aezoo.denoising((8, 8, 1), backbone="unet", filters=(2,))
    assert not ae.bottleneck.narrow
    assert ae.latent_shape == (8, 8, 1)
    x = rng.random((4, 8, 8, 1), "float32")
    np.testing.assert_array_equal(ae.decode(ae.encode(x)), ae.reconstruct(x))
    assert aezoo.denoising((8, 8, 1), 2).bottleneck.narrow
    for family in ("sparse", "variational", "vector_quantized", "contractive"):
        with pytest.raises(ValueError, match="narrow code|chain of layers"):
            aezoo.build(family, (8, 8, 1), 4, backbone="unet")
