import json
import os
import signal
import subprocess
import sys
import urllib.request

import numpy as np

from aezoo.registry import weights


def page_of(folder):
    return json.loads((folder / "page.json").read_text("utf-8"))


def test_a_pretrained_model_by_its_name(run, npm, tmp_path):
    result = run("page", "deep-digits", "-o", tmp_path / "page", "--runtime", npm, "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    page = page_of(tmp_path / "page")
    assert page["title"] == "deep, digits"
    assert not page["made_up"]
    assert sorted(set(page["labels"])) == [str(digit) for digit in range(10)]
    assert made["file"] == "model-float32.tflite"


def test_weights_alone_are_exported(run, npm, tmp_path, short_reports):
    card = json.loads((weights.folder() / "deep-digits" / "card.json").read_text("utf-8"))
    card["data"] = "nothing_of_that_name"
    folder = tmp_path / "deep-digits"
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps(card))
    file = weights.folder() / "deep-digits" / weights.FILE
    (folder / weights.FILE).write_bytes(file.read_bytes())
    result = run("page", folder, "-o", tmp_path / "page", "--runtime", npm)
    assert result.exit_code == 0, result.stderr
    assert "Samples are made up: " in result.words
    assert page_of(tmp_path / "page")["made_up"]


def test_a_run_and_one_of_its_files(run, trained, npm, tmp_path, short_reports):
    folder, _ = trained
    result = run("page", folder / "model-int8.tflite", "-o", tmp_path / "a", "--runtime", npm)
    assert result.exit_code == 0, result.stderr
    assert f"aezoo serve {tmp_path / 'a'}" in result.words
    page = page_of(tmp_path / "a")
    assert dict(page["facts"])["precision"] == "int8"
    assert not page["made_up"]

    without = tmp_path / "run"
    without.mkdir()
    for name in ("model.keras", "metrics.json"):
        (without / name).write_bytes((folder / name).read_bytes())
    result = run("page", without, "-o", tmp_path / "b", "--runtime", npm)
    assert result.exit_code == 0, result.stderr
    page = page_of(tmp_path / "b")
    assert dict(page["facts"])["file"].startswith("model-float32.tflite")
    assert sorted(path.name for path in without.iterdir()) == ["metrics.json", "model.keras"]


def test_data_of_others(run, trained, npm, tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.random((40, 8, 8, 1), "float32"))
    file = tmp_path / "model.tflite"
    file.write_bytes((trained[0] / "model-int8.tflite").read_bytes())
    result = run("page", file, "-o", tmp_path / "page", "--runtime", npm)
    assert result.exit_code == 0, result.stderr
    assert page_of(tmp_path / "page")["made_up"]
    options = ("--runtime", npm, "--data", tmp_path / "x.npy")
    result = run("page", file, "-o", tmp_path / "page", *options)
    assert result.exit_code == 0, result.stderr
    page = page_of(tmp_path / "page")
    assert not page["made_up"]
    assert page["samples"]["shape"] == [8, 8, 8, 1]


def test_mistakes_are_told(run, trained, npm, tmp_path):
    result = run("page", trained[0], "-o", tmp_path / "page")
    assert result.exit_code == 1
    assert "npm install @litertjs/core" in result.words
    result = run("page", "nothing", "-o", tmp_path / "page", "--runtime", npm)
    assert result.exit_code == 1
    assert "a .tflite file, a run folder, or one of" in result.words
    result = run("page", npm / "package.json", "-o", tmp_path / "page", "--runtime", npm)
    assert result.exit_code == 2
    assert "Expected a .tflite file or a folder" in result.words
    result = run("page", trained[0], "-o", trained[0], "--runtime", npm)
    assert result.exit_code == 1
    assert "is no page" in result.words
    result = run("serve", tmp_path)
    assert result.exit_code == 1
    assert "expected a folder from aezoo page" in result.words


def test_serve_until_ctrl_c(tmp_path):
    (tmp_path / "index.html").write_text("hello")
    command = [sys.executable, "-m", "aezoo", "serve", str(tmp_path)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup ignores it
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    signal.signal(signal.SIGINT, before)
    try:
        address = process.stdout.readline().split(" is at ")[1].split(",")[0]
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read() == b"hello"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130  # as of every command that Ctrl-C ends
    assert told == "aezoo: interrupted.\n"
