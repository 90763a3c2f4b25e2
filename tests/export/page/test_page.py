"""The page itself, in a browser."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import aezoo
from tests.export.page.browsing import browser, inaccessible, number, opened, redrawn, runtime

NEAR = ((0.8, 0.95), (1.05, 1.2))  # scores on either side of the threshold, over it
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium():
    runtime()
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def write(files, tmp_path_factory):
    """A function from the name of a file to the folder of its page."""
    digits = aezoo.load_dataset("digits", "test")

    def written(name, **options):
        folder = tmp_path_factory.mktemp("pages") / name
        options = {"samples": digits.x, "labels": digits.y} | options
        aezoo.export_page(files / f"{name}.tflite", folder, runtime=runtime(), **options)
        return folder

    return written


def pixels(page, canvas):
    """What a canvas shows."""
    script = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    return np.array(page.locator(f"#{canvas}").evaluate(script))


def drag(page, *places):
    """The mouse from place to place within the input, as fractions of it."""
    page.locator("#input").scroll_into_view_if_needed()
    box = page.locator("#input").bounding_box()
    for i, (across, down) in enumerate(places):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=5)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_images(chromium, write, tmp_path):
    folder = write("float32", card={"model": "variational", "data": "digits"})
    with opened(chromium, folder, viewport=DESKTOP) as page:
        assert page.inner_text("#golden") == "Equal to the report within 1 step."
        assert number(page, "golden") < 0.1
        assert page.locator("#drawn canvas").count() == 8  # samples of the prior
        before = pixels(page, "input"), pixels(page, "output"), page.inner_text("#said")
        with redrawn(page):
            page.click("#clear")
        assert pixels(page, "input").reshape(-1, 4)[:, :3].max() == 0
        with redrawn(page):
            drag(page, (0.5, 0.1), (0.5, 0.9))
        drawn = pixels(page, "input").reshape(8, 8, 4)[..., 0]
        assert drawn[1:7, 3:5].min() > 100
        assert drawn[:, [0, 1, 6, 7]].max() == 0
        assert (pixels(page, "output") != before[1]).any()
        assert page.inner_text("#said") != before[2]

        moved = pixels(page, "moved")
        slider = page.locator("#sliders input").first
        slider.focus()
        with redrawn(page, "moved"):
            for _ in range(10):
                slider.press("ArrowRight")
        assert (pixels(page, "moved") != moved).any()
        component = float(slider.input_value())
        for mode in ("entries", "components"):  # the code itself has moved by as much
            page.check(f"[name=mode][value={mode}]")
        assert float(slider.input_value()) == pytest.approx(component, abs=0.06)
        page.click("#back")
        page.wait_for_timeout(200)
        np.testing.assert_array_equal(pixels(page, "moved"), moved)
        mixed = pixels(page, "mixed")
        page.click("#take-b")
        page.wait_for_timeout(200)
        assert (pixels(page, "mixed") != mixed).any()
        page.fill("#way", "1")
        page.wait_for_timeout(200)
        np.testing.assert_allclose(pixels(page, "mixed"), pixels(page, "output"), atol=1)

        photo = Image.new("RGB", (60, 30), (200, 100, 50))
        photo.save(tmp_path / "photo.png")
        with redrawn(page):
            page.set_input_files("#file", tmp_path / "photo.png")
        told = page.inner_text("#note").replace("\N{MULTIPLICATION SIGN}", "x")
        assert told == "photo.png: 60 x 30 pixels, cut to its middle and scaled to 8 x 8."
        assert set(pixels(page, "input").reshape(-1, 4)[:, 0]) == {
            photo.convert("L").getpixel((0, 0))
        }
        (tmp_path / "no.png").write_text("no image")
        page.set_input_files("#file", tmp_path / "no.png")
        page.wait_for_selector("#note.bad")
        assert "no.png cannot be used: it is no image" in page.inner_text("#note")
        assert page.errors == []


def test_a_file_that_is_dropped(chromium, write):
    with opened(chromium, write("int8")) as page:
        assert page.inner_text("#golden") == "Equal to the report within 1 step."
        rows = "\n".join([",".join(f"p{i}" for i in range(64)), ",".join(["0.5"] * 64)])
        with redrawn(page):
            page.evaluate(
                """text => {
                    const files = new DataTransfer();
                    files.items.add(new File([text], "rows.csv"));
                    const options = {dataTransfer: files, bubbles: true};
                    document.dispatchEvent(new DragEvent("drop", options));
                }""",
                rows,
            )
        assert page.inner_text("#note") == "rows.csv: 1 samples, one sample a row."
        assert set(pixels(page, "input").reshape(-1, 4)[:, 0]) == {128}
        assert page.errors == []


def test_keys_and_readers_of_the_screen(chromium, write):
    folder = write("float32", card={"model": "denoising", "options": {"stddev": 0.2}})
    for scheme, viewport in (("light", PHONE), ("dark", DESKTOP)):
        with opened(chromium, folder, color_scheme=scheme, viewport=viewport) as page:
            assert inaccessible(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"]  # nothing to scroll to at the side
            with redrawn(page):
                page.click("#clear")
            page.focus("#input")
            for key in ("ArrowRight", "ArrowDown", "Space"):
                page.keyboard.press(key)
            page.wait_for_timeout(200)
            page.focus("#clear")
            page.wait_for_timeout(200)
            assert pixels(page, "input").reshape(8, 8, 4)[1, 1, 0] > 200
            assert page.is_visible("#noisy")
            with redrawn(page):
                page.locator("#noise").fill("0")
            assert not page.is_visible("#noisy")
            page.wait_for_timeout(900)
            assert page.inner_text("#spoken").startswith("Mean squared error")
            assert page.errors == []


def test_a_detector_of_signals(chromium, rng, tmp_path):
    steps = np.linspace(0, 6, 50)
    x = np.sin(steps + rng.uniform(0, 6, (300, 1))).astype("float32")[..., None]
    detector = aezoo.AnomalyDetector(contamination=0, epochs=5, random_state=0).fit(x)
    detector.export(tmp_path / "detector.tflite", calibration_data=x, samples=x[:100])
    aezoo.export_page(tmp_path / "detector.tflite", tmp_path / "page", runtime=runtime(), samples=x)
    rows = np.concatenate([x[:5, :, 0], 9 * rng.normal(size=(2, 50))])
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=";")
    np.savetxt(tmp_path / "odd.csv", rows[:, :7], delimiter=",")
    with opened(chromium, tmp_path / "page") as page:
        assert page.inner_text("#golden") == "Equal to the report within 1 step."  # scores, too
        assert "normal, up to the threshold" in page.inner_text("#verdict")
        page.set_input_files("#file", tmp_path / "rows.csv")
        page.wait_for_selector("#oddest:visible")
        lite = aezoo.edge.Detector(tmp_path / "detector.tflite")
        scores = lite.anomaly_score(rows[..., None].astype("float32"))
        odd = int((scores > lite.threshold).sum())
        assert odd >= 2
        said = page.inner_text("#rows-said")
        assert said.startswith(f"{odd} of 7 are anomalies; the oddest is row {scores.argmax() + 1}")
        with redrawn(page):
            page.click("#oddest")
        assert "an anomaly, above the threshold" in page.inner_text("#verdict")
        assert page.get_attribute("#gauge", "class") == "odd"
        moved = (
            x[:1] + np.linspace(0, 1, 500)[:, np.newaxis, np.newaxis] * np.cos(9 * steps)[:, None]
        )
        scores = lite.anomaly_score(moved.astype("float32")) / lite.threshold
        near = np.stack([moved[(low < scores) & (scores < high)][0] for low, high in NEAR])
        np.savetxt(tmp_path / "near.csv", near[..., 0], delimiter=",")
        page.set_input_files("#file", tmp_path / "near.csv")
        page.wait_for_function("() => document.getElementById('row').max === '2'")
        for row, verdict in ((1, "normal, up to"), (2, "an anomaly, above")):
            with redrawn(page):
                page.fill("#row", str(row))
            assert f"{verdict} the threshold" in page.inner_text("#verdict")
        page.set_input_files("#file", tmp_path / "odd.csv")
        page.wait_for_selector("#note.bad")
        assert "it has 7 columns and 7 rows; expected are 50 columns" in page.inner_text("#note")
        row = ",".join(["0.1"] * 50)
        for name, lines, told in (
            ("gap", ["nan" + row[3:], row], "line 1 has “nan” where a number is expected"),
            ("below", ["", row, "", "nan" + row[3:]], "line 4 has “nan” where a number"),
            ("large", [row, "1e39" + row[3:]], "line 2 has “1e39” where a number is expected"),
            ("long", [row] * 2003, "long.csv: the first 2000 of 2003 samples, one sample a row."),
        ):
            (tmp_path / f"{name}.csv").write_text("\n".join(lines))
            page.set_input_files("#file", tmp_path / f"{name}.csv")
            page.wait_for_function(
                "t => document.getElementById('note').innerText.includes(t)", arg=told
            )
        with redrawn(page):
            page.click("#samples button:nth-child(2)")
        with redrawn(page):
            drag(page, (0.2, 0.05), (0.8, 0.05))
        assert "an anomaly" in page.inner_text("#verdict")
        assert page.errors == []


def test_columns_by_their_names(chromium, rng, tmp_path):
    names = ["flow", "heat", "speed"]
    x = rng.normal(size=(300, 1)) @ [[1.0, 2.0, -3.0]] + rng.normal(0, 0.1, (300, 3)) + [5, 0, 80]
    table = pytest.importorskip("pandas").DataFrame(x, columns=names)
    detector = aezoo.AnomalyDetector(contamination=0, epochs=5, random_state=0).fit(table)
    path = tmp_path / "detector.tflite"
    detector.export(path, samples=table)
    aezoo.export_page(path, tmp_path / "page", runtime=runtime(), samples=x.astype("float32"))
    row = np.add(x[:1], [0, 1, 0])
    (tmp_path / "new.csv").write_text("speed,more,flow,heat\n" + "{2},7,{0},{1}\n".format(*row[0]))
    with opened(chromium, tmp_path / "page") as page:
        page.set_input_files("#file", tmp_path / "new.csv")
        page.wait_for_selector("#oddest:visible")
        said = re.search(r"score of ([\d.]+)\.", page.inner_text("#rows-said"))
        score = aezoo.edge.Detector(path).anomaly_score(row.astype("float32"))[0]
        assert float(said[1]) == pytest.approx(score, rel=0.01)


def test_features_are_not_steps(chromium, rng, tmp_path):
    x = (rng.normal(size=(50, 3)) * [1e-3, 1, 1e3]).astype("float32")
    ae = aezoo.vanilla(3, 2, normalization="standard")
    ae.adapt(x)
    aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    labels = np.array(["</script><b>bold", "VERSION"] * 25)
    aezoo.export_page(
        *(tmp_path / "model.tflite", tmp_path / "page"),
        runtime=runtime(), samples=x, labels=labels, title="<b>TITLE",
    )  # fmt: skip
    (tmp_path / "column.csv").write_text("1\n2\n3\n")
    with opened(chromium, tmp_path / "page") as page:
        assert page.inner_text("#golden") == "Equal to the report within 1 step."
        assert page.inner_text("h1") == "<b>TITLE"
        assert page.inner_text("#samples button:first-child") == "</script><b>bold"
        page.set_input_files("#file", tmp_path / "column.csv")
        page.wait_for_selector("#note.bad")
        told = "it has 1 columns and 3 rows; expected are 3 columns, one sample a row. What"
        assert told in page.inner_text("#note")
        assert page.errors == []


def test_features_that_are_scaled_outside_of_the_file(chromium, rng, tmp_path):
    """As those of integers are: the page scales what it gives and what it gets."""
    x = (rng.normal(size=(400, 3)) @ rng.normal(size=(3, 6)) * 10.0 ** np.arange(-3, 3) + 5).astype(
        "float32"
    )
    ae = aezoo.deep(6, 3, hidden_units=(8,), normalization="standard")
    ae.fit(x, epochs=5, verbose=0)
    path = tmp_path / "model.tflite"
    aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x, samples=x)
    aezoo.export_page(path, tmp_path / "page", runtime=runtime(), samples=x)
    described = json.loads((tmp_path / "page" / "page.json").read_text("utf-8"))
    assert described["normalization"]["inside"] is False
    np.savetxt(tmp_path / "rows.csv", x[7:9], delimiter=",")
    lite = aezoo.LiteModel(tmp_path / "page" / "model.tflite")
    error = np.square(lite.normalize(lite.reconstruct(x[7:8])) - lite.normalize(x[7:8])).mean()
    with opened(chromium, tmp_path / "page") as page:
        assert page.inner_text("#golden") == "Equal to the report within 1 step."
        with redrawn(page):
            page.set_input_files("#file", tmp_path / "rows.csv")
        found = re.search(r"error ([\d.e-]+) in normalized units", page.inner_text("#said"))
        assert float(found[1]) == pytest.approx(error, rel=0.01)
        assert page.errors == []


def test_what_is_wrong_is_said(chromium, write):
    folder = write("int8")
    found = chromium.new_page()
    found.goto((folder / "index.html").as_uri())
    assert "aezoo serve FOLDER" in found.inner_text("#status")
    found.close()
    golden = (folder / "page.json").read_text("utf-8")
    described = json.loads(golden)
    entry = described["golden"]["decode"]
    entry["outputs"]["offset"] += 1.5 * entry["step"]
    (folder / "page.json").write_text(json.dumps(described), "utf-8")
    with opened(chromium, folder) as page:
        assert page.inner_text("#golden").startswith("Not equal to the report")
    (folder / "page.json").write_text(
        golden.replace('"golden": {', '"golden": {}, "old": {'), "utf-8"
    )
    with opened(chromium, folder) as page:
        assert page.inner_text("#golden").startswith("Not equal to the report")
    (folder / "page.json").write_text(golden, "utf-8")
    for name in ("model.tflite", "page.bin", "page.json"):
        content = (folder / name).read_bytes()
        middle = len(content) // 2
        (folder / name).write_bytes(content[:middle] + b"\x7f" + content[middle + 1 :])
        with opened(chromium, folder) as page:
            assert f"{name} is damaged, or not of this page" in page.inner_text("#status")
        (folder / name).write_bytes(content)
    (folder / "runtime" / "litert_wasm_internal.wasm").write_bytes(b"no")
    with opened(chromium, folder) as page:
        assert "The runtime of this page cannot be loaded" in page.inner_text("#status")
    (folder / "model.tflite").unlink()
    with opened(chromium, folder) as page:
        assert "model.tflite is missing" in page.inner_text("#status")
