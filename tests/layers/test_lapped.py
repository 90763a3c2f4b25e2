import numpy as np
import pytest
from scipy.fft import dctn

import aezoo
from aezoo.layers.backbones.lapped import Cosines, lapped


@pytest.mark.parametrize("shape", [(30, 2), (32, 16, 1), (9, 17, 3), (4, 8, 6, 1)], ids=str)
def test_untrained_it_is_the_cosine_transform_and_back(shape, rng):
    block = 8 if len(shape) < 4 else 4
    size = block ** (len(shape) - 1) * shape[-1]
    encoder, decoder = lapped(shape, size, block=block, filters=(4,), refinement_filters=4)
    x = rng.random((2, *shape)).astype("float32")
    np.testing.assert_allclose(decoder(encoder(x)), x, atol=1e-5)


def test_codes_are_the_lowest_frequencies(rng):
    encoder, decoder = lapped((16, 8, 1), 3, block=8, filters=(4,))
    x = rng.random((1, 16, 8, 1)).astype("float32")
    expected = dctn(x[0, 8:, :, 0], norm="ortho")
    lowest = [expected[0, 0], expected[0, 1], expected[1, 0]]
    np.testing.assert_allclose(encoder(x)[0, 1, 0], lowest, atol=1e-5)
    assert decoder.output_shape == (None, 16, 8, 1)


def test_few_numbers_are_the_frequencies_around_zero():
    kernel = Cosines()((8, 8, 1, 7))[2:6, 2:6, 0]  # blocks of 4
    found = [dctn(kernel[..., unit], norm="ortho") for unit in range(7)]
    places = [tuple(int(i) for i in np.argwhere(np.abs(one) > 0.5)[0]) for one in found]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2)]


def test_colours_share_what_there_is():
    kernel = Cosines()((4, 4, 3, 5))
    means = np.abs(kernel.sum(axis=(0, 1)))  # of frequency 0, one for each channel
    np.testing.assert_allclose(means[:, :3], 2 * np.eye(3), atol=1e-6)
    np.testing.assert_allclose(means[:, 3:], 0, atol=1e-6)


def test_maps_are_trained_beyond_the_edges_of_blocks(rng):
    ae = aezoo.Autoencoder(*lapped((16, 16, 1), 4, block=8, filters=(4,)))
    before = ae.encoder.get_layer("latent").kernel.numpy()
    assert not before[:4].any()
    ae.compile("adam", "mse")
    ae.fit(rng.random((8, 16, 16, 1)), verbose=0)
    assert ae.encoder.get_layer("latent").kernel.numpy()[:4].any()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((8,), {}, "lapped backbone takes signals.*Received: input_shape=\\(8,\\)"),
        ((8, 8, 1), {"block": 3}, "block must be an even number. Received: 3"),
        ((8, 8, 1), {"block": 2}, "has 4 numbers.*at most as many: 5"),
        ((8, 8, 1), {"filters": ()}, "filters must name"),
        ((8, 8, 1), {"refinement": -1}, "refinement"),
    ],
)
def test_bad_input(shape, options, message):
    with pytest.raises(ValueError, match=message):
        lapped(shape, 5, **options)
