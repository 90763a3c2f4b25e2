import numpy as np
import pytest

from aezoo.sampling import flow, learning
from aezoo.sampling.flow import Flow, drawn, negative_log_likelihood


@pytest.fixture
def bent(rng):
    """Codes on a bow, which no normal distribution is like, and one constant."""
    a = rng.normal(size=2000)
    return np.stack([100 * a, a**2 + 0.1 * rng.normal(size=2000), np.full(2000, 7.0)], axis=1)


@pytest.mark.slow
def test_draws_follow_a_bow(bent):
    found = drawn(bent, 2000, seed=0)
    off = found[:, 1] - (found[:, 0] / 100) ** 2
    assert np.quantile(np.abs(off), 0.9) < 0.6  # of a normal distribution 2.5
    np.testing.assert_allclose(found.std(axis=0)[:2] / bent.std(axis=0)[:2], 1, atol=0.2)
    np.testing.assert_allclose(found[:, 2], 7, atol=0.5)


@pytest.mark.slow
def test_the_same_seed_draws_the_same(bent, monkeypatch):
    monkeypatch.setattr(learning, "EPOCHS", 2)
    monkeypatch.setattr(flow, "COUPLINGS", 2)
    first, again = (drawn(bent[:100], 5, seed=3) for _ in range(2))
    np.testing.assert_allclose(first, again, atol=1e-4)
    assert np.abs(first - drawn(bent[:100], 5, seed=4)).max() > 1e-2


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_inverse_and_the_growth_of_volumes(size, rng):
    made = Flow(size, seed=0)
    x = rng.normal(size=(3, size)).astype("float32")
    made(x)
    made.set_weights([0.08 * rng.normal(size=w.shape) for w in made.get_weights()])
    found = np.asarray(made(x))
    np.testing.assert_allclose(made.inverse(found[:, :-1]), x, atol=1e-3)
    nudges = 1e-3 * np.eye(size, dtype="float32")
    for sample, grown in zip(x, found[:, -1], strict=True):
        sides = [np.asarray(made(sample + sign * nudges))[:, :-1] for sign in (1, -1)]
        _, log_determinant = np.linalg.slogdet((sides[0] - sides[1]) / 2e-3)
        assert log_determinant == pytest.approx(grown, abs=0.05)


def test_likelihood_of_a_normal_distribution():
    found = np.array([[3.0, 4.0, 2.0]])
    assert float(negative_log_likelihood(None, found)[0]) == 12.5 - 2.0


def test_one_code_alone(monkeypatch):
    monkeypatch.setattr(learning, "EPOCHS", 2)
    np.testing.assert_allclose(drawn(np.array([[1.0, 2.0]]), 3, seed=0).shape, (3, 2))
