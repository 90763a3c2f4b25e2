import re
import shutil
import subprocess

import keras
import numpy as np
import pytest

import aezoo
from aezoo.edge import LiteModel, inspect
from aezoo.export import micro

pytest.importorskip("tflite_micro", reason="needs the extra [micro]")

MAIN = """\
#include <cstdio>
#include "encode.h"
#include "decode.h"
int main() {
  fwrite(aezoo_encode_model, 1, AEZOO_ENCODE_MODEL_SIZE, stdout);
  fwrite(aezoo_encode_golden_inputs, 1, sizeof aezoo_encode_golden_inputs, stdout);
  fwrite(aezoo_encode_golden_outputs, 1, sizeof aezoo_encode_golden_outputs, stdout);
  fwrite(aezoo_encode_feature_offset, 4, 6, stdout);
  fwrite(aezoo_encode_feature_scale, 4, 6, stdout);
  float scales[2] = {AEZOO_ENCODE_INPUT_SCALE, AEZOO_DECODE_OUTPUT_SCALE};
  fwrite(scales, 4, 2, stdout);
  return reinterpret_cast<unsigned long>(aezoo_decode_model) % 16;
}
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)) + rng.normal(size=(200, 6))
    x = (x * [1, 10, 100, 1, 1, 1] + 3).astype("float32")
    ae = aezoo.deep(6, 2, hidden_units=(8,), normalization="standard")
    ae.fit(x, epochs=5, verbose=0)
    folder = tmp_path_factory.mktemp("micro") / "firmware"
    report = aezoo.export_tflite(ae, folder, quantize="int8", calibration_data=x, target="micro")
    return ae, x, folder, report


def test_one_file_a_part(exported):
    _, _, folder, report = exported
    parts = ("reconstruct", "encode", "decode")
    names = {f"{part}.{suffix}" for part in parts for suffix in ("tflite", "h", "cc")}
    assert {path.name for path in folder.iterdir()} == names
    assert folder.with_name("firmware.json").is_file()
    for part in parts:
        found = inspect(folder / f"{part}.tflite")
        assert list(found["signatures"]) == [part]
        ends = found["signatures"][part]
        tensors = [*ends["inputs"].values(), *ends["outputs"].values()]
        assert {(tensor["shape"][0], tensor["dtype"]) for tensor in tensors} == {(1, "int8")}
        assert report.micro[part]["arena"] > 500
        # a step of the code, rounded unlike, can become more of them on the way back
        assert report.micro[part]["difference"] <= (4 if part == "reconstruct" else 1)
        assert report.micro[part]["beyond"] <= 0.05
    assert "memory on a microcontroller" in str(report)


def test_parts_agree_with_keras(exported):
    ae, x, folder, report = exported
    codes = LiteModel(folder / "encode.tflite").encode(x)
    assert np.abs(codes - ae.encode(x)).max() < 0.05 * np.ptp(codes)
    rebuilt = LiteModel(folder / "reconstruct.tflite").reconstruct(x)
    mse = np.mean(np.square(ae.normalize(rebuilt) - ae.normalize(x)))
    assert mse == pytest.approx(report.parity["mse_export"], rel=1e-4)


def test_c_sources_hold_what_the_files_hold(exported, tmp_path):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++")
    ae, _, folder, _ = exported
    (tmp_path / "main.cc").write_text(MAIN)
    sources = [tmp_path / "main.cc", folder / "encode.cc", folder / "decode.cc"]
    command = [compiler, "-Wall", "-Werror", f"-I{folder}", "-o", tmp_path / "main", *sources]
    subprocess.run(command, check=True)
    run = subprocess.run([tmp_path / "main"], capture_output=True, check=True)  # 0: aligned
    content = (folder / "encode.tflite").read_bytes()
    out = run.stdout
    assert out[: len(content)] == content
    rest = out[len(content) :]
    inputs = np.frombuffer(rest[:24], "int8").reshape(4, 6)
    outputs = np.frombuffer(rest[24:32], "int8").reshape(4, 2)
    floats = np.frombuffer(rest[32:], "<f4")
    offset, scale = ae.normalization.statistics
    np.testing.assert_array_equal(floats[:6], np.ravel(offset))
    np.testing.assert_array_equal(floats[6:12], np.ravel(scale))
    ends = inspect(folder / "encode.tflite")["signatures"]["encode"]
    given, code = ends["inputs"]["x"], ends["outputs"]["code"]
    assert floats[12] == np.float32(given["scale"])
    # a firmware that follows the header gets the codes of the Keras model
    raw = (inputs - given["zero_point"]) * floats[12] * scale + offset
    codes = (outputs - code["zero_point"]) * code["scale"]
    assert np.abs(codes - ae.encode(raw.astype("float32"))).max() < 0.05 * np.ptp(codes) + 0.05


@pytest.mark.parametrize("part", ["reconstruct", "encode", "decode"])
def test_headers_say_what_was_proved(exported, part):
    _, _, folder, report = exported
    text = (folder / f"{part}.h").read_text()
    said = dict(re.findall(rf"#define AEZOO_{part.upper()}_(\w+) (\S+)", text))
    (ends,) = inspect(folder / f"{part}.tflite")["signatures"].values()
    for end in ("INPUT", "OUTPUT"):
        (tensor,) = ends[f"{end.lower()}s"].values()
        assert float(said[f"{end}_SCALE"].rstrip("f")) == pytest.approx(tensor["scale"], rel=1e-7)
        assert int(said[f"{end}_ZERO_POINT"]) == tensor["zero_point"]
        assert int(said[f"{end}_SIZE"]) == np.prod(tensor["shape"])
    assert said["INPUT_SCALE"] != said["OUTPUT_SCALE"]
    assert int(said["MODEL_SIZE"]) == (folder / f"{part}.tflite").stat().st_size
    arena = int(said["ARENA_SIZE"])
    assert arena == report.micro[part]["arena"]
    inputs, outputs = (golden(folder / f"{part}.cc", end) for end in ("inputs", "outputs"))
    assert len(inputs) == int(said["GOLDEN_COUNT"])
    returned, needed = micro.invoke(folder / f"{part}.tflite", inputs)
    np.testing.assert_array_equal(returned, outputs)
    assert arena == needed


def test_a_codebook_runs_on_a_microcontroller(tmp_path, rng):
    x = rng.random((200, 8)).astype("float32")
    ae = aezoo.vector_quantized(8, 2, num_codes=3, num_embeddings=8, hidden_units=(8,))
    ae.fit(x, epochs=10, verbose=0)
    options = {"quantize": "int8", "calibration_data": x, "target": "micro"}
    with pytest.raises(ValueError, match="'reconstruct' alone"):
        aezoo.export_tflite(ae, tmp_path / "firmware", **options)
    report = aezoo.export_tflite(ae, tmp_path / "firmware", signatures="reconstruct", **options)
    assert {"ARG_MAX", "GATHER"} <= set(report.contents["ops"])
    assert report.micro["reconstruct"]["beyond"] <= 0.05


@pytest.mark.slow
def test_int16_activations_run_on_a_microcontroller(exported, tmp_path):
    ae, x, _, _ = exported
    report = aezoo.export_tflite(
        ae, tmp_path / "firmware", quantize="int16x8", calibration_data=x, target="micro"
    )
    assert (report.format, report.precision) == ("micro", "int16x8")
    assert "int16_t aezoo_encode_golden_inputs" in (tmp_path / "firmware/encode.h").read_text()
    assert "times 16 steps of int16" in str(report)
    for part in ("reconstruct", "encode", "decode"):
        (ends,) = inspect(tmp_path / f"firmware/{part}.tflite")["signatures"].values()
        tensors = [*ends["inputs"].values(), *ends["outputs"].values()]
        assert {(tensor["dtype"], tensor["zero_point"]) for tensor in tensors} == {("int16", 0)}
        assert report.micro[part]["difference"] <= 1
    assert report.parity["encode_noise"] < 0.02


def golden(path, end):
    (body,) = re.findall(rf"golden_{end}\S* = {{(.*?)}};", path.read_text(), re.DOTALL)
    rows = re.findall(r"{([^{}]*)}", body)
    return np.array([[int(value) for value in row.split(",")] for row in rows], "int8")


@pytest.mark.slow
def test_runtimes_that_disagree_leave_nothing(exported, tmp_path, monkeypatch):
    ae, x, _, _ = exported

    def invoke(path, inputs):
        outputs, arena = real(path, inputs)
        return np.clip(outputs.astype(int) + 3, -128, 127).astype("int8"), arena

    real = micro.invoke
    monkeypatch.setattr(micro, "invoke", invoke)
    with pytest.raises(aezoo.ExportError, match="differs between LiteRT and .* more than one step"):
        aezoo.export_tflite(
            ae, tmp_path / "firmware", quantize="int8", calibration_data=x, target="micro"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quantize", ["int8", pytest.param("int16x8", marks=pytest.mark.slow)])
def test_a_linear_path_and_its_clip_run_in_integers(tmp_path, rng, quantize):
    x = np.clip(rng.normal(size=(300, 3)) @ rng.normal(size=(3, 16)) / 8 + 0.5, 0, 1)
    x = (x + rng.normal(0, 0.05, x.shape)).clip(0, 1).reshape(300, 4, 4, 1).astype("float32")
    ae = aezoo.conv((4, 4, 1), 3, filters=(4,), linear_path=True)
    ae.fit(x, epochs=2, verbose=0)
    report = aezoo.export_tflite(
        ae, tmp_path / "firmware", quantize=quantize, calibration_data=x, target="micro"
    )
    assert report.contents["float_ops"] == {}
    assert "MINIMUM" not in report.contents["ops"]  # saturating is enough
    rebuilt = LiteModel(tmp_path / "firmware" / "reconstruct.tflite").reconstruct(x)
    assert rebuilt.min() >= 0
    assert rebuilt.max() == pytest.approx(1, abs=0.01)
    for part in ("encode", "decode"):
        assert report.micro[part]["difference"] <= 4
