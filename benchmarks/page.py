r"""What is the page in the browser worth: the same numbers, how soon, how fast, for whom?

    npm install @litertjs/core axe-core && pip install playwright
    AEZOO_LITERTJS=node_modules/@litertjs/core AEZOO_AXE=node_modules/axe-core/axe.min.js \
        python benchmarks/page.py --output benchmarks/page.json

Each pretrained model of MNIST is opened in Chromium without a window, in float32 and in int8: what
the page says of its golden vectors, and how 50 test images through every part of the page's file
differ from LiteRT in Python, in steps: those of an integer output, else a 255th of the range. Of
`conv` also when the first reconstruction is there, the median of five times in a new context, how
often a moving mouse makes the page encode, rebuild, decode and draw in a second, and its bytes.
axe-core looks at the page on a phone and on a desk, light and dark.
"""

import argparse
import base64
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.edge import inspect
from aezoo.registry import weights
from aezoo.system.serving import server_of

FAMILIES = ("conv", "deep", "denoising", "variational", "residual")
PRECISIONS = ("float32", "int8")
SAMPLES, OPENED, SECONDS = 50, 5, 3
SCREENS = [
    {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    for width, height in ((390, 844), (1280, 900))
    for scheme in ("light", "dark")
]
RUN = """async ([part, values, size]) => {
    const {loadAndCompile, Tensor} = await import("./runtime/core.js");
    const model = await loadAndCompile("model.tflite", {accelerator: "wasm"});
    const given = new Float32Array(Uint8Array.from(atob(values), c => c.charCodeAt(0)).buffer);
    const [end] = model.signatures[part].getInputDetails(), found = [];
    for (let i = 0; i < given.length; i += size) {
        const tensor = new Tensor(given.slice(i, i + size), [...end.shape]);
        const [result] = await model.signatures[part].run([tensor]);
        found.push([...result.toTypedArray()]);
        result.delete();
        tensor.delete();
    }
    model.delete();
    return found;
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--output", help="a JSON file")
    arguments = parser.parse_args()
    runtime = os.environ.get("AEZOO_LITERTJS", "node_modules/@litertjs/core")
    test = aezoo.load_dataset("mnist", "test")
    found = {"equal": {}, "console_errors": 0}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for family in arguments.families:
            for precision in PRECISIONS:
                path = weights.folder() / f"{family}-mnist" / f"model-{precision}.tflite"
                place = Path(folder, f"{family}-{precision}")
                made = aezoo.export_page(
                    path,
                    place,
                    runtime=runtime,
                    samples=test.x[:1000],
                    labels=test.y[:1000],
                    card=weights.read_card(path.parent),
                )
                row = equal(browser, path, place, test.x[:SAMPLES])
                found["console_errors"] += row.pop("errors")
                row["rewritten"] = {key: made["difference"][key] for key in ("most", "mean")}
                found["equal"][f"{family}, {precision}"] = row
        first = Path(folder, f"{arguments.families[0]}-{PRECISIONS[0]}")
        found |= measured(browser, first) | {"serious": serious(browser, first)}
        found["bytes"] = {
            "page": sum(
                file.stat().st_size for file in first.glob("*.*") if file.suffix != ".tflite"
            ),
            "model": (first / "model.tflite").stat().st_size,
            "runtime": sum(file.stat().st_size for file in first.glob("runtime/*")),
        }
        found["browser"] = browser.version
        browser.close()
    show(found)
    if arguments.output:
        Path(arguments.output).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


@contextmanager
def opened(browser, folder, **options):
    """A page that has compared itself, and what its console says of errors."""
    context = browser.new_context(**options)
    page, errors = context.new_page(), []
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    with server_of(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("body[data-golden]", timeout=60_000)
        yield page, errors
        context.close()
        server.shutdown()


def number(page, name):
    return float(page.locator("body").get_attribute(f"data-{name}") or 0)


def equal(browser, path, folder, x):
    """How far the browser is from LiteRT in Python, in steps."""
    lite, ends = aezoo.LiteModel(folder / "model.tflite"), inspect(path)["signatures"]
    row = {"steps": {}}
    with opened(browser, folder) as (page, errors):
        row |= {"says": page.inner_text("#golden"), "golden": number(page, "golden")}
        for part in ("encode", "decode", "reconstruct"):
            given = lite.encode(x) if part == "decode" else x
            wanted = getattr(lite, part)(given).reshape(len(x), -1)
            text = base64.b64encode(given.astype("<f4").tobytes()).decode()
            returned = np.array(page.evaluate(RUN, [part, text, given[0].size]))
            (end,) = ends[part]["outputs"].values()
            step = end.get("scale") or np.ptp(wanted) / 255
            row["steps"][part] = float(np.abs(returned - wanted).max() / step)
        row["errors"] = len(errors)
    return row


def measured(browser, folder):
    """When the first reconstruction is there, and how many come in a second."""
    times, latencies = [], []
    for _ in range(OPENED):
        with opened(browser, folder) as (page, _):
            times.append(number(page, "first"))
            latencies.append(number(page, "latency"))
    with opened(browser, folder, **SCREENS[2]) as (page, _):
        box = page.locator("#input").bounding_box()
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        begin, before, turn = time.monotonic(), number(page, "updates"), 0
        while time.monotonic() - begin < SECONDS:
            turn += 1
            across, down = np.cos(turn / 9), np.sin(turn / 9)
            page.mouse.move(
                box["x"] + box["width"] * (0.5 + 0.3 * across),
                box["y"] + box["height"] * (0.5 + 0.3 * down),
            )
        spent, count = time.monotonic() - begin, number(page, "updates") - before
        page.mouse.up()
    return {
        "first_ms": statistics.median(times),
        "reconstruction_ms": statistics.median(latencies),
        "per_second": count / spent,
    }


def serious(browser, folder):
    """What axe-core finds serious or worse, by the screen; `None` without it."""
    axe = os.environ.get("AEZOO_AXE")
    if not axe:
        return None
    found = []
    for screen in SCREENS:
        with opened(browser, folder, **screen) as (page, _):
            page.evaluate(Path(axe).read_text(encoding="utf-8"))
            violations = page.evaluate("axe.run()")["violations"]
            found += [v["id"] for v in violations if v["impact"] in ("serious", "critical")]
    return found


def show(found):
    table = Table("model", "says", "encode", "decode", "reconstruct", "rewritten, mean")
    table.title = f"Steps from LiteRT in Python, at most, in Chromium {found['browser']}"
    for name, row in found["equal"].items():
        steps = (f"{row['steps'][part]:.4f}" for part in ("encode", "decode", "reconstruct"))
        table.add_row(name, row["says"], *steps, f"{row['rewritten']['mean']:.4f}")
    console = Console()
    console.print(table)
    console.print({key: value for key, value in found.items() if key != "equal"})


if __name__ == "__main__":
    main()
