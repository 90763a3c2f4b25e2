"""Which of the samples are for what: to be trusted, to be trained on, to judge by."""

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import IsolationForest

ASIDE = 0.2  # of the samples
DOUBTED = 0.125  # of the samples, where nothing is known of them
MARGIN = 1.5  # times the share said to be anomalous is left out: no forest finds just these
MOST = 0.5  # of the samples that are left out
TREES = 100
PER_TREE = 256


def aside(count: int, rng: np.random.Generator) -> np.ndarray:
    """A random fifth of samples, one at least.

    Args:
        count: Positive integer, how many there are.
        rng: NumPy generator.

    Returns:
        Boolean array of shape `(count,)`.
    """
    drawn = np.zeros(count, bool)
    drawn[rng.permutation(count)[: max(1, int(ASIDE * count))]] = True
    return drawn


def groups(x: np.ndarray, contamination: float | str, rng: np.random.Generator) -> list[np.ndarray]:
    """Groups of samples that neighbours are sought among; the last one's can be trained on.

    Args:
        x: Array of shape `(n, ...)`.
        contamination: 0 if all samples are normal: then they are the only group. A share of
            anomalies: then half again as many are left out, the oddest. `"auto"`: then there are
            two groups, of all samples and of all but the oddest eighth.
        rng: NumPy generator.

    Returns:
        List of boolean arrays of shape `(n,)`.
    """
    return trusted(x, contamination, rng)[0]


def trusted(
    x: np.ndarray, contamination: float | str, rng: np.random.Generator
) -> tuple[list[np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """Groups of samples, and which others would be in the last one.

    Args:
        x, contamination, rng: As of `groups`.

    Returns:
        A pair of what `groups` returns, and a function of an array of shape `(m, ...)` that
        returns a boolean array of shape `(m,)`.
    """
    everything = np.ones(len(x), bool)
    if contamination == 0:
        return [everything], lambda others: np.ones(len(others), bool)
    share = DOUBTED if contamination == "auto" else min(MARGIN * float(contamination), MOST)
    of = oddness(x, rng)
    odd = of(x)
    bound = np.sort(odd)[max(1, round((1 - share) * len(x)) - 1)]
    groups = [everything, odd <= bound] if contamination == "auto" else [odd <= bound]
    return groups, lambda others: of(others) <= bound


def oddness(z: np.ndarray, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """How easily samples are set apart from others, by an isolation forest.

    Args:
        z: Array of shape `(n, ...)`, the others.
        rng: NumPy generator.

    Returns:
        Function of an array of shape `(m, ...)`, which returns a float array of shape `(m,)`;
        higher is odder.

    Reference:
        Liu et al., "Isolation Forest", ICDM 2008.
    """
    seed = int(rng.integers(2**31))
    rows = min(PER_TREE, len(z))
    forest = IsolationForest(n_estimators=TREES, max_samples=rows, random_state=seed)
    forest.fit(z.reshape(len(z), -1))
    return lambda x: -forest.score_samples(x.reshape(len(x), -1))
