import json

import aezoo
from aezoo import registry
from aezoo.registry import weights


def test_list(run):
    result = run("list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in aezoo.list_models())
    document = json.loads(run("list", "--json").stdout)
    assert [entry["model"] for entry in document["models"]] == aezoo.list_models()
    assert all(entry["purpose"] in registry.PURPOSES for entry in document["models"])
    assert all(purpose in result.stdout for purpose in registry.purposes())
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


def test_lock(run, monkeypatch, tmp_path):
    asked = []

    def pin(addresses, most, lock):
        asked.append((addresses, most, lock))
        return {address: {"revision": "abc", "files": {}} for address in addresses}

    monkeypatch.setattr("aezoo.registry.hub.pin", pin)
    monkeypatch.chdir(tmp_path)
    result = run("lock", "hf://a/b", "hf://c/d")
    assert result.exit_code == 0
    assert result.stdout.split("\n")[1] == "hf://c/d: commit abc, in aezoo.lock"
    run("lock", "hf://a/b", "--output", "other.lock")
    assert [(told, str(lock)) for told, _, lock in asked] == [
        (["hf://a/b", "hf://c/d"], "aezoo.lock"),
        (["hf://a/b"], "other.lock"),
    ]
    assert asked[0][1] == {weights.CARD: 2**20, weights.FILE: 2**32}


def test_lock_of_what_is_no_address(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("lock", "a/b")
    assert result.exit_code == 2
    assert "hf://OWNER/REPOSITORY" in result.stderr
    assert list(tmp_path.iterdir()) == []
