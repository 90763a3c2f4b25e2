"""The steps of integers before an end: finer ones than the converter gives, and what they reach."""

import os

import numpy as np
from ai_edge_litert import schema_py_generated as schema

SIGMOID_END = float(np.log(511))  # a sigmoid in steps of 1/256 rounds to its ends from here on
OPERATORS = schema.BuiltinOperator
TYPES = {schema.TensorType.INT8: "int8", schema.TensorType.INT16: "int16"}
MOVES = {  # what only moves values about has the same scale before and after
    getattr(OPERATORS, name)
    for name in ("EXPAND_DIMS", "RESHAPE", "SLICE", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE")
}
RESCALES = {  # what rounds its sums to any scale that its output has, and saturates there
    getattr(OPERATORS, name)
    for name in ("ADD", "CONV_2D", "FULLY_CONNECTED", "QUANTIZE", "TRANSPOSE_CONV")
}
EXTREMES = (OPERATORS.MAXIMUM, OPERATORS.MINIMUM)


def narrow_ends(model: schema.ModelT) -> None:
    """Gives what goes into a sigmoid or a clip the range in which those change, in place.

    All steps are then spent where they count, and integers saturate where the sigmoid or the clip
    does. Clips that do no more than saturating does are taken out; in int16, which reaches as far
    below 0 as above it, a RELU stays.

    Args:
        model: `ModelT` of the TFLite schema. Sigmoids of other types than int8 are left as they
            are, and clips of others than int8 and int16.
    """
    for graph in model.subgraphs:
        _narrow_sigmoids(model, graph)
        _narrow_clips(model, graph)


def output_levels(path: str | os.PathLike) -> np.ndarray:
    """The values that the output of a file in int8 can take.

    Args:
        path: String or path of a `.tflite` file with one signature.

    Returns:
        Integer array, ascending: all of int8, or what a sigmoid makes of them if it comes last.
    """
    with open(path, "rb") as file:
        model = schema.ModelT.InitFromPackedBuf(file.read(), 0)
    (graph,) = model.subgraphs
    steps = np.arange(-128, 128)
    ends = set(_moved_from(model, graph, graph.outputs[0]))
    for operator in graph.operators:
        if operator.outputs[0] in ends and _code(model, operator) == OPERATORS.LOGISTIC:
            scale, zero_point = _int8_scale(graph, operator.inputs[0])
            values = np.round(256 / (1 + np.exp(-scale * (steps - zero_point)))) - 128
            return np.unique(np.clip(values, -128, 127).astype(int))
    return steps


def _narrow_sigmoids(model, graph):
    for operator in graph.operators:
        if _code(model, operator) != OPERATORS.LOGISTIC:
            continue
        scale, zero_point = _int8_scale(graph, operator.inputs[0])
        low, high = (scale * (end - zero_point) for end in (-128, 127))
        low, high = max(low, -SIGMOID_END), min(high, SIGMOID_END)
        indices = list(_moved_from(model, graph, operator.inputs[0]))
        if not low < 0 < high:  # not int8, or without a zero
            continue
        if any(_read_elsewhere(model, graph, index) for index in indices):  # as SiLU, x sigmoid(x)
            continue
        for index in indices:
            quantization = graph.tensors[index].quantization
            quantization.scale = np.array([(high - low) / 255], "float32")
            quantization.zeroPoint = np.array([round(-128 - low * 255 / (high - low))], "int64")


def _narrow_clips(model, graph):
    producers = {int(index): operator for operator in graph.operators for index in operator.outputs}
    for last in graph.operators[::-1]:
        end = graph.tensors[last.outputs[0]]
        if last not in graph.operators or _clip(model, graph, last) is None:
            continue
        path = [last]  # clips and moves, from the last to the first
        while (first := producers.get(_value(model, graph, path[-1]))) is not None:
            if _code(model, first) not in MOVES and _clip(model, graph, first) is None:
                break
            path.append(first)
        inner = [_value(model, graph, operator) for operator in path]
        idle = [operator for operator in path if _saturates(model, graph, operator, end)]
        if (
            first is None
            or _code(model, first) not in RESCALES
            or any(_read_elsewhere(model, graph, index) for index in inner)
            or any(_code(model, o) in EXTREMES and o not in idle for o in path)
        ):
            continue
        for index in inner:
            graph.tensors[index].quantization = end.quantization
        for operator in idle[::-1]:
            before = producers[_value(model, graph, operator)]
            before.outputs = operator.outputs
            producers[int(operator.outputs[0])] = before
            graph.operators.remove(operator)


def _saturates(model, graph, operator, end):
    """Whether integers in the scale of a tensor stay, but for half a step, within a clip."""
    clip = _clip(model, graph, operator)
    if clip is None:
        return False
    low, high = _range(end)
    half = float(end.quantization.scale[0]) / 2
    return clip[0] <= low + half and high - half <= clip[1]


def _clip(model, graph, operator):
    """Between which numbers an operator on integers leaves values alone; `None` if it is no clip.

    A constant is known to half a step of its own.
    """
    code, end = _code(model, operator), graph.tensors[operator.outputs[0]]
    if end.type not in TYPES or code not in (OPERATORS.RELU, *EXTREMES):
        return None
    if code == OPERATORS.RELU:
        return 0.0, np.inf
    constants = [i for i in operator.inputs if _constant(model, graph, i) is not None]
    if len(constants) != 1:
        return None
    value, half = _constant(model, graph, constants[0])
    return (-np.inf, value + half) if code == OPERATORS.MINIMUM else (value - half, np.inf)


def _constant(model, graph, index):
    """A number that is the same for all samples, and half a step of it; `None` if there is none."""
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    if data is None or tensor.type not in TYPES:
        return None
    values = np.asarray(data, "uint8").view(TYPES[tensor.type])
    if len(values) != 1:
        return None
    scale, zero_point = _scale(tensor)
    return scale * (int(values[0]) - zero_point), scale / 2


def _value(model, graph, operator):
    """The tensor that a clip or a move is of."""
    if _code(model, operator) not in EXTREMES:
        return int(operator.inputs[0])
    return next(int(i) for i in operator.inputs if _constant(model, graph, i) is None)


def _range(tensor):
    scale, zero_point = _scale(tensor)
    limits = np.iinfo(TYPES[tensor.type])
    return tuple(scale * (limit - zero_point) for limit in (limits.min, limits.max))


def _moved_from(model, graph, index):
    """A tensor, and those that hold the same values before it."""
    yield index
    for operator in graph.operators:
        if index in operator.outputs and _code(model, operator) in MOVES:
            yield from _moved_from(model, graph, operator.inputs[0])


def _read_elsewhere(model, graph, index):
    """Whether another operator reads its values, which one that reads its shape does not."""
    readers = [operator for operator in graph.operators if index in operator.inputs]
    values = sum(_code(model, operator) != OPERATORS.SHAPE for operator in readers)
    return values > 1 or index in graph.inputs or index in graph.outputs


def _int8_scale(graph, index):
    tensor = graph.tensors[index]
    if tensor.type != schema.TensorType.INT8:
        return 0.0, 0
    return _scale(tensor)


def _scale(tensor):
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])


def _code(model, operator):
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)
