"""Codes as multiples of steps, finer for units that change the output more."""

import math

import numpy as np

from aezoo.uses.entropy import MOST_CELLS
from aezoo.uses.transforms import Transform

MOST_LEVELS = 2**16
FARTHEST = 2**30  # multiples of a step, which a file keeps in 32 bits
FOURTHS = tuple(2 ** (i / 4) for i in range(4))  # widths are fourths of powers of 2
WIDEST = 32  # fourths from the mean: 256 times as wide
SAMPLES = 16  # whose outputs are looked at
NUDGE = 0.25  # of the deviation of a unit, or of the least that counts
LEAST = 0.01  # of all codes, that a unit deviates by at least


def widths_of(transform: Transform, codes: np.ndarray) -> np.ndarray:
    """How wide the steps of each unit are, so that rounding any of them costs alike.

    Args:
        transform: `Transform`, whose decoder is looked at.
        codes: float32 array of shape `(n, ..., units)`, codes of samples.

    Returns:
        int8 array of shape `(units,)`: fourths of powers of 2, whose mean is about 0. A step in
        proportion to `2 ** (widths / 4)` changes the output by the same squared error, whatever
        the unit, as far as the decoder is linear.
    """
    some = codes[chosen(len(codes), SAMPLES)]
    before = transform.normalize(transform.decode(some))
    least = LEAST * float(np.abs(codes).max()) or 1.0
    flat = codes.reshape(-1, codes.shape[-1])  # (n, ..., D) -> (n ..., D)
    deviations = flat.std(axis=0, dtype="float64")
    effects = np.zeros(codes.shape[-1])
    for unit, nudge in enumerate(NUDGE * np.maximum(deviations, least)):
        nudged = some.copy()
        nudged[..., unit] += nudge
        change = transform.normalize(transform.decode(nudged)) - before
        effects[unit] = np.sqrt(np.square(change).mean()) / nudge
    if not effects.any():
        return np.zeros(len(effects), np.int8)
    # what did nothing here may do something elsewhere: it is as the one that did least
    logs = np.log2(np.maximum(effects, effects[effects > 0].min()))
    fourths = np.rint(-4 * (logs - logs.mean()))
    return np.clip(fourths, -WIDEST, WIDEST).astype(np.int8)


def chosen(count: int, most: int) -> np.ndarray:
    """Places of samples that stand for all, drawn at random: what recurs does not deceive them.

    Args:
        count: Positive integer, how many there are.
        most: Positive integer, how many are chosen at most.

    Returns:
        Integer array, ascending, the same whenever it is asked.
    """
    return np.sort(np.random.default_rng(0).permutation(count)[:most])


def symbols_of(codes: np.ndarray, step: float, widths: np.ndarray) -> np.ndarray:
    """The multiples of their steps that codes are nearest to.

    Args:
        codes: float32 array of shape `(n, ..., units)`.
        step: Positive float.
        widths: int8 array of shape `(units,)`, from `widths_of`.

    Returns:
        int64 array of that shape.

    Raises:
        ValueError: If the step is so small that there are more than 65,536 multiples.
    """
    least = smallest(codes, widths)
    if step < least:
        raise ValueError(
            f"A step must be at least {least:.3g} here, so that codes have no more than "
            f"{MOST_LEVELS:,} levels. Received: {step:g}"
        )
    return np.rint(codes / _steps(step, widths)).astype(np.int64)


def numbers_of(symbols: np.ndarray, step: float, widths: np.ndarray) -> np.ndarray:
    """The codes that multiples stand for.

    Args:
        symbols: Integer array of shape `(n, ..., units)`.
        step: Positive float.
        widths: int8 array of shape `(units,)`.

    Returns:
        float32 array of that shape.
    """
    return (symbols * _steps(step, widths)).astype(np.float32)


def smallest(codes: np.ndarray, widths: np.ndarray) -> float:
    """The smallest step that codes can be rounded to.

    Args:
        codes: float32 array of shape `(n, ..., units)`.
        widths: int8 array of shape `(units,)`.

    Returns:
        Positive float.
    """
    levels = min(MOST_LEVELS, MOST_CELLS // codes.shape[-1])
    multiples = codes / _steps(1.0, widths)
    extent, farthest = float(np.ptp(multiples)), float(np.abs(multiples).max())
    return max(extent / (levels - 2), farthest / FARTHEST, math.ulp(0.0))


def _steps(step, widths):
    """float64 array of shape `(units,)`, the same on every machine."""
    whole, fourths = np.divmod(widths.astype(int), 4)
    return step * np.array(FOURTHS)[fourths] * np.ldexp(1.0, whole)
