from pathlib import Path

import numpy as np
import pytest

import aezoo
from aezoo.training import exporting


@pytest.mark.parametrize(
    ("kind", "function", "name", "precision", "target"),
    [
        ("saved_model", "export_saved_model", "saved_model", None, None),
        ("onnx", "export_onnx", "model.onnx", None, None),
        ("float32", "export_tflite", "model-float32.tflite", None, None),
        ("int4", "export_tflite", "model-int4.tflite", "int4", None),
        ("int8", "export_tflite", "model-int8.tflite", "int8", None),
        ("int16x8", "export_tflite", "model-int16x8.tflite", "int16x8", None),
        ("micro", "export_tflite", "micro", "int8", "micro"),
        ("c", "export_tflite", "c", "int8", "c"),
    ],
)
def test_what_the_exports_are_handed(monkeypatch, kind, function, name, precision, target):
    handed = {}

    def export(ae, path, **kwargs):
        handed.update(ae=ae, path=path, **kwargs)
        return "report"

    monkeypatch.setattr(exporting.export, function, export)
    x_train, x_test = np.zeros((5, 2)), np.ones((3, 2))
    assert exporting.export_to(Path("run"), "ae", kind, x_train, x_test) == "report"
    assert (handed["ae"], handed["path"]) == ("ae", Path("run") / name)
    assert handed["samples"] is x_test
    if function == "export_tflite":
        assert handed["calibration_data"] is x_train
        assert (handed["quantize"], handed["target"]) == (precision, target)
        assert handed["fine_tune"] is None
        exporting.export_to(Path("run"), "ae", kind, x_train, x_test, fine_tune=True)
        assert handed["fine_tune"] is x_train


def test_unknown_kinds():
    with pytest.raises(ValueError, match="one of saved_model, onnx.*'int2'"):
        exporting.export_to(Path("run"), None, "int2", None, None)
    assert set(aezoo.training.EXPORTS) == {
        "saved_model", "onnx", "float32", "float16", "dynamic", "int4", "int8", "int16x8", "micro",
        "c",
    }  # fmt: skip
