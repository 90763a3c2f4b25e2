import json
import os
import signal
import subprocess
import sys

import pytest

from aezoo.data.samples import DataError
from aezoo.scale.folder import LOCK, MANIFEST, refuse_lost, scored_folder, whole
from aezoo.scale.inputs import archive_of
from aezoo.scale.outputs import KEY

pa = pytest.importorskip("pyarrow", reason="needs the extra [tables]")
pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [tables]")

TOLD = {"version": 1, "model": "m", "threshold": None}
HOLDER = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def wrote(path, stamp, rows, settings="d", stored=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = rows if stored is None else stored
    told = {"settings": settings, "input": stamp, "name": path.name, "rows": rows, "flagged": 0}
    table = pa.table({"row": list(range(stored))}).replace_schema_metadata({KEY: json.dumps(told)})
    pq.write_table(table, path)


def test_nothing_stays_of_nothing(tmp_path, archive):
    with scored_folder(tmp_path / "out", archive, TOLD):
        assert json.loads((tmp_path / "out" / MANIFEST).read_text()) == TOLD
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with scored_folder(tmp_path / "out", archive, TOLD):
        pass
    assert set(os.listdir(tmp_path / "out")) <= {LOCK}


def test_what_killed_writers_have_left_goes(tmp_path, archive):
    output = tmp_path / "out"
    with scored_folder(output, archive, TOLD):
        wrote(output / "sub/a.parquet", [1, 1], 3)
        (output / "sub/.partial-x").mkdir()
        (output / "sub/.partial-x/a.parquet").write_bytes(b"half")
    assert os.listdir(output / "sub") == ["a.parquet"]
    (output / ".partial-y").mkdir()
    with scored_folder(output, archive, TOLD):
        assert not (output / ".partial-y").exists()  # it may be what has filled the disk


def test_other_settings(tmp_path, archive):
    output = tmp_path / "out"
    with scored_folder(output, archive, TOLD):
        wrote(output / "a.parquet", [1, 1], 3)
    with (
        pytest.raises(FileExistsError, match=r'another model, threshold.*"m".*null.*"n".*0\.5'),
        scored_folder(output, archive, {**TOLD, "model": "n", "threshold": 0.5}),
    ):
        pass
    assert (output / "a.parquet").is_file()
    (output / MANIFEST).write_text("{")
    with pytest.raises(FileExistsError, match="damaged"), scored_folder(output, archive, TOLD):
        pass


def test_a_folder_of_something_else(tmp_path, archive):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("x")
    with (
        pytest.raises(FileExistsError, match=r"something else: 'thesis\.tex'"),
        scored_folder(tmp_path / "out", archive, TOLD),
    ):
        pass
    assert os.listdir(tmp_path / "out") == ["thesis.tex"]
    with (
        pytest.raises(FileExistsError, match="a file"),
        scored_folder(tmp_path / "out/thesis.tex", archive, TOLD),
    ):
        pass


@pytest.mark.parametrize("place", ["archive", "archive/scored", "."])
def test_one_in_the_other(tmp_path, archive, place):
    before = sorted(archive.rglob("*"))
    with (
        pytest.raises(ValueError, match="beside the data"),
        scored_folder(tmp_path / place, archive, TOLD),
    ):
        pass
    assert sorted(archive.rglob("*")) == before


def test_two_writers_and_a_dead_one(tmp_path, archive):
    output = tmp_path / "out"
    output.mkdir()
    command = [sys.executable, "-c", HOLDER, str(output / LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(FileExistsError, match="Another process is writing"),
            scored_folder(output, archive, TOLD),
        ):
            pass
        assert (output / LOCK).is_file()
        other.send_signal(signal.SIGKILL)
    with scored_folder(output, archive, TOLD):
        assert (output / MANIFEST).is_file()


def test_whole_ones_are_known(tmp_path, archive):
    shards = archive_of(archive, drop=["id"]).shards
    wrote(tmp_path / "out/a.parquet", shards[0].stamp, 30)
    wrote(tmp_path / "out/sub/c.parquet", shards[2].stamp, 25, stored=24)  # damaged
    (tmp_path / "out/sub/d.parquet").write_bytes(b"PAR1")
    found = whole(tmp_path / "out", shards, "d")
    assert {name: done.rows for name, done in found.items()} == {"a.parquet": 30}


@pytest.mark.parametrize(("settings", "stamp"), [("e", None), ("d", (1, 1))])
def test_whole_ones_of_something_else(tmp_path, archive, settings, stamp):
    shards = archive_of(archive, drop=["id"]).shards
    wrote(tmp_path / "out/a.parquet", stamp or shards[0].stamp, 30, settings)
    with pytest.raises(FileExistsError, match=r"a\.parquet has changed since"):
        whole(tmp_path / "out", shards, "d")


def test_outputs_without_an_input(tmp_path, archive):
    shards = archive_of(archive, drop=["id"]).shards
    wrote(tmp_path / "out/old.parquet", [1, 1], 3)
    with pytest.raises(FileExistsError, match=r"not in the data: 'old\.parquet'"):
        whole(tmp_path / "out", shards, "d")


def test_rows_are_counted(tmp_path, archive):
    shards = archive_of(archive, drop=["id"]).shards[:2]
    wrote(tmp_path / "out/a.parquet", shards[0].stamp, 30)
    with pytest.raises(DataError, match=r"b\.parquet must have the 0 rows"):
        refuse_lost(tmp_path / "out", shards)
    wrote(tmp_path / "out/b.parquet", shards[1].stamp, 0)
    refuse_lost(tmp_path / "out", shards)
    wrote(tmp_path / "out/a.parquet", shards[0].stamp, 29)
    with pytest.raises(DataError, match=r"a\.parquet must have the 30 rows.*Received: 29"):
        refuse_lost(tmp_path / "out", shards)
