"""`aezoo search`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.train import Color, Data, Size, Stride, Window, pixels
from aezoo.cli.trained import DataDir


@app.command()
def search(
    max_kb: Annotated[float, typer.Option(help="Thousands of bytes of the int8 file at most.")],
    data: Data = "digits",
    max_us: Annotated[
        float | None,
        typer.Option(
            help="Microseconds of a reconstruction at most. [default: any]", show_default=False
        ),
    ] = None,
    max_arena_kb: Annotated[
        float | None,
        typer.Option(
            help="Thousands of bytes of memory in TensorFlow Lite Micro at most. [default: any]",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="cortex-m4, cortex-m7 or cortex-m55, whose latency is an estimate. [default: "
            "this machine, measured]",
            show_default=False,
        ),
    ] = None,
    latent_dim: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many numbers a code has. [default: searched for]", show_default=False
        ),
    ] = None,
    minutes: Annotated[float, typer.Option(help="How long to search.")] = 20,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many candidates are tried at most. [default: as there is time for]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of candidates and trainings.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The folder; a search in it goes on. [default: searches/DATA]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    size: Size = None,
    color: Color = None,
    window: Window = None,
    stride: Stride = None,
    as_json: Json = False,
) -> None:
    """Search for the models with the least error within a size and a time."""
    shape = None if size is None else pixels(size)
    with quiet(as_json=as_json) as ending:
        from aezoo import training

        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=out) as shown:
            task = shown.add_task("", total=None)
            found = training.search(
                data,
                max_kb=max_kb,
                max_us=max_us,
                max_arena_kb=max_arena_kb,
                device=device,
                latent_dim=latent_dim,
                minutes=minutes,
                trials=trials,
                seed=seed,
                output=output,
                data_dir=data_dir,
                size=shape,
                color=color,
                window=window,
                stride=stride,
                callbacks=[ending.callback()],
                progress=lambda said: shown.update(task, description=said),
            )
            shown.update(task, description="done")
    if as_json:
        print_json(found)
    else:
        _print(found, data, device)
    if found.interrupted or ending.came:
        raise typer.Exit(ending.status)


def _print(found, data, device):
    table = Table("model", "code", "kB", title=f"Models for {data} that no other one beats")
    table.title_justify = "left"
    unit = "µs" if out.encoding.startswith("utf") else "us"
    where = "measured here" if device is None else f"{device}, estimated"
    table.add_column(f"{unit}, {where}")
    memory = any(point.arena_kb is not None for point in found.front)
    for column in (*["kB of memory"] * memory, "validation MSE", "test MSE", "folder"):
        table.add_column(column)
    for point in found.front:
        table.add_row(
            point.model,
            f"{point.latent_size:,}",
            f"{point.kb:,.1f}",
            f"{point.us:,.0f}",
            *([f"{point.arena_kb:,.1f}"] if memory else []),
            f"{point.error:.5f}",
            f"{point.test_error:.5f}",
            point.folder.name,
        )
    out.print(table)
    counts = ", ".join(f"{count} {state}" for state, count in found.tried.items())
    out.print(f"Tried in {found.seconds / 60:,.1f} minutes: {counts}. Errors are those in int8.")
    if found.interrupted:
        out.print("Interrupted: the same command goes on.")
    out.print(f"{found.best.folder}: the best", soft_wrap=True)
