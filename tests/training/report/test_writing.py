import logging
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import aezoo
from aezoo.training.report import try_report, writing
from tests.browsing import SIZES, is_cut_off, violations

GOLDEN = Path(__file__).parents[2] / "golden"
HOSTILE = "</script></title><b>x</b>\"'&<img src=x onerror=alert(1)>"
HEADINGS = ["Summary", "Curves", "Reconstructions", "Codes", "Exports", "What to type next"]


def headings(file):
    found, inside = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: inside.append(tag)
    parser.handle_data = lambda text: found.append(text) if inside[-1:] == ["h2"] else None
    parser.feed(file.read_text(encoding="utf-8"))
    return found


def test_all_is_in_one_small_file(of_digits):
    text = of_digits.read_text(encoding="utf-8")
    assert of_digits.name == "report.html"
    assert headings(of_digits) == HEADINGS
    assert len(text) < 300_000
    assert "http" not in text.replace("http-equiv", "")
    assert "vanilla on digits" in text
    assert "Proof of model-int8.tflite: as proved" in text


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
def test_runs_of_earlier_versions(version, tmp_path):
    shutil.copytree(GOLDEN / version / "run", tmp_path / "run")
    assert headings(aezoo.write_report(tmp_path / "run")) == HEADINGS


def test_data_that_are_elsewhere_now(make, tmp_path, rng, caplog):
    x = rng.random((40, 6), "float32")
    file = tmp_path / "x.npy"
    np.save(file, x)
    page, _, _ = make(tmp_path / "run", "vanilla", x, name=str(file))
    assert "Codes" in headings(aezoo.write_report(page.parent))
    file.rename(tmp_path / "y.npy")
    with caplog.at_level(logging.WARNING, "aezoo"):
        aezoo.write_report(page.parent)
    assert "no samples, since the run's data were not found" in caplog.text
    assert headings(page)[2] == "Samples and codes"
    assert "--data PATH" in page.read_text(encoding="utf-8")
    aezoo.write_report(page.parent, data=tmp_path / "y.npy")
    assert headings(page) == HEADINGS
    with pytest.raises(FileNotFoundError, match=r"z.npy"):
        aezoo.write_report(page.parent, data=tmp_path / "z.npy")


def test_errors_of_the_page_undo_nothing_and_are_told(make, tmp_path, rng, caplog, monkeypatch):
    page, ae, data = make(tmp_path / "run", "vanilla", rng.random((40, 6)))
    before = page.read_text(encoding="utf-8")
    monkeypatch.setattr(writing.pictures, "codes", lambda seen: 1 / 0)
    with caplog.at_level(logging.WARNING, "aezoo"):
        try_report(page.parent, ae, data)
    assert "report.html was not written (ZeroDivisionError" in caplog.text
    assert page.read_text(encoding="utf-8") == before
    with pytest.raises(ZeroDivisionError):
        writing.update_report(page.parent, ae, data)


def test_a_training_writes_it_after_its_exports(tmp_path, monkeypatch):
    def refused(folder, ae, kind, *samples):
        assert not (folder / "report.html").exists()
        raise ValueError("refused")

    monkeypatch.setattr("aezoo.training.runs.export_to", refused)
    how = {"epochs": 1, "hidden_units": (8,), "output": tmp_path / "run"}
    with pytest.raises(ValueError, match="refused"):
        aezoo.train("deep", "digits", exports=["int8"], **how)
    assert headings(tmp_path / "run" / "report.html") == HEADINGS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_in_a_browser(of_digits, visit, size, color_scheme):
    page = visit(of_digits, size, color_scheme=color_scheme)
    assert not is_cut_off(page)
    assert page.said == []
    figure = page.locator(".cards figure").first
    error = figure.locator(".over img").last
    assert error.evaluate("one => getComputedStyle(one).opacity") == "0"
    figure.hover()
    assert error.evaluate("one => getComputedStyle(one).opacity") == "1"
    page.mouse.move(0, 0)
    page.get_by_label("Show the absolute error").check()
    assert error.evaluate("one => getComputedStyle(one).opacity") == "1"
    said = []
    for x in (10, 150, 290):
        page.locator("#plane").hover(position={"x": x, "y": 150})
        said.append(page.locator("#said").inner_text())
    assert len(set(said)) == 3
    assert violations(page) == []


def test_readable_without_script(of_digits, visit):
    page = visit(of_digits, java_script_enabled=False)
    assert page.get_by_role("heading", level=2).all_inner_texts() == HEADINGS
    assert page.locator("#plane path").count() == 10
    assert page.get_by_text("aezoo evaluate").is_visible()


def test_hostile_names_stay_text(make, tmp_path, rng, visit):
    labels = np.array([HOSTILE, "</style>", "", "_a", "$b$"])[rng.integers(0, 5, 40)]
    page, _, _ = make(
        tmp_path / "run", "vanilla", rng.random((40, 6)), labels, name=HOSTILE,
        history={HOSTILE: [1.0, 2.0], "loss": [2.0, 1.0]},
    )  # fmt: skip
    shown = visit(page)
    assert shown.title().startswith(f"vanilla on {HOSTILE}")
    assert shown.get_by_role("heading", level=1).inner_text() == f"vanilla on {HOSTILE}"
    assert shown.locator("b").count() == 0
    for _ in range(8):
        shown.locator("#chosen").press("ArrowRight")
    assert shown.said == []


def test_a_stream(tmp_path, rng):
    folder = tmp_path / "rows"
    folder.mkdir()
    for i in range(3):
        np.save(folder / f"{i}.npy", rng.normal(size=(200, 5)))
    how = {"stream": True, "epochs": 1, "latent_dim": 2, "output": tmp_path / "run"}
    run = aezoo.train("vanilla", folder, **how)
    assert headings(run.folder / "report.html") == HEADINGS
    assert headings(aezoo.write_report(run.folder)) == HEADINGS
