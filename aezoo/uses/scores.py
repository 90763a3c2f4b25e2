"""Anomaly scores, fitted to samples: how the parts of `aezoo.edge.Scoring` are chosen."""

from collections.abc import Sequence

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.neighbors import NearestNeighbors

from aezoo.edge import Scoring

SCORES = ("auto", "error", "scaled_error", "mahalanobis", "neighbors")
LOCAL = 0.25  # of the usual distance between neighbours, which is added to each reference's own
FLOOR = 1e-3  # of the largest spread, below which no residual is scaled up
MATRIX = 2048  # features, up to which their covariance is taken


def fit_scoring(
    z: np.ndarray,
    rebuilt: np.ndarray,
    score: str = "auto",
    *,
    groups: Sequence[np.ndarray] = (),
    unseen: np.ndarray | None = None,
    kept: np.ndarray | None = None,
    n_neighbors: int = 5,
) -> Scoring:
    """An anomaly score whose mean over usual samples is about 1.

    `"auto"` is the sum of the reconstruction error and of the distances to the nearest samples,
    each divided by its mean: what the network has not learned, and what the training data do not
    hold. A distance counts as it is, and, in equal shares, in units of how far apart samples are
    around the neighbour, so that a stranger in a dense place is as odd as in a sparse one.

    Args:
        z: Array of shape `(n, ...)`, normalized samples.
        rebuilt: Array of the same shape, their reconstructions.
        score: `"auto"`; `"error"`, the mean squared error; `"scaled_error"`, with the residual of
            each feature divided by its spread; `"mahalanobis"`, the residual's distance from its
            mean of 0 by its shrunk covariance; or `"neighbors"`, the distances alone.
        groups: Sequence of boolean arrays of shape `(n,)`, the samples that neighbours are sought
            among, each group on its own. Default: one of all.
        unseen: Boolean array of shape `(n,)`, the samples by whose reconstructions the error is
            judged, those of the last group among them. Default: all.
        kept: Integer array, the indices of those that are kept to be neighbours, such as `drawn`
            has them. Default: all of the groups.
        n_neighbors: Positive integer, how many neighbours count.

    Returns:
        `aezoo.edge.Scoring`.

    Reference:
        Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices",
        2004; for neighbours' own distances as units Breunig et al., "LOF: Identifying
        Density-Based Local Outliers", SIGMOD 2000.
    """
    z, residual = (a.reshape(len(z), -1) for a in (z, z - rebuilt))  # (n, ...) -> (n, D)
    with_error, with_neighbors = score != "neighbors", score in ("auto", "neighbors")
    error = np.float32(0)
    if with_error:
        judged = residual if unseen is None else residual[_usual(unseen, groups)]
        error = _error(judged, score)
        weighted = judged @ error if error.ndim == 2 else judged * error
        error = error / np.sqrt(np.square(weighted).sum(axis=1).mean() + 1e-12)
    references = np.zeros((0, z.shape[1]), "float32")
    weights = np.zeros((0, 0), "float32")
    if with_neighbors:
        groups = groups or [np.ones(len(z), bool)]
        kept = np.flatnonzero(np.any(groups, axis=0)) if kept is None else kept
        references = z[kept]
        members = [group[kept] for group in groups if group[kept].sum() > 1]
        rows = [_weights(references, member, n_neighbors) for member in members]
        weights = np.stack(rows) / len(rows)
    if with_error and with_neighbors:  # error, distance, and distance in the neighbour's units
        error, weights = error / np.sqrt(3), weights * 2 / 3
    return Scoring(np.asarray(error, "float32"), references, weights.astype("float32"), n_neighbors)


def drawn(groups: Sequence[np.ndarray], count: int, rng: np.random.Generator) -> np.ndarray:
    """Which samples to keep as neighbours: of all groups together, each with its share.

    Args:
        groups: Sequence of boolean arrays of shape `(n,)`.
        count: Positive integer, the most that are kept.
        rng: NumPy generator.

    Returns:
        Integer array of indices, ascending.
    """
    pool = np.flatnonzero(np.any(groups, axis=0))
    return pool if len(pool) <= count else np.sort(rng.choice(pool, count, replace=False))


def as_new(scoring: Scoring, z: np.ndarray, rebuilt: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scores that samples would have if those which are references were not.

    Args:
        scoring: `aezoo.edge.Scoring`.
        z: Array of shape `(n, ...)`, normalized samples.
        rebuilt: Array of the same shape, their reconstructions.
        known: Boolean array of shape `(n,)`, which of them are references.

    Returns:
        float32 array of shape `(n,)`.
    """
    scores = np.empty(len(z), "float32")
    for copies, rows in ((1, ~known), (2, known)):
        if rows.any():
            scores[rows] = scoring.score(z[rows], rebuilt[rows], copies)
    return scores


def _usual(unseen, groups):
    """Those of the last group, if there are any."""
    usual = unseen & groups[-1] if len(groups) else unseen
    return usual if usual.any() else unseen


def _error(residual, score):
    """What residuals are multiplied with before they are squared."""
    spread = np.sqrt(np.square(residual).mean(axis=0))  # (n, D) -> (D,)
    spread = np.maximum(spread, FLOOR * spread.max() + 1e-12)
    if score == "mahalanobis" and residual.shape[1] <= MATRIX:
        covariance, _ = ledoit_wolf(residual, assume_centered=True)
        variances, axes = np.linalg.eigh(covariance)
        variances = np.maximum(variances, FLOOR**2 * variances.max() + 1e-24)
        return (axes / np.sqrt(variances)) @ axes.T  # the symmetric root of the inverse
    if score in ("scaled_error", "mahalanobis"):
        return 1 / spread
    return np.float64(1)


def _weights(references, member, neighbors):
    """What a squared distance to each reference counts; 0 outside of the group."""
    group = references[member]
    count = min(neighbors, len(group) - 1)
    near, places = NearestNeighbors(n_neighbors=count + 1).fit(group).kneighbors(group)
    near, places = np.square(near[:, 1:]), places[:, 1:]  # without the samples themselves
    own = near.mean(axis=1)
    weights = np.zeros(len(references))
    if not own.any():  # all are copies: no distance between them can be a unit
        weights[member] = 1 / (FLOOR * (references.var(axis=0).sum() or 1.0))
        return weights
    usual = max(own.mean(), FLOOR**2 * group.var(axis=0).sum())
    local = own + max(LOCAL * np.median(own), FLOOR * usual)
    weights[member] = 1 / usual + 1 / local / max(np.mean(near / local[places]), FLOOR)
    return weights / 2
