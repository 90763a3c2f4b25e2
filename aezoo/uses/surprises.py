"""What the channels of a recording do that their own past does not foretell."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from aezoo.data.recordings import windows_of
from aezoo.registry import build
from aezoo.uses import networks
from aezoo.uses.anomaly import AnomalyDetector

NOISE = 2.0  # standard deviations: only what spans and channels agree on survives it
ORDER, SPANS = 12, (6, 3)  # parts of a window: how far a forecast looks back, what is averaged
RIDGE = 0.1  # of a channel's variance, as if its past had been measured with such noise
FLOOR = 1e-6  # of a channel's size, below which its spread is rounding


class Surprises(NamedTuple):
    """Forecasts of each channel's next value from its last ones, and how they fail.

    A channel that stays about its level is foretold by that level, and shows for as long as it is
    elsewhere. A channel that drifts is foretold by where it was just now, and shows only when it
    moves as it never did: a drift, of a temperature say, would outweigh all else in a distance
    from what was once usual. The errors of the forecasts are averaged over the last steps of a
    window, where what lasts adds up and noise does not.

    Attributes:
        mean, scale: float64 arrays of shape `(C,)`, the channels' levels and spreads.
        weights: float64 array of shape `(P, C)`, what the last `P` values count in a forecast of
            the next one, the latest first.
        spans: Tuple of integers, over how many of the last steps errors are averaged.
        window: Integer, how many steps a window has.

    Reference:
        Alwan and Roberts, "Time-Series Modeling for Statistical Process Control", Journal of
        Business & Economic Statistics, 1988: charts of residuals; for noise in the place of a
        ridge Bishop, "Training with Noise is Equivalent to Tikhonov Regularization", 1995.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    spans: tuple[int, ...]
    window: int

    @classmethod
    def fit(cls, recordings: Sequence[np.ndarray], window: int) -> Self:
        """Learns levels, spreads and forecasts.

        Args:
            recordings: List of float arrays of shape `(T, C)`. No forecast crosses from one to
                the next.
            window: Positive integer, how many steps a window has. Forecasts look back a twelfth
                of it, and errors are averaged over its last sixth and its last third.

        Returns:
            `Surprises`.
        """
        together = np.concatenate(recordings)
        mean, scale = together.mean(axis=0), together.std(axis=0)
        size = np.abs(together).max(axis=0)
        scale = np.where(scale > FLOOR * size, scale, np.where(size > 0, size, 1.0))
        order = window // ORDER
        spans = tuple(sorted({max(1, window // part) for part in SPANS}))
        weights = np.zeros((order, together.shape[1]))
        if order:
            products, with_next, count = 0.0, 0.0, 0
            for recording in recordings:
                past, ahead = _past((recording - mean) / scale, order)
                products = products + np.einsum("tpc,tqc->cpq", past, past)
                with_next = with_next + np.einsum("tpc,tc->cp", past, ahead)
                count += len(past)
            ridge = RIDGE * max(count, 1) * np.eye(order)
            solved = np.linalg.solve(products + ridge, np.asarray(with_next)[..., np.newaxis])
            weights = solved[..., 0].T  # (C, P, 1) -> (P, C)
        return cls(mean, scale, weights, spans, window)

    def of(self, recording: np.ndarray, stride: int = 1) -> np.ndarray:
        """How each window's last steps surprise.

        Args:
            recording: float array of shape `(T, C)`.
            stride: Positive integer, steps from window to window.

        Returns:
            float32 array of shape `(n, spans * C)`, one row for each window: the mean error over
            each span, channel by channel. It depends on nothing outside of the window.
        """
        if len(recording) < self.window:
            return np.zeros((0, len(self.spans) * len(self.mean)), "float32")
        past, ahead = _past((recording - self.mean) / self.scale, len(self.weights))
        errors = ahead - np.einsum("tpc,pc->tc", past, self.weights)
        means = []
        for span in self.spans:
            ends = windows_of(errors, span)[self.window - len(self.weights) - span :: stride]
            means.append(ends.mean(axis=1))  # (n, span, C) -> (n, C)
        return np.concatenate(means, axis=1).astype("float32")


class OfSurprises(AnomalyDetector):
    """With much more noise than for tables, whose rows are not means of many steps."""

    def _untrained(self, shape, bounded):
        return build(
            "denoising",
            shape,
            networks.CODE,
            stddev=NOISE,
            backbone="dense",
            hidden_units=networks.HIDDEN,
            normalization="standard",
        )

    def _unseen(self, count, rng):
        return np.ones(count, bool)  # none: each window's neighbours are almost itself


def _past(z, order):
    """The last values before each step, the latest first, and the step itself."""
    if not order:
        return np.zeros((len(z), 0, z.shape[1])), z
    past = windows_of(z[:-1], order)[:, ::-1]  # (T - P, P, C)
    return past, z[order:]
