import json

import pytest

from aezoo.export.paths import file_to_write, new_folder, report_of
from aezoo.export.report import ExportReport

REPORT = ExportReport("a", "tflite", "int8", 1, {}, {}, {})


@pytest.mark.parametrize("content", ['{"name": "mine"}', "[1]", "not JSON", "\xff"])
def test_what_is_no_report_is_not_overwritten(tmp_path, content):
    for name in ("model", "model.tflite"):
        (tmp_path / f"{name}.json").write_text(content, encoding="latin-1")
    with pytest.raises(FileExistsError, match="model.json exists already, and is no report"):
        new_folder(tmp_path / "model")
    with pytest.raises(FileExistsError, match=r"tflite\.json exists already, and is no report"):
        file_to_write(tmp_path / "model.tflite", ".tflite")


def test_an_earlier_export_may_be_replaced(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_text("earlier")
    REPORT.save(report_of(path))
    assert file_to_write(path, ".tflite") == path
    REPORT.save(report_of(tmp_path / "model"))  # of a folder that was removed
    assert new_folder(tmp_path / "model") == tmp_path / "model"


def test_reports_of_the_first_release_are_known(tmp_path):
    path = tmp_path / "model.tflite"
    REPORT.save(report_of(path))
    found = json.loads(report_of(path).read_text())
    for later in ("sha256", "micro", "detector", "fine_tuning", "c"):
        del found[later]
    found["parity"]["psnr"] = float("inf")
    report_of(path).write_text(json.dumps(found))
    assert "Infinity" in report_of(path).read_text()
    assert file_to_write(path, ".tflite") == path


def test_a_file_of_another_origin_is_not_replaced(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="without the report model.tflite.json"):
        file_to_write(path, ".tflite")
