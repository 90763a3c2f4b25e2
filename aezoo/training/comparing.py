"""Runs side by side: what they are, how good they are, and whether that can be compared."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aezoo.data.datasets import PREPARATION
from aezoo.training.records import told_by

ALIKE = 1e-4  # of the error of the mean: the same samples in the same units, but for rounding
MEASURED = ("parameters", "latent_size", "compression_ratio", "mse", "pca_mse", "relative_mse")
QUALITY = ("psnr", "ssim", "denoised_mse")


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns.

    Attributes:
        rows: List of dictionaries, one a run: `run`, `folder`, `model`, `data`, `epochs`,
            `seconds`, `interrupted`, what `aezoo.evaluate` has measured (`parameters`,
            `latent_size`, `compression_ratio`, `mse`, `pca_mse`, `relative_mse`, `psnr`, `ssim`,
            `denoised_mse`), and `exports`, the bytes of each by its name. `None` is what a run
            does not say.
        histories: Dictionary of runs to their losses by epoch, for `aezoo.plots.histories`.
        remarks: List of sentences: why errors are not comparable. Empty if they are.
        best: String, the run with the least error, or `None` where errors are not comparable.
    """

    rows: list[dict[str, Any]]
    histories: dict[str, dict[str, list[float]]]
    remarks: list[str] = field(default_factory=list)
    best: str | None = None


def compare(runs: Sequence[str | os.PathLike]) -> Comparison:
    """Puts runs side by side.

    Errors of two runs can be compared if they are of the same samples in the same units: the runs'
    data must be the same and prepared alike, and the error of predicting the mean, which is the
    data's own, must be the same. A model on other data, or with another normalization, is judged by
    `relative_mse`, which is its error over PCA's with codes of the same size.

    Args:
        runs: Sequence of strings or paths, two run folders of `aezoo.train` or more.

    Returns:
        A `Comparison`.

    Raises:
        FileNotFoundError: If one is not the folder of a run that came to its end.
        OSError: If one is damaged.
        ValueError: For less than two, or the same twice.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("vanilla", "deep"):
    ...         how = {"epochs": 1, "report": False, "output": f"{folder}/{name}"}
    ...         run = aezoo.train(name, "digits", **how)
    ...     found = aezoo.compare([f"{folder}/vanilla", f"{folder}/deep"])
    >>> [row["model"] for row in found.rows], found.remarks
    (['vanilla', 'deep'], [])
    """
    if isinstance(runs, (str, os.PathLike)) or len(runs) < 2:
        shown = runs if isinstance(runs, (str, os.PathLike)) else ", ".join(map(str, runs))
        raise ValueError(f"Two runs or more are compared. Received: {shown}")
    folders = [Path(run) for run in runs]
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ValueError(f"A run is compared with others. Received one twice: {runs!r}")
    every = [told_by(folder) for folder in folders]
    names = _names(every)
    rows = [_row(name, told) for name, told in zip(names, every, strict=True)]
    remarks = _remarks(names, every)
    known = [row for row in rows if row["mse"] is not None and math.isfinite(row["mse"])]
    best = None if remarks or not known else min(known, key=lambda row: row["mse"])["run"]
    histories = {name: told.history for name, told in zip(names, every, strict=True)}
    return Comparison(rows, histories, remarks, best)


def _names(every):
    """Their folders' names, or whole paths where two have the same."""
    short = [told.name for told in every]
    if len(set(short)) == len(short):
        return short
    return [str(told.folder) for told in every]


def _row(name, told):
    record, training, metrics = told.record, told.record["training"], told.record["metrics"]
    return {
        "run": name,
        "folder": told.folder,
        "model": record.get("model"),
        "data": record["data"]["source"],
        "epochs": training.get("epochs_run"),
        "seconds": training.get("seconds"),
        "interrupted": bool(training.get("interrupted")),
        **{key: metrics.get(key) for key in (*MEASURED, *QUALITY)},
        "relative_mse": _relative(metrics),
        "exports": {exported.name: exported.report.size for exported in told.exports},
    }


def _relative(metrics):
    """The error over PCA's, which version 0.1.0 did not write down; not where PCA is exact."""
    if "relative_mse" in metrics or "pca_components" in metrics:
        return metrics.get("relative_mse")
    smaller = metrics.get("pca_mse") and metrics["compression_ratio"] > 1
    return metrics["mse"] / metrics["pca_mse"] if smaller else None


def _remarks(names, every):
    """Why errors are not comparable."""
    groups: dict[str, list[str]] = {}
    for name, told in zip(names, every, strict=True):
        groups.setdefault(_samples(told), []).append(name)
    if len(groups) > 1:
        shown = "; ".join(f"{', '.join(group)}: {data}" for data, group in groups.items())
        return [f"Errors are not comparable, since they are of different samples. {shown}."]
    means = [told.record["metrics"].get("mean_mse") for told in every]
    if None in means:
        return ["Not all runs say the error of predicting the mean: their units are not known."]
    if not all(math.isclose(mean, means[0], rel_tol=ALIKE) for mean in means):
        shown = ", ".join(f"{name} {mean:.5g}" for name, mean in zip(names, means, strict=True))
        return [
            "The errors are in different units, or the data have changed from run to run: that of "
            f"predicting the mean is not the same ({shown}). Errors over PCA's are comparable."
        ]
    return []


def _samples(told):
    """What tells the samples of one run from those of another."""
    data = told.record["data"]
    shape = " x ".join(map(str, told.record.get("input_shape", ())))
    said = f"{data['source']}, {data.get('test', '?')} test samples of {shape}"
    prepared = (f"{key} {data[key]}" for key in PREPARATION if data.get(key) and key != "stream")
    return ", ".join([said, *prepared])
