import json
import re
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

import aezoo
from aezoo.export import report
from aezoo.export.report import ExportError, ExportReport

FINE = ExportReport(
    path="a.tflite",
    format="tflite",
    precision="int8",
    size=10,
    contents={"ops": {"ADD": 2}, "float_ops": {}, "foreign_ops": {}, "signatures": {}},
    parity={
        "samples": 5,
        "max_difference": 1e-5,
        "mean_difference": 1e-6,
        "mse_keras": 0.01,
        "mse_export": 0.0101,
        "psnr": 50.0,
        "rank_correlation": 0.999,
        "encode_noise": 0.0123,
    },
    latency={"median_us": 1.0, "p95_us": 2.0, "compiled_us": 2.5, "predict_us": 30.0},
    sha256="ab" * 32,
)


def test_saved_and_printed(tmp_path):
    FINE.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["parity"] == FINE.parity
    assert saved["sha256"] == FINE.sha256
    assert "2 ADD" in str(FINE)
    assert "0.99900" in str(FINE)
    assert "float ops" not in str(FINE)
    assert "1.23% of their spread" in str(FINE)
    assert re.search("compiled call of Keras, median.* 2 µs.*\n.*predict.* 30 µs", str(FINE))


def test_plain_c_is_printed():
    part = {"arena": 9408, "constants": 265646, "compiler": "cc 12.2.0", "compared": 50}
    printed = str(replace(FINE, c={"encode": part, "decode": {**part, "arena": 32}}))
    assert "encode 9,408, decode 32 bytes, beside input and output" in printed
    assert "265,646 bytes" in printed
    assert "all bytes equal, 50 samples, cc 12.2.0" in printed
    part.update(compiler=None, compared=0)
    assert "not proved: there is no C compiler here" in str(replace(FINE, c={"encode": part}))


def test_what_is_infinite_is_null(tmp_path):
    same = replace(FINE, parity={**FINE.parity, "psnr": float("inf"), "rank_correlation": None})
    same.save(tmp_path / "report.json")

    def refuse(constant):
        raise AssertionError(constant)

    saved = json.loads((tmp_path / "report.json").read_text(), parse_constant=refuse)
    assert saved["parity"]["psnr"] is None
    assert same.parity["psnr"] == float("inf")
    assert "inf dB" in str(same)
    assert "PSNR" not in str(ExportReport(**saved))


def test_reports_of_the_first_release_can_be_read():
    """They have neither a hash nor a compiled call."""
    path = aezoo.registry.weights.folder() / "deep-digits" / "model-float32.tflite.json"
    old = ExportReport(**json.loads(path.read_text()))
    assert "predict of Keras" in str(old)
    assert "compiled" not in str(old)


def test_detectors():
    assert "threshold" not in str(FINE)
    found = {
        "threshold_keras": 3.0,
        "threshold": 3.5,
        "calibration": 1200,
        "samples": 500,
        "held_out": True,
        "false_alarms_keras": 0.01,
        "false_alarms_before": 0.03,
        "false_alarms": 0.012,
        "rank_correlation": 0.99912,
        "rank_correlation_strangers": None,
        "activations": "int16",
        "references": 2000,
        "reference_bytes": 12345,
    }
    text = " ".join(re.sub("[│┌┐└┘─├┤┬┴┼]", " ", str(replace(FINE, detector=found))).split())
    for words in (
        "threshold, Keras's and its own 3, 3.5",
        "threshold is set on 1,200 normal samples",
        "false alarms, 500 other normal samples 1.00% in Keras, 3.00% after, 1.20% with",
        "rank correlation with Keras's scores 0.99912 activations int16",
        "references 2,000, of 12,345 bytes",
    ):
        assert words in text
    both = {**found, "rank_correlation_strangers": 0.9995, "held_out": False}
    text = str(replace(FINE, detector=both))
    assert "0.99912 and, with made-up anomalies, 0.99950" in text
    assert "500 of these normal samples" in text


def test_terminals_have_a_width(monkeypatch, capsys):
    long = {"ops": {f"OPERATOR_{i}": i for i in range(30)}}
    wide = replace(FINE, contents=long, path="folder/" * 20)
    lines = str(wide).splitlines()
    assert any("29 OPERATOR_29" in line and "1 OPERATOR_1" in line for line in lines)
    assert wide.path in str(wide).replace("\n", "")
    assert all(line == line.rstrip() for line in lines)
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: SimpleNamespace(columns=70))
    assert max(map(len, str(wide).splitlines())) == 70


def test_latency_counts_runs(monkeypatch, rng):
    monkeypatch.setattr(report, "RUNS", 7)
    monkeypatch.setattr(report, "PREDICT_RUNS", 1)
    ae = aezoo.vanilla(3, 1)
    calls = []
    exported = SimpleNamespace(reconstruct=lambda x: calls.append(len(x)))
    found = report.latency(ae, exported, rng.random((5, 3)))
    assert calls == [1] * 8
    assert 0 < found["median_us"] <= found["p95_us"] < found["predict_us"]
    assert 0 < found["compiled_us"] < found["predict_us"]


def test_errors_carry_what_was_measured():
    assert ExportError("no").report is None
    assert ExportError("no", FINE).report is FINE
    with pytest.raises(ValueError, match="no"):
        raise ExportError("no", FINE)


def test_read_again(tmp_path):
    file = tmp_path / "a.tflite.json"
    FINE.save(file)
    assert ExportReport.load(file) == FINE
    found = json.loads(file.read_text())
    del found["sha256"]  # which the first version did not write
    file.write_text(json.dumps({**found, "of tomorrow": 1}))
    assert ExportReport.load(file) == replace(FINE, sha256="")
    replace(FINE, parity={**FINE.parity, "mse_export": float("inf")}).save(file)
    assert ("MSE before, after", "0.01, not finite") in ExportReport.load(file).sections()[1]


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON", '{"path": "a"}', b"\xff"])
def test_no_report_is_refused(tmp_path, text):
    file = tmp_path / "a.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"a.json is no report"):
        ExportReport.load(file)
