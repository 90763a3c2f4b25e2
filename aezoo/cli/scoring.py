"""Commands that ask a detector: what rows are odd, and how often it is right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from aezoo.cli import detectors
from aezoo.cli.console import Json, err, out, print_json, quiet
from aezoo.cli.detect import detect
from aezoo.cli.detectors import Data, DetectorPath, Label, Normal
from aezoo.cli.scorers import Scorer
from aezoo.system.files import replacing

METRICS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "f1": "F1",
    "precision": "precision: flags that are right",
    "recall": "recall: anomalies that are flagged",
    "false_alarm_rate": "false alarms, of normal rows",
    "anomalies": "stretches of anomalous rows",
    "event_recall": "... in which there is an event",
    "events": "events",
    "false_events": "... in which no row is anomalous",
}


@detect.command()
def score(
    data: Data,
    detector: DetectorPath = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where to write: a .csv or .parquet file. [default: DATA-scores.csv]",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, help="How many columns to name that make a row odd.")
    ] = 3,
    as_json: Json = False,
) -> None:
    """Score each row: how odd it is, whether it is flagged, and which columns make it so."""
    output = output or Path(f"{data.stem}-scores.csv")
    if output.suffix.lower() not in (".csv", ".parquet"):
        raise typer.BadParameter(f"--output is a .csv or .parquet file, not {str(output)!r}")
    if output.exists() and data.exists() and output.samefile(data):
        raise typer.BadParameter(f"--output would replace the data: {data}")
    with quiet(tensorflow=not _is_exported(detector), as_json=as_json):
        from aezoo.data.chunks import chunks, kind_of, read_table

        path = detectors.located(detector)
        scorer = Scorer(path)
        files = [data] if scorer.is_timed else detectors.files_of(data)
        unit = "step" if scorer.is_timed else detectors.UNITS.get(kind_of(files[0]), "row")
        rows = flagged = 0
        with (
            _progress(data) as advance,
            replacing(output) as beside,
            detectors.table_writer(beside) as append,
        ):
            pieces = chain.from_iterable(map(chunks, files))
            for piece in [read_table(data)] if scorer.is_timed else pieces:
                with detectors.refusing(data):
                    scored = scorer.judged(scorer.chosen(piece), top)
                append({unit: _rows(data, unit, rows, len(piece)), **scored})
                rows += len(piece)
                flagged += int(sum(scored["flag"]))
                advance(len(piece))
    if as_json:
        found = {"detector": path, "rows": rows, "flagged": flagged, "output": output}
        events = [event._asdict() for event in scorer.events or []]
        print_json({**found, **({"events": events} if scorer.is_timed else {})})
        return
    if scorer.events:
        table = Table("event", "from", "to", "peak", "score")
        for i, event in enumerate(scorer.events, start=1):
            table.add_row(
                *map(str, (i, event.start, event.end - 1, event.peak)), f"{event.score:.4g}"
            )
        out.print(table)
    share = "100" if flagged == rows else f"{100 * flagged / rows:.2g}"
    out.print(
        f"{flagged:,} of {rows:,} {unit}s flagged ({share} %): {output}",
        soft_wrap=True,
        highlight=False,
    )


@detect.command()
def evaluate(
    data: Data,
    detector: DetectorPath = None,
    label: Label = None,
    normal: Normal = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            help="A folder for pictures of scores, ROC and precision-recall.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a detector on rows with labels."""
    with quiet(tensorflow=not _is_exported(detector), as_json=as_json):
        import numpy as np

        import aezoo
        from aezoo.data.samples import DataError

        path = detectors.located(detector)
        scorer = Scorer(path)
        found: list[tuple] = []
        with _progress(data) as advance:
            for piece, odd in detectors.pieces_with_labels(data, label, normal, scorer):
                with detectors.refusing(data):
                    judged = scorer.judged(scorer.chosen(piece), top=0)
                found.append((odd, judged["score"], judged["flag"] == 1))
                advance(len(piece))
        odd, scores, flags = (np.concatenate(parts) for parts in zip(*found, strict=True))
        scores = np.minimum(scores, np.finfo("float32").max)  # metrics and pictures are of numbers
        if odd.all() or not odd.any():
            raise DataError(
                "Rows of both kinds are needed, normal and anomalous. Received: all "
                f"{len(odd):,} are {'anomalous' if odd.all() else 'normal'}."
            )
        threshold = scorer.threshold
        counts = {"rows": len(odd), "anomalous": int(odd.sum()), "threshold": threshold}
        measured = _metrics(odd, scores, flags)
        if scorer.is_timed:
            from aezoo.uses.events import event_metrics

            measured |= event_metrics([odd], [scorer.events or []])
            known = ~np.isnan(scores)  # not before the first window is complete
            odd, scores = odd[known], scores[known]
        if plots is not None:
            plots.mkdir(parents=True, exist_ok=True)
            pictures = {
                "scores": aezoo.plots.score_histogram(scores, threshold, odd),
                "roc": aezoo.plots.roc(odd, scores),
                "precision_recall": aezoo.plots.precision_recall(odd, scores),
            }
            for name, picture in pictures.items():
                with replacing(plots / f"{name}.png") as beside:
                    picture.savefig(beside)
    if as_json:
        print_json({"detector": path, **counts, "metrics": measured})
        return
    table = Table("", "", title=f"{path} on {data}", title_justify="left", show_header=False)
    table.add_row("rows", f"{counts['rows']:,}")
    table.add_row("anomalous", f"{counts['anomalous']:,}")
    table.add_section()
    for i, (key, words) in enumerate(METRICS.items()):
        if i == 2:
            table.add_section()
            table.add_row("threshold", f"{threshold:.4g}")
        if key in measured:
            value = measured[key]
            table.add_row(words, f"{value:,}" if isinstance(value, int) else f"{value:.4f}")
    out.print(table)
    if plots is not None:
        out.print(f"{plots}: {', '.join(f'{name}.png' for name in pictures)}", soft_wrap=True)


def _is_exported(detector: Path | None) -> bool:
    return detector is not None and detector.suffix == ".tflite"


@contextmanager
def _progress(data: Path) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, and a function that moves it on by so many rows."""
    from aezoo.data.chunks import count_rows

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    options: dict[str, Any] = {"console": err, "transient": True, "disable": not err.is_terminal}
    with Progress(*columns, TimeRemainingColumn(), **options) as progress:
        total = sum(map(count_rows, detectors.files_of(data)))
        task = progress.add_task(str(data), total=total)
        yield lambda rows: progress.advance(task, rows)


def _rows(data: Path, unit: str, begin: int, count: int) -> list:
    """What names rows: numbers counted from 0, or the files of images."""
    if unit != "file":
        return list(range(begin, begin + count))
    from aezoo.data.images import image_files

    return [str(file.relative_to(data)) for file in image_files(data)[begin : begin + count]]


def _metrics(odd: Any, scores: Any, flags: Any) -> dict[str, float]:
    import numpy as np
    from sklearn import metrics

    options: dict[str, Any] = {"zero_division": 0}
    known = ~np.isnan(scores)
    return {
        "auroc": metrics.roc_auc_score(odd[known], scores[known]),
        "average_precision": metrics.average_precision_score(odd[known], scores[known]),
        "f1": metrics.f1_score(odd, flags, **options),
        "precision": metrics.precision_score(odd, flags, **options),
        "recall": metrics.recall_score(odd, flags, **options),
        "false_alarm_rate": float(flags[~odd].mean()),
    }
