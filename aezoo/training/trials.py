"""One trial of a search: a candidate is trained for a while, exported in int8 and measured."""

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from aezoo.edge import LiteModel
from aezoo.export import export_tflite
from aezoo.export.samples import FEWEST
from aezoo.models import build
from aezoo.system.quiet import native_output_discarded
from aezoo.training.attempts import Attempt, attempt, best_within, settle
from aezoo.training.candidates import Candidate
from aezoo.training.costs import Costs
from aezoo.training.defaults import (
    usual_batch_size,
    usual_epochs,
    usual_learning_rate,
    with_normalization,
)
from aezoo.training.exporting import export_to
from aezoo.training.plan import planned
from aezoo.training.splits import Splits

PATIENCE = 20
MOST = 8  # times the usual epochs, that a longer training may have
FILE = "model-int8.tflite"
TENTHS = 10  # of a training, at whose ends losses are compared
JUDGED = 3  # tenths after which a training can be given up
COARSE = 0.1  # by what part int8 may make an error larger: candidates are compared by their files
WEAK = 1.5  # times the loss of another that is no larger


class WeakError(Exception):
    """A training is given up: one that is no larger was far better after as long a time."""


@dataclass(frozen=True)
class Budget:
    """What a model may cost.

    Attributes:
        max_kb: Float, thousands of bytes of its int8 file.
        max_us: Float or `None`, microseconds of a reconstruction.
        max_arena_kb: Float or `None`, thousands of bytes of memory in TensorFlow Lite Micro.
        device: String, one of `aezoo.training.costs.DEVICES`, whose latency is estimated; `None`
            for this machine, on which it is measured.
    """

    max_kb: float
    max_us: float | None = None
    max_arena_kb: float | None = None
    device: str | None = None

    def excess(
        self, kb: float, us: float | None = None, arena_kb: float | None = None
    ) -> list[float]:
        """By how much costs are beyond each limit.

        Args:
            kb: Float.
            us: Float, `None` if it is not known.
            arena_kb: Float, `None` if it is not known.

        Returns:
            List of three floats, parts of the limits: 0 or less where one is kept, -1 where there
            is none.

        Example:

        >>> Budget(max_kb=100, max_us=50).excess(kb=120, us=40)
        [0.2, -0.2, -1.0]
        """
        pairs = ((kb, self.max_kb), (us, self.max_us), (arena_kb, self.max_arena_kb))
        return [-1.0 if None in pair else round(pair[0] / pair[1] - 1, 6) for pair in pairs]

    def counted(self, costs: Costs) -> tuple[float, float | None]:
        """Size and latency as far as they are known before training.

        Args:
            costs: `Costs`.

        Returns:
            A pair of floats, kB and microseconds; `None` for those of this machine.
        """
        return costs.size / 1000, costs.microseconds(self.device) if self.device else None


@dataclass(frozen=True)
class Measured:
    """What came of a trial.

    Attributes:
        attempt: `Attempt`.
        settings: Dictionary of how it was trained.
        error: Float, the mean squared error of the int8 file on validation samples.
        kb, us, arena_kb: Floats, as in `Budget`; `arena_kb` is `None` where nobody asked.
        curve: List of floats, the validation loss after each tenth of the time.
        epoch_seconds: Float, how long an epoch took.
    """

    attempt: Attempt
    settings: dict[str, Any]
    error: float
    kb: float
    us: float
    arena_kb: float | None
    curve: list[float]
    epoch_seconds: float


def measure(
    candidate: Candidate,
    splits: Splits,
    budget: Budget,
    folder: Path,
    *,
    seconds: float,
    seed: int,
    us: float | None = None,
    epoch_seconds: float | None = None,
    last: bool = False,
    rivals: Sequence[Sequence[float]] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Measured:
    """Trains a candidate, exports it in int8 into a folder and measures the file.

    Nothing of it looks at the test split.

    Args:
        candidate: `Candidate`.
        splits: `Splits`.
        budget: `Budget`, which says what is to be measured.
        folder: `pathlib.Path` of a folder, in which `log.csv` and the file are written.
        seconds: Positive float, how long to train.
        seed: Integer.
        us: Float, its estimated latency; `None` to measure it on this machine.
        epoch_seconds: Float, how long an epoch takes, if that is known: the training then has as
            many as there is time for, up to eight times the usual.
        last: Boolean, whether to train several times, if there is time, see `best_within`.
        rivals: Sequence of curves of trials that are no larger.
        callbacks: Sequence of `keras.callbacks.Callback`.

    Returns:
        `Measured`.

    Raises:
        WeakError: If the training was given up.
        ExportError: If int8 is refused, with ten per cent of the error as tolerance.
        RuntimeError: If the training diverged.
        KeyboardInterrupt: If it was interrupted.
    """
    keras.backend.clear_session()  # graphs of earlier candidates
    model, latent_dim, options = candidate
    x, count = splits.train.x, len(splits.fitted)
    options = with_normalization(model, splits.train, options)
    plan = planned(model, splits.fitted, splits.held_out, latent_dim, options)

    def made(plan, seed):
        keras.utils.set_random_seed(seed)
        return build(model, x.shape[1:], latent_dim, **plan.options)

    batch_size = usual_batch_size(count)
    epochs = usual_epochs(count, batch_size)
    if epoch_seconds:
        epochs = min(MOST * epochs, max(epochs, int(seconds / epoch_seconds)))
    ae = made(plan, seed)
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": usual_learning_rate(ae, count),
        "patience": PATIENCE,
        "max_shift": plan.max_shift,
        "flip": plan.flip,
        "minutes": seconds / 60,
        "seed": seed,
    }
    curve = _Curve(seconds, epochs, rivals)
    how = {
        "x": splits.fitted,
        "held_out": splits.held_out,
        "folder": folder,
        "callbacks": [curve, *callbacks],
        **{key: settings[key] for key in ("batch_size", "learning_rate", "patience")},
    }
    if last:
        found = best_within(seconds, made, plan, seed, epochs, **how)
    else:
        found = attempt(ae, plan, seed, epochs, seconds=seconds, **how)
    if found.outcome["interrupted"]:
        raise KeyboardInterrupt
    settle(found, x, settings["learning_rate"])
    found.outcome["seconds"] = round(curve.seconds, 1)
    samples = splits.held_out if len(splits.held_out) >= FEWEST else x
    report = export_to(folder, found.ae, "int8", x, samples, tolerance=COARSE)
    return Measured(
        attempt=found,
        settings=settings,
        error=float(LiteModel(folder / FILE).score(splits.held_out).mean()),
        kb=report.size / 1000,
        us=report.latency["median_us"] if us is None else us,
        arena_kb=None if budget.max_arena_kb is None else _arena(found.ae, x, samples) / 1000,
        curve=curve.losses,
        epoch_seconds=curve.seconds / max(1, curve.epochs_run),
    )


class _Curve(keras.callbacks.Callback):
    """Notes the loss after each tenth of a training, and gives up one that is weak."""

    def __init__(self, seconds, epochs, rivals):
        super().__init__()
        self.available, self.epochs, self.rivals = seconds, epochs, rivals
        self.losses, self.best = [math.inf] * TENTHS, math.inf
        self.begin, self.seconds, self.epochs_run = time.perf_counter(), 0.0, 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_run += 1
        self.seconds = time.perf_counter() - self.begin
        part = max(self.seconds / self.available, (epoch + 1) / self.epochs)
        tenth = min(TENTHS, int(part * TENTHS))
        self.best = min(self.best, logs["val_loss"])
        for later in range(max(0, tenth - 1), TENTHS):
            self.losses[later] = self.best
        if tenth >= JUDGED:
            rival = min((curve[tenth - 1] for curve in self.rivals), default=math.inf)
            if self.best > WEAK * rival:
                raise WeakError(
                    f"its loss was {self.best:.5f} after {tenth} tenths of the time, another's "
                    f"{rival:.5f}"
                )


def _arena(ae, x_train, samples):
    """Bytes of memory of a reconstruction in TensorFlow Lite Micro."""
    with tempfile.TemporaryDirectory() as folder, native_output_discarded():
        report = export_tflite(
            ae,
            Path(folder) / "micro",
            quantize="int8",
            target="micro",
            calibration_data=x_train,
            samples=samples,
            signatures="reconstruct",
        )
    return report.micro["reconstruct"]["arena"]
