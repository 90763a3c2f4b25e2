import json

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import aezoo
from aezoo.edge import METADATA
from aezoo.export import tflite
from aezoo.export.conversion import SharingBuilder, convert, packed
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
    builder = SharingBuilder(64)
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


@pytest.mark.parametrize("io", [None, pytest.param("float32", marks=pytest.mark.slow)])
def test_int16_activations(trained, digits, tmp_path, io):
    """All signatures in one file, of the size of int8, and an error that is nearly the model's."""
    ae, options = trained("conv"), {"calibration_data": digits[0], "samples": digits[1]}
    sizes, noise = {}, {}
    for quantize in ("int8", "int16x8"):
        path = tmp_path / f"{quantize}.tflite"
        report = aezoo.export_tflite(ae, path, quantize=quantize, io=io, **options)
        sizes[quantize], noise[quantize] = report.size, report.parity["encode_noise"]
    assert report.precision == "int16x8"
    assert sizes["int16x8"] < 1.1 * sizes["int8"]
    assert noise["int16x8"] < 0.7 * noise["int8"]
    lite = aezoo.LiteModel(path)
    assert lite.parts == ("reconstruct", "encode", "decode")
    for name, ends in report.contents["signatures"].items():
        for tensor in (*ends["inputs"].values(), *ends["outputs"].values()):
            assert tensor["dtype"] == (io or "int16")
            assert tensor.get("zero_point", 0) == 0, name
    np.testing.assert_allclose(lite.reconstruct(digits[1]), ae.reconstruct(digits[1]), atol=0.05)
    codes = ae.encode(digits[1])
    np.testing.assert_allclose(lite.encode(digits[1]), codes, atol=0.05 * np.ptp(codes))


@pytest.mark.slow
def test_int16_has_room_for_what_was_not_seen(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(tflite, "check", lambda *_: None)  # its own error is 0
    x = rng.uniform(-1, 1, (300, 4)).astype("float32")
    ae = aezoo.deep(4, 4, hidden_units=())
    for model in (ae.encoder, ae.decoder):
        model.set_weights([np.eye(4), np.zeros(4)])
    path = tmp_path / "model.tflite"
    aezoo.export_tflite(ae, path, quantize="int16x8", calibration_data=x)
    lite = aezoo.LiteModel(path)
    for found in (lite.reconstruct(1.9 * x), lite.encode(1.9 * x), lite.decode(1.9 * x)):
        np.testing.assert_allclose(found, 1.9 * x, atol=1e-3)
