"""Values of options: returned as they should be, or refused with their name."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

Shape = int | Sequence[int]  # one integer is a sequence of it


def sequence(name: str, value: Any) -> tuple:
    """Returns a value as a tuple; one integer is a tuple of it."""
    if hasattr(value, "__index__"):
        return (value,)
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be a sequence of positive integers. Received: {value!r}")
    return tuple(value)


def positive(name: str, value: Any) -> int:
    """Returns an integer of at least 1, or raises `ValueError` with its name."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} must be made of positive integers. Received: {value!r}")
    return int(value)


def count(name: str, value: Any) -> int:
    """Returns an integer of at least 0, or raises `ValueError` with its name."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
        raise ValueError(f"{name} must be an integer, 0 or more. Received: {value!r}")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> float:
    """Returns a number within its bounds, or raises `ValueError` with its name."""
    bounds = {"at least": least, "above": above, "below": below, "at most": most}
    inside = (
        isinstance(value, numbers.Real)  # NumPy's scalars are, too
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (least is None or value >= least)
        and (above is None or value > above)
        and (below is None or value < below)
        and (most is None or value <= most)
    )
    if not inside:
        told = " and ".join(f"{key} {bound}" for key, bound in bounds.items() if bound is not None)
        raise ValueError(f"{name} must be a number{' ' * bool(told)}{told}. Received: {value!r}")
    return value if isinstance(value, int) else float(value)
