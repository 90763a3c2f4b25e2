import json

import pytest

from aezoo.plots.markup import text_of
from aezoo.training.records import told_by
from aezoo.training.report.proofs import exports
from tests.training.report.conftest import PARITY, proved


@pytest.fixture
def folder(tmp_path):
    record = {"data": {"source": "digits"}, "metrics": {"compression_ratio": 2.0}}
    (tmp_path / "metrics.json").write_text(json.dumps(record))
    return tmp_path


def test_each_has_its_proof(folder):
    proved(folder / "model-int8.tflite")
    proved(folder / "model.onnx", format="onnx", precision="float32", size=12345)
    proved(folder / "z.tflite", parity={**PARITY, "mse_export": 0.02})
    (folder / "model.onnx").write_bytes(b"another")
    found = exports(told_by(folder), "runs/a")
    rows = [[cell.text or "" for cell in row] for row in found.iter("tr")][1:]
    assert rows == [
        ["model-int8.tflite", "int8", "5", "0.02000", "0.02010", "+0.50%", "1,234 µs"],
        ["model.onnx", "onnx, float32", "12,345", "0.02000", "0.02010", "+0.50%", "1,234 µs"],
        ["z.tflite", "int8", "5", "0.02000", "0.02000", "0.00%", "1,234 µs"],
    ]
    (warned,) = (span for span in found.iter("span") if span.get("class") == "warned")
    assert warned.text == "changed since it was proved"
    texts = [summary.text for summary in found.iter("summary")]
    assert texts[0] == "Proof of model-int8.tflite: as proved"
    assert "<dt>PSNR against Keras</dt><dd>40.0 dB</dd>" in text_of(found)
    assert told_by(folder).exports[0].report.sha256 in text_of(found)


def test_none(folder):
    found = exports(told_by(folder), "runs/a")
    assert "aezoo export runs/a --quantize int8" in text_of(found)


def test_what_was_not_finite_has_no_figure(folder):
    proved(folder / "a.tflite", parity={**PARITY, "mse_export": float("inf")})
    found = exports(told_by(folder), "runs/a")
    assert [cell.text for cell in found.iter("td")][3:5] == ["", ""]
