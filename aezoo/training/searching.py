"""The best models within a budget of size and time."""

import json
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from aezoo import checks, plots
from aezoo.data.datasets import preparation, source
from aezoo.system.files import replacing
from aezoo.system.quiet import retracing_unremarked
from aezoo.training.candidates import Space
from aezoo.training.costs import DEVICES
from aezoo.training.folder import read_record
from aezoo.training.splits import described, load_splits
from aezoo.training.stages import Stages
from aezoo.training.study import FILE, REFUSED, STATES, STOPPED, Study, front_of, require_optuna
from aezoo.training.trials import Budget

RECORD, PICTURE = "search.json", "pareto.png"

log = logging.getLogger("aezoo")


@dataclass(frozen=True)
class Point:
    """A model on the front of a search.

    Attributes:
        folder: `pathlib.Path` of its run folder, as `aezoo.train` writes it with an export in
            int8.
        model: String, the family.
        latent_dim: Positive integer, as `aezoo.build` takes it.
        options: Dictionary of the model's options.
        kb: Float, thousands of bytes of its int8 file.
        us: Float, microseconds of a reconstruction, measured here or estimated for a device.
        arena_kb: Float, thousands of bytes of memory in TensorFlow Lite Micro, or `None`.
        error: Float, mean squared error of the int8 file on the validation samples, by which it
            was chosen.
        test_error: Float, the same on the test split, which decided nothing.
        latent_size: Positive integer, how many numbers a code has.
    """

    folder: Path
    model: str
    latent_dim: int
    options: dict[str, Any]
    kb: float
    us: float
    arena_kb: float | None
    error: float
    test_error: float
    latent_size: int


@dataclass(frozen=True)
class Search:
    """What `search` returns.

    Attributes:
        best: `Point` with the least validation error.
        front: List of `Point`, the least error first: no other model that was tried is better in
            error, size or latency and worse in none of them.
        tried: Dictionary of counts: `trained`, `stopped` early, `refused` in int8, and `skipped`
            before training, for their size or latency.
        folder: `pathlib.Path` of the search.
        seconds: Float, how long it took, in all its runs.
        interrupted: Boolean, whether Ctrl-C ended it early.
    """

    best: Point
    front: list[Point]
    tried: dict[str, int]
    folder: Path
    seconds: float
    interrupted: bool


def search(
    data: str | os.PathLike = "digits",
    *,
    max_kb: float,
    max_us: float | None = None,
    max_arena_kb: float | None = None,
    device: str | None = None,
    latent_dim: int | None = None,
    minutes: float = 20,
    trials: int | None = None,
    seed: int = 0,
    output: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    size: int | Sequence[int] | None = None,
    color: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Callable[[str], object] | None = None,
) -> Search:
    """Searches for the models with the least error that a device has room and time for.

    Families, widths, depths, code sizes and linear paths are tried, each trained for a while,
    exported in int8 and measured: error, size and latency of the file. Those that are too large are
    skipped before they are trained, those that are far worse than one no larger are stopped early.
    It begins with what one would try by hand, the default network halved until it fits, and goes on
    with what Optuna's sampler (TPE) makes of the results. The best are then trained for longer.

    Error means that of the int8 file on validation samples; the test split is only reported. It may
    be larger than the float model's by a tenth, where elsewhere 2 % is the bound: files are
    compared with files here, and each one's report says what it lost. A search goes on where it
    ended, if the same is asked of the same folder; `minutes` and `trials` are those of all its runs
    together, and may then be more. It needs `pip install aezoo[search]`.

    Args:
        data: String or path, see `aezoo.load_dataset`.
        max_kb: Positive float, thousands of bytes of the int8 file with `reconstruct`, `encode` and
            `decode`.
        max_us: Positive float, microseconds of a reconstruction of one sample. Default: any.
        max_arena_kb: Positive float, thousands of bytes of memory of a reconstruction in TensorFlow
            Lite Micro, which needs `pip install aezoo[micro]`. Default: any.
        device: String, `"cortex-m4"`, `"cortex-m7"` or `"cortex-m55"`, whose latency is estimated
            from multiply-adds and memory, see `aezoo.training.costs.Costs.microseconds`. Default:
            this machine, on which it is measured.
        latent_dim: Positive integer, how many numbers a code has. Default: searched for.
        minutes: Positive float, how long to search.
        trials: Positive integer, how many candidates are tried at most, before the best of them are
            trained for longer. Default: as many as there is time for.
        seed: Integer, of the candidates and the trainings.
        output: String or path of the folder. Default: `searches/DATA`.
        data_dir, size, color, window, stride: As for `aezoo.train`.
        callbacks: Sequence of `keras.callbacks.Callback`, for each training.
        progress: Function that is told in a sentence what is done, and the best so far.

    Returns:
        A `Search`. The folder holds a run folder for each point of the front, the picture
        `pareto.png`, `search.json` and the trials, `study.log`.

    Raises:
        ValueError: If nothing is within the budget, with the smallest there is; no folder is left
            then. If the folder holds a search for something else, or for a value out of its range.
        FileExistsError: If the folder is there, and is none of a search.
        ImportError: If Optuna is not installed.

    Example:

    >>> import aezoo
    >>> try:
    ...     aezoo.search("digits", max_kb=5)
    ... except ValueError as error:
    ...     print(error)
    No model is within max_kb=5: the smallest there is, deep with a code of 1, takes about 5.1 kB.
    >>> found = aezoo.search("mnist", max_kb=100, max_us=500)  # doctest: +SKIP
    >>> found.best.folder, found.best.kb, found.best.us, found.best.test_error  # doctest: +SKIP

    Reference:
        Watanabe, "Tree-Structured Parzen Estimator", 2023, arXiv:2304.11127; longer trainings for
        fewer: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
        Optimization", AISTATS 2016, arXiv:1502.07943.
    """
    begin = time.perf_counter()
    limits = {"max_kb": max_kb, "max_us": max_us, "max_arena_kb": max_arena_kb}
    for name, value in {**limits, "minutes": minutes}.items():
        if value is not None or name in ("max_kb", "minutes"):
            checks.number(name, value, above=0)
    for name, value in {"latent_dim": latent_dim, "trials": trials}.items():
        if value is not None:
            checks.positive(name, value)
    if checks.count("seed", seed) >= 2**32:
        raise ValueError(f"seed must be less than 2**32. Received: {seed}")
    if device is not None and device not in tuple(DEVICES):
        raise ValueError(f"device is one of {', '.join(DEVICES)}. Received: {device!r}")
    prepared = preparation({"size": size, "color": color, "window": window, "stride": stride})
    splits = load_splits(data, seed, data_dir, prepared)
    space, budget = Space(splits.train.x.shape[1:], latent_dim), Budget(**limits, device=device)
    _refuse_too_little(space, budget)
    told = {"data": source(data), **prepared, **asdict(budget)}
    told = json.loads(json.dumps({**told, "latent_dim": latent_dim, "seed": seed}))
    folder = Path("searches") / splits.train.name if output is None else Path(output)
    if folder.exists() and not (folder / FILE).is_file() and not _is_empty(folder):
        raise FileExistsError(f"{folder} exists already, and is no search: choose another output.")
    require_optuna()
    folder.mkdir(parents=True, exist_ok=True)
    study = Study(folder, space, seed, told)
    stages = Stages(
        study,
        space,
        budget,
        splits,
        folder,
        seed=seed,
        data=described(data, data_dir, prepared, splits),
        total=60 * minutes,
        begin=begin - study.seconds,
        trials=trials,
        callbacks=callbacks,
        progress=progress or log.debug,
    )
    interrupted = False
    try:
        with retracing_unremarked():
            stages.run()
    except KeyboardInterrupt:
        interrupted = True
        if not front_of(study.tried()):
            raise
    tried = study.tried()
    if not front_of(tried):
        stages.clear()
        raise ValueError(_nothing(tried, budget))
    return _finished(study, folder, budget, interrupted)


def _is_empty(folder):
    return folder.is_dir() and not any(folder.iterdir())


def _refuse_too_little(space, budget):
    """Says before anything is trained, or a folder made, that no model is small enough."""
    found = [
        (space.candidate(least), *budget.counted(space.candidate(least).costs(space.shape)))
        for least in space.smallest()
    ]
    for limit, unit, place in (("max_kb", "kB", 1), ("max_us", "us", 2)):
        most, least = getattr(budget, limit), min(found, key=lambda one: one[place] or 0)
        if most is not None and least[place] is not None and least[place] > most:
            raise ValueError(
                f"No model is within {limit}={most:g}: the smallest there is, "
                f"{least[0].model} with a code of {space.numbers(least[0])}, takes about "
                f"{least[place]:,.1f} {unit}."
            )


def _finished(study, folder, budget, interrupted):
    """What came of it, written down."""
    tried = study.tried()
    front, points = front_of(tried), []
    for one in front:
        if not (folder / one.folder).is_dir():
            log.warning("%s is one of the best, but its folder is no longer there.", one.folder)
        candidate = study.space.candidate(one.parameters)
        measures = (one.kb, one.us, one.arena_kb, one.error, one.test_error)
        numbers = study.space.numbers(candidate)
        points.append(Point(folder / one.folder, *candidate, *measures, numbers))
    if points[0].folder.is_dir():
        _remark(read_record(points[0].folder)["metrics"], points[0].test_error)
    counts = {state: sum(one.state == state for one in tried) for state in STATES}
    found = Search(points[0], points, counts, folder, round(study.seconds, 1), interrupted)
    with replacing(folder / RECORD) as beside:
        text = json.dumps({"budget": asdict(budget), **asdict(found)}, indent=2, default=str)
        beside.write_text(text + "\n", encoding="utf-8")
    measured = [one for one in tried if one.error is not None]
    figure = plots.pareto(
        [one.error for one in measured],
        {"kB": [one.kb for one in measured], "µs": [one.us for one in measured]},
        [one.parameters["model"] for one in measured],
        front=[one in front for one in measured],
        limits={"kB": budget.max_kb, "µs": budget.max_us},
    )
    with replacing(folder / PICTURE) as path:
        figure.savefig(path, dpi=120)
    return found


def _remark(metrics, error):
    """Says of the best if it is not worth shipping."""
    for key, what in (("mean_mse", "predicting the mean"), ("pca_mse", "PCA with as large a code")):
        if error >= metrics.get(key, math.inf):
            log.warning(
                "The best of them does no better than %s (MSE %.5f, the model %.5f): give more "
                "minutes.",
                *(what, metrics[key], error),
            )
            return


def _nothing(tried, budget):
    """Why nothing is within the budget."""
    measured = [one for one in tried if one.error is not None]
    told = [f"{name}={value!r}" for name, value in asdict(budget).items() if value is not None]
    least = [
        f"{min(values):,.1f} {unit}"
        for unit, key in (("kB", "kb"), ("us", "us"), ("kB of memory", "arena_kb"))
        if (values := [getattr(one, key) for one in measured if getattr(one, key) is not None])
    ]
    message = f"Nothing that was tried is within {', '.join(told)}."
    if least:
        message += f" The least of each was {', '.join(least)}."
    for state in (STOPPED, REFUSED):
        reasons = [one.reason for one in tried if one.state == state]
        if reasons:
            message += f" {len(reasons)} were {state}, as one because {reasons[0]}"
    return message + ("" if measured else " Give more minutes.")
