import json

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from aezoo.edge import METADATA
from aezoo.export.conversion import _SharingBuilder, convert, packed
from aezoo.export.report import ExportError


def saved(function, folder):
    module = tf.Module()
    module.f = tf.function(function, [tf.TensorSpec((None, 64), name="x")])
    tf.saved_model.save(module, str(folder), signatures={"reconstruct": module.f})
    return str(folder)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    rng = np.random.default_rng(0)
    first, second = (tf.constant(rng.normal(size=(64, 64)), tf.float32) for _ in range(2))

    def function(x):
        return {"reconstruction": tf.nn.relu(x @ first) @ second}

    folder = saved(function, tmp_path_factory.mktemp("saved"))
    return convert(folder, ["reconstruct"], None)


def output(content, x):
    runner = Interpreter(model_content=content).get_signature_runner("reconstruct")
    return runner(x=x)["reconstruction"]


def test_packing_keeps_what_is_computed(content, rng):
    x = rng.normal(size=(3, 64)).astype("float32")
    np.testing.assert_array_equal(output(packed(content, {}), x), output(content, x))


def test_only_arrays_of_one_type_are_shared():
    """[1, 0] in 32 bits has the bytes of [1] in 64: as that it would be half as long."""
    builder = _SharingBuilder(64)
    first = builder.CreateNumpyVector(np.array([1, 0], "int32"))
    assert builder.CreateNumpyVector(np.array([1], "int64")) != first
    assert builder.CreateNumpyVector(np.array([1, 0], "int32")) == first
    assert builder.CreateNumpyVector(np.array([1, 1], "int32")) != first


def test_packing_aligns_constants(content):
    model = schema.Model.GetRootAs(packed(content, {"a": 1}), 0)
    filled = [model.Buffers(i) for i in range(model.BuffersLength())]
    starts = [b._tab.Vector(b._tab.Offset(4)) for b in filled if b.DataLength()]
    assert len(starts) >= 3
    assert {start % 16 for start in starts} == {0}


def test_metadata_is_found_again(content):
    entries = {"normalization": {"offset": [1.5], "scale": [2.0], "inside": False}}
    model = schema.ModelT.InitFromPackedBuf(packed(content, entries), 0)
    (entry,) = (entry for entry in model.metadata if entry.name.decode() == METADATA)
    assert json.loads(bytes(model.buffers[entry.buffer].data)) == entries
    names = [entry.name.decode() for entry in schema.ModelT.InitFromPackedBuf(content, 0).metadata]
    assert METADATA not in names


def test_inner_names_are_left_out(content):
    graph = schema.ModelT.InitFromPackedBuf(packed(content, {}), 0).subgraphs[0]
    named = [i for i, tensor in enumerate(graph.tensors) if tensor.name]
    assert sorted(named) == sorted([*graph.inputs, *graph.outputs])


def test_what_is_not_builtin_is_refused(tmp_path):
    folder = saved(lambda x: {"reconstruction": tf.math.erfinv(x * 0.1)}, tmp_path)
    with pytest.raises(ExportError, match="Erfinv"):
        convert(folder, ["reconstruct"], None)
