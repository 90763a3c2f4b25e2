from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.memory import arena, flash
from aezoo.edge.reading import read

RELEASE = Path(__file__).parents[1] / "golden" / "0.1.0" / "table"
ADD, RELU = schema.BuiltinOperator.ADD, schema.BuiltinOperator.RELU


@pytest.fixture
def model():
    """x (10 bytes) -> a (20), with a constant; a -> b (5); a and b -> c (20 in int32)."""
    model = schema.ModelT()
    model.buffers = [schema.BufferT() for _ in range(3)]
    model.buffers[1].data = np.zeros(20, "uint8")
    model.buffers[2].data = np.zeros(7, "uint8")
    model.operatorCodes = [schema.OperatorCodeT(), schema.OperatorCodeT()]
    for code, number in zip(model.operatorCodes, (ADD, RELU), strict=True):
        code.builtinCode = code.deprecatedBuiltinCode = number
    graph = schema.SubGraphT()
    graph.name = b"main"
    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    graph.tensors = [
        tensor([2, 5], int8),
        tensor([20], int8, buffer=1),
        tensor([4, 5], int8),
        tensor([5], int8),
        tensor([5], int32),
        tensor([3], int32, isVariable=True),
    ]
    graph.operators = [
        operator(0, [0, 1], [2]),
        operator(1, [2, -1], [3]),
        operator(0, [2, 3], [4]),
    ]
    graph.inputs, graph.outputs = [0], [4]
    model.subgraphs = [graph]
    return model


def tensor(shape, dtype, buffer=0, **attributes):
    made = schema.TensorT()
    made.shape, made.type, made.buffer = shape, dtype, buffer
    vars(made).update(attributes)
    return made


def operator(code, inputs, outputs):
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = code, inputs, outputs
    return made


def test_what_is_needed_at_a_time(model):
    rows = arena(model)["main"]
    assert [row["operator"] for row in rows] == ["ADD", "RELU", "ADD"]
    # 12 of the variable all along; the constant is in flash
    assert [row["bytes"] - 12 for row in rows] == [10 + 20, 20 + 5, 20 + 5 + 20]
    assert (rows[0]["shape"], rows[0]["dtype"]) == ([4, 5], "int8")
    model.subgraphs[0].outputs = [3]  # is kept to the end, and c is of use to nobody
    model.subgraphs[0].operators.reverse()
    model.subgraphs[0].operators = model.subgraphs[0].operators[1:]
    assert [row["bytes"] - 12 for row in arena(model)["main"]] == [10 + 5, 10 + 5 + 20]


def test_constants_by_what_reads_them(model):
    entry = {"name": "main 0 ADD input 1", "shape": [20], "dtype": "int8", "bytes": 20}
    unread = {"name": "unread", "shape": [7], "dtype": "uint8", "bytes": 7}
    assert flash(model) == [entry, unread]
    model.subgraphs[0].tensors[1].name = b"kernel"
    model.metadata = [schema.MetadataT()]
    model.metadata[0].name, model.metadata[0].buffer = b"about", 2
    assert [entry["name"] for entry in flash(model)] == ["kernel", "metadata about"]


def test_the_sum_is_that_of_the_buffers():
    model = read(RELEASE / "int8.tflite")[1]
    found = flash(model)
    total = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    assert sum(entry["bytes"] for entry in found) == total == 492
    assert [entry["bytes"] for entry in found] == sorted((e["bytes"] for e in found), reverse=True)
    kernels = [e for e in found if e["name"].endswith("FULLY_CONNECTED weights")]
    assert sorted(e["bytes"] for e in kernels) == [12, 12, 24, 24]  # 4-6-2-6-4, of two parts each
    assert all(e["name"].startswith("reconstruct ") for e in kernels)


def test_the_arena_of_a_network():
    rows = arena(read(RELEASE / "int8.tflite")[1])
    assert [row["bytes"] for row in rows["reconstruct"]] == [4 + 6, 6 + 6, 6 + 2, 2 + 6, 6 + 6, 10]
    assert [len(rows[name]) for name in ("encode", "decode")] == [3, 3]
    wide = arena(read(RELEASE / "float32.tflite")[1])
    assert max(row["bytes"] for row in wide["encode"]) == 4 * 12
