import base64
import hashlib
import json
import re
import shutil
import zlib

import numpy as np
import pytest

import aezoo
from aezoo.export.page.store import restored


@pytest.fixture
def write(files, npm, digits, tmp_path):
    def written(name="float32", **options):
        options = {"runtime": npm, "samples": digits[1]} | options
        return aezoo.export_page(files / f"{name}.tflite", tmp_path / "page", **options)

    return written


def test_everything_that_a_page_needs(write, files, tmp_path, digits):
    card = {"model": "conv", "data": {"source": str(tmp_path / "digits"), "data_dir": "/data"}}
    labels = aezoo.load_dataset("digits", "test").y
    made = write("int8", card=card, labels=labels)
    folder = tmp_path / "page"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("card.json", "index.html", "model.tflite", "page.bin", "page.css", "page.js"),
        *("page.json", "report.json", "runtime"),
    ]
    assert made["page"] + made["data"] < 60_000
    assert made["model"] == (folder / "model.tflite").stat().st_size
    assert made["runtime"] == sum(path.stat().st_size for path in folder.glob("runtime/*"))
    page = json.loads((folder / "page.json").read_text("utf-8"))
    assert page["title"] == "conv, digits"
    assert page["difference"] == made["difference"]
    assert not page["made_up"]
    report = json.loads((files / "int8.tflite.json").read_text("utf-8"))
    assert page["latency"] == report["latency"]["median_us"]
    assert json.loads((folder / "report.json").read_text("utf-8"))["sha256"] == report["sha256"]
    content = zlib.decompress((folder / "page.bin").read_bytes())
    shown = restored(content, page["samples"])
    places = [np.abs(digits[1] - sample).max(axis=(1, 2, 3)).argmin() for sample in shown]
    np.testing.assert_allclose(digits[1][places], shown, atol=0.5 / 255)
    assert [str(label) for label in labels[places]] == page["labels"]
    for path in folder.glob("*.*"):
        assert str(tmp_path).encode() not in path.read_bytes(), path


def test_only_its_own_scripts_may_run(write, tmp_path):
    write(title='</title><script>alert("x")</script>')
    text = (tmp_path / "page" / "index.html").read_text("utf-8")
    assert "<script>alert" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src 'none'" in policy
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "http" not in re.sub(r"http-equiv|https?://www\.w3\.org", "", text)


def test_a_title_is_not_filled_in(write, tmp_path):
    write(title="TITLE of VERSION HASHES")
    text = (tmp_path / "page" / "index.html").read_text("utf-8")
    assert "<title>TITLE of VERSION HASHES</title>" in text
    assert f"aezoo {aezoo.__version__}" in text


@pytest.mark.parametrize(
    "said", ['{"parity": "x"}', '{"latency": [1]}', "[" * 100_000, "{", '{"x": NaN}']
)
def test_a_report_of_something_else_is_left_out(files, npm, digits, tmp_path, said):
    file = tmp_path / "model.tflite"
    file.write_bytes((files / "float32.tflite").read_bytes())
    (tmp_path / "model.tflite.json").write_text(said)
    card = {"model": "conv", "metrics": {"mse": None, "psnr": float("inf")}}
    folder = tmp_path / "page"
    aezoo.export_page(file, folder, runtime=npm, samples=digits[1], card=card)
    assert (folder / "report.json").read_text() == "{}\n"
    page = json.loads((folder / "page.json").read_text("utf-8"))
    assert [name for name, _ in page["facts"]] == ["family", "file"]
    assert page["sha256"] == hashlib.sha256((folder / "model.tflite").read_bytes()).hexdigest()


def test_a_page_is_replaced_and_nothing_else_is(write, tmp_path):
    write()
    first = (tmp_path / "page" / "page.json").read_bytes()
    write("int8")
    assert (tmp_path / "page" / "page.json").read_bytes() != first
    assert not list(tmp_path.glob(".partial*"))
    (tmp_path / "page" / "page.json").write_text("{}")
    with pytest.raises(FileExistsError, match="is no page: choose another folder"):
        write()
    shutil.rmtree(tmp_path / "page")
    (tmp_path / "page").write_text("a file")
    with pytest.raises(FileExistsError, match="is no page"):
        write()
    assert (tmp_path / "page").read_text() == "a file"


def test_after_an_error_the_earlier_page_is_there(write, tmp_path, monkeypatch):
    write()
    before = {path: path.read_bytes() for path in (tmp_path / "page").glob("*.*")}
    for options, error in (
        ({"samples": np.zeros((5, 3))}, "takes samples of shape"),
        ({"labels": [1, 2]}, "one label for each of 360 samples. Received: \\(2,\\)"),
        ({"runtime": tmp_path}, "npm install"),
        ({"samples": np.full((5, 64), np.nan)}, "NaN"),
        ({"samples": 3.0}, "takes samples of shape"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=error):
            write(**options)
    assert {path: path.read_bytes() for path in (tmp_path / "page").glob("*.*")} == before


def test_without_samples_they_are_made_up(write, tmp_path):
    write(samples=None)
    page = json.loads((tmp_path / "page" / "page.json").read_text("utf-8"))
    assert page["made_up"]
    assert page["title"] == "float32"
    assert page["samples"]["shape"] == [12, 8, 8, 1]


def test_rows_of_a_table_are_samples(write, digits, tmp_path):
    write(samples=digits[1].reshape(len(digits[1]), -1))
    page = json.loads((tmp_path / "page" / "page.json").read_text("utf-8"))
    assert page["samples"]["shape"] == [12, 8, 8, 1]


def test_a_detector_has_its_gauge(npm, rng, tmp_path):
    x = (rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5))).astype("float32")
    detector = aezoo.AnomalyDetector(contamination=0, epochs=3, random_state=0).fit(x)
    detector.export(tmp_path / "detector.tflite", samples=x)
    aezoo.export_page(tmp_path / "detector.tflite", tmp_path / "page", runtime=npm, samples=x)
    page = json.loads((tmp_path / "page" / "page.json").read_text("utf-8"))
    content = zlib.decompress((tmp_path / "page" / "page.bin").read_bytes())
    lite = aezoo.edge.Detector(tmp_path / "detector.tflite")
    assert page["detector"]["threshold"] == lite.threshold
    assert page["detector"]["features"] == list(lite.feature_names)
    shown = restored(content, page["samples"])
    np.testing.assert_allclose(
        restored(content, page["golden"]["gauge"]["outputs"]), lite.anomaly_score(shown), rtol=1e-4
    )
    assert page["golden"]["gauge"]["step"] == pytest.approx(lite.threshold / 255)
