"""Whether one unit of a code says one thing, where the things that samples differ in are known."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import mutual_info_score

from aezoo.checks import positive


def mutual_information_gap(codes: ArrayLike, factors: ArrayLike, bins: int = 20) -> np.ndarray:
    """How much more the best unit of a code tells of each factor than the second best.

    Args:
        codes: Array of shape `(n, D)` or `(n, ..., D)`, of which every number is a unit: of a
            variational model `ae.encode(x)`, the means. Two units or more.
        factors: Array of shape `(n, K)`, or `(n,)` for one: what each sample was made of, as
            numbers or strings of which each value counts as one of its own.
        bins: Positive integer, 2 or more, how many parts of equal width the range of each unit is
            divided into.

    Returns:
        float64 array of shape `(K,)`, shares of each factor's entropy, 0 to 1. Their mean is the
        usual score, MIG.

    Raises:
        ValueError: For arrays that do not go together, a single unit, codes that are not finite,
            or a factor that is the same in all samples.

    Example:

    >>> import numpy as np
    >>> from aezoo.evaluation import mutual_information_gap
    >>> place = np.repeat([0, 1], 50)
    >>> mutual_information_gap(np.stack([place, np.zeros(100)], axis=1), place).round(2).tolist()
    [1.0]

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in VAEs", NeurIPS 2018,
        arXiv:1802.04942, section 4.
    """
    codes, factors = np.asarray(codes), np.asarray(factors)
    factors = factors[:, None] if factors.ndim == 1 else factors
    if codes.ndim < 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            "codes must be of shape (n, D) and factors of shape (n, K), with the same n. Received: "
            f"{codes.shape} and {factors.shape}"
        )
    codes = codes.reshape(len(codes), -1)  # (n, ..., D) -> (n, M)
    if codes.shape[1] < 2:
        raise ValueError("codes must have two units or more: a gap is between two of them.")
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite. Received NaN or infinity.")
    if positive("bins", bins) < 2:
        raise ValueError(f"bins must be an integer, 2 or more. Received: {bins!r}")
    inner = [np.histogram_bin_edges(unit, bins)[1:-1] for unit in codes.T]
    places = [np.digitize(unit, edges) for unit, edges in zip(codes.T, inner, strict=True)]
    gaps = []
    for i, factor in enumerate(factors.T):
        values = np.unique(factor, return_inverse=True)[1]
        entropy = mutual_info_score(values, values)
        if entropy <= 0:
            raise ValueError(f"Factor {i} is the same in all samples: nothing can tell of it.")
        second, first = np.sort([mutual_info_score(values, place) for place in places])[-2:]
        gaps.append((first - second) / entropy)
    return np.array(gaps)
