import numpy as np
import pytest
from scipy.linalg import sqrtm

from aezoo.evaluation import frechet_distance, likeness, nearest


def test_frechet_distance_of_the_definition(rng):
    a, b = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(200, 5)) + 1
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    means = a.mean(axis=0) - b.mean(axis=0)
    expected = means @ means + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_one_feature_is_that_of_two_normals():
    a, b = np.array([[0.0], [2.0]]), np.array([[5.0], [5.0], [8.0], [8.0]])
    deviations = np.std(a, ddof=1) - np.std(b, ddof=1)
    assert frechet_distance(a, b) == pytest.approx((1 - 6.5) ** 2 + deviations**2)


def test_of_fewer_samples_than_features(rng):
    a, b = rng.normal(size=(2, 10, 30))
    expected = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    assert frechet_distance(a, b) >= expected


def brute_force(real, generated, k):
    """Precision, recall, density and coverage by their equations, one by one."""

    def distance(a, b):
        return float(np.linalg.norm(a - b))

    def radius(x, i):
        return sorted(distance(x[i], other) for other in x)[k]

    real_radii = [radius(real, i) for i in range(len(real))]
    generated_radii = [radius(generated, i) for i in range(len(generated))]
    near = np.array(
        [[distance(r, g) <= real_radii[i] for g in generated] for i, r in enumerate(real)]
    )
    back = np.array(
        [[distance(r, g) <= generated_radii[j] for j, g in enumerate(generated)] for r in real]
    )
    return (
        near.any(axis=0).mean(),
        back.any(axis=1).mean(),
        near.sum() / (k * len(generated)),
        near.any(axis=1).mean(),
    )


def test_shares_of_their_equations(rng):
    real, generated = rng.normal(size=(40, 3)), 0.7 * rng.normal(size=(30, 3)) + 0.3
    found = likeness(real, generated, neighbor=3)
    expected = brute_force(real, generated, 3)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(expected)
    assert (found.real, found.generated) == (40, 30)


def test_one_mode_of_two(rng):
    """Generated samples that are real, of one mode alone: precise, and not all there is."""
    real = np.concatenate([rng.normal(size=(300, 2)), rng.normal(20, 1, (300, 2))])
    found = likeness(real, rng.normal(size=(600, 2)))
    assert found.precision > 0.95
    assert found.density > 0.7
    assert 0.4 < found.recall < 0.55
    assert 0.4 < found.coverage < 0.55


def test_in_pieces_it_is_the_same(rng):
    import sklearn

    real, generated = rng.normal(size=(2, 400, 3))
    whole = likeness(real, generated)
    with sklearn.config_context(working_memory=0.1):
        assert likeness(real, generated) == whole


def test_far_from_the_origin_it_is_the_same(rng):
    real, generated = rng.normal(size=(2, 200, 3))
    near, far = likeness(real, generated), likeness(real + 2**26, generated + 2**26)
    np.testing.assert_allclose(near[1:], far[1:])
    places, _ = nearest(real[::2] + 1e8, real + 1e8)
    assert places.tolist() == list(range(0, 200, 2))


def test_the_nearest(rng):
    among = rng.random((50, 4, 4, 1))
    places, errors = nearest(among[[7, 3]] + 0.001, among)
    assert places.tolist() == [7, 3]
    np.testing.assert_allclose(errors, 1e-6)


def test_what_is_refused(rng):
    x = rng.normal(size=(10, 3))
    for arguments, words in (
        ((x, x[:, :2]), "as many"),
        ((x, x[0]), "generated must be finite features"),
        ((x[:1], x), "real must be"),
        ((x, np.where(x > 1, np.nan, x)), "finite"),
        ((x, x, 10), "less than the samples"),
        ((x, x, 0), "neighbor"),
    ):
        with pytest.raises(ValueError, match=words):
            likeness(*arguments)
    with pytest.raises(ValueError, match="one shape"):
        nearest(x, x[:, :2])
    with pytest.raises(ValueError, match="one or more"):
        nearest(x[:0], x)
    with pytest.raises(ValueError, match="as many"):
        frechet_distance(x, x[:, :2])
