"""A folder with a page, the model, what it is known by, and the runtime."""

import base64
import hashlib
import html
import json
import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import aezoo
from aezoo.edge import Detector, LiteModel, inspect
from aezoo.edge.criterion import criterion_of
from aezoo.edge.reading import read
from aezoo.export.page.browser_file import for_browser
from aezoo.export.page.describing import described, made_up
from aezoo.export.page.facts import facts, public_card
from aezoo.export.page.golden import difference, golden_vectors
from aezoo.export.page.runtime import INSTALLED, runtime_files
from aezoo.export.page.store import Store
from aezoo.export.paths import report_of
from aezoo.export.report import ExportReport, finite
from aezoo.export.samples import spread
from aezoo.system.files import replacing

STATIC = Path(__file__).with_name("static")
DESCRIPTION = "page.json"
FORMAT = "aezoo page 1"  # by which a folder is known that may be written anew
SEEN = 500  # samples that ranges and components of the code are taken from


def export_page(
    path: str | os.PathLike,
    folder: str | os.PathLike,
    *,
    runtime: str | os.PathLike = INSTALLED,
    samples: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    card: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """Writes a static page that runs an exported model in the browser, without a network.

    It shows what one draws, drops or chooses beside its code, its reconstruction and its error,
    and decodes the code as sliders move it. It checks itself: outputs of LiteRT in Python lie
    beside the model, and the page says by how many steps its own differ. `aezoo serve FOLDER`
    shows it, or any server that sends files; opened as a file it can but say so.

    Args:
        path: String or path of a `.tflite` file from `aezoo.export_tflite` or
            `AnomalyDetector.export`, of any precision. What its report says is shown, too.
        folder: String or path of the folder to write. An earlier page is replaced, all else that
            exists is not.
        runtime: String or path, the npm package `@litertjs/core` as `npm install @litertjs/core`
            puts it into `node_modules`. 19 MB of it are copied.
        samples: Array of shape `(n, *input_shape)`, a dozen of which can be chosen in the page,
            and which the code's components are those of. Default: made up by the model.
        labels: Array of shape `(n,)` or `None`, what to call the samples.
        card: Mapping or `None`: the card of a pretrained model or the record of a run. Of
            `denoising` models the page adds noise, of `variational` ones it draws new samples.
        title: String, what stands above. Default: the card's model and data, else the file's name.

    Returns:
        Dictionary of bytes, `page`, `data`, `model` and `runtime`; and `difference`, by how many
        steps the model in the page is away from the file: LiteRT.js takes one sample at a time and
        float inputs and outputs, which it is brought to.

    Raises:
        FileExistsError: If the folder exists and is no page.
        FileNotFoundError: If the file or the runtime is missing.
        ValueError: If the file is damaged, or the samples do not fit it.
        ExportError: A `ValueError`, if the file cannot be brought into that form.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     report = aezoo.export_tflite(aezoo.vanilla(8, 2), f"{folder}/model.tflite")
    ...     made = aezoo.export_page(f"{folder}/model.tflite", f"{folder}/page")
    """
    folder = _new_or_page(Path(folder))
    path = Path(path)
    content, model = read(path)
    original = LiteModel(path)
    runtime_parts = runtime_files(runtime)
    card = finite(public_card(card or {}))
    report = _report(path)
    with replacing(folder) as beside:
        beside.mkdir()
        file = beside / "model.tflite"
        file.write_bytes(for_browser(content))
        criterion = criterion_of(model)
        lite, store = (Detector if criterion else LiteModel)(file), Store()
        ends = inspect(path)["signatures"]
        x, labels, is_made_up = _samples(lite, ends, samples, labels)
        found, shown = described(lite, x, labels, card, criterion, store)
        found |= {
            "format": FORMAT,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "made_up": is_made_up,
            "title": title or _title(card, path),
            "golden": golden_vectors(lite, ends, shown, store),
            "difference": difference(lite, original, ends, spread(x, SEEN)),
            "latency": (report.get("latency") or {}).get("median_us"),
            "facts": facts(path, len(content), report, card),
        }
        (beside / "page.bin").write_bytes(zlib.compress(store.content, 9))
        for name, document in ((DESCRIPTION, found), ("card.json", card), ("report.json", report)):
            text = json.dumps(document, allow_nan=False)
            (beside / name).write_text(text + "\n", encoding="utf-8")
        _write_page(beside, found)
        (beside / "runtime").mkdir()
        for name, part in runtime_parts.items():
            (beside / "runtime" / name).write_bytes(part)
        sizes = _sizes(beside)
        if folder.exists():  # a folder is not moved to where another is
            os.replace(folder, beside.with_name("before"))
    return {"folder": str(folder), **sizes, "difference": found["difference"]}


def _new_or_page(folder):
    """The folder, if there is none, or an earlier page."""
    if not os.path.lexists(folder):
        return folder
    found = None
    if folder.is_dir() and not folder.is_symlink():
        found = _json(folder / DESCRIPTION).get("format")
    if found != FORMAT:
        raise FileExistsError(f"{folder} exists already, and is no page: choose another folder.")
    return folder


def _json(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _report(path):
    """The report beside a file, without the way to where that lies."""
    report = _json(report_of(path))
    try:
        if report:
            ExportReport.load(report_of(path)).sections()
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}  # not a report, but a file of its name
    return finite({**report, "path": path.name}) if report else {}


def _samples(lite, ends, samples, labels):
    """Samples, their labels, and whether they are made up."""
    if samples is None:
        return made_up(lite, ends), None, True
    x = np.asarray(samples)
    shape = lite.input_shape
    x = x if x.ndim else x[None]  # a number alone is refused below
    if x[:1].size == np.prod(shape) and len(x):
        x = x.reshape(-1, *shape)  # a row of a table, or an image without channels
    lite.normalize(x[:1])  # refuses what does not fit the file
    if labels is not None and np.shape(labels) != (len(x),):
        raise ValueError(
            f"Expected one label for each of {len(x)} samples. Received: {np.shape(labels)}"
        )
    places = np.linspace(0, len(x) - 1, min(SEEN, len(x))).astype(int)
    x = x[places].astype("float32")
    lite.normalize(x)
    return x, None if labels is None else np.asarray(labels)[places], False


def _title(card, path):
    named = [card[key] for key in ("model", "data") if card.get(key)]
    return ", ".join(named) if named else path.stem


def _write_page(folder, found):
    """The page, of which nothing but its own files may be loaded."""
    for name in ("page.css", "page.js"):
        (folder / name).write_bytes((STATIC / name).read_bytes())
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in scripts]
    filled = {
        "HASHES": " ".join(f"'sha256-{digest}'" for digest in hashes),
        "TITLE": html.escape(found["title"]),
        "VERSION": html.escape(aezoo.__version__),
    }
    # all at once: a title may have the name of another
    text = re.sub("|".join(filled), lambda name: filled[name[0]], text)
    (folder / "index.html").write_text(text, encoding="utf-8")


def _sizes(folder):
    """Bytes of what is ours, of the data, the model and the runtime."""
    parts = {
        "page": ("index.html", "page.css", "page.js"),
        "data": (DESCRIPTION, "page.bin", "card.json", "report.json"),
        "model": ("model.tflite",),
    }
    sizes = {
        key: sum((folder / name).stat().st_size for name in names) for key, names in parts.items()
    }
    return {**sizes, "runtime": sum(file.stat().st_size for file in folder.glob("runtime/*"))}
