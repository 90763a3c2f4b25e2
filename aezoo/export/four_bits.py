"""Weights of four bits in a file of integers."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.report import ExportError

MOST = 7  # steps of a weight, to each side
OPERATORS = schema.BuiltinOperator
TAKING = (OPERATORS.CONV_2D, OPERATORS.FULLY_CONNECTED)  # TRANSPOSE_CONV has no kernel for them


def in_four_bits(content: bytes) -> bytes:
    """Rounds the weights of dense layers and convolutions to four bits, two of them a byte.

    They get 7 steps each side of 0, by a scale for each unit or filter, and biases the scales that
    follow from these. Activations stay as they are, and so do the weights of transposed
    convolutions, whose kernels take eight bits alone (LiteRT 2.3).

    Args:
        content: Bytes, the content of a .tflite file in int8.

    Returns:
        Bytes.

    Raises:
        ExportError: If there is nothing to round.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    before, stored = len(model.buffers), {}

    def store(data):
        """The place of a buffer with an array, which several signatures may share."""
        key = data.tobytes()
        if key not in stored:
            stored[key] = len(model.buffers)
            model.buffers.append(schema.BufferT())
            model.buffers[-1].data = data.view("uint8")
        return stored[key]

    for graph in model.subgraphs:
        for index, operators in _weights(model, graph).items():
            tensor = graph.tensors[index]
            values = _values(model, tensor, "int8")
            largest = np.abs(values).reshape(len(values), -1).max(axis=1)  # (units, ...) -> (units)
            steps = np.where(largest > 0, largest / MOST, tensor.quantization.scale)
            steps = steps.astype("float32")
            rounded = np.round(values / _along(steps, values)).astype("int8")
            tensor.type, tensor.buffer = schema.TensorType.INT4, store(_packed(rounded))
            _rescale(tensor, steps)
            for operator in operators:
                scale = graph.tensors[operator.inputs[0]].quantization.scale[0] * steps
                if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
                    bias = graph.tensors[operator.inputs[2]]
                    rounded = np.round(_values(model, bias, "int32") / scale).astype("int32")
                    bias.buffer = store(rounded)
                    _rescale(bias, scale)
    if not stored:
        raise ExportError(
            "There are no weights that four bits could hold: those of dense layers and of "
            "convolutions are, not of transposed ones. Export with quantize='int8'."
        )
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for index in set(range(before)) - used:
        model.buffers[index].data = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _weights(model, graph):
    """The tensors of weights that can be rounded, with the operators that read them."""
    readers = {}
    for operator in graph.operators:
        for place, index in enumerate(operator.inputs):
            readers.setdefault(int(index), []).append((place, operator))
    return {
        index: [operator for _, operator in found]
        for index, found in readers.items()
        if index >= 0
        and graph.tensors[index].type == schema.TensorType.INT8
        and model.buffers[graph.tensors[index].buffer].data is not None
        and all(place == 1 and _code(model, operator) in TAKING for place, operator in found)
    }


def _code(model, operator):
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def _values(model, tensor, dtype):
    """What integers stand for."""
    data = np.asarray(model.buffers[tensor.buffer].data, "uint8").view(dtype)
    values = data.reshape(tensor.shape).astype("float64")
    return values * _along(np.asarray(tensor.quantization.scale), values)


def _along(scale, values):
    """A scale for all, or one for each unit, in the shape of the values."""
    return scale.reshape(-1, *[1] * (values.ndim - 1))


def _packed(values):
    """Pairs of integers as bytes, the first of them in the lower half."""
    flat = np.append(values, np.zeros(values.size % 2, "int8")).view("uint8") & 15
    return flat[::2] | flat[1::2] << 4


def _rescale(tensor, scale):
    quantization = tensor.quantization
    quantization.scale, quantization.quantizedDimension = scale.astype("float32"), 0
    quantization.zeroPoint = np.zeros(len(scale), "int64")
    quantization.min = quantization.max = None
