"""`aezoo sweep`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.train import Data
from aezoo.cli.trained import DataDir


@app.command()
def sweep(
    data: Data = "digits",
    models: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A family, again for more. [default: conv, deep]"),
    ] = None,
    latent_dims: Annotated[
        str, typer.Option(help="How many numbers codes have, with commas between.")
    ] = "2,4,8,16,32",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="As in train.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="As in train.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="How many are trained at once.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The folder; a sweep in it goes on. [default: sweeps/DATA]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Train families with codes of several sizes: where more numbers are of little use."""
    try:
        sizes = [int(size) for size in latent_dims.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--latent-dims is as 2,8,32, not {latent_dims!r}") from None
    how: dict[str, Any] = {"epochs": epochs, "seed": seed, "data_dir": data_dir}
    with quiet(as_json=as_json):
        from aezoo import training

        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=out) as shown:
            task = shown.add_task("", total=None)
            found = training.sweep(
                data,
                **({"models": models} if models else {}),
                latent_dims=sizes,
                jobs=jobs,
                output=output,
                progress=lambda said: shown.update(task, description=said),
                **how,
            )
            shown.update(task, description="done")
    if as_json:
        print_json(found)
        return
    every = sorted({size for row in found.errors.values() for size in row})
    table = Table("numbers in a code", title=f"{data}: mean squared error on the test split")
    table.title_justify = "left"
    for size in every:
        table.add_column(f"{size:,}")
    table.add_column("elbow")
    for name, row in found.errors.items():
        errors = (f"{row[size]:.5f}" if size in row else "" for size in every)
        bend = found.elbows[name]
        table.add_row(name, *errors, "none" if bend is None else f"{bend:,}")
    out.print(table)
    for name, reason in found.failed.items():
        out.print(f"{name} was not trained: {reason}", markup=False)
    out.print(f"{found.folder}: the runs, and elbow.png", soft_wrap=True)
