"""`aezoo detect`: detectors of anomalies, from a table to a device."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from aezoo.cli import detectors
from aezoo.cli.console import Json, app, err, out, print_json, quiet
from aezoo.cli.detectors import Data, Label, Normal
from aezoo.cli.scorers import Scorer
from aezoo.system.files import replacing
from aezoo.system.quiet import native_output_discarded

detect = typer.Typer(
    help="Detect anomalies: fit, score, evaluate, export.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(detect, name="detect")


@detect.command()
def fit(
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The detector's folder, which must not exist. [default: detectors/DATA]",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A name from `aezoo list`. [default: by the data]", show_default=False),
    ] = None,
    contamination: Annotated[
        str | None,
        typer.Option(
            help="The share of anomalies in the data; 0: all is normal; or auto. [default: auto, "
            "or 0 with --label]",
            show_default=False,
        ),
    ] = None,
    false_alarm_rate: Annotated[
        float, typer.Option(help="How many of normal rows may be flagged.")
    ] = 0.01,
    threshold: Annotated[
        str,
        typer.Option(help="auto, percentile, contamination, sigma, conformal or a number."),
    ] = "auto",
    window: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rows are steps in time, and are looked at so many at once.",
            show_default=False,
        ),
    ] = None,
    stride: Annotated[int, typer.Option(min=1, help="Steps from window to window.")] = 1,
    label: Label = None,
    normal: Normal = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="A column to leave out; repeatable.", show_default=False),
    ] = None,
    missing: Annotated[
        str, typer.Option(help="What becomes of missing values: refuse, or median.")
    ] = "refuse",
    stream: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Read data larger than memory piece by piece: also folders of .npy, .parquet, "
            ".csv or .tsv files.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order and noise.")] = 0,
    as_json: Json = False,
) -> None:
    """Learn what is normal, and write a detector's folder.

    Rows that --label says are anomalous are left out.
    """
    if normal is not None and label is None and data.is_file():
        raise typer.BadParameter("--normal is what a label is: say in which column, --label COLUMN")
    if stride != 1 and window is None:
        raise typer.BadParameter(
            "--stride is from window to window: say how long these are, --window N"
        )
    if stream and (window or label or normal or drop):
        raise typer.BadParameter(
            "a stream is fitted whole: leave out --window, --label, --normal and --drop"
        )
    share = contamination or (None if window else "0" if label else "auto")
    options: dict[str, Any] = {} if share is None else {"contamination": _value(share)}
    options |= {"threshold": _value(threshold), "false_alarm_rate": false_alarm_rate}
    options |= {"model": model, "missing": missing, "random_state": seed}
    with quiet(as_json=as_json):
        import numpy as np

        import aezoo
        from aezoo.data.chunks import kind_of
        from aezoo.data.samples import DataError

        folder = output or detectors.DETECTORS / data.stem
        if folder.exists():
            raise FileExistsError(f"{folder} exists already: remove it, or choose another with -o.")
        if kind_of(data) == ".wav" and window is None:
            raise typer.BadParameter("say how many steps of a recording to look at: --window N")
        begin = time.perf_counter()
        with err.status(f"Reading {data} ..."):
            if stream:
                x = aezoo.load_dataset(data, "all", stream=True)
                shape = x.shape
            else:
                x = detectors.normal_rows(data, label, normal, drop or [])
                shape = x.shape[1:]
        detectors.doubt(x)
        detector: Any
        if window is None:
            detector = aezoo.AnomalyDetector(**options)
        else:
            detector = aezoo.TimeSeriesDetector(window=window, stride=stride, **options)
        with err.status("Fitting the detector ..."), detectors.refusing(data, (DataError,)):
            detector.fit(x if window is None else detectors.stretches(x))
        with replacing(folder) as beside:
            detector.save(beside)
            inner = detector if window is None else detector.detector_
            scores = inner.calibration_scores_
            weights = inner.calibration_weights_  # of a stream's, of which some are kept
            picture = aezoo.plots.score_histogram(scores, detector.threshold_)
            picture.savefig(beside / "scores.png")
    seconds = time.perf_counter() - begin
    names = getattr(detector, "columns_", None)
    encoded = (len(names.names),) if names is not None and hasattr(x, "iloc") else shape
    found = {"folder": folder, "rows": len(x), "shape": shape, "encoded": encoded}
    found |= {"model": inner.model_.name, "threshold": detector.threshold_}
    judged = len(scores) if weights is None else int(weights.sum())
    found |= {"calibrated": inner.calibrated_, "calibration_rows": judged}
    found |= {"threshold_error": inner.threshold_error_, "seconds": seconds}
    found["flagged"] = float(np.average(scores > detector.threshold_, weights=weights))
    if as_json:
        print_json(found)
        return
    table = Table(title=f"{data}", title_justify="left", show_header=False)
    size, width = (" x ".join(map(str, shape)) for shape in (shape, encoded))
    table.add_row("rows", f"{len(x):,}")
    table.add_row("columns", size if size == width else f"{size}, encoded as {width}")
    table.add_row("model", f"{inner.model_.name}, {inner.model_.count_params():,} parameters")
    table.add_row("threshold", f"{detector.threshold_:.4g}")
    unseen = "rows that the network was not trained on"
    of = f"{judged:,} {unseen if window is None else 'windows'}"
    table.add_row("flagged", f"{100 * found['flagged']:.2g} % of {of}")
    table.add_row("expected false alarms", _expected(detector))
    table.add_row("seconds", f"{seconds:.1f}")
    out.print(table)
    files = sorted(path.name for path in folder.iterdir())
    out.print(f"{folder}: {', '.join(files)}", soft_wrap=True)


@detect.command()
def export(
    detector: Annotated[
        Path | None,
        typer.Argument(
            help="A detector's folder. [default: the only one in detectors/]", show_default=False
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(help="float16, dynamic or int8. [default: float32]", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="micro: C sources for microcontrollers, in int8.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The .tflite file, or with --target micro the folder. [default: in the detector's "
            "folder]",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Normal rows to carry the threshold over by, best those that it was set on. "
            "[default: those that the detector keeps]",
            show_default=False,
        ),
    ] = None,
    label: Label = None,
    normal: Normal = None,
    as_json: Json = False,
) -> None:
    """Write a detector for devices, with the threshold set anew on the file's own scores."""
    if target and quantize not in (None, "int8"):
        raise typer.BadParameter(f"--target {target} is in int8, not in {quantize}")
    quantize = "int8" if target else quantize if quantize != "float32" else None
    with quiet(as_json=as_json):
        from aezoo.data.datasets import load_dataset
        from aezoo.export import export_detector

        folder = detectors.located(detector)
        scorer = Scorer(folder)
        if scorer.is_exported:
            raise typer.BadParameter(f"{folder} is exported already: give the detector's folder")
        if scorer.is_timed:
            raise typer.BadParameter(f"{folder} is of recordings, which have no export yet")
        options: dict[str, Any] = {"quantize": quantize, "target": target}
        if data is not None:
            if label is None and detectors.files_of(data) != [data]:
                x = load_dataset(data, "all", stream=True)
            else:
                x = detectors.normal_rows(data, label, normal, [])
            with detectors.refusing(data):
                options["calibration_data"] = scorer.chosen(x)
        name = "micro" if target else f"detector-{quantize or 'float32'}.tflite"
        with native_output_discarded():
            report = export_detector(scorer.detector, output or folder / name, **options)
    if as_json:
        print_json(report)
    else:
        out.print(report)


def _value(text: str) -> float | str:
    """A number, or a word."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == 0 else number


def _expected(detector):
    """How many of normal rows will be flagged, as far as one can say."""
    if hasattr(detector, "detector_"):
        return "not known, since windows overlap: evaluate on a normal recording"
    error = f" (+- {100 * detector.threshold_error_:.1g} %)" if detector.threshold_error_ else ""
    rate = f"{100 * detector.false_alarm_rate:.2g} %{error} of normal rows"
    if detector.calibrated_:
        return f"at most {rate}, on average over draws of the rows held out"
    if detector.threshold == "percentile" or (
        detector.threshold == "auto" and detector.contamination in ("auto", 0)
    ):
        return f"about {rate}; --threshold conformal keeps to it"
    return "not known: evaluate on normal rows"
