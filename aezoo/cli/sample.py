"""`aezoo sample`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.trained import RunData, RunDataDir, RunOrModel, loaded, located
from aezoo.system.files import replacing

if TYPE_CHECKING:
    import numpy as np

PICTURE = "samples.png"
COMPARED = 2000  # samples of each kind
FEATURES = 64  # principal components that they are compared in


@app.command()
def sample(
    run_or_model: RunOrModel,
    n: Annotated[int, typer.Option("-n", min=1, max=30, help="How many are drawn.")] = 10,
    sampler: Annotated[
        str | None,
        typer.Option(
            help="normal, gaussian_mixture, kernel_density or normalizing_flow; of models with a "
            "codebook autoregressive. [default: the model's prior, or a mixture]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the samples.")] = 0,
    data: RunData = None,
    data_dir: RunDataDir = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The picture. [default: RUN/samples.png]", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw new samples, and measure how like real ones they are."""
    with quiet(as_json=as_json):
        from aezoo.evaluation.generation import NEIGHBOR

        file, data, how = located(run_or_model, data, data_dir)
        ae, x_train, test = loaded(file, data, how)
        real = test.x[:COMPARED]
        if min(len(real), len(x_train)) <= NEIGHBOR:
            raise ValueError(
                f"Samples are compared with {NEIGHBOR + 1} test samples or more, and as many "
                f"training samples. Received: {len(real)} and {len(x_train)}"
            )
        made = ae.sample(max(n, len(real)), sampler, x_train, seed)
        found, places = _measured(ae, x_train, real, made, data)
        picture = output or file.with_name(PICTURE)
        with replacing(picture) as beside:
            _drawn(made[:n], x_train[places[:n]]).savefig(beside, dpi=120)
    if as_json:
        print_json({"model": file, "data": data, "picture": picture, **found})
        return
    table = Table(
        "", "generated", "training samples", title=f"{file}: beside unseen samples of {data}"
    )
    table.title_justify = "left"
    for key, label, digits in (
        ("frechet", "Frechet distance", 3),
        ("precision", "precision", 3),
        ("recall", "recall", 3),
        ("density", "density", 3),
        ("coverage", "coverage", 3),
        ("nearest", "MSE to the nearest training sample, median", 5),
    ):
        cells = (found[kind].get(key) for kind in ("generated", "training"))
        table.add_row(label, *("" if cell is None else f"{cell:.{digits}f}" for cell in cells))
    out.print(table)
    out.print(
        f"{found['generated']['real']:,} real and {found['generated']['generated']:,} others, in "
        f"{found['features']}. Unseen samples are at {found['unseen']:.5f} "
        "from the nearest training sample."
    )
    out.print(f"{picture}: samples above, below each the training sample that is nearest")


def _measured(ae: Any, x_train: "np.ndarray", real: "np.ndarray", made: "np.ndarray", data: str):
    """How like unseen samples generated ones and as many training samples are, and the nearest."""
    import numpy as np
    from sklearn.decomposition import PCA

    from aezoo.evaluation import class_features, classifiers, likeness, nearest
    from aezoo.evaluation.features import input_shape_of

    def flat(x):
        return ae.normalize(x).reshape(len(x), -1)  # (n, ...) -> (n, D)

    real = real[: len(x_train)]  # as many of each
    some = x_train[np.random.default_rng(0).permutation(len(x_train))[: len(real)]]
    training, unseen = flat(x_train), flat(real)
    if data in classifiers() and input_shape_of(data) == x_train.shape[1:]:
        found = {"features": f"the features of a classifier of {data}"}

        def features(x):
            return class_features(x.clip(0, 1), data)
    else:
        pca = PCA(min(FEATURES, *training.shape), random_state=0).fit(training)
        components = int(pca.n_components_)
        found = {"features": f"{components} principal components", "components": components}

        def features(x):
            return pca.transform(flat(x))

    for kind, x in (("generated", made[: len(real)]), ("training", some)):
        found[kind] = likeness(features(real), features(x))._asdict()
    places, errors = nearest(flat(made), training)
    found["generated"]["nearest"] = float(np.median(errors))
    found["unseen"] = float(np.median(nearest(unseen, training)[1]))
    return found, places


def _drawn(made: "np.ndarray", near: "np.ndarray"):
    import numpy as np

    from aezoo import plots

    return plots.sample_grid(np.stack([made, near]), rows=["sample", "nearest"])
