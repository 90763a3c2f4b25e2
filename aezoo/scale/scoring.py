"""`score`: codes, errors and flags of all rows of an archive."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aezoo import checks
from aezoo.scale.folder import VERSION, refuse_lost, scored_folder, whole
from aezoo.scale.inputs import archive_of
from aezoo.scale.models import Scorer, source_of
from aezoo.scale.outputs import Done, Settings, refuse_unfit, schema_of, score_shard
from aezoo.scale.workers import imported_ray, on_ray, ray_at

if TYPE_CHECKING:
    from aezoo.autoencoder import Autoencoder
    from aezoo.edge import LiteModel


class Scored(NamedTuple):
    """What came of a call of `score`.

    Attributes:
        output: `pathlib.Path` of the folder.
        shards: Integer, how many there are.
        skipped: Integer, how many of them were whole before.
        rows: Integer, how many rows there are in all shards.
        flagged: Integer, how many of them are flagged, or `None` without a threshold.
        seconds: Float, how long this call took, with the start of workers.
        rows_per_second: Float, of the rows that this call has scored.

    Example:

    >>> import aezoo
    >>> aezoo.scale.Scored._fields[:3]
    ('output', 'shards', 'skipped')
    """

    output: Path
    shards: int
    skipped: int
    rows: int
    flagged: int | None
    seconds: float
    rows_per_second: float


def score(
    dataset: str | os.PathLike,
    model: "str | os.PathLike | Autoencoder | LiteModel",
    output: str | os.PathLike,
    *,
    threshold: float | None = None,
    on: str | None = None,
    address: str | None = None,
    workers: int | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    code: bool = True,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scored:
    """Scores the rows of Parquet files of any size, file by file.

    Each file becomes one of the same name in the output folder, with the columns `row` (its number
    in its file, from 0), those that are kept, `code_0`, `code_1` and so on, `reconstruction_error`
    (the mean squared error in normalized units) and, with a threshold, `flag`. A file appears when
    it is whole. A second call with the same output goes on where the first one ended, however that
    was, and refuses if the model, an option or a file has changed since. At the end the rows of all
    files are counted. Read the folder with pandas, DuckDB or anything that reads Parquet.

    Args:
        dataset: String or path of a `.parquet` file, or of a folder of such, in subfolders, too.
            All must have the same columns.
        model: A run folder, a `.keras` file or a `.tflite` file, whose samples are rows of
            numbers; an `aezoo.LiteModel`; or, on one process, an `aezoo.Autoencoder`.
        output: String or path of the folder, new or of an earlier call, beside the data.
        threshold: Number, 0 or more: rows whose error is above it are flagged. Default: no flags.
        on: `None` for this process, or `"ray"` for workers of Ray (`pip install "aezoo[ray]"`),
            each a process with a model of its own. A worker that dies costs its shard's time.
        address: String, the `HOST:PORT` of a Ray cluster, all of whose machines see the same files
            under the same paths and have aezoo. Default: that of `RAY_ADDRESS`, else this machine.
        workers: Positive integer, how many workers of Ray. Default: one a processor.
        columns: Sequence of strings, the columns for the model, in its order. Default: all, in the
            order of the first file, but for those that are dropped or kept.
        drop: Sequence of strings, columns that are not looked at.
        keep: Sequence of strings, columns that are copied, such as an id.
        code: Boolean, whether to write codes.
        batch_size: Positive integer, how many rows are in work at once. Default: what 64 MiB hold
            of what is read and computed for them, 65,536 at most.
        progress: Function that is called with the rows done and the rows in all after each shard.

    Returns:
        `aezoo.scale.Scored`.

    Raises:
        ConnectionError: If there is no Ray cluster at the address.
        DataError: If the shards differ in their columns, one is damaged or holds what is no finite
            number, or they do not fit the model. It is a `ValueError`.
        FileExistsError: If the output holds something else or is in use, or the model, an option
            or a file is not that of the earlier call.
        FileNotFoundError: If there are no such data or model.
        ImportError: Without the extras `aezoo[tables]`, and for Ray `aezoo[ray]`.
        ValueError: For arguments out of their range.

    Example:

    >>> import aezoo, numpy as np, pandas as pd, tempfile
    >>> ae = aezoo.vanilla(3, 2)
    >>> x = np.random.default_rng(0).random((40, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame(x, columns=list("abc")).to_parquet(f"{folder}/day.parquet")
    ...     scored = aezoo.scale.score(f"{folder}/day.parquet", ae, f"{folder}/scored")
    ...     found = pd.read_parquet(f"{folder}/scored")
    >>> scored.rows, list(found)
    (40, ['row', 'code_0', 'code_1', 'reconstruction_error'])
    """
    begin = time.perf_counter()
    _check(on, address, workers, threshold, batch_size, columns=columns, drop=drop, keep=keep)
    if on is not None:
        imported_ray()
    dataset, output = Path(dataset).expanduser(), Path(output).expanduser()
    source = source_of(model)
    if on is not None and source.content is None and not source.is_lite:
        raise ValueError(
            "Workers take a model from a file: save it, and give the path. Received: an "
            "Autoencoder in memory"
        )
    archive = archive_of(dataset, columns, drop, keep)
    scorer = Scorer(source, code)
    refuse_unfit(scorer, archive, source.name)
    threshold = None if threshold is None else float(threshold)
    told = {
        "version": VERSION,
        "model": source.sha256,
        "threshold": threshold,
        "columns": list(archive.columns),
        "keep": [f"{field.name}: {field.type}" for field in archive.keep],
        "code": bool(code),
    }
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    settings = Settings(digest, archive.columns, archive.keep, threshold, batch_size)
    schema_of(scorer, settings)  # or a kept column has the name of another
    with scored_folder(output, dataset, told), ExitStack() as stack:
        done = whole(output, archive.shards, digest)
        skipped, before = len(done), _rows(done)
        missing = [shard for shard in archive.shards if shard.name not in done]
        total = sum(shard.rows for shard in archive.shards)
        results: Iterator[Done]
        if on is None or not missing:
            results = (score_shard(scorer, s, settings, output / s.name) for s in missing)
        else:
            size = len(source.content or source.model.content)
            ray = stack.enter_context(ray_at(address, workers, size))
            paths = [shard._replace(path=shard.path.resolve()) for shard in missing]
            folder = output.resolve()
            results = on_ray(ray, source, paths, settings, folder, code=code, workers=workers)
        for one in results:
            done[one.name] = one
            if progress is not None:
                progress(_rows(done), total)
        refuse_lost(output, archive.shards)
    seconds = time.perf_counter() - begin
    flagged = None if threshold is None else sum(one.flagged for one in done.values())
    rate = (total - before) / seconds
    return Scored(output, len(archive.shards), skipped, total, flagged, seconds, rate)


def _rows(done):
    return sum(one.rows for one in done.values())


def _check(on, address, workers, threshold, batch_size, **names):
    if on not in (None, "ray"):
        raise ValueError(f"on must be None, for this process, or 'ray'. Received: {on!r}")
    for name, value in (("address", address), ("workers", workers)):
        if on is None and value is not None:
            raise ValueError(f"{name} is for on='ray' (--on ray). Received: {value!r}")
    for name, value in (("workers", workers), ("batch_size", batch_size)):
        if value is not None:
            checks.positive(name, value)
    if threshold is not None:
        checks.number("threshold", threshold, least=0)
    for name, value in names.items():
        if isinstance(value, str):
            raise ValueError(f"{name} must be a sequence of names. Received: {value!r}")
