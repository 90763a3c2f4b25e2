"""How small a code may be: families trained with one size after the other."""

import json
import logging
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from aezoo import checks, plots
from aezoo.data.datasets import source
from aezoo.models import list_models
from aezoo.system.files import replacing
from aezoo.training.folder import RECORD, read_record
from aezoo.training.runs import train

FILE, PICTURE, LOCK = "sweep.json", "elbow.png", ".lock"
BENT = 0.05  # of the way from end to end, below which a curve has no elbow
PCA = "PCA"

log = logging.getLogger("aezoo")


@dataclass(frozen=True)
class Sweep:
    """What `sweep` returns.

    Attributes:
        errors: Dictionary of families, and `"PCA"`, to dictionaries of code sizes to mean squared
            errors on the test split.
        elbows: Dictionary of families to the size where the error bends, see `elbow_of`; `None`
            where it does not.
        failed: Dictionary of `"FAMILY-SIZE"` to why it was not trained.
        folder: `pathlib.Path`: a run folder for each, `sweep.json` and `elbow.png`.
    """

    errors: dict[str, dict[int, float]]
    elbows: dict[str, int | None]
    failed: dict[str, str]
    folder: Path


def sweep(
    data: str | os.PathLike = "digits",
    *,
    models: Sequence[str] = ("conv", "deep"),
    latent_dims: Sequence[int] = (2, 4, 8, 16, 32),
    jobs: int = 1,
    output: str | os.PathLike | None = None,
    progress: Callable[[str], object] | None = None,
    **settings: Any,
) -> Sweep:
    """Trains families with codes of several sizes, and marks where more numbers are of little use.

    A sweep goes on where it ended, if the same is asked of the same folder; families and sizes may
    be more. Runs that came to their end are not trained again, also if the data in a file have
    changed since.

    Args:
        data: String or path, see `aezoo.load_dataset`.
        models: Sequence of strings, families, see `aezoo.list_models`.
        latent_dims: Sequence of positive integers.
        jobs: Positive integer, how many are trained at once, each in a process of its own with its
            part of the cores. A script that asks for more than one needs `if __name__ ==
            "__main__":`, as always with processes.
        output: String or path of the folder. Default: `sweeps/DATA`.
        progress: Function that is told in a sentence what is done.
        **settings: As for `aezoo.train`: `epochs`, `seed`, options of the families.

    Returns:
        A `Sweep`.

    Raises:
        ValueError: For an unknown family, a value out of its range, or a folder with a sweep of
            something else.
        FileExistsError: If the folder is there, and is none of a sweep, or another sweep is at work
            in it.
        OSError: If `sweep.json` is damaged.
        RuntimeError: If none of them could be trained.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sizes = {"latent_dims": (2, 4), "epochs": 1}
    ...     found = aezoo.sweep("digits", models=["vanilla"], output=f"{folder}/s", **sizes)
    >>> sorted(found.errors), sorted(found.errors["vanilla"])
    (['PCA', 'vanilla'], [2, 4])

    Reference:
        Satopaa et al., "Finding a 'Kneedle' in a Haystack: Detecting Knee Points in System
        Behavior", ICDCS Workshops 2011.
    """
    models, sizes = _asked(models, latent_dims)
    checks.positive("jobs", jobs)
    if "latent_dim" in settings:
        raise ValueError("Sizes of the code are latent_dims: leave latent_dim out.")
    progress = progress or log.debug
    folder = Path("sweeps") / Path(str(data)).stem if output is None else Path(output)
    kept = {name: value for name, value in settings.items() if value is not None}
    kept.pop("callbacks", None)  # they change no result that one could tell from their names
    told = json.loads(json.dumps({"data": source(data), "seed": 0, **kept}, default=str))
    refuse = _refuse_other(folder, told)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        with lock.acquire(timeout=0):
            refuse()
            return _swept(data, models, sizes, jobs, folder, told, settings, progress)
    except Timeout:
        raise FileExistsError(f"Another sweep is at work in {folder}: wait for it.") from None
    finally:
        if not any(folder.glob(f"*/{RECORD}")):  # nothing came of it
            shutil.rmtree(folder, ignore_errors=True)


def elbow_of(errors: Mapping[int, float]) -> int | None:
    """The size at which an error bends: from there on more numbers gain little.

    Of the curve on logarithmic axes, scaled to a square, it is the point farthest below the line
    between its ends; there is none if that is less than a twentieth of the square's side.

    Args:
        errors: Dictionary of sizes to positive errors.

    Returns:
        Integer, one of the sizes, or `None`.

    Example:

    >>> elbow_of({1: 1.0, 2: 0.5, 4: 0.1, 8: 0.09, 16: 0.08})
    4
    >>> elbow_of({1: 0.8, 2: 0.4, 4: 0.2})  # a straight line
    """
    sizes = sorted(errors)
    x, y = np.log(sizes), np.log([max(errors[size], np.finfo(float).tiny) for size in sizes])
    if len(sizes) < 3 or y[-1] >= y[0]:
        return None
    below = (x[-1] - x) / (x[-1] - x[0]) - (y - y[-1]) / (y[0] - y[-1])
    place = int(below.argmax())
    return sizes[place] if below[place] > BENT else None


def _asked(models, latent_dims):
    models = [models] if isinstance(models, str) else list(dict.fromkeys(models))
    known = list_models()
    for model in models:
        if model not in known:
            raise ValueError(f"models are of {', '.join(known)}. Received: {model!r}")
    given = checks.sequence("latent_dims", latent_dims)
    sizes = sorted({checks.positive("latent_dims", size) for size in given})
    if not models or not sizes:
        raise ValueError("A sweep needs a family and a size or more. Received: none")
    return models, sizes


def _refuse_other(folder, told):
    """A function that refuses a folder of something else, which is also asked at once."""
    file = folder / FILE

    def refuse():
        if not file.is_file():
            if folder.is_dir() and {path.name for path in folder.iterdir()} - {LOCK}:
                raise FileExistsError(
                    f"{folder} exists already, and is no sweep: choose another output."
                )
            return
        try:
            before = json.loads(file.read_text(encoding="utf-8"))["asked"]
        except (ValueError, KeyError, TypeError) as error:
            raise OSError(f"{file} is damaged: remove it with its folder.") from error
        if before != told:
            raise ValueError(
                f"{folder} holds a sweep of something else: choose another output, or ask the same "
                f"again. Expected {before}. Received: {told}"
            )

    refuse()
    return refuse


def _swept(data, models, sizes, jobs, folder, told, settings, progress):
    """Trains what is missing, and writes down what came of all."""
    wanted = {f"{model}-{size}": (model, size) for model in models for size in sizes}
    if not (folder / FILE).is_file():
        _write(folder, {"asked": told})
    waiting = {
        name: one for name, one in wanted.items() if _metrics(folder / name, *one, told) is None
    }
    for name in waiting:
        if (folder / name).exists():
            log.warning(f"{folder / name} was not finished: it is trained again.")
            shutil.rmtree(folder / name)
    failed = {}
    for done, (name, reason) in enumerate(_trained(waiting, data, folder, settings, jobs), 1):
        if reason:
            failed[name] = reason
        progress(f"{done} of {len(waiting)}: {name}" + f", which failed: {reason}" * bool(reason))
    errors: dict[str, dict[int, float]] = {PCA: {}}
    for name, (model, size) in wanted.items():
        metrics = _metrics(folder / name, model, size, told)
        if metrics is not None:
            errors.setdefault(model, {})[metrics["latent_size"]] = metrics["mse"]
            errors[PCA][metrics["pca_components"]] = metrics["pca_mse"]
    if len(errors) == 1:
        raise RuntimeError(f"Nothing was trained: {next(iter(failed.values()))}")
    elbows = {name: elbow_of(row) for name, row in errors.items()}
    found = Sweep(errors, elbows, failed, folder)
    _write(folder, {"asked": told, **asdict(found)})
    with replacing(folder / PICTURE) as beside:
        plots.elbow(errors, marked=elbows).savefig(beside, dpi=120)
    return found


def _write(folder, record):
    with replacing(folder / FILE) as beside:
        beside.write_text(json.dumps(record, indent=1, default=str) + "\n", encoding="utf-8")


def _metrics(folder, model, size, told):
    """The metrics of a run that came to its end, and is the one that is wanted; else `None`."""
    try:
        record = read_record(folder)
        run = (record["model"], record["latent_dim"], record["data"]["source"])
        if run != (model, size, told["data"]) or record["training"]["interrupted"]:
            return None
        metrics = record["metrics"]
        return {key: metrics[key] for key in ("latent_size", "mse", "pca_components", "pca_mse")}
    except (OSError, KeyError, TypeError):
        return None


def _trained(waiting, data, folder, settings, jobs):
    """Trains each, and yields its name and why it failed, or nothing."""
    calls = [
        (name, model, data, size, folder / name, settings)
        for name, (model, size) in waiting.items()
    ]
    if jobs == 1 or len(calls) < 2:
        yield from map(_train, calls)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with context.Pool(
        jobs, _share_cores, (threads,)
    ) as pool:  # which ends them all when it is left
        yield from pool.imap_unordered(_train, calls)


def _share_cores(threads):
    """So that trainings at once do not fight for the cores. TensorFlow reads it when it starts."""
    os.environ |= {key: str(threads) for key in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")}
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "Agg")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started them ends them


def _train(call):
    """Trains one. Returns its name, and why it failed, or nothing."""
    name, model, data, size, folder, settings = call
    try:
        # a page of each would take longer to write than anybody looks at: aezoo report writes one
        run = train(model, data, latent_dim=size, output=folder, **{"report": False, **settings})
    except RuntimeError as error:
        return name, str(error)
    if run.interrupted:
        raise KeyboardInterrupt
    return name, ""
