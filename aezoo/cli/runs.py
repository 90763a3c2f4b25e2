"""`aezoo report` and `aezoo compare`: what became of trainings."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from aezoo.cli.console import Json, app, err, out, print_json, quiet
from aezoo.cli.trained import RunData, RunDataDir
from aezoo.system.files import replacing

PICTURES = (".png", ".svg", ".pdf")
MOST = 4  # runs that have a column each


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run folder.", show_default=False)],
    data: RunData = None,
    data_dir: RunDataDir = None,
) -> None:
    """Write report.html of a run anew: figures, curves, samples, codes, exports, what to type next.

    A training writes it, and an export writes it anew. This is for runs of earlier versions, and
    for exports that were made from Python.
    """
    with quiet():
        from aezoo import training

        page = training.write_report(run, data=data, data_dir=data_dir)
    out.print(f"To look at in a browser: {page}", soft_wrap=True)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders, two or more.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A picture of the losses by epoch, .png, .svg or .pdf. [default: none]",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put runs side by side: size, errors beside PCA's, exports, time."""
    if output is not None and output.suffix.lower() not in PICTURES:
        raise typer.BadParameter(f"--output ends in {', '.join(PICTURES)}, not {output.name!r}")
    with quiet(as_json=as_json):
        from aezoo import plots, training

        found = training.compare(runs)
        if output is not None:
            with replacing(output) as beside:
                plots.histories(found.histories).savefig(beside, dpi=120)
    if as_json:
        document = {"rows": found.rows, "remarks": found.remarks, "best": found.best}
        print_json(document | {"picture": output})
        return
    out.print(_table(found))
    for remark in found.remarks:
        err.print(remark, style="yellow", markup=False, highlight=False)
    if output is not None:
        families = {row["model"] for row in found.rows}
        terms = ", which have terms of their own in each family" * (len(families) > 1)
        out.print(f"{output}: the losses by epoch{terms}", soft_wrap=True)


def _table(found):
    """A column a run where they are few, which fit a terminal so, else a row."""
    cells = [_cells(row) for row in found.rows]
    data = {row["data"] for row in cells}
    names = [name for name in cells[0] if any(row[name] for row in cells)]
    names = [name for name in names if name != "data" or len(data) > 1]
    title = _plain(f"Runs on {data.pop()}" if len(data) == 1 else "Runs")
    best = [row["run"] == found.best for row in found.rows]
    if len(cells) > MOST:
        table = Table(*names, title=title, title_justify="left")
        for row, is_best in zip(cells, best, strict=True):
            table.add_row(*(_plain(row[name]) for name in names), style="bold" * is_best)
        return table
    table = Table("run", title=title, title_justify="left")
    for row, is_best in zip(cells, best, strict=True):
        style = "bold" * is_best
        table.add_column(_plain(row["run"]), style=style, header_style=style)
    for name in names[1:]:
        table.add_row(name, *(_plain(row[name]) for row in cells))
    return table


def _cells(row):
    """What a table says of a run."""
    exports = "\n".join(f"{name} {size:,}" for name, size in row["exports"].items())
    return {
        "run": row["run"],
        "family": row["model"],
        "data": row["data"],
        "parameters": _shown(row["parameters"], ","),
        "code": _shown(row["latent_size"], ","),
        "epochs": _shown(row["epochs"], ",") + " (interrupted)" * row["interrupted"],
        "seconds": _shown(row["seconds"], ",.0f"),
        "test MSE": _shown(row["mse"], ".5f"),
        "PCA's": _shown(row["pca_mse"], ".5f"),
        "over PCA's": _shown(row["relative_mse"], ".2f"),
        "exports, bytes": exports,
    }


def _shown(value, form):
    return "" if value is None else format(value, form)


def _plain(text):
    """A text in which brackets are no markup."""
    from rich.text import Text

    return Text(str(text or ""))
