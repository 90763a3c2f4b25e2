import numpy as np
import pytest
from scipy import integrate, special, stats

from aezoo.layers.spherical import angles, divergence

CASES = [(2, 1.5), (3, 1.0), (3, 80.0), (8, 20.0), (32, 5.0), (32, 400.0), (101, 3000.0)]


@pytest.mark.parametrize(("dim", "kappa"), CASES)
def test_divergence_against_bessel_functions(dim, kappa):
    order = dim / 2 - 1
    log_bessel = np.log(special.ive(order, kappa)) + kappa
    ratio = special.ive(order + 1, kappa) / special.ive(order, kappa)
    log_constant = order * np.log(kappa) - dim / 2 * np.log(2 * np.pi) - log_bessel
    log_area = np.log(2) + dim / 2 * np.log(np.pi) - special.gammaln(dim / 2)
    expected = kappa * ratio + log_constant + log_area
    assert float(divergence(kappa, dim)) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(("dim", "kappa"), [(3, 1.0), (8, 20.0)])
def test_divergence_against_an_integral(dim, kappa):
    def p(angle):
        return np.exp(kappa * (np.cos(angle) - 1)) * np.sin(angle) ** (dim - 2)

    def uniform(angle):
        return np.sin(angle) ** (dim - 2)

    totals = [integrate.quad(density, 0, np.pi)[0] for density in (p, uniform)]

    def part(angle):
        own, other = p(angle) / totals[0], uniform(angle) / totals[1]
        return own * np.log(own / other) if other > 0 and own > 0 else 0.0

    expected = integrate.quad(part, 0, np.pi)[0]
    assert float(divergence(kappa, dim)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("dim", "kappa"), CASES)
def test_angles_against_the_distribution(dim, kappa, rng):
    """The mean cosine is a ratio of Bessel functions; so are draws of scipy, if it has some."""
    uniform = rng.random((40_000, 1)).astype("float32")
    found = np.asarray(angles(np.full((40_000, 1), kappa, "float32"), dim, uniform))
    mean = special.ive(dim / 2, kappa) / special.ive(dim / 2 - 1, kappa)
    spread = np.cos(found).std() / np.sqrt(40_000)
    assert np.cos(found).mean() == pytest.approx(mean, abs=4 * spread)
    if dim < 50:
        direction = np.eye(dim)[0]
        drawn = stats.vonmises_fisher(direction, kappa, seed=0).rvs(5000) @ direction
        assert stats.ks_2samp(np.cos(found[:5000, 0]), drawn).pvalue > 1e-3


@pytest.mark.parametrize(("dim", "kappa"), [(2, 2.0), (3, 5.0), (16, 30.0)])
def test_gradients_are_how_draws_move(dim, kappa, rng):
    """d angle / d kappa at a fixed uniform number, against differences of the exact inverse."""
    tf = pytest.importorskip("tensorflow", reason="its gradients")
    grid = np.linspace(1e-6, np.pi - 1e-6, 200_001)

    def inverse(kappa, uniform):
        density = np.exp(kappa * (np.cos(grid) - 1)) * np.sin(grid) ** (dim - 2)
        reached = integrate.cumulative_trapezoid(density, grid, initial=0)
        return np.interp(uniform, reached / reached[-1], grid)

    uniform = rng.uniform(0.05, 0.95, (50, 1))
    expected = (inverse(kappa + 0.01, uniform) - inverse(kappa - 0.01, uniform)) / 0.02
    x = tf.Variable(np.full((50, 1), kappa, "float32"))
    with tf.GradientTape() as tape:
        found = angles(x, dim, uniform.astype("float32"))
    np.testing.assert_allclose(found, inverse(kappa, uniform), atol=2e-3)
    slope = np.asarray(tape.gradient(found, x))
    np.testing.assert_allclose(slope, expected, rtol=0.1, atol=0.02 * np.abs(expected).max())
