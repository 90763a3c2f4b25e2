"""What of the benchmarks can be wrong without anybody seeing it, on machines that are not here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def accelerator(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import accelerator

    return accelerator


@pytest.mark.parametrize(
    ("name", "peaks"),
    [
        ("NVIDIA H100 80GB HBM3", (494.5, 989.5)),
        ("NVIDIA H100 PCIe", (378, 756.5)),
        ("NVIDIA A100-SXM4-40GB", (156, 312)),
        ("NVIDIA L40S", (183, 362)),
        ("NVIDIA GeForce RTX 4090", (82.6, 165.2)),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", (None, None)),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", (None, None)),
        ("Tesla T4", (None, None)),
        ("CPU", (None, None)),
    ],
)
def test_peak_of_a_gpu(accelerator, name, peaks):
    assert tuple(accelerator.peak_of(name, p) for p in accelerator.PRECISIONS) == peaks


def test_operations_are_those_of_products(accelerator):
    pytest.importorskip("torch")
    layers = [784 * 512, 512 * 256, 256 * 128, 128 * 256, 256 * 512, 512 * 784]
    # forward, by weights and by inputs, which the first layer has no use for
    assert accelerator.operations("dense") == 2 * (3 * sum(layers) - layers[0])
    # kernels of 3 x 3 or 7 x 7, where they stand, and channels before and after
    layers = [9 * 14**2 * 16, 9 * 7**2 * 16 * 32, 49 * 32 * 64]
    layers += [49 * 64 * 32, 9 * 7**2 * 32 * 16, 9 * 14**2 * 16]
    assert accelerator.operations("conv") == 2 * (3 * sum(layers) - layers[0])


def test_epochs_have_whole_batches(accelerator):
    for network, (shape, _) in accelerator.NETWORKS.items():
        count = accelerator.count_of(network)
        assert count % 1024 == 0, network
        assert 4 * count * shape[0] * shape[1] * shape[2] <= 2**29


def test_on_paper_goes_by_the_slopes(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "scale", raising=False)  # the tests of aezoo.scale
    import growth

    rows = [{"size": 10**7, "seconds": 36.0, "memory": 2**30}]
    stream = {"rows": rows, "slopes": {"seconds": 1.0, "memory": 0.5}}
    rows = [{"size": 10_000, "seconds": 2 * growth.IMAGES / 1000, "memory": 2**20}]
    pixels = {"rows": rows, "slopes": {"seconds": 0.5, "memory": 1.0}}
    found = {"samples, as a stream": stream, "pixels of an image": pixels}
    table, camera = growth.on_paper(found)
    assert "128 GB" in table
    assert "1.0 hours an epoch and 10,240 MiB" in table  # a hundred times, ten times as much
    assert "network on 500 of 10,000 pixels, so 2.0 such machines" in camera
    assert camera.endswith("images of 2,500 pixels.")  # a quarter of them: half of the time


@pytest.mark.slow
def test_without_a_gpu_it_says_so_and_writes_what_it_is_told_to(tmp_path):
    pytest.importorskip("torch")
    command = [sys.executable, BENCHMARKS / "accelerator.py", "--by", "aezoo-jax"]
    run = {"capture_output": True, "text": True, "timeout": 600}
    alone = subprocess.run(command, **run)
    if "No GPU was found by jax" not in alone.stdout:
        pytest.skip("a GPU is here")
    assert alone.returncode == 1
    assert "Nothing was measured" in alone.stderr
    command += ["pytorch", "--precisions", "bfloat16", "--peak-tflops", "2"]
    file = tmp_path / "found.json"
    done = subprocess.run([*command, "--quick", "--output", file], **run)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    ours, theirs = found["speed"].values()
    assert (ours["by"], theirs["by"]) == ("aezoo-jax", "pytorch")
    assert ours["parameters"] == theirs["parameters"]
    assert ours["share"] == pytest.approx(ours["images"] * ours["operations"] / 2e12)
    assert all(row["mse"] < 0.1 and row["device"] == "CPU" for row in found["errors"].values())


def test_a_process_that_grows_is_seen(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import reliability
    import soaking

    def rows(slope):
        kept = {"bytes": 1e9, "objects": 5e5, "files": 6, "threads": 12, "python_threads": 1}
        # what comes before the warm-up has ended does not count
        return [{**kept, "bytes": 1e9 - (n < 20) * 5e8 + slope * n} for n in range(100)]

    for slope, told in ((0, []), (1e5, []), (2.5e5, ["bytes +1.5%"])):
        found = {"worker": {"temporary": 0, **soaking.grown(rows(slope))}}
        assert found["worker"]["a_round"] == pytest.approx(slope)
        assert reliability.wrongs("soak", found, quick=False) == told
        assert reliability.wrongs("soak", found, quick=True) == []
    found["worker"]["temporary"] = 1
    assert "temporary files are left" in reliability.wrongs("soak", found, quick=True)


def test_what_is_let_through_is_told(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import reliability

    found = {"keras": {"tried": 2, "through": ["a bomb"]}, "cards": {"tried": 1, "through": []}}
    assert reliability.wrongs("hostile", found, quick=True) == ["keras: a bomb"]
    found = {"card": {"failures": ["hangs, of seed 0"]}}
    assert reliability.wrongs("fuzz", found, quick=True) == ["card: hangs, of seed 0"]
    found = {"data": {"tried": 0, "through": []}}
    assert reliability.wrongs("hostile", found, quick=True) == ["data: none was tried"]


def test_kills_that_show_nothing_are_told(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import killing
    import reliability

    kinds = {kind: {"killed": 1, "retried": 1, "resumed": 1} for kind in killing.KINDS}
    rows = [{"right": False, "said": "Traceback"}, {"right": True}]
    found = {"failures": [], "troubles": [], "kinds": kinds}
    assert reliability.wrongs("kills", found, False) == []
    assert len(reliability.wrongs("kills", {**found, "troubles": rows}, False)) == 1
    kinds["export"]["killed"] = kinds["train"]["resumed"] = 0
    told = reliability.wrongs("kills", found, False)
    assert told == ["export: none was killed before its end", "train: none was resumed"]
    failures = [{"kind": "export"}, {"kind": "train"}]
    assert len(reliability.wrongs("kills", {**found, "failures": failures}, False)) == 2


@pytest.mark.parametrize(
    ("kind", "status", "said", "left", "right"),
    [
        ("export", 143, "aezoo: terminated.", b"earlier", True),
        ("export", 0, "", b"new", True),
        ("export", 0, "", b"earlier", False),
        ("export", 1, "", b"earlier", False),
        ("export", 1, "aezoo: Traceback", b"earlier", False),
        ("export", 143, "aezoo: terminated.", b"half", False),
        ("export", None, "aezoo: terminated.", b"earlier", False),  # it hangs
        ("train", 143, "aezoo: terminated.", None, True),
        ("train", 0, "", [np.ones(1)], True),
        ("train", 0, "", None, False),
        ("train", -11, "Traceback", [np.ones(1)], False),
    ],
)
def test_how_commands_end(monkeypatch, tmp_path, kind, status, said, left, right):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import killing

    ground = killing.Ground()
    ground.earlier = {"export": b"earlier", "train": None}
    ground.results = {"export": b"new", "train": [np.ones(1)]}
    monkeypatch.setattr(killing, "result", lambda kind, place: left)
    (tmp_path / "said").write_text(said)
    judge = ("SIGTERM", kind, status, tmp_path, ground)
    assert killing.judged(*judge)["right"] == right
    (tmp_path / "there" / ".partial-x").mkdir(parents=True)
    assert not killing.judged(*judge)["right"]


def test_what_cannot_be_read_is_wrong(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import killing

    (tmp_path / "there" / "run").mkdir(parents=True)
    (tmp_path / "there" / "run" / "model.keras").write_bytes(b"half")
    with pytest.raises(killing.WrongError, match="left what cannot be read"):
        killing.read("train", tmp_path)
    assert killing.read("compress", tmp_path) == {}


def test_writing_is_seen_beside_and_in_place(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import killing

    (tmp_path / "model").touch()
    before = killing.state(tmp_path)
    (tmp_path / ".lock").touch()
    assert not killing.has_begun("export", tmp_path, before)
    (tmp_path / ".partial-x").mkdir()
    assert killing.has_begun("export", tmp_path, before)
    (tmp_path / ".partial-x").rmdir()
    assert not killing.has_begun("export", tmp_path, before)
    os.utime(tmp_path / "model", (1, 1))
    assert killing.has_begun("export", tmp_path, before)
    assert not killing.has_begun("train", tmp_path, {})
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "000001.npz").touch()
    assert killing.has_begun("train", tmp_path, {})


def test_a_soak_tells_what_rounds_leave(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import soaking

    class Untidy:
        def __init__(self, folder):
            self.folder, self.rounds = folder, 0

        def __call__(self):
            self.rounds += 1
            (self.folder / "model.keras").touch()
            (self.folder / f".partial-{self.rounds}").mkdir()

    monkeypatch.setattr(soaking, "Worker", Untidy)
    found = soaking.soaked("worker", 0)
    assert found["temporary"] == found["rounds"] - 1 == 7


def test_files_that_differ_are_not_one_result(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import killing

    assert killing.equal(None, None)
    assert not killing.equal(None, {})
    assert not killing.equal({"a": b"1"}, {"a": b"2"})
    a = [np.ones(3), np.zeros(0)]
    assert killing.equal(a, [np.ones(3) + 9e-7, np.zeros(0)])
    assert not killing.equal(a, [np.ones(3) + 1.1e-6, np.zeros(0)])
    assert not killing.equal(a, [np.ones((3, 1)), np.zeros(0)])
    assert not killing.equal(a, a[:1])
