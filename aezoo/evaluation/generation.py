"""How like real samples generated ones are, in features of a network."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import pairwise_distances_chunked

from aezoo.checks import positive

NEIGHBOR = 5  # whose distance is the radius around a real sample, as in Naeem et al.


class Likeness(NamedTuple):
    """Distances of generated samples from real ones.

    Attributes:
        frechet: Float, 0 or more: the Frechet distance of two normal distributions with the means
            and covariances of the features. It depends on how many samples there are: compare at
            equal numbers.
        precision: Float in [0, 1], the share of generated samples among real ones.
        recall: Float in [0, 1], the share of real samples among generated ones.
        density: Float, 0 or more, of how many real samples a generated one is a neighbour, over
            what is expected: 1 for samples of the same distribution.
        coverage: Float in [0, 1], the share of real samples with a generated neighbour.
        real, generated: Integers, how many samples there were.
    """

    frechet: float
    precision: float
    recall: float
    density: float
    coverage: float
    real: int
    generated: int


def likeness(real: ArrayLike, generated: ArrayLike, neighbor: int = NEIGHBOR) -> Likeness:
    """Compares generated samples with real ones, both as features.

    Args:
        real: Array of shape `(n, features)`, of real samples that nothing was trained on: those of
            the last hidden layer of a classifier, for instance.
        generated: Array of shape `(m, features)`, likewise.
        neighbor: Positive integer, less than n and m: balls around samples reach to the neighbour
            of this rank.

    Returns:
        `Likeness`.

    Raises:
        ValueError: If the features differ in number, are not finite, or are of too few samples.

    Example:

    >>> import numpy as np
    >>> from aezoo.evaluation import likeness
    >>> rng = np.random.default_rng(0)
    >>> one, other = rng.normal(size=(2, 500, 4))
    >>> found = likeness(one, other)
    >>> found.frechet < 0.1, found.coverage > 0.9, round(likeness(one, other + 3).coverage, 1)
    (True, True, 0.0)

    Reference:
        Frechet distance: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to
        a Local Nash Equilibrium", NeurIPS 2017, arXiv:1706.08500; precision and recall:
        Kynkaanniemi et al., 2019, arXiv:1904.06991; density and coverage: Naeem et al., "Reliable
        Fidelity and Diversity Metrics for Generative Models", ICML 2020, arXiv:2002.09797.
    """
    real, generated = _features("real", real), _features("generated", generated)
    frechet = frechet_distance(real, generated)
    middle = real.mean(axis=0)  # far from it squares of distances would cancel
    real, generated = real - middle, generated - middle
    if positive("neighbor", neighbor) >= min(len(real), len(generated)):
        raise ValueError(
            f"neighbor must be less than the samples, {len(real)} and {len(generated)}. "
            f"Received: {neighbor}"
        )
    around_real, around_generated = _radii(real, neighbor), _radii(generated, neighbor)
    inside, covered = np.zeros(len(generated)), np.zeros(len(real), bool)
    recalled, start = 0, 0
    for distances in pairwise_distances_chunked(real, generated):  # (rows, m) at a time
        rows = slice(start, start + len(distances))
        start = rows.stop
        near = distances <= around_real[rows, np.newaxis]
        inside += near.sum(axis=0)
        covered[rows] = near.any(axis=1)
        recalled += int((distances <= around_generated).any(axis=1).sum())
    return Likeness(
        frechet=frechet,
        precision=float((inside > 0).mean()),
        recall=recalled / len(real),
        density=float(inside.mean() / neighbor),
        coverage=float(covered.mean()),
        real=len(real),
        generated=len(generated),
    )


def frechet_distance(a: ArrayLike, b: ArrayLike) -> float:
    """The squared Frechet (2-Wasserstein) distance of the normal distributions of two samples.

    Args:
        a: Array of shape `(n, features)`, two rows or more.
        b: Array of shape `(m, features)`, likewise.

    Returns:
        Float, 0 or more: `|mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))`.

    Raises:
        ValueError: If the features are not finite, or of one sample alone.

    Example:

    >>> import numpy as np
    >>> from aezoo.evaluation import frechet_distance
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> round(frechet_distance(x, x + [3, 4]), 6)
    25.0

    Reference:
        Dowson and Landau, "The Frechet Distance between Multivariate Normal Distributions", 1982.
    """
    a, b = _features("a", a), _features("b", b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Features must be as many of both. Received: {a.shape[1]}, {b.shape[1]}")
    means = a.mean(axis=0) - b.mean(axis=0)
    one, other = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (a, b))
    # the product has the eigenvalues of a positive matrix, but for rounding
    roots = np.sqrt(np.linalg.eigvals(one @ other).real.clip(0))
    return max(0.0, float(means @ means + np.trace(one) + np.trace(other) - 2 * roots.sum()))


def nearest(samples: ArrayLike, among: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of other samples to each: a sample that was learned by heart has one at 0.

    Args:
        samples: Array of shape `(n, ...)`, such as generated ones.
        among: Array of shape `(m, ...)`, such as the training samples.

    Returns:
        A pair of arrays of shape `(n,)`: places in `among`, and mean squared differences.

    Raises:
        ValueError: If the shapes of single samples differ.

    Example:

    >>> import numpy as np
    >>> from aezoo.evaluation import nearest
    >>> nearest([[0.0, 1.0]], [[5.0, 5.0], [0.0, 3.0]])
    (array([1]), array([2.]))
    """
    samples, among = np.asarray(samples), np.asarray(among)
    if samples.shape[1:] != among.shape[1:] or not samples.size or not among.size:
        raise ValueError(
            "Samples must be one or more of both, of one shape. Received: arrays of shape "
            f"{samples.shape} and {among.shape}"
        )
    flat = [part.reshape(len(part), -1).astype("float64") for part in (samples, among)]
    flat = [part - flat[1].mean(axis=0) for part in flat]
    found = [part.argmin(axis=1) for part in pairwise_distances_chunked(*flat)]
    places = np.concatenate(found)
    return places, np.square(flat[0] - flat[1][places]).mean(axis=1)


def _features(name, values):
    try:
        values = np.asarray(values, "float64")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers. Received: {values!r}") from None
    if values.ndim != 2 or len(values) < 2 or not values.shape[1] or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be finite features of shape (n, features), two rows or more. "
            f"Received: shape {values.shape}"
        )
    return values


def _radii(x, neighbor):
    """The distance of each to the neighbour of a rank, itself not counted: (n, d) -> (n,)."""
    chunks = pairwise_distances_chunked(
        x, reduce_func=lambda part, _: np.partition(part, neighbor, axis=1)[:, neighbor]
    )
    return np.concatenate(list(chunks))
