"""Which of the samples are for what: to be trusted, to be trained on, to judge by."""

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
    everything = np.ones(len(x), bool)
    if contamination == 0:
        return [everything]
    share = DOUBTED if contamination == "auto" else min(MARGIN * float(contamination), MOST)
    odd = oddness(x, rng)
    trusted = odd <= np.sort(odd)[max(1, round((1 - share) * len(x)) - 1)]
    return [everything, trusted] if contamination == "auto" else [trusted]


def oddness(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How easily samples are set apart from the others, by an isolation forest.

    Args:
        z: Array of shape `(n, ...)`.
        rng: NumPy generator.

    Returns:
        float array of shape `(n,)`; higher is odder.

    Reference:
        Liu et al., "Isolation Forest", ICDM 2008.
    """
    seed = int(rng.integers(2**31))
    rows = min(PER_TREE, len(z))
    forest = IsolationForest(n_estimators=TREES, max_samples=rows, random_state=seed)
    flat = z.reshape(len(z), -1)
    return -forest.fit(flat).score_samples(flat)
