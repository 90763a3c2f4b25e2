import json

import aezoo
from aezoo.registry import weights


def test_list(run):
    result = run("list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in aezoo.list_models())
    document = json.loads(run("list", "--json").stdout)
    assert [entry["model"] for entry in document["models"]] == aezoo.list_models()
    cards = weights.cards()
    assert {(entry["model"], entry["weights"]) for entry in document["pretrained"]} == set(cards)
    (digits,) = (entry for entry in document["pretrained"] if entry["weights"] == "digits")
    card = cards[digits["model"], "digits"]
    assert digits["mse"] == card["metrics"]["mse"]
    assert digits["bytes"] == (card["folder"] / weights.FILE).stat().st_size


def test_a_damaged_card_is_told_and_not_verified(run, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    (tmp_path / "deep-digits").mkdir()
    (tmp_path / "deep-digits" / weights.CARD).write_text("{")
    result = run("list", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["pretrained"] == []
    assert "damaged card" in result.stderr
    result = run("verify-models")
    assert result.exit_code == 1
    assert "damaged card" in result.stderr


def test_figures_of_verified_models(run, monkeypatch):
    found = {"model.weights.h5": 0.0125, "saved_model": 0.0126}
    monkeypatch.setattr("aezoo.training.publishing.verify", lambda name, data_dir, data: found)
    assert json.loads(run("verify-models", "a", "b", "--json").stdout) == {"a": found, "b": found}
    result = run("verify-models", "a", "b")
    assert all(word in result.stdout for word in ("saved_model", "0.012500", "0.012600", "b"))
