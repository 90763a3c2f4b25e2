import numpy as np
import pytest

import aezoo
from aezoo.layers.local import for_size
from aezoo.uses import places
from aezoo.uses.places import AnySize


@pytest.mark.slow
@pytest.mark.parametrize("tile", [8, 40])
@pytest.mark.parametrize(
    "make",
    [
        lambda: aezoo.backbones.lapped((16, 16, 1), 6, block=8, filters=(4, 4)),
        lambda: aezoo.backbones.conv(
            (16, 16, 1), 3, filters=(4, 4, 4), kernel_size=5, bottleneck="spatial", blocks=1
        ),
        lambda: aezoo.backbones.conv((16, 16, 1), 3, filters=(4, 4, 4), bottleneck="spatial"),
    ],
    ids=["lapped", "conv with blocks", "conv"],
)
def test_tiles_leave_no_seams(make, tile, rng, monkeypatch):
    monkeypatch.setattr(places, "TILE", tile)
    encoder, decoder = make()
    for part in (encoder, decoder):
        part.set_weights([0.05 * rng.normal(size=w.shape) for w in part.get_weights()])
    x = rng.random((2, 72, 120, 1)).astype("float32")
    expected = np.asarray(for_size(encoder, (72, 120, 1))(x))
    codes = AnySize(encoder)(x)
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-5)
    whole = np.asarray(for_size(decoder, (9, 15, codes.shape[-1]))(codes))
    np.testing.assert_allclose(AnySize(decoder, 8)(codes), whole, rtol=1e-4, atol=1e-5)


def test_few_images_go_through_at_once(rng, monkeypatch):
    encoder, _ = aezoo.backbones.conv((8, 8, 1), 3, filters=(4,), bottleneck="spatial")
    x = rng.random((7, 8, 8, 1)).astype("float32")
    expected = AnySize(encoder)(x)
    monkeypatch.setattr(places, "TILE", 14)  # three at a time
    np.testing.assert_allclose(AnySize(encoder)(x), expected, atol=1e-6)
