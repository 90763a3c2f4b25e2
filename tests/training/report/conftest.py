import csv

import numpy as np
import pytest

import aezoo
from aezoo.data.datasets import Dataset
from aezoo.export import ExportReport
from aezoo.registry.weights import sha256
from aezoo.training.attempts import Attempt
from aezoo.training.plan import Plan
from aezoo.training.report import update_report
from aezoo.training.writing import write_run
from tests.browsing import browser, visit

__all__ = ["browser", "visit"]
PARITY = {
    "max_difference": 0.1, "mean_difference": 0.01, "mse_keras": 0.02, "mse_export": 0.0201,
    "psnr": 40.0, "rank_correlation": 0.999,
}  # fmt: skip
LATENCY = {"median_us": 1234.0, "p95_us": 2000.0}


@pytest.fixture(scope="session")
def make():
    """Writes the folder of a run whose model has learned nothing, and its page."""

    def run(folder, model, x, y=None, *, latent_dim=4, name=None, history=None, **options):
        folder.mkdir(exist_ok=True)
        data = Dataset(np.asarray(x, "float32"), y, name or "samples")
        ae = aezoo.build(model, data.x.shape[1:], latent_dim, **options)
        if ae.normalization is not None:
            ae.adapt(data.x)
        history = history or {"loss": [0.3, 0.1], "val_loss": [0.2, 0.15]}
        with open(folder / "log.csv", "w", newline="", encoding="utf-8") as opened:
            table, rows = csv.writer(opened), zip(*history.values(), strict=True)
            table.writerow(["epoch", *history])
            table.writerows([epoch, *row] for epoch, row in enumerate(rows))
        outcome = {"epochs_run": 2, "best_epoch": 2, "interrupted": False, "seconds": 1.5}
        settings = {"epochs": 2, "batch_size": 32, "learning_rate": 1e-3, "seed": 0}
        record = {"model": model, "latent_dim": latent_dim, "data": {"source": data.name}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("aezoo.training.writing._draw", lambda *args: None)
            plan = Plan(options, reasons=["it suits"])
            write_run(folder, Attempt(ae, history, outcome, plan), data, data, record, settings)
        return update_report(folder, ae, data), ae, data

    return run


@pytest.fixture(scope="session")
def of_digits(make, tmp_path_factory):
    """The page of a run on digits, with an export."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    folder.mkdir()
    proved(folder / "model-int8.tflite")
    digits = aezoo.load_dataset("digits", "test")
    return make(folder, "vanilla", digits.x, digits.y, name="digits")[0]


def proved(file, content=b"model", **report):
    """Writes what passes for an export with its report."""
    file.write_bytes(content)
    told = {"path": file.name, "format": "tflite", "precision": "int8", "size": 5, "contents": {}}
    told |= {"parity": PARITY, "latency": LATENCY, "sha256": sha256(file), **report}
    ExportReport(**told).save(f"{file}.json")
