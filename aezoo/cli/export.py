"""From a trained model to a file for devices, and what is in such a file."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.trained import RunData, RunDataDir, RunOrModel, loaded, located
from aezoo.system.apart import apart
from aezoo.system.quiet import native_output_discarded

FORMATS = ("tflite", "micro", "c", "saved_model", "onnx")
RUNS = 1000  # of each signature, that the times are taken from
SHOWN = 10  # constants with a line of their own

LiteFile = Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)]


@app.command()
def export(
    run_or_model: RunOrModel,
    format: Annotated[
        str,
        typer.Option(help="tflite, micro (microcontrollers), c (plain C), saved_model or onnx."),
    ] = "tflite",
    quantize: Annotated[
        str | None,
        typer.Option(
            help="For tflite: float16, dynamic, int4, int8 or int16x8. [default: float32]",
            show_default=False,
        ),
    ] = None,
    fine_tune: Annotated[
        bool,
        typer.Option(
            "--fine-tune", help="Train a copy with the roundings of int8, which then loses less."
        ),
    ] = False,
    data: RunData = None,
    data_dir: RunDataDir = None,
    as_json: Json = False,
) -> None:
    """Export a trained model beside it, and prove that the export is right."""
    if format not in FORMATS:
        raise typer.BadParameter(
            f"--format is tflite, micro, c, saved_model or onnx, not {format!r}"
        )
    if quantize and format != "tflite":
        raise typer.BadParameter(f"--quantize is for tflite only, not for {format}")
    if fine_tune and format not in ("micro", "c") and quantize not in ("int4", "int8"):
        raise typer.BadParameter(
            "--fine-tune is for int8 and int4: use --quantize int8 or int4, --format micro or "
            "--format c"
        )
    with quiet(as_json=as_json):
        from aezoo import training
        from aezoo.training.folder import MODEL, RECORD
        from aezoo.training.report import try_report

        file, data, how = located(run_or_model, data, data_dir)
        kind = quantize or "float32" if format == "tflite" else format
        ae, x_train, test = loaded(file, data, how)
        report = training.export_to(file.parent, ae, kind, x_train, test.x, fine_tune)
        if file.name == MODEL and file.with_name(RECORD).is_file():
            try_report(file.parent, ae, test)
    if as_json:
        print_json(report)
    else:
        out.print(report)


@app.command("inspect")
def inspect_file(file: LiteFile, as_json: Json = False) -> None:
    """Show what is in a .tflite file: signatures, operators, and where its bytes go."""
    with quiet(tensorflow=False, as_json=as_json), native_output_discarded():
        from aezoo.edge import inspect

        found = inspect(file)
    if as_json:
        print_json({"file": file, **found})
        return
    table = Table("signature", "tensor", "shape", "type", "scale", "zero point")
    table.title, table.title_justify = f"{file}: {found['size']:,} bytes", "left"
    for name, ends in found["signatures"].items():
        for end in ("inputs", "outputs"):
            for tensor, entry in ends[end].items():
                scale = f"{entry['scale']:.6g}" if "scale" in entry else ""
                zero = str(entry.get("zero_point", ""))
                arrow = "-> " if end == "outputs" else ""
                row = (arrow + tensor, str(entry["shape"]), entry["dtype"], scale, zero)
                table.add_row(name if end == "inputs" else "", *row)
    out.print(table)
    for key in ("ops", "float_ops", "foreign_ops"):
        counts = ", ".join(f"{count} {op}" for op, count in found[key].items())
        out.print(f"{key.replace('_', ' ')}: {counts or 'none'}")
    out.print(f"types: {', '.join(found['dtypes'])}")
    if "detector" in found:
        detector = found["detector"]
        out.print(
            f"detector: an anomaly above {detector['threshold']:.6g}, set for "
            f"{detector['false_alarm_rate']:.2%} false alarms; "
            f"{detector['references']:,} references"
        )
        if detector["features"]:
            out.print(f"features: {', '.join(detector['features'])}", markup=False)
    _print_flash(found)
    _print_arena(found["arena"])


@app.command()
def benchmark(file: LiteFile, as_json: Json = False) -> None:
    """Time a .tflite file: one sample, one thread, 1,000 runs of each signature."""
    with quiet(tensorflow=False, as_json=as_json), native_output_discarded():
        found = apart(_times, file, RUNS)
    if as_json:
        print_json({"file": file, "signatures": found})
        return
    unit = "µs" if out.encoding.startswith("utf") else "us"
    table = Table("signature", "median", "95th percentile", title=str(file))
    table.title_justify = "left"
    for name, times in found.items():
        table.add_row(name, *(f"{value:,.0f} {unit}" for value in times.values()))
    out.print(table)


def _times(file, runs):
    """Median and 95th percentile of each signature. An interpreter may end of a strange file."""
    import numpy as np

    from aezoo.edge import LiteModel, inspect, microseconds

    model = LiteModel(file)
    found = {}
    for name, ends in inspect(file)["signatures"].items():
        (entry,) = ends["inputs"].values()
        sample = np.random.default_rng(0).random((1, *entry["shape"][1:]), "float32")
        sample = np.floor(sample) if entry["dtype"] == "int32" else sample  # of a codebook
        times = microseconds(partial(getattr(model, name), sample), runs)
        found[name] = dict(
            zip(("median_us", "p95_us"), np.percentile(times, [50, 95]), strict=True)
        )
    return found


def _print_flash(found):
    """Bytes of the file, the largest constants first."""
    table = Table("in flash", "shape", "type", "bytes", "share")
    largest, others = found["flash"][:SHOWN], found["flash"][SHOWN:]
    rows = [(e["name"], str(e["shape"]), e["dtype"], e["bytes"]) for e in largest]
    if others:
        rows.append((f"{len(others)} others", "", "", sum(e["bytes"] for e in others)))
    graph = found["size"] - sum(e["bytes"] for e in found["flash"])
    rows.append(("the graph, with its scales", "", "", graph))
    for *what, count in rows:
        table.add_row(*what, f"{count:,}", f"{count / found['size']:.1%}")
    out.print(table)


def _print_arena(arena):
    """Bytes of activations, of the signature with the most operators one by one."""
    peaks = {name: max(rows, key=lambda row: row["bytes"]) for name, rows in arena.items() if rows}
    if not peaks:
        return
    shown = max(peaks, key=lambda name: len(arena[name]))
    table = Table("", f"in memory, {shown}", "makes", "type", "bytes at a time", "")
    for number, row in enumerate(arena[shown]):
        most = "most" if row["bytes"] == peaks[shown]["bytes"] else ""
        shape = "" if row["shape"] is None else str(row["shape"])
        what = (row["operator"], shape, row["dtype"])
        table.add_row(str(number), *what, f"{row['bytes']:,}", most)
    out.print(table)
    told = (f"{name} {row['bytes']:,} ({row['operator']})" for name, row in peaks.items())
    out.print(f"most bytes at a time, for one sample: {', '.join(told)}")
