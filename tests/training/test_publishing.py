import json
import shutil
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app
from aezoo.registry import weights
from aezoo.training import publishing


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("zoo")
    run = aezoo.train(
        "deep", "digits", latent_dim=4, epochs=8, hidden_units=(24,), output=root / "run"
    )
    card = publishing.publish(run.folder, root / "saved_models" / "deep-digits")
    return root, card


@pytest.fixture
def zoo(published, monkeypatch):
    monkeypatch.setattr(weights, "folder", lambda: published[0] / "saved_models")
    return published[0] / "saved_models"


def test_published_folder(published, zoo):
    _, card = published
    folder = zoo / "deep-digits"
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert on_disk == {*card["files"], "card.json"}
    assert {"model.weights.h5", "README.md", "reconstructions.png"} <= on_disk
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: keras\n")
    assert f"{card['metrics']['mse']:.5f}" in text
    assert str(zoo) not in "".join(p.read_text() for p in folder.glob("*.json"))
    assert json.loads((folder / "model-int8.tflite.json").read_text())["path"] == (
        "model-int8.tflite"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("refused", "near", "tried", "how"),
    [
        (True, True, [False, True], ", after fine-tuning for it"),
        (False, False, [False, True], ", after fine-tuning for it"),
        (False, True, [False], ""),
    ],
)
def test_an_int8_file_is_fine_tuned_where_that_is_what_it_takes(
    published, tmp_path, monkeypatch, refused, near, tried, how
):
    asked = []

    def export(folder, ae, kind, x_train, x_test, fine_tune):
        asked.append(fine_tune)
        if refused and not fine_tune:
            raise aezoo.ExportError("It reconstructs worse.")
        return export_to(folder, ae, kind, x_train, x_test)

    export_to = publishing.export_to
    monkeypatch.setattr(publishing, "export_to", export)
    monkeypatch.setattr(publishing, "is_near", lambda report: near)
    folder = tmp_path / "deep-digits"
    card = publishing.publish(published[0] / "run", folder, exports=["int8"])
    score = aezoo.LiteModel(folder / "model-int8.tflite").score
    more = score(aezoo.load_dataset("digits", "test").x).mean() / card["metrics"]["mse"] - 1
    said = f"\nIn int8 its error changes by {more:+.1%}{how}.\n"
    assert said in (folder / "README.md").read_text()
    assert asked == tried


def test_an_int8_file_that_is_refused_is_left_out(published, tmp_path, monkeypatch):
    tried = []

    def refuse(folder, ae, kind, x_train, x_test, fine_tune=False):
        if kind == "int8":
            tried.append(fine_tune)
            raise aezoo.ExportError("It reconstructs worse: 0.2 after 0.1. Use more.")

    monkeypatch.setattr(publishing, "export_to", refuse)
    card = publishing.publish(published[0] / "run", tmp_path / "deep-digits")
    assert not any("int8" in file for file in card["files"])
    text = (tmp_path / "deep-digits" / "README.md").read_text()
    assert "no file in int8, which was refused: It reconstructs worse: 0.2 after 0.1.\n" in text
    assert tried == [False, True]

    def broken(*args):
        raise aezoo.ExportError("It is broken")

    monkeypatch.setattr(publishing, "export_to", broken)
    with pytest.raises(aezoo.ExportError, match="broken"):
        publishing.publish(published[0] / "run", tmp_path / "other")


def test_published_under_a_name_of_its_own(published, zoo):
    """Two models of one family and dataset lie side by side."""
    note = "The images were handwritten once."
    root = published[0]
    card = publishing.publish(root / "run", zoo / "deep-digits-4", exports=["int8"], note=note)
    assert {file for file in card["files"] if "model" in file} == {
        "model.weights.h5", "model-int8.tflite", "model-int8.tflite.json",
    }  # fmt: skip
    text = (zoo / "deep-digits-4" / "README.md").read_text()
    assert f"\n{note}\n" in text
    assert 'aezoo.build("deep", weights="digits-4")' in text
    assert set(weights.cards()) == {("deep", "digits"), ("deep", "digits-4")}
    assert aezoo.list_models(weights="digits-4") == ["deep"]
    assert set(publishing.verify("deep-digits-4")) == {"model.weights.h5", "model-int8.tflite"}
    shutil.rmtree(zoo / "deep-digits-4")
    with pytest.raises(ValueError, match="int9"):
        publishing.publish(root / "run", zoo / "deep-digits-4", exports=["int9"])


def test_verify_opens_and_measures_everything(zoo, published):
    errors = publishing.verify("deep-digits")
    assert set(errors) == {
        "model.weights.h5", "saved_model", "model-float32.tflite", "model-int8.tflite",
    }  # fmt: skip
    result = CliRunner().invoke(app, ["verify-models"])
    assert result.exit_code == 0
    assert "deep-digits" in result.stdout
    result = CliRunner().invoke(app, ["list"])
    assert f"{published[1]['metrics']['mse']:.5f}" in result.stdout


def test_verify_finds_a_changed_file_and_a_wrong_figure(zoo):
    card = zoo / "deep-digits" / "card.json"
    before = card.read_text()
    report = zoo / "deep-digits" / "model-int8.tflite.json"
    kept = report.read_text()
    try:
        report.write_text(kept + " ")
        with pytest.raises(ValueError, match="is damaged"):
            publishing.verify("deep-digits")
        report.write_text(kept)
        record = json.loads(before)
        record["metrics"]["mse"] *= 0.9
        card.write_text(json.dumps(record))
        with pytest.raises(ValueError, match="has the test error .*, its card says"):
            publishing.verify("deep-digits")
        result = CliRunner().invoke(app, ["verify-models", "deep-digits"])
        assert result.exit_code == 1
    finally:
        report.write_text(kept)
        card.write_text(before)


@pytest.mark.parametrize("off", [0.05, -0.05])
def test_an_int8_file_that_is_off_by_a_twentieth_is_refused(zoo, monkeypatch, off):
    file = "model-int8.tflite"
    opened, tolerance = publishing.ARTEFACTS[file]
    real = publishing.verify("deep-digits")
    expected = real["model.weights.h5"]

    def score(x):
        return opened(zoo / "deep-digits" / file).score(x) * (1 + off) * expected / real[file]

    artefact = (lambda path: SimpleNamespace(score=score), tolerance)
    monkeypatch.setitem(publishing.ARTEFACTS, file, artefact)
    with pytest.raises(ValueError, match=r"int8\.tflite has the test error .*, its card says"):
        publishing.verify("deep-digits")


def test_data_are_prepared_as_for_the_run(published, tmp_path, monkeypatch):
    shutil.copytree(published[0] / "run", tmp_path / "run")
    record = json.loads((tmp_path / "run" / "metrics.json").read_text())
    prepared = {"size": [8, 8], "color": "grey"}  # as digits are
    record["data"] |= prepared
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(record))
    asked = []

    def load_dataset(name, split, **how):
        asked.append({key: how[key] for key in how.keys() - {"data_dir"}})
        return aezoo.load_dataset(name, split, **how)

    def train(*args, **how):
        asked.append({key: how[key] for key in prepared})
        raise ValueError("enough")

    monkeypatch.setattr(publishing, "load_dataset", load_dataset)
    monkeypatch.setattr(publishing, "train", train)
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    card = publishing.publish(tmp_path / "run", tmp_path / "small", exports=())
    assert prepared.items() <= card.items()
    publishing.verify("small")
    with pytest.raises(ValueError, match="enough"):
        publishing.rebuild("small", tmp_path / "again")
    assert asked == [prepared] * 4


def test_rebuild_gives_the_same_model(zoo, published, tmp_path):
    run = publishing.rebuild("deep-digits", tmp_path / "again")
    expected = published[1]["metrics"]["mse"]
    assert run.metrics["mse"] == pytest.approx(expected, rel=published[1]["noise"])


def test_rebuild_says_when_it_does_not(zoo, published, tmp_path, monkeypatch):
    asked = {}

    def train(*args, **kwargs):
        asked.update(kwargs, args=args)
        error = published[1]["metrics"]["mse"] * (1 + asked["seed"] + 0.06)
        return SimpleNamespace(metrics={"mse": error}, interrupted=False)

    monkeypatch.setattr(publishing, "train", train)
    with pytest.raises(ValueError, match="Trained again, deep-digits has"):
        publishing.rebuild("deep-digits", tmp_path / "again")
    assert asked["args"] == ("deep", "digits")
    settings = {"latent_dim": 4, "hidden_units": (24,), "seed": 0, "batch_size": 32}
    assert {**asked, **settings, "output": tmp_path / "again"} == asked


def test_rebuild_chooses_nothing_that_the_card_does_not_say(zoo, published, tmp_path, monkeypatch):
    asked = []

    def train(*args, **kwargs):
        asked.append(kwargs)
        return SimpleNamespace(metrics=published[1]["metrics"], interrupted=False)

    monkeypatch.setattr(publishing, "train", train)
    publishing.rebuild("deep-digits", tmp_path / "again")
    said = published[1]
    assert said["options"]["dropout"] > 0
    assert said["options"]["linear_path"]
    assert {**asked[-1], **said["options"], "hidden_units": (24,)} == asked[-1]
    assert asked[-1]["flip"] == said["training"]["flip"]

    before = {key: said["training"][key] for key in ("epochs", "seed")}
    old = {**said, "options": {"hidden_units": [24]}, "training": before}
    (zoo / "deep-digits" / "card.json").write_text(json.dumps(old))
    publishing.rebuild("deep-digits", tmp_path / "again")
    chosen = {"linear_path": False, "dropout": 0, "max_shift": 0, "flip": False}
    assert {**asked[-1], **chosen, **before} == asked[-1]

    images = {**old, "model": "conv", "input_shape": [8, 8, 1], "options": {}}
    (zoo / "deep-digits" / "card.json").write_text(json.dumps(images))
    publishing.rebuild("deep-digits", tmp_path / "again")
    assert asked[-1]["refinement"] == 0

    timed = {**said, "training": {**said["training"], "minutes": 0.5}}
    (zoo / "deep-digits" / "card.json").write_text(json.dumps(timed))
    publishing.rebuild("deep-digits", tmp_path / "again")
    assert asked[-1]["minutes"] == 0.5
    assert "epochs" not in asked[-1]
    (zoo / "deep-digits" / "card.json").write_text(json.dumps(said))


def test_refused(published, zoo, tmp_path):
    run = published[0] / "run"
    with pytest.raises(FileExistsError, match="choose another folder"):
        publishing.publish(run, tmp_path)
    with pytest.raises(FileNotFoundError):
        publishing.publish(tmp_path / "nothing", tmp_path / "new")
    with pytest.raises(FileNotFoundError, match="no card"):
        publishing.verify("conv-digits")
