"""A model in a browser: writing the page, and looking at it."""

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

import aezoo
from aezoo.cli.console import Json, app, err, out, print_json, quiet
from aezoo.cli.trained import RunData, RunDataDir, named_or_saved
from aezoo.system.quiet import native_output_discarded

PREFERRED = ("model-float32", "model-int8", "model-int16x8", "detector-float32", "detector-int8")


@app.command()
def page(
    source: Annotated[
        str,
        typer.Argument(
            help="A .tflite file, a run folder, or a pretrained model, such as conv-mnist.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write.", show_default=False)
    ],
    runtime: Annotated[
        Path, typer.Option(help="LiteRT.js, as npm install @litertjs/core puts it there.")
    ] = Path("node_modules/@litertjs/core"),
    data: RunData = None,
    data_dir: RunDataDir = None,
    as_json: Json = False,
) -> None:
    """Write a static page that runs a model in the browser, and shows what it does."""
    with quiet(as_json=as_json), tempfile.TemporaryDirectory() as folder:
        from aezoo.export import export_page
        from aezoo.export.page.runtime import runtime_files

        runtime_files(runtime)  # said before anything is loaded or exported
        place = _place(source)
        record = _record(place)
        samples = _samples(record, data, data_dir)
        with native_output_discarded():
            file = _file(place) or _exported(place, samples, Path(folder))
            made = export_page(
                file,
                output,
                runtime=runtime,
                samples=None if samples is None else samples.x,
                labels=None if samples is None else samples.y,
                card=record,
                title=None if record or place.is_file() else place.name,
            )
    if as_json:
        print_json({"file": file.name, **made})
        return
    sizes = ", ".join(f"{key} {made[key] / 1000:,.0f} kB" for key in ("model", "runtime"))
    ours = (made["page"] + made["data"]) / 1000
    out.print(f"{output}: a page of {ours:,.0f} kB, {sizes}, from {file.name}", soft_wrap=True)
    out.print(f"Look at it: aezoo serve {output}", soft_wrap=True)


@app.command()
def serve(
    folder: Annotated[Path, typer.Argument(help="A folder from aezoo page.", show_default=False)],
    port: Annotated[int, typer.Option(help="0 for any that is free.")] = 0,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Show a page on this machine, until Ctrl-C."""
    with quiet(tensorflow=False):
        from aezoo.system.serving import server_of

        with server_of(folder, port) as server:
            address = f"http://127.0.0.1:{server.server_port}/"
            print(f"{folder} is at {address}, until Ctrl-C.", flush=True)
            if open_browser:
                webbrowser.open(address)
            server.serve_forever()


def _place(source):
    """The file or folder that is meant."""
    from aezoo.registry import weights

    path = Path(source)
    if not path.exists() and (weights.folder() / source).is_dir():
        path = weights.folder() / source
    if not path.exists():
        raise FileNotFoundError(
            f"There is no {source}: expected a .tflite file, a run folder, or one of "
            f"{', '.join(weights.names())}."
        )
    if path.is_file() and path.suffix != ".tflite":
        raise ValueError(f"Expected a .tflite file or a folder. Received: {path}")
    return path


def _record(place: Path) -> dict[str, Any]:
    """The card of a pretrained model, or what a run wrote down, or nothing."""
    from aezoo.registry import weights
    from aezoo.training.folder import RECORD, read_record

    folder = place if place.is_dir() else place.parent
    if (folder / weights.CARD).is_file():
        return weights.read_card(folder)
    return read_record(folder) if (folder / RECORD).is_file() else {}


def _file(place):
    """The export that is meant: of several in a folder that in float."""
    if place.is_file():
        return place
    found = {file.stem: file for file in sorted(place.glob("*.tflite"))}
    return next((found[name] for name in (*PREFERRED, *found) if name in found), None)


def _exported(place, samples, folder):
    """An export in float of a run, or of pretrained weights, that have none."""
    path = folder / "model-float32.tflite"
    ae = named_or_saved(str(place))
    aezoo.export_tflite(ae, path, samples=None if samples is None else samples.x)
    return path


def _samples(record, data, data_dir):
    """Samples of the test split: those that are given, else what the model was trained on."""
    from aezoo.data.datasets import preparation

    recorded = record.get("data")
    how = preparation(recorded if isinstance(recorded, dict) else record)
    if data is not None:
        return aezoo.load_dataset(data, "test", data_dir=data_dir, **how)
    if recorded is None:
        return None
    source, place = recorded, data_dir
    if isinstance(recorded, dict):
        source = recorded["source"]
        place = data_dir or recorded.get("data_dir")
    try:
        return aezoo.load_dataset(source, "test", data_dir=place, **how)
    except (OSError, ValueError) as error:
        err.print(f"Samples are made up: {error} Give --data.", style="yellow", markup=False)
        return None
