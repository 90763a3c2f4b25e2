import keras
import numpy as np
import pytest

from aezoo.layers.corruptions import GaussianNoise, MaskingNoise, SaltAndPepper

X = np.full((100, 20, 5), 0.5, "float32")
LAYERS = [GaussianNoise(0.2, clip=(0, 1), seed=1), MaskingNoise(0.4, seed=1), SaltAndPepper(seed=1)]


def noisy(layer):
    return keras.ops.convert_to_numpy(layer(X, training=True))


def test_gaussian_moments():
    y = noisy(GaussianNoise(0.2, seed=1))
    assert y.mean() == pytest.approx(0.5, abs=0.01)
    assert y.std() == pytest.approx(0.2, rel=0.02)
    assert y.min() < 0
    assert y.max() > 1


def test_gaussian_clip():
    y = noisy(GaussianNoise(2.0, clip=(0.1, 0.7), seed=1))
    assert (y.min(), y.max()) == pytest.approx((0.1, 0.7))


def test_masking_keeps_or_zeroes():
    y = noisy(MaskingNoise(0.4, seed=1))
    assert set(np.unique(y)) == {0, 0.5}
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.02)


def test_salt_and_pepper_in_equal_parts():
    y = noisy(SaltAndPepper(0.4, low=-1, high=2, seed=1))
    assert (y == -1).mean() == pytest.approx(0.2, abs=0.02)
    assert (y == 2).mean() == pytest.approx(0.2, abs=0.02)
    assert (y == 0.5).mean() == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
class TestEach:
    def test_idle_outside_training(self, layer):
        np.testing.assert_array_equal(layer(X), X)

    def test_differs_from_call_to_call(self, layer):
        assert (noisy(layer) != noisy(layer)).any()

    def test_seed_repeats(self, layer):
        first = type(layer).from_config(layer.get_config())
        second = type(layer).from_config(layer.get_config())
        np.testing.assert_array_equal(noisy(first), noisy(second))

    def test_round_trip(self, layer):
        copy = type(layer).from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()


def test_bad_values():
    for make in (
        lambda: GaussianNoise(-1),
        lambda: GaussianNoise(clip=(1, 0)),
        lambda: MaskingNoise(1),
        lambda: SaltAndPepper(-0.1),
    ):
        with pytest.raises(ValueError, match="Received: "):
            make()


def test_each_sample_has_noise_of_its_own():
    x = np.zeros((400, 30, 30), "float32")
    layer = GaussianNoise((0.1, 0.4), seed=1)
    found = keras.ops.convert_to_numpy(layer(x, training=True)).std(axis=(1, 2))
    assert 0.09 < found.min() < 0.11
    assert 0.36 < found.max() < 0.44
    assert found.mean() == pytest.approx(0.25, abs=0.02)
    again = GaussianNoise.from_config(layer.get_config())
    assert again.stddev == (0.1, 0.4)


@pytest.mark.parametrize(
    "stddev", [(0.2, 0.1), (0.1,), (-0.1, 0.1), (0.1, np.nan), -1, np.inf, "0.1", None, True]
)
def test_ranges_that_are_none(stddev):
    with pytest.raises(ValueError, match="stddev must be 0 or more, or a pair"):
        GaussianNoise(stddev)
