import subprocess
import sys

import numpy as np
import pytest

from aezoo.export import tflm


def test_a_file_that_kills_the_runtime_is_an_error(tmp_path):
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(200))
    with pytest.raises(tflm.MicroError, match=r"cannot run bad\.tflite"):
        tflm.invoke(path, np.zeros((1, 4), "int8"))


def test_arena_grows_until_it_is_enough(tmp_path, monkeypatch):
    asked = []

    def child(path, folder, arena):
        asked.append(arena)
        if arena is not None and arena < 4000:
            raise tflm.MicroError("too small")
        np.save(f"{folder}/outputs.npy", np.zeros((1, 4), "int8"))
        return 2500

    monkeypatch.setattr(tflm, "_child", child)
    outputs, arena = tflm.invoke(tmp_path, np.zeros((1, 4), "int8"))
    assert asked == [None, 2512, 3152, 3952, 4944]
    assert (arena, outputs.shape) == (4944, (1, 4))


def test_arena_does_not_grow_for_ever(tmp_path, monkeypatch):
    def child(path, folder, arena):
        if arena is None:
            return 2500
        raise tflm.MicroError("broken")

    monkeypatch.setattr(tflm, "_child", child)
    with pytest.raises(tflm.MicroError, match="broken"):
        tflm.invoke(tmp_path, np.zeros((1, 4), "int8"))


def test_missing_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(tflm.sys, "executable", "python3")
    run = tflm.subprocess.CompletedProcess([], 1, "", "No module named 'tflite_micro'")
    monkeypatch.setattr(tflm.subprocess, "run", lambda *args, **kwargs: run)
    with pytest.raises(ImportError, match=r"aezoo\[micro\]"):
        tflm.invoke(tmp_path, np.zeros((1, 4), "int8"))


CHILDREN = {
    "hangs": ("import time; time.sleep(60)", r"model\.tflite did not end within 0\.5 s"),
    "dies": ("import os; os.kill(os.getpid(), 11)", r"cannot run model\.tflite \(status -11\)"),
    "refuses": ("raise ValueError('no such operator')", r"\(status 1\): .*no such operator"),
    "says nothing": ("", r"\(status 0\)"),
}


@pytest.mark.parametrize("child", CHILDREN)
def test_whatever_becomes_of_the_child_is_an_error(tmp_path, monkeypatch, child):
    code, message = CHILDREN[child]
    (tmp_path / "child.py").write_text(code)
    monkeypatch.setattr(tflm, "__file__", str(tmp_path / "child.py"))
    monkeypatch.setattr(tflm, "TIMEOUT", 0.5 if child == "hangs" else 60)
    with pytest.raises(tflm.MicroError, match=message):
        tflm.invoke(tmp_path / "model.tflite", np.zeros((1, 4), "int8"))


def test_what_hangs_is_not_tried_with_more_memory(tmp_path, monkeypatch):
    asked = []

    def child(path, folder, arena):
        asked.append(arena)
        if arena is None:
            return 2500
        raise tflm.MicroError("did not end") from subprocess.TimeoutExpired("child", 300)

    monkeypatch.setattr(tflm, "_child", child)
    with pytest.raises(tflm.MicroError, match="did not end"):
        tflm.invoke(tmp_path, np.zeros((1, 4), "int8"))
    assert asked == [None, 2512]


def test_the_child_imports_no_training_library(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('of the folder it runs in')")
    code = (
        f"import runpy, sys; runpy.run_path({tflm.__file__!r}, run_name='child');"
        "print({'aezoo', 'keras', 'tensorflow'} & set(sys.modules))"
    )
    command = [sys.executable, "-P", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.strip() == "set()"
