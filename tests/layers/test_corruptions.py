import keras
import numpy as np
import pytest
import tensorflow as tf

from aezoo.layers.corruptions import GaussianNoise, MaskingNoise, RandomAffine, SaltAndPepper

X = np.full((100, 20, 5), 0.5, "float32")
LAYERS = [GaussianNoise(0.2, clip=(0, 1), seed=1), MaskingNoise(0.4, seed=1), SaltAndPepper(seed=1)]


def noisy(layer, x=X):
    return keras.ops.convert_to_numpy(layer(x, training=True))


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
        lambda: RandomAffine(degrees=-1),
        lambda: RandomAffine(translate=1),
        lambda: RandomAffine(scale=-0.1),
        lambda: RandomAffine(scale=100),
        lambda: RandomAffine(shear=90),
        lambda: RandomAffine()(np.zeros((2, 9))),
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


NOTHING = {"degrees": 0, "translate": 0, "scale": 0, "shear": 0}


def moments(**most):
    """Centers, shape (n, 2), and covariances, (n, 2, 2), of an oblong blob: first y, then x."""
    y, x = np.mgrid[:61, :41] - np.array([30, 20])[:, None, None]
    blob = np.exp(-(y**2) / (2 * 6**2) - x**2 / (2 * 3**2))
    images = np.repeat(blob[None, :, :, None], 400, axis=0).astype("float32")
    mass = noisy(RandomAffine(**NOTHING | most, seed=1), images)
    mass = mass[..., 0] / mass.sum(axis=(1, 2, 3))[:, None, None]
    grid = np.stack([y, x])
    centers = np.einsum("nij,aij->na", mass, grid)
    away = grid[None] - centers[:, :, None, None]
    return centers, np.einsum("nij,naij,nbij->nab", mass, away, away)


def test_affine_moves_along_each_axis_by_itself():
    centers, _ = moments(translate=0.1)
    np.testing.assert_allclose(centers.min(axis=0), [-6.1, -4.1], atol=0.15)
    np.testing.assert_allclose(centers.max(axis=0), [6.1, 4.1], atol=0.15)
    assert abs(np.corrcoef(centers.T)[0, 1]) < 0.15


def test_affine_turns_around_the_center():
    centers, covariance = moments(degrees=30)
    np.testing.assert_allclose(centers, 0, atol=0.01)
    yy, xx, xy = covariance[:, 0, 0], covariance[:, 1, 1], covariance[:, 0, 1]
    angles = np.degrees(np.arctan2(2 * xy, yy - xx)) / 2
    assert (angles.min(), angles.max()) == pytest.approx((-30, 30), abs=0.5)
    np.testing.assert_allclose(np.linalg.det(covariance), (6 * 3) ** 2, rtol=0.05)


def test_affine_scales_height_and_width():
    _, covariance = moments(scale=0.3)
    sizes = np.log(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) / [6, 3])
    np.testing.assert_allclose(sizes.min(axis=0), -0.3, atol=0.02)
    np.testing.assert_allclose(sizes.max(axis=0), 0.3, atol=0.02)
    np.testing.assert_allclose(covariance[:, 0, 1], 0, atol=0.1)
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 0.15


def test_affine_slants():
    _, covariance = moments(shear=20)
    slants = covariance[:, 0, 1] / covariance[:, 0, 0]  # x moves by this times y
    tangent = np.tan(np.radians(20))
    assert (slants.min(), slants.max()) == pytest.approx((-tangent, tangent), abs=0.01)
    np.testing.assert_allclose(covariance[:, 0, 0], 36, rtol=0.02)


def test_affine_repeats_with_its_seed_alone():
    x = np.random.default_rng(0).random((4, 8, 8, 1))
    layer = RandomAffine(seed=1)
    first, second = (noisy(layer, x) for _ in range(2))
    assert (first != second).any(axis=(1, 2, 3)).all()
    again = RandomAffine.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(noisy(again, x), first)
    np.testing.assert_array_equal(layer(x), x.astype("float32"))
    assert set(np.unique(first)) <= set(np.unique(x.astype("float32")))  # none is blurred


def test_affine_of_images_of_any_size():
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, RandomAffine(seed=1)(inputs))
    function = tf.function(lambda x: model(x, training=True), autograph=False)
    spec = tf.TensorSpec((None, None, None, 1))
    assert function.get_concrete_function(spec)(tf.ones((2, 9, 7, 1))).shape == (2, 9, 7, 1)


def test_affine_continues_the_border():
    x = np.full((20, 8, 8, 1), 0.5, "float32")
    np.testing.assert_array_equal(noisy(RandomAffine(seed=1), x), x)
