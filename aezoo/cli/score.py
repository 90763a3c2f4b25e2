"""`aezoo score`: archives larger than memory, on one process or on Ray."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from aezoo.cli.console import Json, app, err, out, print_json, quiet

Names = list[str] | None


@app.command()
def score(
    dataset: Annotated[
        Path,
        typer.Argument(
            help="A .parquet file, or a folder of such with the same columns, of any size.",
            show_default=False,
        ),
    ],
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            "-m",
            help="A run folder, a .keras or a .tflite file, for rows of numbers.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The folder, with a file for each of DATASET; an earlier call in it goes on.",
            show_default=False,
        ),
    ],
    threshold: Annotated[
        float | None,
        typer.Option(
            help="The error above which a row is flagged. [default: no flags]", show_default=False
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(help="ray, for workers of Ray. [default: this process]", show_default=False),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of a Ray cluster. [default: RAY_ADDRESS, else this machine]",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Workers of Ray. [default: one a processor]", show_default=False),
    ] = None,
    column: Annotated[
        Names,
        typer.Option(
            help="A column for the model, again for more, in its order. [default: all that are not "
            "dropped or kept]",
            show_default=False,
        ),
    ] = None,
    drop: Annotated[
        Names,
        typer.Option(help="A column to leave out; again for more.", show_default=False),
    ] = None,
    keep: Annotated[
        Names,
        typer.Option(
            help="A column to copy to the output, such as an id; again for more.",
            show_default=False,
        ),
    ] = None,
    code: Annotated[bool, typer.Option(help="Write codes, a column a number.")] = True,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Rows in work at once. [default: what 64 MiB hold]", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Score files larger than memory: the code, the error and the flag of each row.

    Each output has the columns row (from 0), those of --keep, code_0, code_1, ...,
    reconstruction_error and, with --threshold, flag. What was ended goes on when called again.
    """
    with quiet(tensorflow=model.suffix != ".tflite", as_json=as_json):
        from aezoo import scale

        how: dict[str, Any] = {"threshold": threshold, "on": on, "address": address}
        how |= {"workers": workers, "code": code, "batch_size": batch_size}
        how |= {"columns": column or None, "drop": drop or (), "keep": keep or ()}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        options: dict[str, Any] = {
            "console": err,
            "transient": True,
            "disable": not err.is_terminal,
        }
        with Progress(*columns, TimeRemainingColumn(), **options) as shown:
            task = shown.add_task(str(dataset), total=None)
            found = scale.score(
                dataset,
                model,
                output,
                progress=lambda rows, total: shown.update(task, completed=rows, total=total),
                **how,
            )
    if as_json:
        print_json(found._asdict())
        return
    table = Table("", "", title=f"{dataset} by {model}", title_justify="left", show_header=False)
    skipped = f" ({found.skipped:,} were whole before)" if found.skipped else ""
    table.add_row("files", f"{found.shards:,}{skipped}")
    table.add_row("rows", f"{found.rows:,}")
    if found.flagged is not None:
        share = f" ({100 * found.flagged / found.rows:.2g} %)" if found.rows else ""
        table.add_row("flagged", f"{found.flagged:,}{share}")
    table.add_row("seconds", f"{found.seconds:.1f}")
    table.add_row("rows a second", f"{found.rows_per_second:,.0f}")
    out.print(table)
    out.print(f"{found.output}: a file for each of {dataset}", soft_wrap=True, highlight=False)
