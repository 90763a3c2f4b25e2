"""Scores without end, as a sketch of their distribution that fits into memory."""

from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from aezoo.uses import thresholds

SIZE = 65_535  # the most that the library takes


class Sketch:
    """The distribution of any number of scores, in about a MiB.

    A KLL sketch keeps up to 65,535 scores as they are; of more it keeps some, each of which stands
    for a power of 2 of them. The share of scores above a threshold then is within `error` of what
    was asked for, with a confidence of 99 %: 0.005 of a hundred scores, however many there are.
    Which are kept is drawn anew each time.

    Args:
        scores: Iterable of arrays of shape `(n,)`.

    Raises:
        ImportError: Without the extra `aezoo[streams]`.

    Example:

    >>> sketch = Sketch(np.arange(i, 2_000_000, 5) for i in range(5))
    >>> bool(abs(sketch.threshold("percentile", 0.01) - 1_980_000) < 1000)
    True
    >>> round(sketch.error, 6), len(sketch.scores) < 200_000
    (4.8e-05, True)

    Reference:
        Karnin, Lang and Liberty, "Optimal Quantile Approximation in Streams", FOCS 2016,
        arXiv:1603.05346; the error is that of Apache DataSketches, measured by its authors.
    """

    def __init__(self, scores: Iterable[ArrayLike] = ()):
        try:
            from datasketches import kll_floats_sketch
        except ImportError as error:
            raise ImportError("For thresholds of streams: pip install 'aezoo[streams]'") from error
        self._kept = kll_floats_sketch(SIZE)
        self._sum = self._squares = 0.0
        for some in scores:
            self.add(some)

    def add(self, scores: ArrayLike) -> Self:
        """Adds scores.

        Args:
            scores: Array of shape `(n,)`.

        Returns:
            Itself.
        """
        scores = np.ascontiguousarray(scores, "float32")
        self._kept.update(scores)
        self._sum += float(scores.sum(dtype="float64"))
        self._squares += float(np.square(scores, dtype="float64").sum())
        return self

    def __len__(self) -> int:
        return self._kept.n

    @property
    def error(self) -> float:
        """By how much a share above a threshold may be off, with a confidence of 99 %."""
        return self._kept.normalized_rank_error(False) if self._kept.is_estimation_mode() else 0.0

    @property
    def scores(self) -> np.ndarray:
        """The scores that are kept, ascending, a float32 array of shape `(m,)`."""
        return self._pairs()[:, 0].astype("float32")

    @property
    def weights(self) -> np.ndarray | None:
        """How many each stands for, a float array of shape `(m,)`; `None` if it is one each."""
        return self._pairs()[:, 1] if self._kept.is_estimation_mode() else None

    def threshold(self, method: str, rate: float) -> float:
        """The threshold of a method, see `aezoo.uses.thresholds`.

        Args:
            method: `"percentile"`, `"share"`, `"conformal"` or `"sigma"`, which is exact.
            rate: Float in (0, 1), how many are to be above it. A conformal threshold keeps so
                much below that rate as the sketch may be off.

        Returns:
            Float.

        Raises:
            ValueError: If there are too few scores for a conformal threshold, or the rate is
                smaller than the error of the sketch.
        """
        if method == "sigma":
            mean = self._sum / len(self)
            variance = max(self._squares / len(self) - mean**2, 0.0)
            return mean + thresholds.SIGMAS * variance**0.5
        if not self.error:
            return getattr(thresholds, method)(self.scores, rate)
        if rate <= self.error:
            raise ValueError(
                f"Of a stream of {len(self):,} samples a rate is known to {self.error:.2g}: ask "
                f"for one above that, or fit on an array. Received: {rate:g}"
            )
        rank = 1 - rate
        if method == "conformal":
            rank = min(rank * (1 + 1 / len(self)) + self.error, 1.0)
        return float(self._kept.get_quantile(rank, True))

    def _pairs(self):
        pairs = np.array(list(self._kept), "float64").reshape(-1, 2)
        return pairs[np.argsort(pairs[:, 0], kind="stable")]
