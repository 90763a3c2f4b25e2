import numpy as np
import pytest

import aezoo
from aezoo.layers.local import for_size
from aezoo.uses import places


@pytest.mark.parametrize(
    "make",
    [
        lambda: aezoo.backbones.lapped((16, 16, 1), 6, block=8, filters=(4, 4)),
        lambda: aezoo.backbones.conv(
            (16, 16, 1), 3, filters=(4, 4, 4), kernel_size=5, bottleneck="spatial", blocks=1
        ),
    ],
    ids=["lapped", "conv"],
)
def test_tiles_leave_no_seams(make, rng, monkeypatch):
    monkeypatch.setattr(places, "TILE", 40)
    encoder, decoder = make()
    for part in (encoder, decoder):
        part.set_weights([0.05 * rng.normal(size=w.shape) for w in part.get_weights()])
    x = rng.random((2, 120, 200, 1)).astype("float32")
    expected = np.asarray(for_size(encoder, (120, 200, 1))(x))
    codes = places.in_tiles(encoder, x, 1, 8)
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-4)
    whole = np.asarray(for_size(decoder, (15, 25, codes.shape[-1]))(codes))
    np.testing.assert_allclose(places.in_tiles(decoder, codes, 8, 1), whole, rtol=1e-4, atol=1e-4)
