import json
from pathlib import Path

from aezoo.export.page.facts import facts, public_card
from aezoo.registry import weights


def test_no_way_to_anything_on_this_machine():
    record = {
        "model": "conv",
        "data": {"source": "/home/me/photos", "data_dir": "/home/me/data", "test": 3},
        "metrics": {"mse": 0.1},
        "files": {"a": "b"},
        "folder": Path("/home/me/runs"),
    }
    assert public_card(record) == {"model": "conv", "data": "photos", "metrics": {"mse": 0.1}}
    assert public_card({}) == {}
    assert public_card({"data": "mnist"}) == {"data": "mnist"}


def test_what_is_told_of_a_pretrained_model():
    folder = weights.folder() / "denoising-mnist"
    card = json.loads((folder / "card.json").read_text("utf-8"))
    report = json.loads((folder / "model-int8.tflite.json").read_text("utf-8"))
    told = dict(facts(Path("a/model-int8.tflite"), report["size"], report, public_card(card)))
    assert told["family"] == "denoising"
    assert told["file"] == f"model-int8.tflite, {report['size']:,} bytes"
    assert told["precision"] == "int8"
    assert told["mean squared error, test"].startswith(f"{card['metrics']['mse']:.5f}, PCA")
    assert "error with noise, and cleaned" in told
    assert list(dict(facts(Path("m.tflite"), 1000, {}, {}))) == ["file"]


def test_pca_is_not_named_where_it_is_exact():
    card = {"metrics": {"mse": 0.1, "pca_mse": 0.0, "compression_ratio": 1.0}}
    assert dict(facts(Path("m"), 1, {}, card))["mean squared error, test"] == "0.10000"


def test_threshold_of_a_detector():
    folder = weights.folder() / "detector-ecg5000"
    report = json.loads((folder / "detector-int8.tflite.json").read_text("utf-8"))
    assert dict(facts(Path("d"), 1, report, {}))["threshold"] == "4.21364"
