"""`aezoo probe`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import aezoo
from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.trained import RunData, RunDataDir, RunOrModel, located
from aezoo.system.files import replacing

PICTURE = "probe.png"


@app.command()
def probe(
    run_or_model: RunOrModel,
    data: RunData = None,
    data_dir: RunDataDir = None,
    labels: Annotated[
        list[int] | None,
        typer.Option(
            help="How many labels classifiers see, again for more. [default: 10 and 100 a class, "
            "and all]",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="How often samples are drawn.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The picture. [default: RUN/probe.png]", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure classifiers on codes, beside raw samples and PCA: how much labels are worth."""
    with quiet(as_json=as_json):
        from aezoo.training.folder import load_model

        file, data, how = located(run_or_model, data, data_dir)
        ae = load_model(file)
        train, test = (aezoo.load_dataset(data, split, **how) for split in ("train", "test"))
        if train.y is None or test.y is None:
            raise ValueError(f"{data} has no labels, which a probe is about.")
        parts = (train.x, train.y, test.x, test.y)
        rows = aezoo.probe(ae, *parts, labels=labels, draws=draws, seed=seed)
        picture = output or file.with_name(PICTURE)
        with replacing(picture) as beside:
            aezoo.plots.label_efficiency(rows, title=f"{file.parent.name} on {data}").savefig(
                beside
            )
    if as_json:
        print_json({"model": file, "data": data, "rows": rows, "picture": picture})
        return
    table = Table("classifier", "labels", title=f"{file} on {data}: accuracy on the test split")
    table.title_justify = "left"
    kinds = list(dict.fromkeys(row["features"] for row in rows))
    for kind in kinds:
        table.add_column(kind)
    for labels_seen, classifier in dict.fromkeys((r["labels"], r["classifier"]) for r in rows):
        own = [r for r in rows if (r["labels"], r["classifier"]) == (labels_seen, classifier)]
        figures = (
            f"{r['accuracy']:.4f}" + f" ± {r['spread']:.4f}" * (r["spread"] > 0) for r in own
        )
        table.add_row(classifier, f"{labels_seen:,}", *figures)
    out.print(table)
    out.print(f"{picture}: the picture", soft_wrap=True)
