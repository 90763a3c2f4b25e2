import json
import shutil

import pytest


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
