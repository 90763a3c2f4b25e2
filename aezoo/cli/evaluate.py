"""`aezoo evaluate`."""

from contextlib import suppress

from aezoo.cli.console import Json, app, err, print_json, print_metrics, quiet
from aezoo.cli.trained import RunData, RunDataDir, RunOrModel, loaded, located


@app.command()
def evaluate(
    run_or_model: RunOrModel,
    data: RunData = None,
    data_dir: RunDataDir = None,
    as_json: Json = False,
) -> None:
    """Measure a trained model on the test split, beside PCA at the same code size."""
    with quiet(as_json=as_json):
        from aezoo import evaluation
        from aezoo.training.folder import read_record, stopped_early

        file, data, how = located(run_or_model, data, data_dir)
        ae, x_train, test = loaded(file, data, how, whole=True)
        metrics = evaluation.evaluate(ae, test.x, x_train)
        stopped = False
        with suppress(OSError, KeyError):  # without a record, or one of another version
            stopped = stopped_early(read_record(file.parent)["training"])
        remarks = evaluation.remarks(
            metrics, stopped_early=stopped, has_prior=ae.bottleneck.has_prior
        )
    if as_json:
        print_json({"model": file, "data": data, "metrics": metrics, "remarks": remarks})
        return
    print_metrics(f"{file} on {data}, test split", metrics)
    for remark in remarks:
        err.print(remark, style="yellow", highlight=False)
