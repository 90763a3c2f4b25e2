import numpy as np
import pytest

import aezoo
from aezoo.data.samples import DataError
from aezoo.uses.transforms import Tiled, Transform, Whole, checked, transform_of


def spatial(**options):
    return aezoo.build("conv", (8, 8, 1), 3, bottleneck="spatial", filters=(4, 4), **options)


@pytest.mark.parametrize(
    ("ae", "shape", "kind", "codes"),
    [
        (spatial(), (5, 8, 8, 1), Transform, (5, 2, 2, 3)),
        (spatial(), (5, 9, 17, 1), Whole, (5, 3, 5, 3)),
        (spatial(normalization="minmax"), (5, 9, 17, 1), Tiled, (30, 2, 2, 3)),
        (aezoo.vanilla((8, 8, 1), 3), (5, 9, 17, 1), Tiled, (30, 3)),
        (aezoo.vanilla(8, 3), (5, 8), Transform, (5, 3)),
        (aezoo.vector_quantized((8, 8, 1), 3, filters=(4,)), (1, 9, 8, 1), Tiled, (2, 4, 4)),
    ],
)
def test_ways(ae, shape, kind, codes, rng):
    x = rng.random(shape).astype("float32")
    if ae.normalization is not None:
        ae.adapt(x[:, :8, :8])
    transform = transform_of(ae, shape)
    assert type(transform) is kind
    parts = transform.split(checked(ae, x))
    assert parts.shape == transform.part_shape
    found = transform.encode(parts)
    assert found.shape == transform.code_shape == codes
    assert transform.normalize(parts).shape == parts.shape
    assert transform.joined(transform.decode(found)).shape == shape


def test_wholes_are_what_the_network_makes_of_them(rng):
    ae = spatial()
    x = rng.random((2, 16, 24, 1)).astype("float32")
    larger = aezoo.build("conv", (16, 24, 1), 3, bottleneck="spatial", filters=(4, 4))
    larger.set_weights(ae.get_weights())
    transform = transform_of(ae, x.shape)
    np.testing.assert_allclose(transform.encode(x), larger.encode(x), atol=1e-6)
    codes = larger.encode(x)
    np.testing.assert_allclose(transform.decode(codes), larger.decode(codes), atol=1e-6)


def test_files_say_how_they_were_made():
    assert type(transform_of(spatial(), (1, 9, 9, 1), whole=False)) is Tiled
    with pytest.raises(DataError, match="no wholes"):
        transform_of(aezoo.vanilla((8, 8, 1), 3), (1, 9, 9, 1), whole=True)


@pytest.mark.parametrize("shape", [(5, 8), (5, 9, 9, 3), (5, 9), (5, 0, 9, 1)], ids=str)
def test_samples_of_other_kinds(shape):
    with pytest.raises(DataError, match="samples have shape"):
        transform_of(spatial(), shape)


def test_the_last_pixels_are_repeated(rng):
    ae = spatial()
    x = rng.random((1, 10, 13, 1)).astype("float32")
    padded = np.pad(x, ((0, 0), (0, 2), (0, 3), (0, 0)), mode="edge")
    codes = transform_of(ae, x.shape).encode(x)
    np.testing.assert_allclose(codes, transform_of(ae, padded.shape).encode(padded), atol=1e-6)


@pytest.mark.parametrize("block", [2, 4, 6])
def test_a_unet_that_is_coarser_than_blocks(block, rng):
    ae = aezoo.compressive((32, 32, 1), 3, backbone="lapped", block=block, filters=(4, 4, 4))
    for size in ((40, 56), (33, 70), (17, 5)):
        x = rng.random((1, *size, 1)).astype("float32")
        transform = transform_of(ae, x.shape)
        codes = transform.encode(x)
        assert codes.shape == transform.code_shape
        assert transform.decode(codes).shape == x.shape


def test_a_bottleneck_that_is_of_the_whole_sample():
    ae = aezoo.contractive((8, 8, 1), 4, backbone="conv", bottleneck="spatial", filters=(4,))
    assert type(transform_of(ae, (1, 9, 9, 1))) is Tiled
