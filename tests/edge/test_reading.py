import hashlib
import json
import subprocess
import sys
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.lite_model import LiteModel
from aezoo.edge.reading import LARGEST, read

RELEASE = Path(__file__).parents[1] / "golden" / "0.1.0" / "table"
FLIPS = """
import os, sys
import numpy as np
from aezoo.edge import LiteModel, inspect
path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
whole = open(path, "rb").read()
inputs = {name: np.linspace(-1, 1, 12).reshape(3, 4) for name in ("encode", "reconstruct", "score")}
inputs["decode"] = inputs["encode"][:, :2]
for bit in np.random.default_rng(seed).choice(len(whole) * 8, count, replace=False):
    content = bytearray(whole)
    content[bit // 8] ^= 1 << (bit % 8)
    open(path, "wb").write(content)
    try:
        inspect(path)
        lite = LiteModel(path)
        for name in (*lite.parts, "score"):
            for batch in (1, 3):
                getattr(lite, name)(inputs[name][:batch])
        outcome = "runs"
    except ValueError:
        outcome = "refused"
    except BaseException as error:
        outcome = repr(error)
    print(bit, outcome, flush=True)
open(path, "wb").write(whole)
print("whole", LiteModel(path).parts, flush=True)
"""


def flipped(path, seed, count):
    """What becomes of a file with one bit flipped: in another process, which may end of it."""
    run = subprocess.run(
        [sys.executable, "-c", FLIPS, str(path), str(seed), str(count)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, (run.returncode, run.stdout[-200:], run.stderr[-500:])
    *outcomes, last = run.stdout.splitlines()
    assert last.startswith("whole")
    assert len(outcomes) == count
    return [line.split(" ", 1)[1] for line in outcomes]


@pytest.fixture(params=["float32", "int8"])
def path(request, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes((RELEASE / f"{request.param}.tflite").read_bytes())
    return path


def test_one_wrong_bit_is_refused_or_runs(path):
    outcomes = flipped(path, seed=1, count=200)
    assert set(outcomes) == {"refused", "runs"}
    assert outcomes.count("refused") > 100


def test_one_wrong_bit_is_refused_where_the_report_names_the_hash(path):
    report = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_name("model.tflite.json").write_text(json.dumps(report))
    assert set(flipped(path, seed=2, count=100)) == {"refused"}


def test_another_file_than_the_report_names(path):
    path.with_name("model.tflite.json").write_text(json.dumps({"sha256": "0" * 64}))
    for open_it in (read, LiteModel):
        with pytest.raises(ValueError, match="is damaged, or another file than its report names"):
            open_it(path)


@pytest.mark.parametrize("text", ["{}", "[1]", "no JSON", "\udcff", '{"size": 3}'])
def test_reports_without_a_hash_are_no_reason_to_refuse(path, text):
    beside = path.with_name("model.tflite.json")
    beside.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert "encode" in LiteModel(path).parts


def test_truncated(path):
    whole = path.read_bytes()
    for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 50):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged|not a TFLite file"):
            read(path)


def spoiled(path, change):
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    change(model)
    builder = flatbuffers.Builder(10_000)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def set_of(part, name, value):
    def change(model):
        target = part(model)
        if name is None:
            target[0] = value
        else:
            setattr(target, name, value)

    return change


def operator(model):
    return model.subgraphs[0].operators[0]


def constant(model):
    """A tensor with data."""
    return model.subgraphs[0].tensors[operator(model).inputs[1]]


def given(model):
    return model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda model: None, None),
        (set_of(operator, "opcodeIndex", 9), "no operator 9"),
        (set_of(operator, "inputs", np.int32([0, 99, -1])), "nothing returns tensor 99"),
        (set_of(operator, "inputs", np.int32([0, -7, -1])), "nothing returns tensor -7"),
        (set_of(operator, "outputs", np.int32([99])), "no tensor 99"),
        (set_of(operator, "outputs", np.int32([0])), "tensor 0 is returned twice"),
        (set_of(operator, "intermediates", np.int32([99])), "no tensor 99"),
        (set_of(lambda m: m.operatorCodes[0], "builtinCode", 100_000), "no operator 100000"),
        (set_of(lambda m: m.subgraphs[0], "operators", []), "nothing returns tensor"),
        (set_of(lambda m: m.subgraphs[0], "inputs", np.int32([99])), "no tensor 99"),
        (set_of(lambda m: m.signatureDefs[0], "subgraphIndex", 9), "no subgraph 9"),
        (set_of(lambda m: m.signatureDefs[0].inputs[0], "tensorIndex", 1), "no end of its graph"),
        (set_of(lambda m: m, "subgraphs", None), "damaged"),
        (set_of(lambda m: m, "buffers", None), "damaged"),
        (set_of(lambda m: m.buffers[1], "offset", 10**6), "outside of the file"),
        (set_of(constant, "buffer", 999), "no buffer 999"),
        (set_of(constant, "shape", np.int32([4, 5])), "bytes for a .* of shape"),
        (set_of(constant, "type", 77), "no type 77"),
        (set_of(constant, "externalBuffer", 1), "another file"),
        (set_of(given, "shape", np.int32([-1, 2])), "a tensor has the shape"),
        (set_of(given, "shape", np.int32([1, 5])), "is not of"),
        (set_of(given, "shape", np.int32([LARGEST, 2])), "activations take"),
    ],
)
def test_what_leads_nowhere_is_refused(path, change, message):
    spoiled(path, change)
    if message is None:
        assert read(path)[1].version == 3
        return
    with pytest.raises(ValueError, match=f"damaged TFLite file: .*{message}|{message}"):
        read(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", np.float32([np.nan]), "a scale is no positive number"),
        ("scale", np.float32([-1]), "a scale is no positive number"),
        ("scale", np.float32([1, 1, 1]), "3 scales"),
        ("zeroPoint", np.int64([300]), "zero point is no INT8"),
        ("zeroPoint", np.int64([]), "0 zero points"),
    ],
)
def test_quantization_is_checked(tmp_path, name, value, message):
    path = tmp_path / "model.tflite"
    path.write_bytes((RELEASE / "int8.tflite").read_bytes())
    spoiled(path, set_of(lambda model: given(model).quantization, name, value))
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.parametrize("change", [("scale", np.float32([0])), ("scale", None)])
def test_integers_need_a_scale(tmp_path, change):
    path = tmp_path / "model.tflite"
    path.write_bytes((RELEASE / "int8.tflite").read_bytes())
    spoiled(path, set_of(lambda model: given(model).quantization, *change))
    read(path)
    with pytest.raises(ValueError, match="cannot be run"):
        LiteModel(path)


def test_damaged_normalization(tmp_path):
    for old, new in ((b'"offset"', b'"offs\xfft"'), (b'"scale": [', b'"scale": [-')):
        path = tmp_path / "model.tflite"
        content = (RELEASE / "int8.tflite").read_bytes()
        assert old in content
        if len(new) > len(old):  # at the cost of a digit
            at = content.index(old)
            end = content.index(b",", at)
            content = content[:at] + new + content[at + len(old) : end - 1] + content[end:]
        else:
            content = content.replace(old, new)
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cannot be run"):
            LiteModel(path)
