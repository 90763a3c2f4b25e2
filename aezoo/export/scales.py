"""The steps of int8 around a sigmoid: finer ones than the converter gives, and what they reach."""

import os

import numpy as np
from ai_edge_litert import schema_py_generated as schema

SIGMOID_END = float(np.log(511))  # a sigmoid in steps of 1/256 rounds to its ends from here on
OPERATORS = schema.BuiltinOperator
MOVES = {  # what only moves values about has the same scale before and after
    getattr(OPERATORS, name)
    for name in ("EXPAND_DIMS", "RESHAPE", "SLICE", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE")
}


def narrow_sigmoids(model: schema.ModelT) -> None:
    """Gives what goes into a sigmoid in int8 the range in which the sigmoid changes, in place.

    All steps are then spent where they count, and integers saturate where the sigmoid does.

    Args:
        model: `ModelT` of the TFLite schema. Sigmoids of other types are left as they are.
    """
    for graph in model.subgraphs:
        for operator in graph.operators:
            if _code(model, operator) != OPERATORS.LOGISTIC:
                continue
            scale, zero_point = _int8_scale(graph, operator.inputs[0])
            low, high = (scale * (end - zero_point) for end in (-128, 127))
            low, high = max(low, -SIGMOID_END), min(high, SIGMOID_END)
            indices = list(_moved_from(model, graph, operator.inputs[0]))
            if not low < 0 < high:  # not int8, or without a zero
                continue
            if any(_read_elsewhere(graph, index) for index in indices):  # as SiLU, x sigmoid(x)
                continue
            for index in indices:
                quantization = graph.tensors[index].quantization
                quantization.scale = np.array([(high - low) / 255], "float32")
                quantization.zeroPoint = np.array([round(-128 - low * 255 / (high - low))], "int64")


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


def _moved_from(model, graph, index):
    """A tensor, and those that hold the same values before it."""
    yield index
    for operator in graph.operators:
        if index in operator.outputs and _code(model, operator) in MOVES:
            yield from _moved_from(model, graph, operator.inputs[0])


def _read_elsewhere(graph, index):
    readers = sum(index in operator.inputs for operator in graph.operators)
    return readers > 1 or index in graph.inputs or index in graph.outputs


def _int8_scale(graph, index):
    tensor = graph.tensors[index]
    if tensor.type != schema.TensorType.INT8:
        return 0.0, 0
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])


def _code(model, operator):
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)
