"""A training that is over, as a run folder: the model, its figures and its pictures."""

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from aezoo import plots
from aezoo.data.datasets import Dataset
from aezoo.data.streams import Stream
from aezoo.evaluation import evaluate
from aezoo.system.files import replacing
from aezoo.training.attempts import Attempt
from aezoo.training.folder import MODEL, write_record
from aezoo.training.splits import whole_of

PACKAGES = ("aezoo", "keras", "tensorflow", "tensorflow-datasets", "scikit-learn", "numpy")
PICTURED = 5000  # codes in the latent picture


def write_run(
    folder: Path,
    found: Attempt,
    train: Dataset | Stream,
    test: Dataset | Stream,
    record: dict[str, Any],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Measures a model on the test split, and writes all of its folder but the losses.

    Args:
        folder: `pathlib.Path` of the folder, in which `log.csv` is already.
        found: `Attempt`.
        train, test: `aezoo.Dataset` or `aezoo.Stream`, the splits.
        record: Dictionary of what the run was told: `model`, `latent_dim` and `data`.
        settings: Dictionary of how it was trained.

    Returns:
        Dictionary from `aezoo.evaluate`.
    """
    ae, history, outcome, plan = found
    with replacing(folder / MODEL) as path:
        ae.save(path)
    metrics = evaluate(ae, test.x, whole_of(train))
    _draw(folder, ae, history, test)
    write_record(
        folder,
        {
            "model": record["model"],
            "input_shape": train.x.shape[1:],
            "latent_dim": record["latent_dim"],
            "options": plan.options,
            "data": record["data"],
            "training": {**settings, **outcome, "chosen": plan.reasons},
            "versions": {
                "python": platform.python_version(),
                **{name: metadata.version(name) for name in PACKAGES},
            },
            "metrics": metrics,
        },
    )
    return metrics


def _draw(folder, ae, history, test_set):
    x = test_set.x[:PICTURED]
    corrupted = ae.corrupt(x[:8]) if ae.corruption else None
    rebuilt = ae.reconstruct(x[:8] if corrupted is None else corrupted)
    labels = None if test_set.y is None else test_set.y[:PICTURED]
    figures = {
        "reconstructions.png": plots.reconstructions(x[:8], rebuilt, corrupted),
        "latent.png": plots.latent(ae.encode(x), labels),
    }
    if history.get("loss"):
        figures["history.png"] = plots.history(history)
    for name, figure in figures.items():
        with replacing(folder / name) as path:
            figure.savefig(path, dpi=120)
