import os
import signal
import sys
import time

import psutil
import pytest

from aezoo.data.samples import DataError
from aezoo.scale import score
from aezoo.scale.inputs import archive_of
from aezoo.scale.models import source_of
from aezoo.scale.outputs import Settings
from aezoo.scale.workers import LostWorkerError, Worker, imported_ray, ray_at

pa = pytest.importorskip("pyarrow", reason="needs the extra [tables]")
pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [tables]")


@pytest.fixture
def ray():
    return pytest.importorskip("ray", reason="needs the extra [ray]")


@pytest.fixture(scope="module")
def connected():
    """A Ray of two processors for all tests: its start takes seconds."""
    ray = pytest.importorskip("ray", reason="needs the extra [ray]")
    with ray_at("local", 2):
        yield ray


def test_without_ray(archive, files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'aezoo\[ray\]'"):
        imported_ray()
    with pytest.raises(ImportError, match=r"aezoo\[ray\]"):
        score(archive, files, tmp_path / "out", on="ray", drop=["id"])
    assert not (tmp_path / "out").exists()


def test_what_a_worker_does(archive, files, tmp_path, monkeypatch):
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "2")
    threads = pa.cpu_count()
    try:
        worker = Worker(source_of(files / "model.tflite"), code=False)
    finally:
        pa.set_cpu_count(threads)
    found = archive_of(archive, drop=["id"])
    settings = Settings("d", found.columns, found.keep, None, None)
    assert worker.score(found.shards[0], settings, tmp_path / "a.parquet").rows == 30
    assert worker.pid() == os.getpid()


def test_no_cluster_there(ray, archive, files, tmp_path):
    begin = time.monotonic()
    model = files / "model.tflite"
    with pytest.raises(ConnectionError, match=r"no Ray cluster at 127\.0\.0\.1:9"):
        score(archive, model, tmp_path / "out", on="ray", drop=["id"], address="127.0.0.1:9")
    assert time.monotonic() - begin < 20
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Ray's own
class TestOnRay:
    def test_as_on_one_process(self, connected, archive, files, tmp_path):
        model = files / "model.tflite"
        how = {"keep": ["id"], "threshold": 1}
        alone = score(archive, model, tmp_path / "alone", **how)
        found = score(archive, model, tmp_path / "out", on="ray", workers=2, **how)
        assert found[1:5] == alone[1:5]
        for file in archive.rglob("*.parquet"):
            name = file.relative_to(archive)
            expected = pq.read_table(tmp_path / "alone" / name)
            assert pq.read_table(tmp_path / "out" / name).equals(expected)
        again = score(archive, model, tmp_path / "out", on="ray", **how)
        assert again.skipped == 4

    def test_a_killed_worker_costs_its_shard(self, connected, files, tables, tmp_path):
        (tmp_path / "archive").mkdir()
        table = pa.Table.from_pandas(tables["a"].drop(columns="id"))
        for i in range(12):
            pq.write_table(pa.concat_tables([table] * 3000), tmp_path / f"archive/{i}.parquet")
        killed = []

        def kill():
            for one in psutil.Process().children(recursive=True):
                if "".join(one.cmdline()[:1]).startswith("ray::Worker.score"):
                    killed.append(one.pid)
                    os.kill(one.pid, signal.SIGKILL)
                    return

        def progress(rows, total):
            if not killed:
                kill()

        found = score(
            tmp_path / "archive",
            files / "model.tflite",
            tmp_path / "out",
            on="ray",
            workers=2,
            batch_size=500,
            progress=progress,
        )
        assert len(killed) == 1
        assert found.rows == 12 * 90_000
        for i in range(12):
            rows = pq.read_table(tmp_path / f"out/{i}.parquet")["row"].to_numpy()
            assert (rows == range(90_000)).all()
        assert not list((tmp_path / "out").glob(".partial-*"))

    def test_errors_are_those_of_one_process(self, connected, archive, tables, files, tmp_path):
        tables["sub/c"].loc[7, "w"] = float("nan")
        tables["sub/c"].to_parquet(archive / "sub/c.parquet")
        model = files / "model.tflite"
        with pytest.raises(DataError, match=r"c\.parquet .*nan in row 7") as caught:
            score(archive, model, tmp_path / "out", on="ray", drop=["id"])
        assert "Traceback" not in str(caught.value)
        with pytest.raises(ValueError, match="at most the processors of the cluster"):
            score(archive, model, tmp_path / "other", on="ray", drop=["id"], workers=99)
        with pytest.raises(ValueError, match="Ray is connected"):
            score(archive, model, tmp_path / "other", on="ray", drop=["id"], address="h:1")
        assert not (tmp_path / "other").exists()

    def test_a_shard_that_kills_each_worker_is_given_up(self, connected, archive, tmp_path):
        class Deadly:  # travels by value, being of this function
            content, input_shape = b"deadly", (5,)

            def encode(self, x):
                return x[:, :2]

            def score(self, x):
                if len(x) == 8:  # of the last shard
                    os.kill(os.getpid(), signal.SIGKILL)
                return x[:, 0]

            reconstruct = score

        output = tmp_path / "out"
        with pytest.raises(LostWorkerError, match=r"died 4 times.*: 'sub/d\.parquet'. Start"):
            score(archive, Deadly(), output, on="ray", drop=["id"], workers=1)
        assert {p.name for p in output.rglob("*.parquet")} == {f"{name}.parquet" for name in "abc"}
        assert not list(output.rglob(".partial-*"))
