import json
import signal
from types import SimpleNamespace

import numpy as np
import pytest

import aezoo


def test_inspect_and_benchmark(run, trained, monkeypatch):
    file = trained[0] / "model-int8.tflite"
    result = run("inspect", file)
    assert result.exit_code == 0, result.stderr
    assert f"{file.stat().st_size:,} bytes" in result.words
    assert "float ops: none" in result.stdout
    document = json.loads(run("inspect", file, "--json").stdout)
    assert document["size"] == file.stat().st_size
    assert set(document["signatures"]) == {"reconstruct", "encode", "decode"}
    for number, row in enumerate(document["arena"]["reconstruct"]):
        cells = (number, row["operator"], row["shape"], row["dtype"], f"{row['bytes']:,}")
        assert f"│ {' │ '.join(map(str, cells))} │" in result.words
    largest, size = document["flash"][0], document["size"]
    cells = (largest["name"], largest["shape"], "int8", f"{largest['bytes']:,}")
    assert f"│ {' │ '.join(map(str, cells))} │ {largest['bytes'] / size:.1%} │" in result.words
    graph = size - sum(entry["bytes"] for entry in document["flash"])
    assert f"the graph, with its scales │ │ │ {graph:,} │" in result.words
    peak = max(row["bytes"] for row in document["arena"]["decode"])
    assert f"for one sample: decode {peak:,} (" in result.words

    monkeypatch.setattr("aezoo.cli.export.RUNS", 10)
    result = run("benchmark", file)
    assert result.exit_code == 0, result.stderr
    assert all(name in result.stdout for name in ("reconstruct", "encode", "decode", "µs"))
    result = run("benchmark", file, charset="ascii")
    assert result.exit_code == 0, result.stderr
    assert " us" in result.stdout
    signatures = json.loads(run("benchmark", file, "--json").stdout)["signatures"]
    assert all(0 < times["median_us"] <= times["p95_us"] for times in signatures.values())


def test_a_crash_is_a_message(run, trained, monkeypatch):
    file = trained[0] / "model-int8.tflite"
    monkeypatch.setattr("aezoo.cli.export._times", crashes)
    result = run("benchmark", file)
    assert result.exit_code == 1
    assert "model-int8.tflite: what ran this has crashed" in result.stderr


def crashes(file, runs):
    signal.raise_signal(signal.SIGSEGV)


def test_export(run, trained, short_reports):
    folder, _ = trained
    result = run("export", folder, "--quantize", "float16", charset="ascii")
    assert result.exit_code == 0, result.stderr
    assert "MSE before, after" in result.stdout
    assert (folder / "model-float16.tflite").is_file()
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")
    result = run("export", folder, "--format", "micro", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout, parse_constant=pytest.fail)
    assert (report["format"], report["path"]) == ("micro", str(folder / "micro"))
    assert report["micro"]["encode"]["arena"] > 0
    assert (folder / "micro" / "encode.h").is_file()
    result = run("export", folder, "--format", "c")
    assert result.exit_code == 0, result.stderr
    assert "C against TensorFlow Lite Micro" in result.stdout
    assert (folder / "c" / "aezoo.c").is_file()
    assert (folder / "c" / "examples" / "Makefile").is_file()


def test_calibrated_on_the_training_and_compared_on_the_test_split(run, trained, monkeypatch):
    handed = {}

    def export_to(folder, ae, kind, x_train, x_test, fine_tune):
        handed.update(folder=folder, kind=kind, train=x_train, test=x_test, tuned=fine_tune)
        return SimpleNamespace()

    monkeypatch.setattr("aezoo.training.export_to", export_to)
    result = run("export", trained[0], "--quantize", "int8")
    assert result.exit_code == 0, result.stderr
    assert (handed["folder"], handed["kind"]) == (trained[0], "int8")
    for split in ("train", "test"):
        np.testing.assert_array_equal(handed[split], aezoo.load_dataset("digits", split).x)
    assert (len(handed["train"]), len(handed["test"])) == (1437, 360)
    assert handed["tuned"] is False
    assert run("export", trained[0], "--format", "micro", "--fine-tune").exit_code == 0
    assert (handed["kind"], handed["tuned"]) == ("micro", True)
    assert run("export", trained[0], "--format", "c", "--fine-tune").exit_code == 0
    assert (handed["kind"], handed["tuned"]) == ("c", True)


def test_inspect_shows_a_detector(run, tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 3))
    path = tmp_path / "detector.tflite"
    detector = aezoo.AnomalyDetector(contamination=0, epochs=1, random_state=0).fit(x)
    report = detector.export(path)
    result = run("inspect", path)
    assert result.exit_code == 0, result.stderr
    threshold = f"{report.detector['threshold']:.6g}"
    assert f"an anomaly above {threshold}, set for 1.00% false alarms" in result.words
    assert "60 references" in result.words
    assert "features: x0, x1, x2" in result.words
    assert json.loads(run("inspect", path, "--json").stdout)["detector"]["neighbors"] == 5
