"""Numbers of the integer arithmetic as TensorFlow Lite Micro computes them from scales."""

import math

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.plain_c.graph import Tensor

ACTIVATIONS = {  # what fused ones clip to, in real numbers
    schema.ActivationFunctionType.NONE: (None, None),
    schema.ActivationFunctionType.RELU: (0.0, None),
    schema.ActivationFunctionType.RELU_N1_TO_1: (-1.0, 1.0),
    schema.ActivationFunctionType.RELU6: (0.0, 6.0),
}


def multiplier_of(real: float) -> tuple[int, int]:
    """A positive number as `multiplier / 2^31 * 2^shift`.

    Args:
        real: Float, 0 or more.

    Returns:
        A pair of integers: the multiplier, 0 or in [2^30, 2^31), and the shift.

    Example:

    >>> multiplier_of(0.75)
    (1610612736, 0)

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, equation 6.
    """
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def rescaling(input: Tensor, weights: Tensor, output: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """What sums of products are multiplied by, to come into the scale of the output.

    Args:
        input: `Tensor`.
        weights: `Tensor`, with one scale or one for each filter.
        output: `Tensor`.

    Returns:
        A pair of arrays, one value for each scale of the weights: multipliers in int32 and shifts
        in int8.
    """
    # In double precision throughout, as TFLM does; LiteRT multiplies two of them in single.
    scales = float(input.scale) * weights.scales.astype("float64") / float(output.scale)
    multipliers, shifts = zip(*map(multiplier_of, scales), strict=True)
    return np.array(multipliers, "int32"), np.array(shifts, "int8")


def limits(activation: int, output: Tensor) -> tuple[int, int]:
    """Between which integers a fused activation clips.

    Args:
        activation: Integer, a `ActivationFunctionType` of the TFLite schema.
        output: `Tensor` in int8.

    Returns:
        A pair of integers in [-128, 127].

    Raises:
        ValueError: If it is no clip.
    """
    if activation not in ACTIVATIONS:
        known = {code: name for name, code in vars(schema.ActivationFunctionType).items()}
        raise ValueError(
            "Fused activations are clips: RELU, RELU_N1_TO_1, RELU6. "
            f"Received: {known.get(activation, activation)}"
        )
    ends = []
    for real, end in zip(ACTIVATIONS[activation], (-128, 127), strict=True):
        if real is not None:
            steps = float(np.float32(real) / output.scale)
            # std::round, away from 0 at ties
            steps = math.copysign(math.floor(abs(steps) + 0.5), steps)
            end = min(max(output.zero_point + int(steps), -128), 127)
        ends.append(end)
    return ends[0], ends[1]
