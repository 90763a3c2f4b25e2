import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

import aezoo
from aezoo.edge import lite_model
from aezoo.edge.lite_model import LiteModel, dequantized, quantized

RELEASE = (
    Path(__file__).parents[1] / "golden" / "0.1.0" / "table"
)  # files with and without integers


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
        (np.float32(0), r"\(n, 6\).*\(\)"),
        (np.full((1, 6), "a"), "real numbers"),
        (np.full((1, 6), 1j), "real numbers"),
        (np.full((2, 6), np.nan), "finite in float32. Received: 12 NaN"),
        (np.full((2, 6), 1e300), "finite in float32. Received: 12 NaN"),
    ],
)
@pytest.mark.parametrize("file", ["float", "int8"])
def test_bad_samples(exported, file, x, message):
    lite = aezoo.LiteModel(exported[2] / f"{file}.tflite")
    for method in (lite.encode, lite.reconstruct, lite.score):
        with pytest.raises(ValueError, match=message):
            method(x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("file", ["float32", "int8"])
def test_nothing_plausible_comes_of_what_is_not_finite(file, bad):
    lite = LiteModel(RELEASE / f"{file}.tflite")
    x = np.zeros((3, 4), "float32")
    x[1, 2] = bad
    for method in (lite.encode, lite.reconstruct, lite.score):
        with pytest.raises(ValueError, match="finite in float32. Received: 1 NaN or infinite"):
            method(x)
    with pytest.raises(ValueError, match="decode takes what is finite"):
        lite.decode(x[:, 1:3])


def test_integers_must_be_scaled(exported, tmp_path):
    model = schema.ModelT.InitFromPackedBuf((RELEASE / "float32.tflite").read_bytes(), 0)
    model.metadata = []  # as of a model without normalization
    builder = flatbuffers.Builder(10_000)
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "model.tflite").write_bytes(builder.Output())
    lite = LiteModel(tmp_path / "model.tflite")
    x = np.arange(0, 240, 3, "uint8").reshape(20, 4)
    for method in (lite.encode, lite.reconstruct, lite.score):
        with pytest.raises(ValueError, match="scaled. Received: uint8 from 0 to 237.* by 255"):
            method(x)
    binary = x > 127
    np.testing.assert_array_equal(lite.encode(binary), lite.encode(binary.astype("uint8")))
    np.testing.assert_array_equal(lite.encode(binary), lite.encode(binary.astype("float32")))
    assert lite.decode(np.array([[2, 3]])).shape == (1, 4)  # codes have no range

    scales = aezoo.LiteModel(exported[2] / "float.tflite")  # any units are welcome
    whole = np.round(exported[1]).astype(int)
    np.testing.assert_array_equal(scales.encode(whole), scales.encode(whole.astype("float32")))


def calls(rng, lite, count):
    """Calls of mixed methods with mixed batches, for a file of four features and codes of two."""
    found = []
    for _ in range(count):
        method = ["encode", "decode", "reconstruct", "score"][rng.integers(4)]
        shape = (int(rng.choice([1, 5, 32])), 2 if method == "decode" else 4)
        found.append((getattr(lite, method), rng.normal(size=shape).astype("float32")))
    return found


@pytest.mark.parametrize("file", ["float32", "int8"])
def test_threads_get_what_one_alone_gets(rng, file):
    lite = LiteModel(RELEASE / f"{file}.tflite")
    work = [calls(rng, lite, 1000) for _ in range(4)]
    expected = [[method(x) for method, x in part] for part in work]
    found = [[] for _ in work]
    begin = threading.Barrier(len(work), timeout=10)

    def run(part, results):
        begin.wait()
        results.extend(method(x) for method, x in part)

    threads = [threading.Thread(target=run, args=ends) for ends in zip(work, found, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ours, theirs in zip(expected, found, strict=True):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


def test_threads_leave_no_more_interpreters_than_can_work(monkeypatch):
    made = []

    class Counted(lite_model.Interpreter):
        def __init__(self, *args, **kwargs):
            made.append(1)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(lite_model, "Interpreter", Counted)
    monkeypatch.setattr(lite_model, "IDLE", 2)
    lite = LiteModel(RELEASE / "float32.tflite")
    for _ in range(20):  # one after the other
        thread = threading.Thread(target=lite.encode, args=(np.zeros((1, 4)),))
        thread.start()
        thread.join()
    assert len(made) == 1

    together = threading.Barrier(5, timeout=10)

    def runner(x):
        together.wait()
        return {"code": np.zeros((len(x), 2), "float32")}

    lite._idle = [{"encode": runner} for _ in range(5)]
    threads = [threading.Thread(target=lite.encode, args=(np.zeros((1, 4)),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lite._idle) == 2


def test_batches_of_changing_size(rng):
    lite = LiteModel(RELEASE / "float32.tflite")
    x = rng.normal(size=(600, 4)).astype("float32")
    whole = lite.reconstruct(x)
    kept = whole.copy()
    for size in (1, 300, 2, 256, 257, 1, 600):
        np.testing.assert_allclose(lite.reconstruct(x[-size:]), whole[-size:], atol=1e-6)
    np.testing.assert_array_equal(whole, kept)  # no view into memory that is used again


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda m: m])
def test_copies(rng, duplicate):
    lite = LiteModel(RELEASE / "int8.tflite")
    x = rng.normal(size=(5, 4)).astype("float32")
    expected = lite.reconstruct(x)
    other = duplicate(lite)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(other)).reconstruct(x), expected)
    np.testing.assert_array_equal(other.reconstruct(x), expected)
    assert other is lite or not set(map(id, other._idle)) & set(map(id, lite._idle))


def test_other_processes(tmp_path):
    """By fork, while a thread is at work, and by pickle, after the file is gone."""
    path = tmp_path / "model.tflite"
    path.write_bytes((RELEASE / "float32.tflite").read_bytes())
    lite = LiteModel(path)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(lite))
    path.unlink()
    code = (
        "import os, pickle, sys, threading, numpy as np\n"
        f"lite = pickle.load(open({str(tmp_path / 'model.pickle')!r}, 'rb'))\n"
        "x = np.linspace(-1, 1, 40, dtype='float32').reshape(10, 4)\n"
        "expected = lite.score(x)\n"
        "def work():\n"
        "    while True: lite.encode(x)\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "for _ in range(5):\n"
        "    child = os.fork()\n"
        "    if not child: os._exit(0 if (lite.score(x) == expected).all() else 1)\n"
        "    print(os.waitpid(child, 0)[1], flush=True)\n"
        "print(expected.tolist(), flush=True)\n"
        "os._exit(0)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60
    )
    x = np.linspace(-1, 1, 40, dtype="float32").reshape(10, 4)
    assert run.stdout.split("\n")[:6] == [*"00000", str(lite.score(x).tolist())], run.stderr


def test_an_interpreter_that_failed_is_not_used_again(monkeypatch):
    lite = LiteModel(RELEASE / "float32.tflite")

    def fails(**kwargs):
        raise RuntimeError("it lacks memory")

    lite._idle = [{"encode": fails}]
    with pytest.raises(ValueError, match=r"float32\.tflite cannot run encode: it lacks memory"):
        lite.encode(np.zeros((1, 4)))
    assert lite._idle == []
    assert lite.encode(np.zeros((1, 4))).shape == (1, 2)


def test_bad_files(exported, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.tflite"):
        aezoo.LiteModel(tmp_path / "nothing.tflite")
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"no model at all")
    with pytest.raises(ValueError, match="not a TFLite file"):
        aezoo.LiteModel(path)
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


def test_quantization_is_the_formula():
    detail = {"dtype": np.int8, "quantization": (0.5, 3)}
    x = np.array([0, 0.5, -1.0, 0.74, 1000], "float32")
    np.testing.assert_array_equal(quantized(x, detail), [3, 4, 1, 4, 127])
    np.testing.assert_allclose(dequantized(quantized(x, detail), detail)[:4], [0, 0.5, -1, 0.5])


@pytest.mark.parametrize(("dtype", "zero_point"), [(np.int8, 0), (np.int16, 0), (np.uint8, 10)])
def test_integers_are_rounded_not_truncated(dtype, zero_point):
    detail = {"dtype": dtype, "quantization": (1.0, zero_point)}
    x = np.array([1.8, 1.2, 0.0, -1.2, -1.8], "float32")
    np.testing.assert_array_equal(
        quantized(x, detail).astype(int), np.array([2, 1, 0, -1, -2]) + zero_point
    )
    limits = np.iinfo(dtype)
    np.testing.assert_array_equal(
        quantized(np.float32([3e38, -3e38]), {**detail, "quantization": (0.1, zero_point)}),
        [limits.max, limits.min],
    )
