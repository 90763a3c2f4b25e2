"""What a training is told, checked before anything is read or written."""

import math
from collections.abc import Mapping
from typing import Any

from aezoo import checks
from aezoo.training.exporting import checked_kind
from aezoo.training.precision import checked_precision

COUNTS = ("epochs", "batch_size", "patience")


def check_arguments(told: Mapping[str, Any]) -> None:
    """Refuses arguments of `aezoo.train` that are out of their range or contradict each other.

    Args:
        told: Mapping of the names of arguments to their values.

    Raises:
        ValueError: If it does.
    """
    for name in COUNTS:
        value = told[name]
        if value is not None and (value != int(value) or value < 1):
            raise ValueError(f"{name} must be a positive integer. Received: {value!r}")
    shift, minutes, rate = told["max_shift"], told["minutes"], told["learning_rate"]
    if shift is not None and (not hasattr(shift, "__index__") or shift < 0):
        raise ValueError(f"max_shift must be an integer, 0 or more. Received: {shift!r}")
    for name, possible in (("flip", (None, True, False)), ("turn", (True, False))):
        if told[name] not in possible:
            raise ValueError(f"{name} must be True or False. Received: {told[name]!r}")
    checked_precision(told["precision"])
    if checks.count("seed", told["seed"]) >= 2**32:
        raise ValueError(f"seed must be below 2^32. Received: {told['seed']!r}")
    checks.count("quantize_aware", told["quantize_aware"])
    for name, value in (("minutes", minutes), ("learning_rate", rate)):
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{name} must be a positive number. Received: {value!r}")
    for name in ("epochs", "quantize_aware"):
        if minutes is not None and told[name]:
            raise ValueError(
                f"Give minutes or {name}, not both. Received: {minutes!r}, {told[name]!r}"
            )
    if "input_shape" in told:
        raise ValueError(
            f"input_shape is that of the data: leave it out. Received: {told['input_shape']!r}"
        )
    for name in ("encoder", "decoder"):
        if told.get(name) is not None:
            raise ValueError(
                f"{name} cannot be written down with a run's settings, of which it is built "
                "again. Build the model with aezoo.build, and train it with fit."
            )
    for kind in told["exports"]:
        checked_kind(kind)
