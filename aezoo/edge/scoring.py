"""How odd a sample is: squares that are summed, so that each feature's part is known exactly."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

SEARCHED = 64  # neighbours, up to which each is searched for in turn
DISTANCES = 2**22  # between samples and references, held at a time: 16 MiB in float32


class Scoring(NamedTuple):
    """An anomaly score: the reconstruction error, and the distance to typical samples.

    `score = sum((error r)^2) + sum_p mean_k(weights[p, j] |x - references[j]|^2)`, where `r` is the
    residual, the input minus its reconstruction, and `j` are the `neighbors` references nearest to
    `x` among those of a positive weight in `p`. A reference that equals `x` counts as `x` itself,
    and not as its neighbour: training samples so have the scores that new ones would have.

    All values are normalized, with samples flattened to vectors of `D` features.

    Attributes:
        error: float32 array: of shape `()`, a factor of the residual; `(D,)`, one for each
            feature; or `(D, D)`, a matrix it is multiplied with.
        references: float32 array of shape `(M, D)`, typical samples; `M` may be 0.
        weights: float32 array of shape `(P, M)`, 0 or more.
        neighbors: Positive integer, how many of the references count.

    Example:

    >>> import numpy as np
    >>> nothing = np.zeros((0, 2), "float32")
    >>> scoring = Scoring(np.float32(1), nothing, np.zeros((0, 0), "float32"), 1)
    >>> scoring.contributions([[3, 4]], [[0, 0]]).tolist()
    [[9.0, 16.0]]
    >>> scoring.score([[3, 4]], [[0, 0]]).tolist()
    [25.0]
    """

    error: np.ndarray
    references: np.ndarray
    weights: np.ndarray
    neighbors: int

    def score(self, x: ArrayLike, rebuilt: ArrayLike, copies: int = 1) -> np.ndarray:
        """How odd samples are; about 1 is usual.

        Args:
            x: Array of shape `(n, ...)`, normalized samples.
            rebuilt: Array of the same shape, their reconstructions.
            copies: Integer, how many references that equal a sample count as itself. With 2 those
                that are references have the scores of new samples: of these, too, where values
                are few, one that equals them by chance does not count.

        Returns:
            float32 array of shape `(n,)`; infinite for what is too far off for float32.
        """
        x, rebuilt = _flat(x), _flat(rebuilt)
        parts = [parts.sum(axis=1) for parts in self._batches(x, rebuilt, copies)]
        return np.concatenate(parts)

    def contributions(self, x: ArrayLike, rebuilt: ArrayLike) -> np.ndarray:
        """Each feature's part in the score, 0 or more, which sum to it.

        With an `error` matrix the parts of the error are those of the whitened residual, each
        feature's own share once what the others foretell is taken off.

        Args:
            x: Array of shape `(n, ...)`, normalized samples.
            rebuilt: Array of the same shape, their reconstructions.

        Returns:
            float32 array of shape `(n, ...)`.
        """
        parts = np.concatenate(list(self._batches(_flat(x), _flat(rebuilt))))
        return parts.reshape(np.shape(x))  # (n, D) -> (n, ...)

    def _batches(self, x: np.ndarray, rebuilt: np.ndarray, copies: int = 1) -> Iterator[np.ndarray]:
        # added to distances, so that references without a weight are infinitely far
        barriers = np.where(self.weights > 0, 0, np.inf).astype(np.float32)
        near = self.neighbors + copies
        rows = max(1, DISTANCES // max(len(self.references), near * x.shape[1]))
        # about their mean, where the squares of large numbers do not hide small distances
        centre = self.references.mean(axis=0) if len(barriers) else 0
        references = self.references - centre
        squares = np.sum(np.square(references), axis=1)  # (M, D) -> (M,)
        for begin in range(0, len(x), rows):
            batch = x[begin : begin + rows]
            residual = batch - rebuilt[begin : begin + rows]  # NaN where both are infinite
            with np.errstate(over="ignore", invalid="ignore"):  # infinitely odd then
                weighted = residual @ self.error if self.error.ndim == 2 else residual * self.error
                parts = np.square(weighted)  # (B, D)
                if len(barriers):  # (B, M), less |x|^2
                    nearness = (batch - centre) @ (-2 * references.T) + squares
                for weights, barrier in zip(self.weights, barriers, strict=True):
                    parts += self._distances(batch, nearness + barrier, weights, copies)
            parts[np.isnan(parts)] = np.inf
            yield parts

    def _distances(self, batch, nearness, weights, copies):
        """Parts of the mean distance to the neighbours among references of a positive weight."""
        count = min(self.neighbors + copies, np.count_nonzero(weights))
        near = _smallest(nearness, count)  # (B, k + copies)
        squares = np.square(batch[:, np.newaxis] - self.references[near])  # (B, k + copies, D)
        factors, left = weights[near], count
        exact = squares.sum(axis=2)
        for _ in range(min(copies, count - 1)):
            # in the order of exact distances, of which one that is 0 is the sample itself
            farthest = np.where(np.isinf(exact), -1, exact).argmax(axis=1)
            last = np.where(exact.min(axis=1) == 0, exact.argmin(axis=1), farthest)
            np.put_along_axis(factors, last[:, np.newaxis], 0, axis=1)
            np.put_along_axis(exact, last[:, np.newaxis], np.inf, axis=1)
            left -= 1
        factors = factors / max(left, 1)
        return np.einsum("bk,bkd->bd", factors, squares)


def p_values(
    scores: ArrayLike, calibration: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """How often normal samples are as odd: conformal p-values.

    Below `alpha` with a probability of at most `alpha`, for samples like those that calibrate,
    if neither these nor those were used for anything else.

    Args:
        scores: Array of shape `(n,)`.
        calibration: Array of shape `(m,)`, the scores of normal samples.
        weights: Array of shape `(m,)` or `None`, how much each of them counts; a new sample
            counts as the heaviest.

    Returns:
        float array of shape `(n,)`, in (0, 1].

    Example:

    >>> p_values([0.5, 9.0], [1.0, 2.0, 3.0]).tolist()
    [1.0, 0.25]

    Reference:
        Vovk et al., "Algorithmic Learning in a Random World", 2005; with weights Barber et al.,
        "Conformal Prediction Beyond Exchangeability", 2023, arXiv:2202.13415.
    """
    order = np.argsort(calibration, kind="stable")
    calibration = np.asarray(calibration, "float64")[order]
    weights = np.ones(len(order)) if weights is None else np.asarray(weights, "float64")[order]
    own = weights.max(initial=0) or 1.0
    above = np.append(np.cumsum(weights[::-1])[::-1], 0)  # the weight of those as odd or more
    as_odd = above[np.searchsorted(calibration, np.asarray(scores, "float64"), side="left")]
    return (as_odd + own) / (weights.sum() + own)


def check_scoring(scoring: Scoring, size: int | None = None) -> None:
    """Raises an error unless the arrays of a scoring, read from a file, belong together.

    Args:
        scoring: `Scoring`.
        size: Positive integer, how many values a sample has; `None` for any.

    Raises:
        ValueError: If they do not.

    Example:

    >>> nothing = np.zeros((0, 2), "float32")
    >>> check_scoring(Scoring(np.float32(1), nothing, np.zeros((0, 0), "float32"), 1), size=3)
    Traceback (most recent call last):
    ValueError: samples have 3 values, its references 2
    """
    error, references, weights, neighbors = scoring
    for values in (error, references, weights):
        kind = getattr(values, "dtype", np.dtype(object)).kind
        _require(kind in "fiu" and np.isfinite(values).all(), "not all of its numbers are finite")
    _require(references.ndim == 2, f"the references have the shape {references.shape}")
    count, width = references.shape
    _require(size in (None, width), f"samples have {size} values, its references {width}")
    _require(
        error.shape in ((), (width,), (width, width)),
        f"the error's factors have the shape {error.shape} for {width} features",
    )
    _require(
        weights.ndim == 2 and (weights.shape[1] == count or not len(weights)),
        f"the weights have the shape {weights.shape} for {count} references",
    )
    _require((weights >= 0).all(), "a weight is negative")
    _require(
        isinstance(neighbors, int) and neighbors >= 1,
        f"{neighbors!r} neighbours of {count} references",
    )


def _require(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)


def _flat(x: Any) -> np.ndarray:
    x = np.asarray(x, "float32")
    return x.reshape(len(x), -1)  # (n, ...) -> (n, D)


def _smallest(values, count):
    """Columns of the smallest values of each row, in no order; may overwrite them."""
    if count > SEARCHED:
        return np.argpartition(values, count - 1, axis=1)[:, :count]
    rows = np.arange(len(values))
    found = np.empty((len(values), count), np.intp)
    for i in range(count):  # of few, twenty times as fast as a partition
        found[:, i] = values.argmin(axis=1)
        values[rows, found[:, i]] = np.inf
    return found
