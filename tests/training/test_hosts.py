import json
import os
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import aezoo
from aezoo.system.meeting import Place
from aezoo.training import hosts
from aezoo.training.distribution import Devices
from aezoo.training.hosts import Hosts, devices_for

LOOPBACK = Place("127.0.0.1", 1, 2, 1)


@pytest.fixture
def on_jax(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")


def started(ranks, *arguments, processes=None):
    """Processes that train, with what they say; the places come from the environment of Slurm."""
    job = {"SLURM_JOB_ID": str(os.getpid()), "SLURM_JOB_NODELIST": "127.0.0.1"}
    job |= {"KERAS_BACKEND": "jax", "SLURM_NTASKS": str(processes or len(ranks))}
    command = [sys.executable, "-m", "aezoo", "train", "deep", "--distribute", "multihost"]
    command += ["-O", "hidden_units=8", "--epochs", "2", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return [
        subprocess.Popen(command, env={**os.environ, **job, "SLURM_PROCID": str(rank)}, **pipes)
        for rank in ranks
    ]


def ended(processes):
    try:
        said = [process.communicate(timeout=100) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], said


def test_which_devices(on_jax, monkeypatch):
    assert type(devices_for(None)) is Devices
    found = devices_for("multihost", "127.0.0.1:1234", 2, 1, wait=3)
    assert (found.place, found.rank, found.wait) == (("127.0.0.1", 1234, 2, 1), 1, 3)


def test_refusals(on_jax):
    with pytest.raises(ValueError, match="rank is for distribute='multihost'. Received: 0"):
        devices_for(None, rank=0)
    with pytest.raises(ValueError, match="wait must be a positive number"):
        devices_for("multihost", "h:1", 2, 1, wait=0)
    for given in ({"exports": ["onnx"]}, {"minutes": 1.0}, {"quantize_aware": 2}, {"stream": True}):
        with pytest.raises(ValueError, match=f"cannot do with {next(iter(given))}, since"):
            Hosts(LOOPBACK).refuse(**given)
    Hosts(LOOPBACK).refuse(exports=(), minutes=None, quantize_aware=0, stream=False)


def test_another_backend():
    with pytest.raises(ValueError, match="set KERAS_BACKEND=jax .* It is 'tensorflow'"):
        aezoo.train(distribute="multihost", coordinator="127.0.0.1:1", processes=2, rank=0)


def test_batches_come_apart_evenly(on_jax):
    found = Hosts(LOOPBACK)
    found.count = 4
    assert found.part_of(32) == 8
    with pytest.raises(ValueError, match="a multiple of 4. Received: 30"):
        found.part_of(30)


class Saying:
    """A meeting in which the first has something to say."""

    lost = None

    def __init__(self):
        self.said = []

    def say(self, value):
        self.said.append(value)

    def heard(self):
        return "heard"

    def on_lost(self, function):
        pass


def test_one_alone_writes(on_jax):
    first, second = Hosts(Place("h", 1, 2, 0)), Hosts(LOOPBACK)
    first._meeting, second._meeting = Saying(), Saying()
    assert first.from_first(lambda: {"mse": np.float32(0.5)}) == {"mse": 0.5}
    assert first._meeting.said == [{"mse": 0.5}]
    assert second.from_first(lambda: pytest.fail("is not its to do")) == "heard"


def test_ends_what_no_exception_reaches(on_jax, monkeypatch, tmp_path, capsys):
    left, ends = [], []
    monkeypatch.setattr(hosts, "GRACE", 0.1)
    monkeypatch.setattr(os, "_exit", ends.append)
    meeting = Saying()
    meeting.lost = "The process of rank 1 has ended."
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.csv").write_text("epoch")
    event = hosts.threading.Event()
    hosts._end(meeting, event, tmp_path / "run")
    assert ends == [1]
    assert capsys.readouterr().err.startswith("aezoo: The process of rank 1 has ended.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["run.unfinished"]
    event.set()
    hosts._end(meeting, event, None)
    assert (left, ends) == ([], [1])


@pytest.mark.slow
@pytest.mark.parametrize("data", ["digits", "table"])  # without and with a normalization
def test_two_train_as_one(data, tmp_path, tmp_path_factory, rng):
    if data == "table":
        data = tmp_path_factory.mktemp("data") / "table.npy"
        np.save(data, 5 + rng.normal(size=(300, 12)))
    runs = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        how = ["--data", data, "--json", "--output", folder]
        statuses, said = ended(started(range(count), *how))
        assert statuses == [0] * count, said
        assert {"log.csv", "model.keras", "metrics.json"} <= {p.name for p in folder.iterdir()}
        assert json.loads(said[0][0])["folder"] == str(folder)
        assert all(out == "" for out, _ in said[1:])
        log = np.loadtxt(folder / "log.csv", delimiter=",", skiprows=1)
        runs.append((log, keras.saving.load_model(folder / "model.keras")))  # on TensorFlow
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    (log, ae), (own_log, own) = runs
    np.testing.assert_allclose(log, own_log, rtol=1e-5)
    for a, b in zip(ae.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_others_end_with_one_that_is_killed(tmp_path):
    how = ["--epochs", 100000, "--patience", 100000, "--output", tmp_path / "run"]
    processes = started(range(2), *how)
    try:
        log = tmp_path / "run" / "log.csv"
        while not (log.is_file() and log.stat().st_size > 200):
            assert [process.poll() for process in processes] == [None, None]
            time.sleep(0.1)
        begin = time.monotonic()
        processes[1].send_signal(signal.SIGKILL)
        processes[0].wait(60)
    finally:
        statuses, said = ended(processes)
    assert time.monotonic() - begin < 60
    assert statuses == [1, -signal.SIGKILL]
    assert "aezoo: The process of rank 1" in said[0][1].splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["run.unfinished"]


@pytest.mark.slow
def test_one_that_does_not_come_or_has_other_settings(tmp_path):
    folder = tmp_path / "run"
    statuses, said = ended(started([0], "--wait", 2, "--output", folder, processes=2))
    assert statuses == [1]
    assert "that of rank 1 did not come" in said[0][1]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    at, both = ("--coordinator", f"127.0.0.1:{port}", "--output", folder), []
    for rank in range(2):
        both += started([rank], "--seed", rank, *at, processes=2)
    statuses, said = ended(both)
    assert statuses == [2, 2]
    for _, error in said:
        assert "All processes need the same" in error
    assert not list(tmp_path.iterdir())
