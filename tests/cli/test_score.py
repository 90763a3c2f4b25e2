import json

import numpy as np
import pytest

import aezoo

pd = pytest.importorskip("pandas", reason="needs the extra [tables]")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An archive of two files, a run folder and a file for a device."""
    folder = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    for name in ("archive", "run"):
        (folder / name).mkdir()
    for name in ("a", "b"):
        table = pd.DataFrame(rng.normal(size=(40, 4)), columns=list("wxyz"))
        table.assign(id=range(40)).to_parquet(folder / f"archive/{name}.parquet")
    ae = aezoo.deep(4, 2, hidden_units=(4,), normalization="standard")
    ae.adapt(rng.normal(size=(100, 4)))
    ae.save(folder / "run/model.keras")
    samples = rng.normal(size=(50, 4)).astype("float32")
    aezoo.export_tflite(ae, folder / "model.tflite", samples=samples)
    return folder


@pytest.mark.parametrize("model", ["run", "run/model.keras", "model.tflite"])
def test_an_archive(run, home, tmp_path, model):
    output = tmp_path / "scored"
    options = ["--keep", "id", "--threshold", 1.0]
    told = run("score", home / "archive", "--model", home / model, "-o", output, *options)
    assert told.exit_code == 0, told.words
    written = pd.read_parquet(output)
    assert list(written) == ["row", "id", "code_0", "code_1", "reconstruction_error", "flag"]
    assert written["id"].tolist() == 2 * list(range(40))
    flagged = int(written["flag"].sum())
    assert f"rows │ 80 │ │ flagged │ {flagged} (" in told.words
    again = run("score", home / "archive", "-m", home / model, "-o", output, *options, "--json")
    found = json.loads(again.stdout)
    assert (found["skipped"], found["rows"], found["flagged"]) == (2, 80, flagged)


def test_columns(run, home, tmp_path):
    given = ["score", home / "archive", "-m", home / "model.tflite"]
    for i, chosen in enumerate((["--drop", "id"], [o for c in "wxyz" for o in ("--column", c)])):
        told = run(*given, "-o", tmp_path / f"{i}", *chosen, "--no-code")
        assert told.exit_code == 0, told.words
        assert list(pd.read_parquet(tmp_path / f"{i}")) == ["row", "reconstruction_error"]


BAD = {
    "a column too many": ([], 1, "takes 4 columns. Received: 5"),
    "no such column": (["--drop", "q"], 1, "drop must name columns"),
    "infinite": (["--drop", "id", "--threshold", "inf"], 2, "threshold must be"),
    "another engine": (["--drop", "id", "--on", "spark"], 2, "'spark'"),
    "workers alone": (["--drop", "id", "--workers", "2"], 2, "workers is for on='ray'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be(run, home, tmp_path, case):
    options, status, message = BAD[case]
    model = home / "model.tflite"
    told = run("score", home / "archive", "-m", model, "-o", tmp_path / "out", *options)
    assert told.exit_code == status
    assert message in told.words
    assert "Traceback" not in told.words
    assert not (tmp_path / "out").exists()


def test_no_such_model(run, home, tmp_path):
    told = run("score", home / "archive", "-m", tmp_path / "no.keras", "-o", tmp_path / "out")
    assert told.exit_code == 1
    assert "There is no model" in told.words
