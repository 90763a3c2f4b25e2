import json
import shutil

import numpy as np
import pytest
from PIL import Image


def test_table_of_a_run_and_of_a_model(run, trained):
    folder, _ = trained
    metrics = json.loads((folder / "metrics.json").read_text())["metrics"]
    figures = [f"{metrics[key]:.5f}" for key in ("mse", "pca_mse")]
    result = run("evaluate", folder)
    assert result.exit_code == 0, result.stderr
    assert all(figure in result.stdout for figure in figures)
    result = run("evaluate", folder / "model.keras", "--data", "digits", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout, parse_constant=pytest.fail)
    assert document["metrics"] == pytest.approx(metrics)
    assert document["data"] == "digits"
    assert isinstance(document["remarks"], list)


def test_no_advice_to_train_on_after_patience_ended_a_run(run, trained, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        "aezoo.evaluation.remarks", lambda metrics, **known: told.append(known) or ["A remark."]
    )
    shutil.copy(trained[0] / "model.keras", tmp_path)
    record = json.loads((trained[0] / "metrics.json").read_text())
    for epochs_run in (8, 3):
        record["training"]["epochs_run"] = epochs_run
        (tmp_path / "metrics.json").write_text(json.dumps(record))
        result = run("evaluate", tmp_path)
        assert result.exit_code == 0, result.stderr
        assert "A remark." in result.stderr
        assert told.pop() == {"stopped_early": epochs_run < 8, "has_prior": False}


def test_data_are_looked_for_where_the_run_found_them(run, trained, tmp_path, monkeypatch):
    shutil.copy(trained[0] / "model.keras", tmp_path)
    record = json.loads((trained[0] / "metrics.json").read_text())
    asked = []

    def load_dataset(name, split, data_dir=None):
        asked.append((name, split, data_dir))
        raise ValueError("enough")

    monkeypatch.setattr("aezoo.load_dataset", load_dataset)
    (tmp_path / "there").mkdir()
    for recorded, args, expected in (
        (tmp_path / "there", [], tmp_path / "there"),
        (tmp_path / "gone", [], None),
        (tmp_path / "there", ["--data-dir", tmp_path], tmp_path),
        (tmp_path / "there", ["--data", "mnist"], None),
        (None, [], None),
    ):
        data = {**record["data"], "data_dir": recorded and str(recorded)}
        (tmp_path / "metrics.json").write_text(json.dumps({**record, "data": data}))
        for command in ("evaluate", "export"):
            run(command, tmp_path, *args)
            name = "mnist" if "--data" in args else "digits"
            assert asked.pop() == (name, "train", expected)


@pytest.mark.parametrize("text", ["{", "[]", '{"data": {}}', '{"data": {"source": 3}}'])
def test_a_damaged_record_is_told(run, trained, tmp_path, text):
    shutil.copy(trained[0] / "model.keras", tmp_path)
    result = run("evaluate", tmp_path)
    assert result.exit_code == 2
    assert "say which data" in result.words
    (tmp_path / "metrics.json").write_text(text)
    result = run("evaluate", tmp_path)
    assert result.exit_code == 1
    assert "metrics.json is damaged" in result.words
    assert "Give --data NAME_OR_PATH" in result.words


@pytest.fixture
def photos(tmp_path):
    """A folder of images that are alike in nothing."""
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 20, 3), "uint8")
    for i, image in enumerate(pixels):
        Image.fromarray(image[: 10 + i, :15, 0] if i % 2 else image[:12]).save(folder / f"{i}.png")
    return folder


def test_images_are_prepared_as_for_the_training(run, photos, tmp_path, monkeypatch, short_reports):
    monkeypatch.chdir(tmp_path)
    prepared = ["--size", "6x8", "--color", "grey"]
    result = run("train", "deep", "--data", "photos", *prepared, "--epochs", 1, "-o", "run")
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert record["input_shape"] == [6, 8, 1]
    assert record["data"]["source"] == str(photos.resolve())
    assert (record["data"]["size"], record["data"]["color"]) == ([6, 8], "grey")
    assert not {"window", "stride"} & record["data"].keys()
    shutil.copytree(photos, tmp_path / "others")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for args in ([], ["--data", tmp_path / "others"]):
        result = run("evaluate", tmp_path / "run", *args, "--json")
        assert result.exit_code == 0, result.stderr
        metrics = json.loads(result.stdout)["metrics"]
        assert metrics == pytest.approx(record["metrics"], rel=1e-5)
    result = run("export", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "run" / "model-float32.tflite").is_file()


def test_recordings_are_cut_as_for_the_training(run, tmp_path):
    np.save(tmp_path / "r.npy", np.random.default_rng(0).normal(size=(200, 2)))
    cut = ["--window", 8, "--stride", 3]
    args = ["--data", tmp_path / "r.npy", *cut, "--epochs", 1, "-o", tmp_path / "run"]
    result = run("train", "deep", *args)
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert record["input_shape"] == [8, 2]
    assert {"window": 8, "stride": 3, "test": 11}.items() <= record["data"].items()
    result = run("evaluate", tmp_path / "run", "--json")
    assert result.exit_code == 0, result.stderr
    metrics = json.loads(result.stdout)["metrics"]
    assert metrics == pytest.approx(record["metrics"], rel=1e-5)


def test_data_are_prepared_as_they_were_even_without_a_whole_record(
    run, trained, tmp_path, monkeypatch
):
    shutil.copy(trained[0] / "model.keras", tmp_path)
    record = json.loads((trained[0] / "metrics.json").read_text())
    asked = []

    def load_dataset(name, split, **how):
        asked.append(how)
        raise ValueError("enough")

    monkeypatch.setattr("aezoo.load_dataset", load_dataset)
    for data, expected in (
        ({"size": [8, 8], "color": None}, {"size": [8, 8]}),
        ({"window": 9, "stride": 2}, {"window": 9, "stride": 2}),
        ({}, {}),
    ):
        written = json.dumps({**record, "data": {**record["data"], **data}})
        (tmp_path / "metrics.json").write_text(written)
        for args in ([], ["--data", "mnist"]):
            run("evaluate", tmp_path, *args)
            assert asked.pop() == {"data_dir": None, **expected}
    (tmp_path / "metrics.json").write_text("{")
    run("evaluate", tmp_path, "--data", "mnist")
    assert asked.pop() == {"data_dir": None}
