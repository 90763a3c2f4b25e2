"""What earlier versions wrote can still be read, and gives what it gave: see `golden/add.py`."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from golden import add
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app
from aezoo.export.micro import Proof
from aezoo.export.plain_c import graph, proving, source, tables
from aezoo.training import checkpoints

GOLDEN = Path(add.__file__).parent
VERSIONS = sorted(GOLDEN.glob("[0-9]*"))
OTHERS = {"c", "run.unfinished"}  # that have a test of their own
FAMILIES = {"variational": "kl_divergence", "vector_quantized": "encode_indices"}


def below(path):
    return str(path.relative_to(GOLDEN))


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


def found(pattern):
    return pytest.mark.parametrize("path", sorted(GOLDEN.glob(pattern)), ids=below)


def expected_of(path):
    with np.load(path.with_name(path.name + add.EXPECTED)) as arrays:
        return dict(arrays)


EXPECTED = sorted(GOLDEN.rglob(f"*{add.EXPECTED}"))
ARTEFACTS = [path.with_name(path.name.removesuffix(add.EXPECTED)) for path in EXPECTED]


@pytest.mark.parametrize("path", [a for a in ARTEFACTS if a.name not in OTHERS], ids=below)
def test_artefacts_give_what_they_gave(path):
    expected = expected_of(path)
    given = add.read(path, expected.pop("x"))
    steps = {name: expected.pop(name) for name in [*expected] if name.endswith("_step")}
    for name, values in expected.items():
        assert given[name].shape == values.shape
        most = 1.01 * steps.get(f"{name}_step", 0) + 1e-5 + 1e-6 * np.abs(values)
        assert (np.isnan(given[name]) == np.isnan(values)).all(), name  # before the first window
        assert not (np.abs(given[name] - values) > most).any(), name


def test_nothing_is_missing():
    left = add.missing(GOLDEN / add.VERSION)
    assert not left, f"no golden artefact of {', '.join(left)}: run {add.COMMAND}"


def test_what_is_there_is_not_touched(tmp_path, monkeypatch):
    folder = shutil.copytree(GOLDEN / add.VERSION / "vanilla", tmp_path / "vanilla").parent
    names = ("vanilla/model.keras", "vanilla/float16.tflite")
    kept = {name: write for name, write in add.artefacts().items() if name in names}
    monkeypatch.setattr(add, "artefacts", lambda: kept)
    lost = [folder / names[1], folder / f"{names[1]}{add.EXPECTED}"]
    (folder / names[0]).write_bytes(b"of a user")
    kept[names[1]] = lambda path, _: [path.write_bytes(b"new"), (path.parent / "side").touch()]
    for path in lost:
        path.unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert list(add.add(folder)) == [names[1]]
    assert list(add.add(folder)) == []
    with pytest.raises(FileExistsError, match="must stay"):
        list(add.add(folder, [names[1]]))
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {lost[0], folder / "vanilla/side"}


@pytest.mark.parametrize("family", ["variational", *map(slow, ("masked", "vector_quantized"))])
@pytest.mark.parametrize("version", VERSIONS, ids=below)
def test_models_train_on_with_their_methods(version, family):
    ae = keras.saving.load_model(version / family / "model.keras")
    x = expected_of(version / family / "model.keras")["x"]
    assert np.isfinite(ae.fit(x, verbose=0).history["loss"]).all()
    for name, method in FAMILIES.items():
        assert hasattr(ae, method) == (family == name)


@found("*/run")
def test_runs(path, tmp_path):
    folder = shutil.copytree(path, tmp_path / "run")
    result = CliRunner().invoke(app, ["evaluate", str(folder)])
    assert result.exit_code == 0, result.output
    mse = json.loads((folder / "metrics.json").read_text())["metrics"]["mse"]
    assert f"{mse:.5f}" in result.output


@found("*/resumed/*.unfinished")
def test_trainings_go_on(path, tmp_path, monkeypatch, xla):
    monkeypatch.setattr("aezoo.training.writing._draw", lambda *args: None)
    shutil.copytree(path, tmp_path / path.name)
    _, saved = checkpoints.newest(tmp_path / "run")
    run = aezoo.resume(tmp_path / "run")
    assert 0 < saved.epochs < len(run.history["loss"]) == saved.told["epochs"]
    expected = expected_of(path)
    # what another machine rounds otherwise grows in training
    np.testing.assert_allclose(run.model.encode(expected["x"]), expected["codes"], atol=1e-2)
    np.testing.assert_allclose(run.model.reconstruct(expected["x"]), expected["outputs"], atol=1e-2)


@found("*/*/c")
def test_c_of_files_gives_its_golden_vectors(path, tmp_path):
    expected = expected_of(path)
    graphs = [graph.graph_of(path / f"{part}.tflite") for part in add.PARTS]
    made = source.source_of(graphs, tables.tables_of(graphs))
    (tmp_path / "aezoo.h").write_text(made.header)
    (tmp_path / "aezoo.c").write_text(made.body)
    vectors = {part: (expected[f"{part}_in"], expected[f"{part}_out"]) for part in add.PARTS}
    proofs = {part: Proof(*vector, 0, 0, 0.0) for part, vector in vectors.items()}
    if proving.compare(tmp_path, proofs) is None:
        pytest.skip("there is no C compiler")
