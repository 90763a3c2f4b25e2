import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.micro import Proof
from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.proving import compare
from aezoo.export.plain_c.source import source_of
from aezoo.export.plain_c.tables import tables_of
from aezoo.export.tflm import invoke

TYPES = {"int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}


def tensor(shape, scale=None, zero_point=0, data=None, dtype="int8"):
    """What a test says of a tensor; several scales are one for each filter."""
    return {"shape": shape, "scale": scale, "zero": zero_point, "data": data, "dtype": dtype}


def constant(values, scale=None, dtype="int8"):
    values = np.asarray(values, dtype)
    return tensor(values.shape, scale, 0, values, dtype)


def options(name, **values):
    """Options of an operator, such as `Conv2DOptions`, and their type."""
    made = getattr(schema, f"{name}T")()
    for key, value in values.items():
        assert hasattr(made, key)
        setattr(made, key, value)
    return getattr(schema.BuiltinOptions, name), made


@pytest.fixture
def network(tmp_path):
    """Writes a file of tensors, the first of which comes in and the last of which goes out, and of
    operators: names, places of inputs, the place of the output, and perhaps options."""

    def write(tensors, operators, name="encode"):
        graph, model = schema.SubGraphT(), schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
        graph.tensors, graph.operators, model.operatorCodes = [], [], []
        for said in tensors:
            new = schema.TensorT()
            new.name, new.shape = b"", np.array(said["shape"], "int32")
            new.type, new.buffer = TYPES[said["dtype"]], 0
            if said["scale"] is not None:
                new.quantization = schema.QuantizationParametersT()
                new.quantization.scale = np.atleast_1d(np.array(said["scale"], "float32"))
                zeros = np.full(len(new.quantization.scale), said["zero"], "int64")
                new.quantization.zeroPoint = zeros
            if said["data"] is not None:
                new.buffer = len(model.buffers)
                model.buffers.append(schema.BufferT())
                model.buffers[-1].data = np.frombuffer(said["data"].tobytes(), "uint8")
            graph.tensors.append(new)
        for op, inputs, output, *rest in operators:
            code, new = schema.OperatorCodeT(), schema.OperatorT()
            code.builtinCode = getattr(schema.BuiltinOperator, op)
            code.deprecatedBuiltinCode, code.version = code.builtinCode, 1
            new.opcodeIndex = len(model.operatorCodes)
            model.operatorCodes.append(code)
            new.inputs, new.outputs = np.array(inputs, "int32"), np.array([output], "int32")
            if rest:
                new.builtinOptionsType, new.builtinOptions = rest[0]
            graph.operators.append(new)
        graph.inputs = np.array([0], "int32")
        graph.outputs = np.array([len(tensors) - 1], "int32")
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = name.encode(), 0
        signature.inputs, signature.outputs = [], []
        for members, index in ((signature.inputs, 0), (signature.outputs, len(tensors) - 1)):
            member = schema.TensorMapT()
            member.name, member.tensorIndex = b"x", index
            members.append(member)
        model.signatureDefs = [signature]
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path

    return write


@pytest.fixture
def proved(tmp_path):
    """Runs a file in TensorFlow Lite Micro and as C on random integers, and compares the bytes;
    gives the outputs and the source."""
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")

    def run(path, count=30):
        graph = graph_of(path)
        source = source_of([graph], tables_of([graph]))
        (tmp_path / "aezoo.h").write_text(source.header)
        (tmp_path / "aezoo.c").write_text(source.body)
        rng = np.random.default_rng(0)
        inputs = rng.integers(-128, 128, (count, *graph.input.shape[1:])).astype("int8")
        outputs, arena = invoke(path, inputs)
        if compare(tmp_path, {graph.name: Proof(inputs, outputs, arena, 0, 0.0)}) is None:
            pytest.skip("needs a C compiler")
        assert len(np.unique(outputs)) > 5  # else it would be no test
        return outputs, source

    return run
