import numpy as np
import pytest

from aezoo.edge import Scoring, p_values


def brute(scoring, x, rebuilt):
    """Contributions by loops, as the definition has them."""
    found = np.zeros(x.shape)
    for i, sample in enumerate(x):
        residual = sample - rebuilt[i]
        weighted = residual @ scoring.error if scoring.error.ndim == 2 else residual * scoring.error
        found[i] = weighted**2
        for weights in scoring.weights:
            group = np.flatnonzero(weights > 0)
            squares = (sample - scoring.references[group]) ** 2
            order = np.argsort(squares.sum(axis=1), kind="stable")
            if squares[order[0]].sum() == 0:
                order = order[1:]
            near = order[: scoring.neighbors]
            found[i] += (weights[group[near], None] * squares[near]).mean(axis=0)
    return found


@pytest.fixture(params=["number", "vector", "matrix"])
def scoring(request, rng):
    error = {"number": rng.random(), "vector": rng.random(4), "matrix": rng.normal(size=(4, 4))}
    weights = rng.random((2, 30)) + 0.1
    weights[1, ::3] = 0
    arrays = (np.float32(a) for a in (error[request.param], rng.normal(size=(30, 4)), weights))
    return Scoring(*arrays, 3)


def test_as_defined(scoring, rng):
    x, rebuilt = np.float32(rng.normal(size=(2, 20, 4)))
    x[:5] = scoring.references[:5]  # which are not their own neighbours
    expected = brute(scoring, x, rebuilt)
    np.testing.assert_allclose(scoring.contributions(x, rebuilt), expected, rtol=1e-4)
    np.testing.assert_allclose(scoring.score(x, rebuilt), expected.sum(axis=1), rtol=1e-4)


@pytest.mark.parametrize("far", [1e25, 3e38])
def test_what_is_too_far_off_for_float32_is_infinitely_odd(scoring, far):
    x = np.float32([[0, 0, 0, 0], [far, 0, 0, -far]])
    with np.errstate(all="raise"):
        found = scoring.score(x, np.zeros_like(x))
        parts = scoring.contributions(x, np.zeros_like(x))
    assert np.isfinite(found[0])
    assert found[1] == np.inf
    np.testing.assert_array_equal(parts.sum(axis=1) == np.inf, [False, True])


def test_in_batches_as_at_once(scoring, rng, monkeypatch):
    x, rebuilt = np.float32(rng.normal(size=(2, 20, 4)))
    expected = scoring.score(x, rebuilt)
    monkeypatch.setattr("aezoo.edge.scoring.DISTANCES", 100)
    np.testing.assert_allclose(scoring.score(x, rebuilt), expected, rtol=1e-6)


def test_images_keep_their_shape(rng):
    x, rebuilt = np.float32(rng.normal(size=(2, 3, 2, 2, 1)))
    scoring = Scoring(np.float32(2), x[:0].reshape(0, 4), np.zeros((0, 0), "float32"), 5)
    found = scoring.contributions(x, rebuilt)
    np.testing.assert_allclose(found, 4 * (x - rebuilt) ** 2, rtol=1e-5)


def test_fewer_references_than_neighbours(rng):
    references = np.float32([[0, 0], [3, 4]])
    scoring = Scoring(np.float32(0), references, np.ones((1, 2), "float32"), 5)
    x = np.float32([[0, 0], [0, 1]])
    # the first is a reference itself; of the second's two neighbours the farther goes
    np.testing.assert_allclose(scoring.score(x, x), [25, 1])


def test_references_score_as_new_samples_would_without_them(rng):
    references = np.float32(rng.integers(0, 3, size=(60, 2)))  # with many copies
    # alike in a group, so that it does not matter which of equally near ones count
    weights = np.float32([[0.5] * 60, [2.0] * 60])
    weights[1, ::2] = 0
    scoring = Scoring(np.float32(1), references, weights, 20)
    found = scoring.score(references, references, copies=2)
    for i in range(1, 60, 2):
        others = scoring._replace(
            references=np.delete(references, i, axis=0), weights=np.delete(weights, i, axis=1)
        )
        expected = others.score(references[i : i + 1], references[i : i + 1])
        np.testing.assert_allclose(found[i : i + 1], expected, rtol=1e-5)


def test_far_from_zero_nothing_is_lost(rng):
    references = np.float32(1000 + rng.normal(size=(50, 3)))
    scoring = Scoring(np.float32(0), references, np.ones((1, 50), "float32"), 1)
    x = references + np.float32([0.001, 0, 0])
    np.testing.assert_allclose(scoring.score(x, x), 1e-6, rtol=0.15)


def test_p_values_by_hand():
    np.testing.assert_allclose(p_values([0, 1, 2.5, 4], [1, 2, 3]), [1, 1, 0.5, 0.25])
    np.testing.assert_allclose(p_values([1, 2.5, 4], [3, 1, 2], [2, 1, 0]), [1, 0.8, 0.4])
    np.testing.assert_allclose(p_values([5.0], []), [1])


def test_p_values_of_many_weights_are_exact():
    scores, weights = np.arange(300_000.0), np.full(300_000, 0.3, "float32")
    found = p_values([-1, 150_000, 1e6], scores, weights)
    np.testing.assert_allclose(found, p_values([-1, 150_000, 1e6], scores), rtol=1e-9)
