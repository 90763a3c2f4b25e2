"""Operators that take values of a tensor in another order, as loops with strides."""

from collections.abc import Callable
from typing import Any

import numpy as np

from aezoo.export.plain_c.graph import Step, Tensor

MOST_AXES = 4
Found = tuple[str, dict[str, Any], tuple[Tensor, ...]]  # a kernel, its fields and its inputs


def strided(step: Step) -> Found:
    """Every so many values of each axis, or one."""
    given, begin, end, strides = step.inputs
    options = step.options
    plain = not (options.ellipsisMask or options.newAxisMask or options.offset)
    require(plain, step, "an ellipsis, a new axis or an offset")
    places: list[int | slice] = []
    for axis in range(len(given.shape)):
        first, last, stride = (int(tensor.data[axis]) for tensor in (begin, end, strides))
        if options.shrinkAxisMask >> axis & 1:
            places.append(first)
        else:
            first_or_none = None if options.beginMask >> axis & 1 else first
            places.append(
                slice(first_or_none, None if options.endMask >> axis & 1 else last, stride)
            )
    return _rearranged(step, lambda values: values[tuple(places)])


def sliced(step: Step) -> Found:
    """So many values of each axis."""
    _, begin, size = step.inputs
    # a size of -1 is all that is left
    places = tuple(
        slice(int(first), None if count < 0 else int(first) + int(count))
        for first, count in zip(begin.data, size.data, strict=True)
    )
    return _rearranged(step, lambda values: values[places])


def transposed(step: Step) -> Found:
    """Axes in another order."""
    return _rearranged(step, lambda values: values.transpose(step.inputs[1].data))


def require(condition: bool, step: Step, what: str) -> None:
    """Refuses a kind of an operator.

    Args:
        condition: Boolean, whether it is not of that kind.
        step: `Step`.
        what: String, the kind.

    Raises:
        ValueError: If it is.
    """
    if not condition:
        raise ValueError(f"There is no C for the operator {step.op} with {what}.")


def _rearranged(step: Step, function: Callable[[np.ndarray], np.ndarray]) -> Found:
    """A kernel's loops over what a function of NumPy takes out of an array, and in which order."""
    given = step.inputs[0]
    places = function(np.arange(given.size).reshape(given.shape))
    require(places.size == step.output.size, step, f"an output of shape {step.output.shape}")
    offset, places = int(places.flat[0]), np.squeeze(places)
    require(places.ndim <= MOST_AXES, step, f"{places.ndim} axes")
    places = places.reshape((1,) * (MOST_AXES - places.ndim) + places.shape)
    strides = [
        int(places.take(1, axis).flat[0]) - offset if size > 1 else 0
        for axis, size in enumerate(places.shape)
    ]
    fields = {"offset": offset, "shape": places.shape, "strides": strides}
    return "rearrange", fields, (given,)
