"""From a plan to a trained model: at once, or as often as the time allows."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data import augmentation
from aezoo.data.streams import Stream
from aezoo.training.best_epoch import fit_to_best
from aezoo.training.checkpoints import Checkpoints
from aezoo.training.plan import IS_PCA, Plan, learned, start

LOG = "log.csv"
LATE = 0.9  # of the epochs: a best one from there on says that more would have helped
MOST_DROPOUT = 0.3


class Attempt(NamedTuple):
    """What a training came to.

    Attributes:
        ae: `aezoo.Autoencoder`, with the weights of its best epoch, or those it started with.
        history: Dictionary of lists by epoch.
        outcome: Dictionary: `epochs`, `epochs_run`, `best_epoch`, `interrupted`, `learned`.
        plan: `Plan`, that of this attempt.
    """

    ae: Autoencoder
    history: dict[str, list[float]]
    outcome: dict[str, Any]
    plan: Plan

    @property
    def loss(self) -> float:
        """The least validation loss, infinite if there is none."""
        losses = [loss for loss in self.history.get("val_loss", []) if math.isfinite(loss)]
        return min(losses, default=math.inf)


def best_within(
    seconds: float,
    build: Callable[[Plan, int], Autoencoder],
    plan: Plan,
    seed: int,
    epochs: int,
    **how: Any,
) -> Attempt:
    """Trains for so long, anew for as long as there is time, and returns the best.

    The first attempt is what `attempt` makes of the plan without a limit, or as much of it as
    there is time for, with a learning rate that falls to 0 until then. One that was still getting
    better at its end is followed by a longer one, which takes the time that is left; one that had
    learned by heart by others, each with other first weights and more dropout. The least
    validation loss wins.

    Args:
        seconds: Positive float.
        build: Function of a plan and a seed that returns a compiled `aezoo.Autoencoder`.
        plan: `Plan`.
        seed: Integer, of the first attempt.
        epochs: Positive integer, those of the first attempt.
        **how: As in `attempt`.

    Returns:
        `Attempt`, the best one. Its outcome has `attempts`, how many there were, `best_attempt`,
        which it was, counted from 1, and says whether any of them was interrupted, which ends
        all. The seed of each is one more than that of the last.
    """
    end = time.perf_counter() + seconds
    log = how["folder"] / LOG
    best, written, count, left, took = None, "", 0, seconds, 0.0
    interrupted = False
    while count == 0 or left > took / 2:  # in less time than that nothing better is to be had
        try:
            ae = build(plan, seed + count)
            found = attempt(ae, plan, seed + count, epochs, seconds=left, **how)
        except KeyboardInterrupt:  # before or after a training, which keeps its own weights
            if best is None:
                raise
            interrupted = True
            break
        count += 1
        if best is None or found.loss < best.loss:
            best, written = found, log.read_text(encoding="utf-8")
            best.outcome["best_attempt"] = count
        interrupted = found.outcome["interrupted"]
        if interrupted:
            break
        took, left = left - (end - time.perf_counter()), end - time.perf_counter()
        ran = found.outcome["epochs_run"]
        if found.outcome["best_epoch"] <= LATE * ran:
            plan = plan.with_more_dropout(MOST_DROPOUT)
        elif left > took:
            epochs = int(ran * left / took)
    log.write_text(written, encoding="utf-8")
    best.outcome.update(attempts=count, interrupted=interrupted)
    return best


def attempt(
    ae: Autoencoder,
    plan: Plan,
    seed: int,
    epochs: int,
    *,
    x: np.ndarray | Stream,
    held_out: np.ndarray,
    batch_size: int,
    folder: Path,
    callbacks: Sequence[keras.callbacks.Callback],
    learning_rate: float | None,
    patience: int,
    seconds: float | None = None,
    checkpoints: Checkpoints | None = None,
) -> Attempt:
    """Trains a model by a plan.

    Args:
        ae: `aezoo.Autoencoder`, compiled, not trained.
        plan: `Plan`.
        seed: Integer, of the order and the variation of samples.
        epochs, learning_rate, patience, seconds, checkpoints: As in `fit_to_best`.
        x: Array of shape `(n, *input_shape)`, samples to train on, or a `Stream` of them, for a
            plan that does not vary them.
        held_out: Array of shape `(m, *input_shape)`, samples for validation.
        batch_size: Positive integer.
        folder: `pathlib.Path`, where `log.csv` is written.
        callbacks: Sequence of `keras.callbacks.Callback`.

    Returns:
        `Attempt`.
    """
    fed = {"x": x, "batch_size": batch_size}
    first = 0 if checkpoints is None else checkpoints.first_epoch(epochs)
    if plan.varied:
        how = (batch_size, plan.max_shift, seed, plan.flip, plan.turn, first)
        varied = augmentation.shifted(x, *how)
        fed = {"x": varied, "validation_batch_size": batch_size}
    elif isinstance(x, Stream):
        fed = {
            "x": x.batches(batch_size, seed=seed, first=first),
            "validation_batch_size": batch_size,
        }
    with x.errors() if isinstance(x, Stream) else nullcontext():
        start(ae, x, plan)
        start_weights = ae.get_weights()
        judged: Any = held_out
        if not ae.bottleneck.narrow:  # what is clean already, it has only to leave alone
            judged = (_noisy(ae, held_out), held_out)
        history, outcome = fit_to_best(
            ae,
            fed,
            validation_data=judged,
            log_file=folder / LOG,
            callbacks=callbacks,
            epochs=epochs,
            learning_rate=learning_rate,
            patience=patience,
            seconds=seconds,
            checkpoints=checkpoints,
        )
    outcome["learned"] = not plan.at_pca or learned(ae, start_weights, held_out)
    return Attempt(ae, history, {"epochs": epochs, **outcome}, plan)


def settle(found: Attempt, x: np.ndarray | Stream, learning_rate: float | None) -> None:
    """Takes a training for what it is: one that learned nothing is PCA, of all that there is.

    Args:
        found: `Attempt`, whose model and reasons are brought up to that.
        x: Array of shape `(n, *input_shape)`, the training split, what was held out, too; or a
            `Stream` of it.
        learning_rate: Positive float, where it started, or `None`.

    Raises:
        RuntimeError: If the training diverged.
    """
    if not found.outcome["learned"]:
        start(found.ae, x, found.plan)
        found.plan.reasons.append(IS_PCA)
    losses = found.history.get("val_loss", [0.0])
    if not (
        np.isfinite(losses).any()
        and all(np.isfinite(weight).all() for weight in found.ae.get_weights())
    ):
        raise RuntimeError(
            "The training diverged: the loss became infinite or NaN. Lower the learning rate"
            + (f" (it was {learning_rate:g})." if learning_rate else ".")
        )


def _noisy(ae, x):
    """Samples with the model's noise, the same in every attempt, or that would choose the best."""
    states = [v for v in ae.corruption.variables if v.path.endswith("seed_generator_state")]
    before = [state.numpy() for state in states]
    for state in states:
        state.assign(np.zeros_like(state))
    noisy = ae.corrupt(x)
    for state, value in zip(states, before, strict=True):
        state.assign(value)
    return noisy
