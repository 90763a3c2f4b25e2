"""`aezoo plot`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import aezoo
from aezoo.cli.console import app, out, quiet
from aezoo.cli.trained import RunData, RunDataDir, RunOrModel, located
from aezoo.system.files import replacing

if TYPE_CHECKING:
    import numpy as np

    from aezoo import Autoencoder, Dataset

KINDS = ("latent", "tsne", "umap", "traversals", "grid", "units", "page")
STEPS = 9  # of a walk along a unit


@app.command()
def plot(
    run_or_model: RunOrModel,
    kind: Annotated[
        str,
        typer.Option(
            help="latent (PCA), tsne or umap: codes in two dimensions; traversals: outputs along "
            "each unit; grid: a map of the code; units: which are dead or alike; page: HTML, with "
            "the sample behind each point."
        ),
    ] = "latent",
    data: RunData = None,
    data_dir: RunDataDir = None,
    samples: Annotated[int, typer.Option(min=2, help="Of the test split, at most.")] = 2000,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file. [default: RUN/KIND.png or .html]", show_default=False
        ),
    ] = None,
) -> None:
    """Draw what a model's codes look like."""
    if kind not in KINDS:
        raise typer.BadParameter(f"--kind is one of {', '.join(KINDS)}, not {kind!r}")
    ends = (".html",) if kind == "page" else (".png", ".svg", ".pdf")
    if output is not None and output.suffix.lower() not in ends:
        raise typer.BadParameter(f"--output ends in {' or '.join(ends)}, not {output.name!r}")
    with quiet():
        from aezoo.data.datasets import Dataset
        from aezoo.training.folder import load_model

        file, data, how = located(run_or_model, data, data_dir)
        ae, test = load_model(file), aezoo.load_dataset(data, "test", **how)
        y = None if test.y is None else test.y[:samples]
        test = Dataset(test.x[:samples], y, test.name)
        target = output or file.with_name(f"{kind}.{'html' if kind == 'page' else 'png'}")
        drawn, said = _drawn(kind, ae, test, file.resolve().parent.name)
        with replacing(target) as beside:
            if isinstance(drawn, str):
                beside.write_text(drawn, encoding="utf-8")
            else:
                drawn.savefig(beside, dpi=120)
    out.print(said)
    out.print(f"{target}: the {'page' if kind == 'page' else 'picture'}", soft_wrap=True)


def _drawn(kind: str, ae: "Autoencoder", test: "Dataset", name: str):
    """A figure, or the text of a page, and a sentence with its number."""
    from aezoo import evaluation, plots

    x, y = test.x, test.y
    if kind in ("latent", "tsne", "umap"):
        figure = plots.latent(ae.encode(x), y, method="pca" if kind == "latent" else kind)
        axes = figure.axes[0]
        told = ", ".join(filter(None, (axes.get_xlabel(), axes.get_ylabel())))
        return figure, f"{axes.get_title()}{': ' * bool(told)}{told}."
    if kind == "traversals":
        walks = evaluation.traversals(ae, x, steps=STEPS)
        samples, (units, steps) = walks.samples, walks.samples.shape[:2]
        if ae.normalization is not None:  # or columns of small units would not be seen
            flat = ae.normalize(samples.reshape(units * steps, *samples.shape[2:]))
            samples = flat.reshape(samples.shape)
        rows = [f"unit {unit}" for unit in walks.units]
        share = walks.change[0] / walks.change.sum() if walks.change.sum() else 0.0
        said = (
            f"Unit {walks.units[0]} changes outputs most: {share:.0%} of what these units change."
        )
        return plots.sample_grid(samples, rows=rows, title=f"{name}: along units"), said
    if kind == "grid":
        return (
            plots.sample_grid(evaluation.decoded_grid(ae, x), title=f"{name}: a map of the code"),
            "Along each side the map spans 98 % of the codes.",
        )
    if kind == "units":
        units = evaluation.unit_statistics(ae, x)
        said = f"{int(units.dead.sum())} of {len(units.dead)} units are dead"
        if len(units.dead) > 1:
            a, b, most = units.most_correlated
            said += f"; units {a} and {b} are most alike, with a correlation of {most:.2f}"
        return plots.units(units.deviation, units.correlation, units.dead, units.kl), f"{said}."
    points, said = _points(ae.encode(x))
    page = plots.hover_page(points, x, ae.reconstruct(x), y, title=f"{name}: {len(x):,} codes")
    return page, said


def _points(codes: "np.ndarray"):
    """Codes as points of a plane, and a sentence that says how."""
    import numpy as np

    from aezoo.plots.codes import in_two

    codes = codes.reshape(len(codes), -1)  # (n, ...) -> (n, D)
    if codes.shape[1] > 2:
        points, trusted = in_two(codes)
        return points, f"PCA of {len(codes):,} codes: trustworthiness {trusted:.3f}."
    flat = np.zeros((len(codes), 2 - codes.shape[1]))  # beside codes of one number
    return np.concatenate([codes, flat], axis=1), f"{len(codes):,} codes as they are."
