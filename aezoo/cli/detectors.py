"""Detectors and what they look at, as commands ask for them."""

import csv
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.scorers import RECORD, Scorer

DETECTORS = Path("detectors")
LABELS = ("anomalous", "anomaly", "class", "label", "outlier", "target", "y")  # likely names
UNITS = {".wav": "step", "": "file"}  # what a row is otherwise

Data = Annotated[
    Path,
    typer.Argument(
        help="A .csv, .tsv, .parquet, .npy, .npz or .wav file, or a folder of images or of files "
        "of samples.",
        show_default=False,
    ),
]
log = logging.getLogger("aezoo")

DetectorPath = Annotated[
    Path | None,
    typer.Option(
        "--detector",
        "-d",
        help="A detector's folder, or its exported .tflite. [default: the only one in detectors/]",
        show_default=False,
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        help="The column that says what is anomalous: 1, and what is normal: 0.", show_default=False
    ),
]
Normal = Annotated[
    str | None,
    typer.Option(
        help="What the label of normal rows is; all others are anomalous. [default: 0]",
        show_default=False,
    ),
]


def located(given: Path | None) -> Path:
    """The detector that is given, or else the only one there is."""
    if given is not None:
        return given
    found = sorted(record.parent for record in DETECTORS.glob(f"*/{RECORD}"))
    if not found:
        raise FileNotFoundError(
            f"There is no detector in {DETECTORS}/: make one with `aezoo detect fit`, or say where "
            "it is."
        )
    if len(found) > 1:
        raise typer.BadParameter(f"say which detector: {', '.join(map(str, found))}")
    return found[0]


@contextmanager
def refusing(
    path: Path, kinds: tuple[type[Exception], ...] = (ValueError, TypeError)
) -> Iterator[None]:
    """Errors of some kinds are those of a file, and are of one line."""
    from aezoo.data.samples import DataError

    try:
        yield
    except kinds as error:
        message = " ".join(str(error).split()).replace("missing='median'", "--missing median")
        raise DataError(f"{path}: {message}") from error


def files_of(path: Path) -> list[Path]:
    """The file, or the files of samples in a folder; of a folder of images the folder."""
    from aezoo.data.shards import shard_files

    return shard_files(path) if path.is_dir() and shard_files(path) else [path]


def doubt(table: Any) -> None:
    """Says which columns of a table are likely not meant to be learned."""
    for name in table.columns if hasattr(table, "iloc") else ():
        if str(name).lower() in LABELS:
            log.warning("%r is learned as any column. If it holds labels: --label %s", name, name)
        elif str(name).startswith("Unnamed: ") or _counts(table[name]):
            log.warning("%r is learned. If it numbers the rows: --drop '%s'", name, name)


def without(table: Any, names: Sequence[str]) -> Any:
    """A table without some columns."""
    from aezoo.data.samples import DataError

    if not names:
        return table
    if not hasattr(table, "iloc"):
        raise typer.BadParameter("columns have names in tables only: .csv, .tsv or .parquet")
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise DataError(
            f"There is no column {absent[0]!r}. The columns are: "
            f"{', '.join(map(repr, table.columns))}"
        )
    return table.drop(columns=list(names))


def anomalous(labels: Any, name: str, normal: str | None) -> Any:
    """Boolean array of shape (n,): which labels say that a row is anomalous."""
    import numpy as np

    from aezoo.data.cells import labelled, row_of
    from aezoo.data.samples import DataError

    codes, texts = labelled(labels, name)
    if (codes < 0).any():
        raise DataError(f"A label is missing: in {name!r}, {row_of(labels, codes < 0)}.")
    meant = {"0": False, "1": True, "False": False, "True": True}
    if normal is not None:
        meant = {text: text != normal for text in texts}
    unknown = [text for text in texts if text not in meant]
    if unknown:
        raise DataError(
            f"Labels must be 0 (normal) and 1 (anomalous). Received: {unknown[0]!r} in {name!r}. "
            "Say what that of normal rows is with --normal."
        )
    return np.array([meant[text] for text in texts])[codes]


def pieces_with_labels(
    path: Path, label: str | None, normal: str | None, scorer: Scorer
) -> Iterator[tuple]:
    """Pieces of a file or of a folder of images, and which of their rows are anomalous.

    Images are labelled by the folders that they are in.
    """
    import numpy as np

    from aezoo.data.chunks import chunks, kind_of, read_table
    from aezoo.data.images import image_files
    from aezoo.data.samples import DataError

    if kind_of(path) == "":
        if normal is None:
            raise typer.BadParameter("say which folder's images are normal: --normal NAME")
        folders = np.array([file.parent.name for file in image_files(path)], object)
        begin = 0
        for piece in chunks(path):
            own = folders[begin : begin + len(piece)]
            yield piece, anomalous(own, str(path), normal)
            begin += len(piece)
        return
    if label is None:
        raise typer.BadParameter("say which column holds the labels: --label COLUMN")
    if label in (scorer.names or ()):
        raise DataError(f"The detector was fitted to {label!r}, too: fit it with --label {label}.")
    for piece in [read_table(path)] if scorer.is_timed else chunks(path):
        rest = without(piece, [label])
        yield rest, anomalous(piece[label], label, normal)


def normal_rows(path: Path, label: str | None, normal: str | None, drop: Sequence[str]) -> Any:
    """A table or array without some columns, nor rows that a label says are anomalous."""
    from aezoo.data.chunks import read_table
    from aezoo.data.samples import DataError

    if files_of(path) != [path]:
        raise DataError(
            f"{path} is a folder of {files_of(path)[0].suffix} files: fit it with --stream."
        )
    x = without(read_table(path), drop)
    if label is not None:
        rest = without(x, [label])
        x = rest[~anomalous(x[label], label, normal)]
        if not len(x):
            raise DataError(f"{path}: no row is normal by its label.")
    return x


def stretches(table: Any) -> list:
    """The parts of a table or array between rows that were left out."""
    import numpy as np

    if not hasattr(table, "iloc"):
        return [table]
    ends = np.flatnonzero(np.diff(table.index) != 1) + 1
    pairs = zip([0, *ends], [*ends, len(table)], strict=True)
    return [table.iloc[begin:end] for begin, end in pairs]


@contextmanager
def table_writer(path: Path) -> Iterator[Any]:
    """A function that appends columns, a dictionary of arrays or lists, to a table's file."""
    with (_parquet if path.suffix.lower() == ".parquet" else _csv)(path) as append:
        yield append


@contextmanager
def _csv(path):
    import numpy as np

    def written(values):
        kind = getattr(values, "dtype", np.dtype(object)).kind
        return [f"{value:.7g}" for value in values.tolist()] if kind == "f" else values

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)

        def append(columns):
            if not file.tell():
                writer.writerow(columns)
            writer.writerows(zip(*map(written, columns.values()), strict=True))

        yield append


@contextmanager
def _parquet(path):
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise ImportError("To write Parquet: pip install 'aezoo[tables]'") from error
    writer = None

    def append(columns):
        nonlocal writer
        table = pyarrow.table(columns)
        writer = writer or ParquetWriter(path, table.schema)
        writer.write_table(table)

    try:
        yield append
    finally:
        if writer is not None:
            writer.close()


def _counts(series):
    if series.dtype.kind != "i" or len(series) < 3 or not series.is_unique:
        return False
    return int(series.max()) - int(series.min()) == len(series) - 1
