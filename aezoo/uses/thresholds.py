"""From scores to decisions: where normal ends."""

import math

import numpy as np
from numpy.typing import ArrayLike

SIGMAS = 3.0


def percentile(scores: ArrayLike, rate: float) -> float:
    """The score that new samples exceed at a rate, on average.

    Args:
        scores: Array of shape `(m,)`, of samples like the new ones.
        rate: Float in (0, 1). Below `1 / (m + 1)` it is the largest score, which new samples exceed
            at that rate.

    Returns:
        Float, between the two scores about the `(1 - rate) (m + 1)`-th smallest.

    Example:

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.25)
    3.75

    Reference:
        Weibull's plotting position, in Hyndman and Fan, "Sample Quantiles in Statistical
        Packages", The American Statistician, 1996, definition 6.
    """
    return float(np.quantile(scores, 1 - rate, method="weibull"))


def share(scores: ArrayLike, contamination: float) -> float:
    """The score that a share of these very samples exceeds.

    Args:
        scores: Array of shape `(m,)`.
        contamination: Float in [0, 1), the share.

    Returns:
        Float, between two scores.

    Example:

    >>> share([1.0, 2.0, 3.0, 4.0], 0.25)
    3.25
    """
    return float(np.quantile(scores, 1 - contamination))


def sigma(scores: ArrayLike, deviations: float = SIGMAS) -> float:
    """The mean and some standard deviations.

    Args:
        scores: Array of shape `(m,)`.
        deviations: Float, how many.

    Returns:
        Float. Scores are skewed to the right, so that more of them lie above it than of a normal
        distribution: no rate is promised.

    Example:

    >>> sigma([1.0, 3.0], deviations=2)
    4.0
    """
    return float(np.mean(scores) + deviations * np.std(scores))


def conformal(scores: ArrayLike, rate: float, weights: ArrayLike | None = None) -> float:
    """The score above which a normal sample lies with a probability of at most `rate`.

    That holds for any model, score and distribution, and however few the scores, as long as
    the sample and those of the scores come from one source, and the model has seen neither: on
    average over the draws of the calibration samples. Scores above the threshold are those with
    `aezoo.edge.scoring.p_values` of at most `rate`.

    Args:
        scores: Array of shape `(m,)`, of normal samples that the model was not fitted to.
        rate: Float in (0, 1).
        weights: Array of shape `(m,)` or `None`, 0 or more: how much each counts, such as less
            for what is long ago. A new sample counts as the heaviest. With drift the promise is
            kept up to the distance of the weighted past from the present.

    Returns:
        Float: without weights the `ceil((1 - rate) (m + 1))`-th smallest score.

    Raises:
        ValueError: If the scores are too few for the rate: at least `1 / rate - 1` are needed.

    Example:

    >>> conformal(range(1, 100), 0.05)
    95.0

    Reference:
        Papadopoulos et al., "Inductive Confidence Machines for Regression", ECML 2002; with
        weights Barber et al., "Conformal Prediction Beyond Exchangeability", 2023,
        arXiv:2202.13415, theorem 2.
    """
    scores = np.asarray(scores, "float64")
    weights = np.ones(len(scores)) if weights is None else np.asarray(weights, "float64")
    order = np.argsort(scores, kind="stable")
    own = weights.max(initial=0) or 1.0
    beyond = weights.sum() - np.cumsum(weights[order]) + own
    # a hair of tolerance: (m + 1) rate is often whole, and then must not be missed
    enough = beyond <= rate * (weights.sum() + own) * (1 + 1e-9)
    if not enough.any():
        effective = weights.sum() / own
        raise ValueError(
            f"A false-alarm rate of {rate:g} needs at least {math.ceil(1 / rate - 1 - 1e-9):,} "
            f"normal samples to calibrate on. Received: {effective:,.0f}. Give more, or ask for "
            f"a rate of {1 / (effective + 1):.2g} or more."
        )
    return float(scores[order][enough.argmax()])
