import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import aezoo
from aezoo.edge import dequantized, inspect, quantized
from aezoo.export import tflite
from aezoo.export.conversion import convert
from aezoo.export.saved_model import write_saved_model
from aezoo.export.scales import SIGMOID_END, narrow_ends, output_levels


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """A model in int8 whose sigmoid takes values from about -40 to 40, before it is refined."""
    folder = str(tmp_path_factory.mktemp("far"))
    ae = aezoo.deep((4, 4, 1), 16, hidden_units=())
    encoder, decoder = ae.encoder.layers[2], ae.decoder.layers[1]
    encoder.set_weights([np.eye(16), np.zeros(16)])
    decoder.set_weights([80 * np.eye(16), np.full(16, -40.0)])
    write_saved_model(ae, folder, ["reconstruct"], batch_size=1)
    x = np.random.default_rng(0).random((300, 4, 4, 1)).astype("float32")
    return convert(folder, ["reconstruct"], "int8", {"x": x}), ae, x


@pytest.fixture(scope="module", params=["int8", "int16x8"])
def clipped(request, tmp_path_factory):
    """A model whose clip takes values from about -1 to 2, before it is refined."""
    folder = str(tmp_path_factory.mktemp("clipped"))
    ae = aezoo.deep((4, 4, 1), 16, hidden_units=(), output_activation="clip")
    encoder, decoder = ae.encoder.layers[2], ae.decoder.layers[1]
    encoder.set_weights([np.eye(16), np.zeros(16)])
    decoder.set_weights([3 * np.eye(16), np.full(16, -1.0)])
    write_saved_model(ae, folder, ["reconstruct"])
    x = np.random.default_rng(0).random((300, 4, 4, 1)).astype("float32")
    return convert(folder, ["reconstruct"], request.param, {"x": x}), ae, x, request.param


def refined(content):
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    narrow_ends(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return model, bytes(builder.Output())


def rebuilt(content, x):
    runner = Interpreter(model_content=content).get_signature_runner("reconstruct")
    given, returned = runner.get_input_details()["x"], runner.get_output_details()["reconstruction"]
    out = [runner(x=sample[None])["reconstruction"] for sample in quantized(x, given)]
    return dequantized(np.concatenate(out), returned)


def codes(model):
    return [
        max(code.builtinCode, code.deprecatedBuiltinCode)
        for graph in model.subgraphs
        for code in (model.operatorCodes[operator.opcodeIndex] for operator in graph.operators)
    ]


def test_sigmoid_gets_the_range_where_it_changes(far):
    content, ae, x = far
    model, after = refined(content)
    (graph,) = model.subgraphs
    scales = [t.quantization.scale[0] for t in graph.tensors if t.quantization.scale is not None]
    assert any(s == pytest.approx(2 * SIGMOID_END / 255, rel=1e-3) for s in scales)
    expected = ae.reconstruct(x)
    errors = [np.mean((rebuilt(c, x) - expected) ** 2) for c in (content, after)]
    assert errors[1] < 0.5 * errors[0]


def test_black_and_white_are_reached(far, tmp_path):
    """The ends of the range that goes into a sigmoid are those where its output rounds to ends."""
    assert 256 / (1 + np.exp(SIGMOID_END)) == pytest.approx(0.5)  # half a step above black
    _, after = refined(far[0])
    (tmp_path / "model.tflite").write_bytes(after)
    levels = output_levels(tmp_path / "model.tflite")
    x = np.linspace(0, 1, 16 * 64, dtype="float32").reshape(64, 4, 4, 1)
    steps = rebuilt(after, x) * 256 - 128
    for values in (levels, steps):
        assert values.min() == -128
        assert values.max() == 127


def test_a_shape_that_is_read_is_no_value(far, tmp_path):
    """For any batch size the shape of what goes into the sigmoid is read beside its values."""
    _, ae, x = far
    write_saved_model(ae, tmp_path, ["reconstruct"])
    content = convert(str(tmp_path), ["reconstruct"], "int8", {"x": x})
    model, after = refined(content)
    assert schema.BuiltinOperator.SHAPE in codes(model)
    expected = ae.reconstruct(x)
    errors = [np.mean((rebuilt(c, x) - expected) ** 2) for c in (content, after)]
    assert errors[1] < 0.5 * errors[0]


def test_what_is_clipped_has_the_steps_of_the_clip(clipped):
    content, ae, x, quantize = clipped
    model, after = refined(content)
    left = {schema.BuiltinOperator.MINIMUM, schema.BuiltinOperator.RELU} & set(codes(model))
    assert left == ({schema.BuiltinOperator.RELU} if quantize == "int16x8" else set())
    found, expected = rebuilt(after, x), ae.reconstruct(x)
    assert (found.min(), found.max()) == (0, pytest.approx(1, abs=1e-4))
    errors = [np.mean((rebuilt(c, x) - expected) ** 2) for c in (content, after)]
    assert errors[1] < (0.8 if quantize == "int8" else 1.0001) * errors[0]


@pytest.mark.parametrize("quantize", ["int8", "int16x8"])
def test_what_is_read_beside_a_clip_keeps_its_range(tmp_path, rng, quantize):
    kernel = tf.constant(3 * np.eye(16), tf.float32)

    def function(x):
        values = x @ kernel - 1
        return {"reconstruction": tf.clip_by_value(values, 0.0, 1.0) + values}

    module = tf.Module()
    module.f = tf.function(function, [tf.TensorSpec((1, 16), name="x")], autograph=False)
    tf.saved_model.save(module, str(tmp_path), signatures={"reconstruct": module.f})
    x = rng.random((100, 16)).astype("float32")
    content = convert(str(tmp_path), ["reconstruct"], quantize, {"x": x})
    np.testing.assert_array_equal(rebuilt(refined(content)[1], x), rebuilt(content, x))


def test_a_clip_within_the_range_stays(tmp_path, rng):
    """Integers saturate at the ends of their range, not at 0.5."""
    kernel = tf.constant(3 * np.eye(16), tf.float32)

    def function(x):
        return {"reconstruction": tf.concat([tf.minimum(x @ kernel - 1, 0.5), x], axis=1)}

    module = tf.Module()
    module.f = tf.function(function, [tf.TensorSpec((1, 16), name="x")], autograph=False)
    tf.saved_model.save(module, str(tmp_path), signatures={"reconstruct": module.f})
    x = rng.random((100, 16)).astype("float32")
    _, after = refined(convert(str(tmp_path), ["reconstruct"], "int8", {"x": x}))
    expected = np.concatenate([np.minimum(3 * x - 1, 0.5), x], axis=1)
    assert np.abs(rebuilt(after, x) - expected).max() < 0.03


@pytest.mark.slow
def test_silu_keeps_its_range(tmp_path, monkeypatch):
    """x sigmoid(x) reads x twice: it must not saturate where the sigmoid does."""
    monkeypatch.setattr(tflite, "check", lambda *_: None)  # its own error is next to nothing
    ae = aezoo.deep(4, 4, hidden_units=(), latent_activation="silu")
    for model in (ae.encoder, ae.decoder):
        model.set_weights([np.eye(4), np.zeros(4)])
    x = np.random.default_rng(0).uniform(0, 20, (300, 4)).astype("float32")
    path = tmp_path / "model.tflite"
    aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x)
    assert np.abs(aezoo.LiteModel(path).encode(x) - ae.encode(x)).max() < 0.3


def test_output_levels(far, tmp_path):
    (tmp_path / "model.tflite").write_bytes(far[0])
    levels = output_levels(tmp_path / "model.tflite")
    assert len(levels) < 60  # a step of about 80 / 255 before the sigmoid leaves few values
    seen = np.unique(np.round(rebuilt(far[0], far[2]) * 256 - 128).astype(int))
    assert np.abs(seen[:, None] - levels).min(axis=1).max() <= 1


def test_levels_of_a_linear_output(tmp_path, rng):
    x = rng.normal(size=(50, 6)).astype("float32")
    ae = aezoo.deep(6, 2, hidden_units=(8,))
    path = tmp_path / "model.tflite"
    aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x, signatures=("reconstruct",))
    assert inspect(path)["ops"].get("LOGISTIC") is None
    np.testing.assert_array_equal(output_levels(path), np.arange(-128, 128))
