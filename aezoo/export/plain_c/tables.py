"""Functions of one int8, as tables that TensorFlow Lite Micro itself fills in."""

import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.reading import listed
from aezoo.export.plain_c.graph import Graph
from aezoo.export.plain_c.operators import is_table
from aezoo.export.report import ExportError
from aezoo.export.tflm import MicroError, invoke

EVERY = np.arange(-128, 128).astype("int8")


def tables_of(graphs: Sequence[Graph]) -> list[dict[int, np.ndarray]]:
    """What the runtime makes of each int8, of all operators that a table can stand for.

    Its sigmoid is a fixed-point approximation, its leaky ReLU rounds twice: a table is right for
    each of them, small and fast.

    Args:
        graphs: Sequence of `Graph`.

    Returns:
        List of dictionaries, one for each graph, of the place of each such operator to an int8
        array of shape `(256,)`, the outputs for -128 to 127.

    Raises:
        ImportError: If the package `tflite-micro` is not installed.
        ExportError: If the runtime has no such operator.
    """
    wanted = [(i, graph, step) for i, graph in enumerate(graphs) for step in graph.steps]
    wanted = [(i, graph, step) for i, graph, step in wanted if is_table(step)]
    found: list[dict[int, np.ndarray]] = [{} for _ in graphs]
    if not wanted:
        return found
    content = _program([(graph.model, step.place) for _, graph, step in wanted])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.tflite"
        path.write_bytes(content)
        try:
            outputs, _ = invoke(path, EVERY[np.newaxis])  # (1, n, 256)
        except MicroError as error:
            raise ExportError(str(error)) from error
    for (i, _, step), table in zip(wanted, outputs[0], strict=True):
        found[i][step.place] = table
    return found


def _program(wanted):
    """A model that runs all operators, each on the same 256 integers, in one go."""
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    model = schema.ModelT()
    model.version, model.subgraphs = 3, [graph]
    model.buffers, model.operatorCodes = [schema.BufferT()], []

    def tensor(like, shape, data=None):
        new = copy.copy(like)
        new.name, new.shape, new.shapeSignature = b"", np.array(shape, "int32"), None
        new.buffer = 0
        if data is not None:
            new.buffer = len(model.buffers)
            model.buffers.append(data)
        graph.tensors.append(new)
        return len(graph.tensors) - 1

    def operator(code, inputs, output, options_type=0, options=None):
        new = schema.OperatorT()
        new.opcodeIndex = len(model.operatorCodes)
        model.operatorCodes.append(code)
        new.inputs, new.outputs = np.array(inputs, "int32"), np.array([output], "int32")
        new.builtinOptionsType, new.builtinOptions = options_type, options
        graph.operators.append(new)

    # A reshape leaves integers alone, whatever their scale: it hands the same to all.
    def relabelled(index, like):
        options = schema.ReshapeOptionsT()
        options.newShape = np.array([1, len(EVERY)], "int32")
        output = tensor(like, [1, len(EVERY)])
        code = _code(schema.BuiltinOperator.RESHAPE)
        operator(code, [index], output, schema.BuiltinOptions.ReshapeOptions, options)
        return output

    common, results = schema.TensorT(), []
    common.type = schema.TensorType.INT8
    given = tensor(common, [1, len(EVERY)])
    for source, place in wanted:
        (subgraph,) = source.subgraphs
        original = subgraph.operators[place]
        inputs = []
        for old in (subgraph.tensors[i] for i in original.inputs):
            data = source.buffers[old.buffer]
            constant = len(listed(data.data)) > 0
            inputs.append(tensor(old, old.shape, data) if constant else relabelled(given, old))
        output = tensor(subgraph.tensors[original.outputs[0]], [1, len(EVERY)])
        code = source.operatorCodes[original.opcodeIndex]
        operator(code, inputs, output, original.builtinOptionsType, original.builtinOptions)
        results.append(relabelled(output, common))
    options = schema.PackOptionsT()
    options.valuesCount, options.axis = len(results), 1
    whole = tensor(common, [1, len(results), len(EVERY)])
    code = _code(schema.BuiltinOperator.PACK)
    operator(code, results, whole, schema.BuiltinOptions.PackOptions, options)
    graph.inputs, graph.outputs = np.array([given], "int32"), np.array([whole], "int32")
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(builtin):
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 1
    return code
