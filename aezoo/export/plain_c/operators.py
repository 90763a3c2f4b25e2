"""From an operator of a .tflite file to the call of a C kernel."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.plain_c.fixed_point import limits, multiplier_of, rescaling
from aezoo.export.plain_c.graph import Step, Tensor
from aezoo.export.plain_c.rearranging import require, sliced, strided, transposed

IN_PLACE = {"lookup", "add", "mul", "maximum", "minimum"}  # value by value, so they may overwrite
LEFT = 20  # bits that ADD has below the point
POINTWISE = {  # one value makes one value, whatever the others are
    *("ABS", "ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "QUANTIZE"),
    *("RELU", "RELU6", "RELU_N1_TO_1", "TANH"),
}
WITH_SCALAR = {"ADD", "MAXIMUM", "MINIMUM", "MUL", "SUB"}  # and so are these of one constant
VIEWS = {"EXPAND_DIMS", "RESHAPE", "SQUEEZE"}  # the same values in the same order


class Call(NamedTuple):
    """A call of a kernel.

    Attributes:
        kernel: String, a key of `aezoo.export.plain_c.kernels.KERNELS`.
        fields: Dictionary of the members of its struct: integers, sequences of integers, arrays
            that become constants, `None` for none, dictionaries of inner structs.
        inputs: Tuple of `Tensor`.
        output: `Tensor`.
        step: `Step`.
    """

    kernel: str
    fields: dict[str, Any]
    inputs: tuple[Tensor, ...]
    output: Tensor
    step: Step


def is_table(step: Step) -> bool:
    """Whether an operator makes one int8 of one int8, so that a table of 256 says it all.

    Args:
        step: `Step`.

    Returns:
        Boolean.
    """
    values = [tensor for tensor in step.inputs if tensor is not None]
    if any(tensor.dtype != "int8" for tensor in [*values, step.output]):
        return False
    if step.op in WITH_SCALAR:
        varying = [tensor for tensor in values if tensor.data is None]
        constants = [tensor for tensor in values if tensor.data is not None]
        return len(varying) == 1 and all(tensor.size == 1 for tensor in constants)
    return step.op in POINTWISE


def call_of(step: Step, tables: Mapping[int, np.ndarray]) -> Call | None:
    """How an operator is computed in C.

    Args:
        step: `Step`.
        tables: Mapping of the place of each operator with a table to it, int8 of shape `(256,)`.

    Returns:
        `Call`, or `None` if the output is the input as it lies.

    Raises:
        ValueError: If it is an operator, or a kind of it, that there is no C for.
    """
    if step.op in VIEWS:
        return None
    if step.place in tables:
        (varying,) = (tensor for tensor in step.inputs if tensor.data is None)
        fields = {"table": tables[step.place], "size": varying.size}
        return Call("lookup", fields, (varying,), step.output, step)
    if step.op not in OPERATORS:
        known = sorted({*OPERATORS, *VIEWS, *POINTWISE})
        raise ValueError(
            f"There is no C for the operator {step.op}. There is for: {', '.join(known)}. "
            "Build the model of layers that become those, such as with activation='relu', or see "
            "whether target='micro' has it."
        )
    kernel, fields, inputs = OPERATORS[step.op](step)
    types = [tensor.dtype for tensor in (*inputs, step.output)]
    wanted = {"arg_max": ["int8", "int32"], "gather": ["int32", "int8"]}
    require(types == wanted.get(kernel, ["int8"] * len(types)), step, f"types {types}")
    return Call(kernel, fields, inputs, step.output, step)


def _fully_connected(step):
    (given, weights), bias = step.inputs[:2], _bias(step, 2)
    _check_weights(step, weights)
    usual = schema.FullyConnectedOptionsWeightsFormat.DEFAULT
    require(step.options.weightsFormat == usual, step, "shuffled weights")
    outputs, inputs = weights.shape
    fields = {
        "weights": weights.data,
        "bias": bias,
        "rows": step.output.size // outputs,
        "inputs": inputs,
        "outputs": outputs,
        "zero_point": given.zero_point,
        "to": _to(step, rescaling(given, weights, step.output)),
    }
    return "fully_connected", fields, (given,)


def _conv_2d(step):
    (given, weights), bias, options = step.inputs[:2], _bias(step, 2), step.options
    _check_weights(step, weights)
    require(weights.shape[3] == given.shape[3], step, "groups")
    dilations = options.dilationHFactor, options.dilationWFactor
    fields = _windows(step, given, weights, bias)
    fields["dilation_y"], fields["dilation_x"] = dilations
    for axis, side in enumerate(("top", "left")):
        stride = (options.strideH, options.strideW)[axis]
        reach = (weights.shape[1 + axis] - 1) * dilations[axis] + 1
        fields[side] = _padding(given.shape[1 + axis], reach, stride, options.padding)
    return "conv_2d", fields, (given,)


def _transpose_conv(step):
    (weights, given), bias, options = step.inputs[1:3], _bias(step, 3), step.options
    _check_weights(step, weights)
    fields = _windows(step, given, weights, bias)
    for axis, side in enumerate(("top", "left")):
        stride = (options.strideH, options.strideW)[axis]
        sizes = step.output.shape[1 + axis], weights.shape[1 + axis]
        fields[side] = _padding(*sizes, stride, options.padding)
    return "transpose_conv", fields, (given,)


def _windows(step, given, weights, bias):
    """What both convolutions have."""
    _, in_height, in_width, in_channels = given.shape
    _, out_height, out_width, out_channels = step.output.shape
    return {
        "weights": weights.data,
        "bias": bias,
        "in_height": in_height,
        "in_width": in_width,
        "in_channels": in_channels,
        "out_height": out_height,
        "out_width": out_width,
        "out_channels": out_channels,
        "kernel_height": weights.shape[1],
        "kernel_width": weights.shape[2],
        "stride_y": step.options.strideH,
        "stride_x": step.options.strideW,
        "zero_point": given.zero_point,
        "to": _to(step, rescaling(given, weights, step.output)),
    }


def _padding(size, reach, stride, padding):
    """How many rows there are before the first, of a size that strides go over."""
    same = padding == schema.Padding.SAME
    steps = -(-size // stride) if same else (size - reach + stride) // stride
    return max(0, (steps - 1) * stride + reach - size) // 2


def _add(step):
    a, b = step.inputs
    twice = 2 * float(max(a.scale, b.scale))
    fields = _pair(step)
    for name, tensor in (("a", a), ("b", b)):
        pair = multiplier_of(float(tensor.scale) / twice)
        fields[f"{name}_multiplier"], fields[f"{name}_shift"] = pair
    fields["to"] = _to(step, _one(twice / (2**LEFT * float(step.output.scale))))
    return "add", fields, (a, b)


def _mul(step):
    a, b = step.inputs
    real = float(a.scale) * float(b.scale) / float(step.output.scale)
    return "mul", {**_pair(step), "to": _to(step, _one(real))}, (a, b)


def _extreme(step):
    fields = {key: size for key, size in _pair(step).items() if key.endswith("size")}
    return step.op.lower(), fields, step.inputs


def _pair(step):
    """Two tensors, the shorter of which fits the last axes of the other."""
    shapes = [_stripped(tensor.shape) for tensor in step.inputs]
    whole = _stripped(step.output.shape)
    fit = all(shape == whole[len(whole) - len(shape) :] for shape in shapes)
    require(fit, step, f"the shapes {[tensor.shape for tensor in step.inputs]}")
    a, b = step.inputs
    return {
        "size": step.output.size,
        "a_size": a.size,
        "b_size": b.size,
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
    }


def _stripped(shape):
    while shape[:1] == (1,):
        shape = shape[1:]
    return shape


def _arg_max(step):
    given, axis = step.inputs
    last = int(np.ravel(axis.data)[0]) % len(given.shape) == len(given.shape) - 1
    require(last, step, "another axis than the last")
    size = given.shape[-1]
    return "arg_max", {"rows": given.size // size, "size": size}, (given,)


def _gather(step):
    values, places = step.inputs
    plain = values.data is not None and not step.options.axis and not step.options.batchDims
    require(plain, step, "values that are no constant, or another axis than the first")
    size = values.size // values.shape[0]
    fields = {"values": values.data, "rows": places.size, "size": size}
    return "gather", fields, (places,)


def _bias(step, place):
    bias = step.inputs[place] if len(step.inputs) > place else None
    require(bias is None or bias.data is not None, step, "a bias that is no constant")
    return None if bias is None else bias.data


def _check_weights(step, weights):
    require(weights.data is not None, step, "weights that are no constant")
    require(weights.dtype == "int8", step, f"weights in {weights.dtype}")
    require(weights.zero_point == 0, step, "weights with a zero point")


def _one(real):
    multiplier, shift = multiplier_of(real)
    return np.array([multiplier], "int32"), np.array([shift], "int8")


def _to(step, multipliers):
    """The members of `struct rescaling`."""
    fused = getattr(step.options, "fusedActivationFunction", 0)
    least, most = limits(fused, step.output)
    return {
        "multipliers": multipliers[0],
        "shifts": multipliers[1],
        "each": int(len(multipliers[0]) > 1),
        "zero_point": step.output.zero_point,
        "least": least,
        "most": most,
    }


OPERATORS = {
    "ADD": _add,
    "ARG_MAX": _arg_max,
    "CONV_2D": _conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "MAXIMUM": _extreme,
    "MINIMUM": _extreme,
    "MUL": _mul,
    "SLICE": sliced,
    "STRIDED_SLICE": strided,
    "TRANSPOSE": transposed,
    "TRANSPOSE_CONV": _transpose_conv,
}
