import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.edge.lite_model import dequantized, inspect, microseconds, quantized


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite")
    x = np.random.default_rng(0).random((60, 6)).astype("float32") * [1, 10, 100, 1, 1, 1] + 3
    x = x.astype("float32")
    ae = aezoo.deep(6, 2, hidden_units=(8,), normalization="standard")
    ae.fit(x, epochs=2, verbose=0)
    aezoo.export_tflite(ae, folder / "float.tflite", samples=x)
    aezoo.export_tflite(ae, folder / "int8.tflite", quantize="int8", calibration_data=x)
    aezoo.export_tflite(ae, folder / "fixed.tflite", batch_size=4, samples=x)
    aezoo.export_tflite(
        ae, folder / "encode.tflite", signatures=("reconstruct", "encode"), samples=x
    )
    return ae, x, folder


def test_runs_without_keras_and_tensorflow(exported):
    code = (
        "import sys, aezoo, numpy as np;"
        f"m = aezoo.LiteModel({str(exported[2] / 'int8.tflite')!r});"
        "print(m.score(np.ones((3, 6))).shape, {'keras', 'tensorflow'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "(3,) set()"


@pytest.mark.parametrize("file", ["float", "fixed"])
def test_float_methods_agree_with_keras(exported, file):
    ae, x, folder = exported
    lite = aezoo.LiteModel(folder / f"{file}.tflite")
    x = x[:10]  # two batches of four and a rest
    np.testing.assert_allclose(lite.encode(x), ae.encode(x), atol=1e-4)
    np.testing.assert_allclose(lite.decode(ae.encode(x)), ae.reconstruct(x), rtol=1e-4)
    np.testing.assert_allclose(lite.reconstruct(x), ae.reconstruct(x), rtol=1e-4)
    np.testing.assert_allclose(lite.score(x), ae.reconstruction_error(x), rtol=1e-3)


def test_integer_methods_take_raw_values(exported):
    ae, x, folder = exported
    lite = aezoo.LiteModel(folder / "int8.tflite")
    step = np.ptp(ae.normalize(x)) / 255
    difference = ae.normalize(lite.reconstruct(x)) - ae.normalize(ae.reconstruct(x))
    assert np.abs(difference).max() < 5 * step
    np.testing.assert_allclose(lite.score(x), ae.reconstruction_error(x), rtol=0.2, atol=0.01)
    np.testing.assert_allclose(
        lite.score(x),
        np.mean((ae.normalize(x) - ae.normalize(lite.reconstruct(x))) ** 2, axis=1),
        rtol=1e-3,
    )


def test_missing_signature(exported):
    lite = aezoo.LiteModel(exported[2] / "encode.tflite")
    assert lite.parts == ("reconstruct", "encode")
    with pytest.raises(ValueError, match="no signature 'decode'. It has: reconstruct, encode"):
        lite.decode(np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 5)), r"\(n, 6\).*\(3, 5\)"),
        (np.zeros(6), r"\(n, 6\)"),
        (np.zeros((0, 6)), r"\(0, 6\)"),
        (np.full((1, 6), "a"), "numbers"),
    ],
)
def test_bad_samples(exported, x, message):
    with pytest.raises(ValueError, match=message):
        aezoo.LiteModel(exported[2] / "float.tflite").encode(x)


def test_bad_files(exported, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.tflite"):
        aezoo.LiteModel(tmp_path / "nothing.tflite")
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"no model at all")
    with pytest.raises(ValueError, match="not a TFLite file"):
        inspect(path)
    whole = (exported[2] / "float.tflite").read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 50):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged"):
            aezoo.LiteModel(path)

    model = tf.Module()
    model.f = tf.function(lambda x: {"y": x + 1}, [tf.TensorSpec((1, 2), name="x")])
    tf.saved_model.save(model, str(tmp_path / "other"), signatures={"plus": model.f})
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "other")).convert())
    with pytest.raises(ValueError, match="not an exported autoencoder.*plus"):
        aezoo.LiteModel(path)


def test_inspect(exported):
    found = inspect(exported[2] / "int8.tflite")
    assert found["size"] == (exported[2] / "int8.tflite").stat().st_size
    assert set(found["signatures"]) == {"reconstruct", "encode", "decode"}
    entry = found["signatures"]["encode"]["inputs"]["x"]
    assert entry["shape"] == [-1, 6]
    assert entry["dtype"] == "int8"
    assert entry["scale"] > 0
    assert found["float_ops"] == found["foreign_ops"] == {}
    # two hidden, a code and an output layer: whole, and in parts
    assert found["ops"]["FULLY_CONNECTED"] == 8
    assert inspect(exported[2] / "float.tflite")["float_ops"]["FULLY_CONNECTED"] == 8


def test_quantization_is_the_formula():
    detail = {"dtype": np.int8, "quantization": (0.5, 3)}
    x = np.array([0, 0.5, -1.0, 0.74, 1000], "float32")
    np.testing.assert_array_equal(quantized(x, detail), [3, 4, 1, 4, 127])
    np.testing.assert_allclose(dequantized(quantized(x, detail), detail)[:4], [0, 0.5, -1, 0.5])


def test_microseconds():
    calls = []
    times = microseconds(lambda: calls.append(0), 5)
    assert len(times) == 5
    assert len(calls) == 6
    assert all(0 < t < 1e6 for t in times)
