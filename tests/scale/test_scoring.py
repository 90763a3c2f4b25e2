import os
import subprocess
import sys

import numpy as np
import pytest

import aezoo
from aezoo.data.samples import DataError
from aezoo.scale import score, scoring
from aezoo.scale.folder import LOCK, MANIFEST

pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [tables]")


@pytest.fixture
def scored_shards(monkeypatch):
    """The names of the shards that are scored, in turn."""
    names = []
    one = scoring.score_shard

    def noted(scorer, shard, settings, target):
        names.append(shard.name)
        return one(scorer, shard, settings, target)

    monkeypatch.setattr(scoring, "score_shard", noted)
    return names


def test_an_archive(archive, tables, files, ae, tmp_path):
    calls = []
    found = score(
        archive,
        files,
        tmp_path / "out",
        keep=["id"],
        threshold=1,
        progress=lambda *rows: calls.append(rows),
    )
    assert (found.shards, found.skipped, found.rows) == (4, 0, 63)
    assert calls == [(30, 63), (30, 63), (55, 63), (63, 63)]
    assert found.rows_per_second == pytest.approx(63 / found.seconds)
    flagged = 0
    for name, table in tables.items():
        written = pq.read_table(tmp_path / f"out/{name}.parquet").to_pandas()
        assert written["row"].tolist() == list(range(len(table)))
        assert written["id"].tolist() == table["id"].tolist()
        if len(table):
            errors = ae.reconstruction_error(table[list("vwxyz")].to_numpy())
            np.testing.assert_allclose(written["reconstruction_error"], errors, rtol=1e-4)
            flagged += (errors > 1).sum()
    assert found.flagged == flagged > 0


def test_the_folder_reads_as_one_table(archive, ae, tmp_path):
    pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
    score(archive, ae, tmp_path / "out", drop=["id"])
    assert len(pd.read_parquet(tmp_path / "out")) == 63
    written = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {*(f"{name}.parquet" for name in "abcd"), LOCK, MANIFEST}


def test_a_second_call_has_nothing_to_do(archive, ae, tmp_path, scored_shards):
    first = score(archive, ae, tmp_path / "out", drop=["id"], threshold=1)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    scored_shards.clear()
    again = score(archive, ae, tmp_path / "out", drop=["id"], threshold=1, batch_size=3)
    assert scored_shards == []
    assert (again.skipped, again.rows, again.flagged) == (4, 63, first.flagged)
    assert again.rows_per_second == 0
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())


def test_goes_on_where_it_ended(archive, tables, ae, tmp_path, scored_shards):
    broken = tables["sub/c"].copy()
    broken.loc[7, "w"] = np.nan
    broken.to_parquet(archive / "sub/c.parquet")
    with pytest.raises(DataError, match=r"c\.parquet .*nan in row 7"):
        score(archive, ae, tmp_path / "out", drop=["id"])
    assert {p.name for p in (tmp_path / "out").rglob("*.parquet")} == {"a.parquet", "b.parquet"}
    tables["sub/c"].to_parquet(archive / "sub/c.parquet")  # mended
    scored_shards.clear()
    found = score(archive, ae, tmp_path / "out", drop=["id"])
    assert scored_shards == ["sub/c.parquet", "sub/d.parquet"]
    assert (found.skipped, found.rows) == (2, 63)


def test_a_lost_output_is_made_again(archive, ae, tmp_path, scored_shards):
    score(archive, ae, tmp_path / "out", drop=["id"])
    (tmp_path / "out/a.parquet").unlink()
    (tmp_path / "out/sub/d.parquet").write_bytes(b"PAR1")
    scored_shards.clear()
    score(archive, ae, tmp_path / "out", drop=["id"])
    assert scored_shards == ["a.parquet", "sub/d.parquet"]


OTHER = {
    "threshold": {"threshold": 2.0},
    "columns": {"columns": list("zyxwv")},
    "keep": {"keep": ["id"]},
    "code": {"code": False},
}


@pytest.mark.parametrize("option", OTHER)
def test_another_option(archive, ae, tmp_path, option):
    score(archive, ae, tmp_path / "out", drop=["id"], threshold=1)
    how = {"drop": ["id"], "threshold": 1, **OTHER[option]}
    with pytest.raises(FileExistsError, match=f"begun with another {option}"):
        score(archive, ae, tmp_path / "out", **how)


def test_another_model_or_input(archive, tables, ae, files, tmp_path):
    score(archive, files, tmp_path / "out", drop=["id"])
    with pytest.raises(FileExistsError, match="another model"):
        score(archive, files / "model.tflite", tmp_path / "out", drop=["id"])
    tables["a"].iloc[:20].to_parquet(archive / "a.parquet")
    with pytest.raises(FileExistsError, match=r"a\.parquet has changed since"):
        score(archive, files, tmp_path / "out", drop=["id"])


def test_rows_are_counted_at_the_end(archive, ae, tmp_path, monkeypatch):
    one = scoring.score_shard

    def losing(scorer, shard, settings, target):
        done = one(scorer, shard, settings, target)
        if shard.name == "a.parquet":
            pq.write_table(pq.read_table(target).slice(1), target)
        return done

    monkeypatch.setattr(scoring, "score_shard", losing)
    with pytest.raises(DataError, match=r"a\.parquet must have the 30 rows.*Received: 29"):
        score(archive, ae, tmp_path / "out", drop=["id"])


def test_a_killed_call_costs_its_shard(archive, files, tmp_path, scored_shards):
    code = """
import os, signal, sys
from aezoo.scale import outputs, score, scoring
one = scoring.score_shard
def dying(scorer, shard, settings, target):
    if shard.name == "sub/c.parquet":
        scorer.run = lambda x: os.kill(os.getpid(), signal.SIGKILL)
    return one(scorer, shard, settings, target)
scoring.score_shard = dying
score(*sys.argv[1:4], drop=["id"])
"""
    command = [sys.executable, "-c", code, str(archive), str(files / "model.tflite")]
    died = subprocess.run([*command, str(tmp_path / "out")], capture_output=True)
    assert died.returncode == -9
    left = {p.name for p in (tmp_path / "out").rglob("*.parquet") if ".partial-" not in str(p)}
    assert left == {"a.parquet", "b.parquet"}
    assert list((tmp_path / "out").rglob(".partial-*"))
    found = score(archive, files / "model.tflite", tmp_path / "out", drop=["id"])
    assert scored_shards == ["sub/c.parquet", "sub/d.parquet"]
    assert found.rows == 63
    assert not list((tmp_path / "out").rglob(".partial-*"))


ARGUMENTS = {
    "unknown engine": ({"on": "spark"}, "on must be None.*'spark'"),
    "workers without ray": ({"workers": 2}, "workers is for on='ray'"),
    "address without ray": ({"address": "a:1"}, "address is for on='ray'"),
    "no workers": ({"on": "ray", "workers": 0}, "workers must be"),
    "no batch": ({"batch_size": 0}, "batch_size must be"),
    "infinite threshold": ({"threshold": np.inf}, "threshold must be.*inf"),
    "threshold of nothing": ({"threshold": np.nan}, "threshold must be.*nan"),
    "negative threshold": ({"threshold": -1}, "threshold must be.*-1"),
    "text of columns": ({"keep": "id"}, "keep must be a sequence of names. Received: 'id'"),
    "too few columns": ({"columns": ["v"]}, "takes 5 columns. Received: 1, 'v'"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(archive, ae, tmp_path, case):
    how, message = ARGUMENTS[case]
    with pytest.raises(ValueError, match=message):
        score(archive, ae, tmp_path / "out", **{"drop": ["id"], **how})
    assert not (tmp_path / "out").exists()


def test_a_model_in_memory_stays_in_its_process(archive, ae, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "imported_ray", lambda: None)
    with pytest.raises(ValueError, match="save it, and give the path"):
        score(archive, ae, tmp_path / "out", drop=["id"], on="ray")


def test_files_for_devices_need_no_keras(archive, files, tmp_path):
    code = (
        "import sys, aezoo; aezoo.scale.score(*sys.argv[1:4], drop=['id']);"
        "print(sorted({'keras', 'ray', 'tensorflow'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(archive), str(files / "model.tflite")]
    run = subprocess.run([*command, str(tmp_path / "out")], capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""


def test_the_public_name():
    assert aezoo.scale.score is score
    assert os.path.basename(aezoo.scale.__file__) == "__init__.py"
