import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from aezoo.edge import inspect
from aezoo.export.conversion import convert

PARTS = ("encode", "decode", "reconstruct")


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """A kernel that all parts share, in int16: decode takes larger values than the others."""
    folder = str(tmp_path_factory.mktemp("saved"))
    rng = np.random.default_rng(0)
    kernel = tf.constant(rng.normal(size=(64, 64)), tf.float32)
    bias = tf.constant(rng.normal(size=64), tf.float32)
    module = tf.Module()
    bodies = {
        "encode": lambda x: {"code": x @ kernel + bias},
        "decode": lambda code: {"reconstruction": tf.nn.tanh(code @ kernel + bias)},
        "reconstruct": lambda x: {"reconstruction": tf.nn.relu(x @ kernel + bias)},
    }
    for name, body in bodies.items():
        key = "code" if name == "decode" else "x"
        function = tf.function(body, [tf.TensorSpec((None, 64), name=key)], autograph=False)
        setattr(module, name, function)
    tf.saved_model.save(module, folder, {name: getattr(module, name) for name in bodies})
    x = rng.normal(size=(50, 64)).astype("float32")
    calibration = {"x": x, "code": 3 * x}
    alone = [convert(folder, [name], "int16x8", calibration) for name in PARTS]
    return alone, convert(folder, PARTS, "int16x8", calibration)


def run(content, name, q):
    runner = Interpreter(model_content=content).get_signature_runner(name)
    (key,) = runner.get_input_details()
    (output,) = runner(**{key: q}).values()
    return output


def test_each_signature_gives_what_it_gave_alone(contents, rng):
    alone, together = contents
    q = rng.integers(-20000, 20000, (5, 64)).astype("int16")
    for name, content in zip(PARTS, alone, strict=True):
        np.testing.assert_array_equal(run(together, name, q), run(content, name, q))


def test_what_is_equal_is_held_once(contents):
    alone, together = contents
    graphs = schema.ModelT.InitFromPackedBuf(together, 0).subgraphs
    held = [{t.buffer for t in graph.tensors if list(t.shape) == [64, 64]} for graph in graphs]
    assert held[0] == held[1] == held[2]  # the kernel
    assert len(together) < sum(map(len, alone)) - 2 * 64 * 64


def test_biases_of_other_inputs_are_their_own(contents, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(contents[1])
    assert inspect(path)["dtypes"] == ["INT16", "INT64", "INT8"]  # no float32 in name
    graphs = schema.ModelT.InitFromPackedBuf(contents[1], 0).subgraphs
    biases = [
        next(t for t in graph.tensors if t.type == schema.TensorType.INT64) for graph in graphs
    ]
    encode, decode, reconstruct = (bias.buffer for bias in biases)
    assert encode == reconstruct != decode
    assert biases[1].quantization.scale[0] == pytest.approx(3 * biases[0].quantization.scale[0])


def test_operators_keep_their_codes(contents, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(contents[1])
    # each operator of its own kind only in one of the parts
    assert inspect(path)["ops"] == {"FULLY_CONNECTED": 3, "TANH": 1}
