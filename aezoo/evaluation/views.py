"""What codes look like from inside: units, walks along them, and maps of them."""

from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from aezoo.checks import number, positive

DEAD = 0.01  # of the largest deviation, below which a unit says nothing
INSIDE = (1, 99)  # percentiles of codes that a map spans


class Units(NamedTuple):
    """Statistics of the units of a code.

    Attributes:
        mean: float array of shape `(D,)`.
        deviation: float array of shape `(D,)`.
        dead: Boolean array of shape `(D,)`: whose deviation is below a hundredth of the largest.
        correlation: float array of shape `(D, D)`, Pearson's; 0 with a dead unit.
        kl: float array of shape `(D,)`, nats from the prior, the mean over samples; `None` for
            models without a distribution.
    """

    mean: np.ndarray
    deviation: np.ndarray
    dead: np.ndarray
    correlation: np.ndarray
    kl: np.ndarray | None

    @property
    def most_correlated(self) -> tuple[int, int, float]:
        """The pair of units with the largest correlation, and that; 0, 0 and 0.0 of one unit."""
        others = np.abs(np.triu(self.correlation, 1))
        a, b = np.unravel_index(others.argmax(), others.shape)
        return int(a), int(b), float(self.correlation[a, b]) if a != b else 0.0


class Traversals(NamedTuple):
    """Outputs while one unit after the other goes from low to high.

    Attributes:
        samples: float32 array of shape `(units, steps, *input_shape)`.
        units: List of integers, the units, those first that change the output most.
        change: float array of shape `(units,)`, mean squared difference of the outputs at both
            ends, in normalized units.
    """

    samples: np.ndarray
    units: list[int]
    change: np.ndarray


def unit_statistics(ae: keras.Model, x: ArrayLike) -> Units:
    """Measures the units of a code: which are dead, alike, or far from the prior.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, two samples or more.

    Returns:
        `Units`, with D the numbers of a flattened code.

    Raises:
        ValueError: If the samples do not fit, are too few, or the codes are discrete.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.default_rng(0).random((50, 6))
    >>> units = aezoo.evaluation.unit_statistics(aezoo.vanilla(6, 3), x)
    >>> units.deviation.shape, units.correlation.shape, units.kl
    ((3,), (3, 3), None)

    Reference:
        Units that a prior leaves unused: Burda et al., "Importance Weighted Autoencoders",
        ICLR 2016, arXiv:1509.00519, section 5.
    """
    codes = _codes(ae, x)
    deviation = codes.std(axis=0)
    dead = deviation < max(DEAD * deviation.max(), np.finfo(np.float32).tiny)
    correlation = np.zeros((codes.shape[1],) * 2)
    alive = np.flatnonzero(~dead)
    if len(alive):
        correlation[np.ix_(alive, alive)] = np.corrcoef(codes[:, alive], rowvar=False)
    kl = None
    if ae.bottleneck.has_prior and hasattr(ae, "kl_divergence"):
        kl = ae.kl_divergence(x).mean(axis=0).ravel()
    return Units(codes.mean(axis=0), deviation, dead, correlation, kl)


def traversals(
    ae: keras.Model, x: ArrayLike, units: int = 8, steps: int = 9, extent: float = 2.5
) -> Traversals:
    """Walks along the units of a code, from the mean of the codes on.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, two samples or more, whose codes say what is usual.
        units: Positive integer, how many units at most: those that change the output most.
        steps: Integer, 2 or more, outputs for each.
        extent: Positive float, how far to go to both sides, in deviations of the unit.

    Returns:
        `Traversals`.

    Raises:
        ValueError: If the samples do not fit, the codes are discrete, or a value is out of range.

    Example:

    >>> import aezoo
    >>> x = aezoo.load_dataset("digits").x
    >>> aezoo.evaluation.traversals(aezoo.vanilla((8, 8, 1), 3), x, steps=5).samples.shape
    (3, 5, 8, 8, 1)
    """
    number("extent", extent, above=0)
    if positive("steps", steps) < 2:
        raise ValueError(f"steps must be an integer, 2 or more. Received: {steps!r}")
    positive("units", units)
    codes = _codes(ae, x)
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)

    def along(chosen, places):  # (units,), (steps,) -> (units, steps, ...)
        walks = np.tile(mean, (len(chosen), len(places), 1))
        walks[np.arange(len(chosen)), :, chosen] += np.outer(deviation[chosen], places)
        outputs = ae.decode(_projected(ae, walks.reshape(-1, len(mean))))
        return outputs.reshape(len(chosen), len(places), *outputs.shape[1:])

    every = np.arange(len(mean))
    ends = along(every, np.array([-extent, extent]))
    low, high = (ae.normalize(ends[:, i]) for i in (0, 1))
    change = np.square(high - low).reshape(len(mean), -1).mean(axis=1)  # (D, ...) -> (D,)
    chosen = np.argsort(-change, kind="stable")[:units]
    samples = along(chosen, np.linspace(-extent, extent, steps))
    return Traversals(samples, chosen.tolist(), change[chosen])


def decoded_grid(ae: keras.Model, x: ArrayLike, side: int = 15) -> np.ndarray:
    """A map of the code: what the decoder makes of the points of a square grid.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, two samples or more; along each side the map reaches
            as far as 98 % of their codes. Codes of more than two numbers are mapped along the plane
            of their first two principal components.
        side: Positive integer, points to a side.

    Returns:
        float32 array of shape `(side, side, *input_shape)`: the second number of the code grows
        from the last row to the first, as on a map, the first from left to right.

    Raises:
        ValueError: If the samples do not fit, or the codes are discrete or have one number.

    Example:

    >>> import aezoo
    >>> x = aezoo.load_dataset("digits").x
    >>> aezoo.evaluation.decoded_grid(aezoo.vanilla((8, 8, 1), 2), x, side=4).shape
    (4, 4, 8, 8, 1)
    """
    positive("side", side)
    codes = _codes(ae, x)
    if codes.shape[1] < 2:
        raise ValueError("A map needs codes of two numbers or more. Received: codes of one")
    plane = PCA(2).fit(codes) if codes.shape[1] > 2 else None
    flat = plane.transform(codes) if plane else codes
    low, high = np.percentile(flat, INSIDE, axis=0)
    across, up = (np.linspace(low[i], high[i], side) for i in (0, 1))
    points = np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(
        -1, 2
    )  # (S, S, 2) -> (S S, 2)
    points = plane.inverse_transform(points) if plane else points
    outputs = ae.decode(_projected(ae, points))
    return outputs.reshape(side, side, *outputs.shape[1:])


def _codes(ae: Any, x: ArrayLike) -> np.ndarray:
    if ae.bottleneck.discrete:
        raise ValueError(
            f"The codes of the family {ae.name} are places in a codebook, which have no units to "
            "look at: count ae.encode_indices(x) instead."
        )
    codes = ae.encode(x)
    if len(codes) < 2:
        raise ValueError("Expected two samples or more. Received: one")
    return codes.reshape(len(codes), -1).astype("float64")  # (n, ...) -> (n, D)


def _projected(ae: Any, codes: np.ndarray) -> np.ndarray:
    """Codes that the encoder could have given, in their shape: (n, D) -> (n, ...)."""
    codes = codes.astype("float32").reshape(-1, *ae.latent_shape)
    return ae.bottleneck.project(codes)
