import json
import shutil
from pathlib import Path

import pytest

from aezoo.training.records import data_of, told_by
from tests.training.report.conftest import proved

GOLDEN = Path(__file__).parents[1] / "golden"
RECORD = {"data": {"source": "digits"}, "metrics": {"mse": 0.1, "compression_ratio": 2.0}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps(RECORD))
    return tmp_path


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
def test_runs_of_earlier_versions(version):
    told = told_by(GOLDEN / version / "run")
    assert told.record["model"] == "deep"
    assert told.name == "run"
    assert len(told.history["loss"]) == len(told.history["val_loss"]) >= 3
    assert told.history["val_loss"][-1] < told.history["val_loss"][0]
    assert (told.int8, told.exports) == ({}, [])


def test_exports_and_whether_they_are_what_was_proved(folder):
    for name in ("a.tflite", "b.tflite", "c.tflite"):
        proved(folder / name)
    (folder / "b.tflite").write_bytes(b"another")
    (folder / "c.tflite").unlink()
    (folder / "micro").mkdir()
    proved(folder / "d", sha256="")
    (folder / "notes.json").write_text("{}")
    found = [(name, report.precision, state) for name, report, state in told_by(folder).exports]
    assert found == [
        ("a.tflite", "int8", "as proved"),
        ("b.tflite", "int8", "changed since it was proved"),
        ("c.tflite", "int8", "missing"),
        ("d", "int8", ""),
    ]


def test_a_table_of_losses_that_a_kill_cut_off(folder):
    (folder / "log.csv").write_text("epoch,loss,val_loss\n0,0.5,0.25\n1,,0.2\n2,0.1,0.")
    history = told_by(folder).history
    assert history["val_loss"] == [0.25, 0.2, 0.0]
    assert history["loss"][0] == 0.5
    assert history["loss"][1] != history["loss"][1]  # NaN
    (folder / "log.csv").write_text("epoch,loss\n0,0.5\n1,0.4\n2")
    assert told_by(folder).history == {"loss": [0.5, 0.4]}
    (folder / "log.csv").write_text("")
    assert told_by(folder).history == {}


@pytest.mark.parametrize(
    "record",
    [
        {**RECORD, "metrics": []},
        {**RECORD, "metrics": {}},
        {**RECORD, "training": 3},
        {"metrics": RECORD["metrics"]},
    ],
)
def test_damaged(folder, record):
    (folder / "metrics.json").write_text(json.dumps(record))
    with pytest.raises(OSError, match="damaged"):
        told_by(folder)


def test_a_damaged_proof_is_named(folder):
    proved(folder / "a.tflite", parity={})
    with pytest.raises(OSError, match=r"a.tflite.json is damaged"):
        told_by(folder)


def test_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected the folder of a run"):
        told_by(tmp_path)


def test_which_data(tmp_path):
    recorded = {"source": "mnist", "data_dir": str(tmp_path), "window": 8, "train": 5}
    assert data_of(recorded) == ("mnist", {"data_dir": tmp_path, "window": 8})
    assert data_of(recorded, data_dir="there")[1]["data_dir"] == "there"
    assert data_of(recorded, "x.npy") == ("x.npy", {"data_dir": None, "window": 8})
    shutil.rmtree(tmp_path)
    assert data_of(recorded)[1]["data_dir"] is None
