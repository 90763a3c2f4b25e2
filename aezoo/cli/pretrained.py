"""The zoo and its pretrained models: what there is, making one, proving that all are right."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from aezoo.cli.console import Json, app, out, print_json, print_metrics, quiet
from aezoo.cli.trained import DataDir
from aezoo.system.quiet import native_output_discarded

LocalData = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="The data, for a model of data that have no name to load them by.",
        show_default=False,
    ),
]


@app.command("list")
def list_zoo(as_json: Json = False) -> None:
    """List the models of the zoo by what they are for, and those that are pretrained."""
    with quiet(as_json=as_json):
        from aezoo import models, registry
        from aezoo.registry import weights

        groups = registry.purposes()
        purpose_of = {name: purpose for purpose, names in groups.items() for name in names}
        families = {
            name: {
                "model": name,
                "purpose": purpose_of[name],
                "summary": registry.summary(name),
            }
            for name in models.list_models()
        }
        pretrained = [
            {
                "model": name,
                "weights": data,
                "latent_size": card["metrics"]["latent_size"],
                "mse": card["metrics"]["mse"],
                "pca_mse": card["metrics"]["pca_mse"],
                "bytes": (card["folder"] / weights.FILE).stat().st_size,
            }
            for (name, data), card in weights.cards().items()
        ]
    if as_json:
        print_json({"models": [*families.values()], "pretrained": pretrained})
        return
    table = Table("for", "model", "what it is")
    for purpose, names in groups.items():
        for i, name in enumerate(names):
            table.add_row("" if i else purpose, name, families[name]["summary"])
        table.add_section()
    out.print(table)
    table = Table("pretrained", "weights", "code", "test MSE", "PCA's", "size")
    for row in pretrained:
        errors = (f"{row[key]:.5f}" for key in ("mse", "pca_mse"))
        size = f"{row['bytes'] / 1e6:.1f} MB"
        table.add_row(row["model"], row["weights"], str(row["latent_size"]), *errors, size)
    if pretrained:
        out.print(table)


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="A run folder.", show_default=False)],
    folder: Annotated[
        Path, typer.Argument(help="The folder to write, MODEL-WEIGHTS.", show_default=False)
    ],
    export: Annotated[
        list[str] | None,
        typer.Option(help="What to export. [default: saved_model, float32, int8]"),
    ] = None,
    note: Annotated[str, typer.Option(help="What its README is to say of the data.")] = "",
    data_name: Annotated[
        str | None,
        typer.Option(help="What to call data that are a file or folder here.", show_default=False),
    ] = None,
) -> None:
    """Make a pretrained model of a run: weights, exports, card and picture."""
    with quiet(), native_output_discarded():
        from aezoo.training import publishing

        exports = export or publishing.PUBLISHED
        card = publishing.publish(run, folder, exports=exports, note=note, data_name=data_name)
    out.print(f"{folder}: test MSE {card['metrics']['mse']:.5f}, {len(card['files'])} files")


@app.command("verify-models")
def verify_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Folders. [default: all]", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    data: LocalData = None,
    as_json: Json = False,
) -> None:
    """Check the pretrained models: hashes, every artefact, and the test error of each."""
    found = {}
    with quiet(as_json=as_json):
        from aezoo.registry import weights
        from aezoo.training import publishing

        for name in names or weights.names():
            with native_output_discarded():
                found[name] = publishing.verify(name, data_dir, data)
    if as_json:
        print_json(found)
        return
    table = Table("model", "artefact", "test MSE")
    for name, errors in found.items():
        if not errors:
            table.add_row(name, "hashes alone: its data are not given", "")
        for file, error in errors.items():
            table.add_row(name, file, f"{error:.6f}")
    out.print(table)


@app.command()
def lock(
    addresses: Annotated[
        list[str], typer.Argument(help="Such as hf://OWNER/REPOSITORY.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path(
        "aezoo.lock"
    ),
) -> None:
    """Pin weights on the Hugging Face Hub: their commits and hashes, in aezoo.lock.

    Where that file is in the working folder, aezoo.build takes these files and no others from
    the Hub.
    """
    with quiet():
        from aezoo.registry import hub, weights

        pinned = hub.pin(addresses, weights.HUB, output)
    for address in addresses:
        out.print(f"{address}: commit {pinned[address]['revision']}, in {output}", soft_wrap=True)


@app.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="A pretrained model, such as conv-mnist.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The run folder.", show_default=False)
    ],
    data_dir: DataDir = None,
    data: LocalData = None,
) -> None:
    """Train a pretrained model again as its card says, and compare their test errors."""
    with quiet() as ending:
        from aezoo.training import publishing
        from aezoo.training.progress import TrainingProgress

        progress = TrainingProgress(out)
        ending.is_spared = lambda: progress.trained
        try:
            run = publishing.rebuild(name, output, data_dir, [progress, ending.callback()], data)
        finally:
            progress.stop()
    print_metrics(f"{name}, trained again", run.metrics)
    if run.interrupted or ending.came:
        raise typer.Exit(ending.status)
