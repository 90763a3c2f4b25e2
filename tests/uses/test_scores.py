import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors

from aezoo.uses.scores import SCORES, as_new, drawn, fit_scoring


@pytest.fixture
def samples(rng):
    z = np.float32(rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)))
    return z, np.float32(z + rng.normal(size=z.shape) * [0.1, 0.2, 2])


@pytest.mark.parametrize("score", SCORES)
def test_mean_over_the_training_samples_is_one(samples, score):
    scoring = fit_scoring(*samples, score)
    assert scoring.score(*samples).mean() == pytest.approx(1, rel=1e-3)


def test_error(samples):
    scoring = fit_scoring(*samples, "error")
    errors = np.square(samples[0] - samples[1]).sum(axis=1)
    np.testing.assert_allclose(scoring.score(*samples), errors / errors.mean(), rtol=1e-4)
    assert scoring.references.shape == (0, 3)


def test_scaled_error_weighs_features_alike(samples):
    found = fit_scoring(*samples, "scaled_error").contributions(*samples)
    np.testing.assert_allclose(found.mean(axis=0), 1 / 3, rtol=1e-3)


def test_mahalanobis(samples):
    z, rebuilt = samples
    fitted = LedoitWolf(assume_centered=True).fit(z - rebuilt)
    expected = fitted.mahalanobis(z - rebuilt)
    found = fit_scoring(z, rebuilt, "mahalanobis").score(z, rebuilt)
    np.testing.assert_allclose(found, expected / expected.mean(), rtol=1e-3)


def test_neighbours(samples):
    z, rebuilt = samples
    scoring = fit_scoring(z, rebuilt, "neighbors", n_neighbors=4)
    near, places = NearestNeighbors().fit(z).kneighbors(z, 5)
    near, places = near[:, 1:] ** 2, places[:, 1:]
    own = near.mean(axis=1)
    local = near / (own + np.median(own) / 4)[places]
    expected = near.mean(axis=1) / near.mean() + local.mean(axis=1) / local.mean()
    np.testing.assert_allclose(scoring.score(z, rebuilt), expected / 2, rtol=1e-3)


def test_few_references_are_drawn(samples, rng):
    scoring = fit_scoring(*samples, kept=drawn([np.ones(200, bool)], 20, rng))
    assert scoring.references.shape == (20, 3)
    known = {row.tobytes() for row in samples[0]}
    assert all(row.tobytes() in known for row in scoring.references)


def test_groups_have_neighbours_of_their_own(samples):
    z, rebuilt = samples
    half = np.arange(len(z)) < 100
    scoring = fit_scoring(z, rebuilt, groups=[np.ones(len(z), bool), half])
    np.testing.assert_array_equal(scoring.weights > 0, [np.ones(len(z)), half])


def test_equal_samples_and_perfect_reconstructions(rng):
    z = np.float32(np.repeat(rng.normal(size=(5, 2)), 40, axis=0))
    scoring = fit_scoring(z, z)
    assert np.isfinite(scoring.score(z, z)).all()
    assert scoring.score(z + 1, z + 1).min() > 10 * max(scoring.score(z, z).max(), 0.1)


@pytest.mark.parametrize("usual", [np.eye(5), np.zeros((1, 5))])
def test_distances_to_copies_are_in_units_of_the_spread(usual):
    z = np.float32(np.repeat(usual, 40, axis=0))
    scoring = fit_scoring(z, z, "neighbors")
    assert scoring.score(z, z).max() == 0
    stranger = np.float32(usual[:1] + 1)
    assert 100 < scoring.score(stranger, stranger)[0] < 1e4


def test_error_is_judged_by_what_the_network_has_not_seen(samples):
    z, rebuilt = samples
    unseen = np.arange(len(z)) < 50
    rebuilt = np.where(unseen[:, np.newaxis], rebuilt, z)  # all else by heart
    scoring = fit_scoring(z, rebuilt, "error", unseen=unseen)
    assert scoring.score(z[:50], rebuilt[:50]).mean() == pytest.approx(1, rel=1e-3)
    odd = np.arange(len(z)) < 10  # of those unseen, the usual ones count
    scoring = fit_scoring(z, rebuilt, "error", unseen=unseen, groups=[~odd])
    assert scoring.score(z[10:50], rebuilt[10:50]).mean() == pytest.approx(1, rel=1e-3)


def test_references_are_scored_as_if_they_were_none(samples):
    z, rebuilt = samples
    z[1] = z[0]  # a neighbour of no distance
    kept = np.arange(100)
    scoring = fit_scoring(z, rebuilt, kept=kept)
    found = as_new(scoring, z, rebuilt, np.arange(200) < 100)
    np.testing.assert_allclose(found[100:], scoring.score(z[100:], rebuilt[100:]), rtol=1e-5)
    for row in (0, 50):
        others = scoring._replace(
            references=np.delete(scoring.references, row, axis=0),
            weights=np.delete(scoring.weights, row, axis=1),
        )
        expected = others.score(z[row : row + 1], rebuilt[row : row + 1])
        np.testing.assert_allclose(found[row : row + 1], expected, rtol=1e-5)
