from pathlib import Path

import pytest

from aezoo.edge.inspection import inspect, microseconds

RELEASE = Path(__file__).parents[1] / "golden" / "0.1.0" / "table"


def test_inspect():
    path = RELEASE / "int8.tflite"
    found = inspect(path)
    assert found["size"] == path.stat().st_size
    assert set(found["signatures"]) == {"reconstruct", "encode", "decode"}
    entry = found["signatures"]["encode"]["inputs"]["x"]
    assert entry["shape"] == [-1, 4]
    assert entry["dtype"] == "int8"
    assert entry["scale"] == pytest.approx(0.027036, rel=1e-4)
    assert entry["zero_point"] == 15
    assert found["dtypes"] == ["INT32", "INT8"]
    assert found["float_ops"] == found["foreign_ops"] == {}
    # two hidden, a code and an output layer: whole, and in parts
    assert found["ops"] == {"FULLY_CONNECTED": 8, "LEAKY_RELU": 4}


def test_float_operators():
    found = inspect(RELEASE / "float32.tflite")
    assert found["float_ops"]["FULLY_CONNECTED"] == 8
    assert "scale" not in found["signatures"]["encode"]["inputs"]["x"]


def test_bad_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.tflite"):
        inspect(tmp_path / "nothing.tflite")
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"no model at all")
    with pytest.raises(ValueError, match="not a TFLite file"):
        inspect(path)


def test_microseconds():
    calls = []
    times = microseconds(lambda: calls.append(0), 5)
    assert len(times) == 5
    assert len(calls) == 6
    assert all(0 < t < 1e6 for t in times)
