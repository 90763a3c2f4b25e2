"""From a model's name and some data to a folder with the trained model and its figures."""

import logging
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.data.datasets import preparation, source
from aezoo.evaluation import remarks
from aezoo.export import ExportReport
from aezoo.models import build
from aezoo.training.arguments import check_arguments
from aezoo.training.attempts import attempt, best_within, settle
from aezoo.training.best_epoch import has_schedule
from aezoo.training.checkpoints import Checkpoints, Resumed
from aezoo.training.defaults import (
    usual_batch_size,
    usual_epochs,
    usual_latent_dim,
    usual_learning_rate,
    with_normalization,
)
from aezoo.training.eight_bits import refuse_untrainable, train_on
from aezoo.training.exporting import export_to
from aezoo.training.folder import MODEL, refuse_existing, stopped_early
from aezoo.training.hosts import WAIT, devices_for
from aezoo.training.plan import planned
from aezoo.training.precision import computing_in, plain
from aezoo.training.report import try_report
from aezoo.training.splits import described, is_streamed, load_splits, whole_of
from aezoo.training.writing import write_run

log = logging.getLogger("aezoo")
# what is another one when it is resumed
NOT_TOLD = ("callbacks", "resumed", "output", "options", "coordinator", "processes", "rank", "wait")


@dataclass(frozen=True)
class Run:
    """What `train` returns.

    Attributes:
        model: The trained `aezoo.Autoencoder`, with the weights of its best epoch.
        metrics: Dictionary from `aezoo.evaluate`, on the test split.
        history: Dictionary of lists by epoch: `loss`, `val_loss`, `learning_rate`.
        folder: `pathlib.Path` of the run folder.
        interrupted: Boolean, whether Ctrl-C ended the training early.
        chosen: List of strings, what was chosen from the data, and why.
        exports: Dictionary of what was exported, see `export_to`, to its `aezoo.ExportReport`.
        rank: Integer, which of several processes this is: that of rank 0 has written the folder.
    """

    model: Autoencoder
    metrics: dict[str, Any]
    history: dict[str, list[float]]
    folder: Path
    interrupted: bool
    chosen: list[str] = field(default_factory=list)
    exports: dict[str, ExportReport] = field(default_factory=dict)
    rank: int = 0


def train(
    model: str = "conv",
    data: str | os.PathLike = "digits",
    *,
    latent_dim: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    patience: int = 20,
    max_shift: int | None = None,
    flip: bool | None = None,
    turn: bool = False,
    minutes: float | None = None,
    quantize_aware: int = 0,
    precision: str = "float32",
    seed: int = 0,
    output: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    size: int | Sequence[int] | None = None,
    color: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    stream: bool | None = None,
    distribute: str | None = None,
    coordinator: str | None = None,
    processes: int | None = None,
    rank: int | None = None,
    wait: float = WAIT,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    exports: Sequence[str] = (),
    report: bool = True,
    resumed: Resumed | None = None,
    **options: Any,
) -> Run:
    """Trains a model of the zoo, measures it on the test split and writes a run folder.

    The learning rate falls along a half cosine to zero. A tenth of the training split is kept for
    validation: it decides which epoch's weights are kept. The test split decides nothing. Of
    windows that overlap the last tenth is kept, and none that shares a step with it is trained on.

    Ctrl-C while it trains keeps the best weights so far and writes the run. After any other error,
    such as a full disk, or a second Ctrl-C, the run folder is called `OUTPUT.unfinished` and holds
    what was written until then, the trained model if there was one; the output's name is free to
    try again. Exports are made last: one that is refused leaves the run whole.

    Args:
        model: String, one of `aezoo.list_models()`.
        data: String or path, see `aezoo.load_dataset`.
        latent_dim: Positive integer, how many numbers a code has. Default: an eighth of the
            numbers in a sample, at most 32.
        epochs: Positive integer. Default: as many as make about 6,000 updates.
        batch_size: Positive integer. Default: 128, or 32 for fewer than 10,000 samples.
        learning_rate: Positive float, where the learning rate starts. Default: the model's own.
            A family that is compiled with a `LearningRateSchedule` follows that instead.
        patience: Positive integer, the epochs without a better validation loss after which the
            training stops.
        max_shift: Integer, 0 or more: move each training image by up to so many pixels, anew in
            each epoch, see `aezoo.augmentation.shifted`. Default: chosen, see below.
        flip: Boolean, whether training images are mirrored at random. Default: chosen.
        turn: Boolean, whether training images, squares, are turned by quarters at random.
        minutes: Positive float: train for so long, as well as that time allows, in one attempt or
            several, see `aezoo.training.attempts.best_within`. In place of `epochs`.
        quantize_aware: Integer, 0 or more: epochs that follow with the roundings of int8, at half
            the learning rate, of models that are trained for reconstruction alone. The model
            loses less in int8 then, see `aezoo.training.eight_bits.train_on`. Their losses are in
            `log-int8.csv`; callbacks see a `keras.Model` from samples to reconstructions.
        precision: `"float32"`, or `"bfloat16"` for layers that compute in half of the bits, with
            weights in float32: several times as fast where the processor has instructions for it,
            such as AMX or a GPU's, and much slower elsewhere. The model that comes of it is one in
            float32.
        seed: Integer, of the weights, the order of samples and the noise.
        output: String or path of the run folder, which must not exist. Default: a new folder
            `runs/MODEL-DATA`, numbered if that exists.
        data_dir: String or path, where TensorFlow Datasets keeps its data.
        size: Positive integer or pair of them, height and width that images are brought to.
        color: `"grey"` or `"rgb"`, what images are made.
        window: Positive integer, steps in a sample of recordings, or height and width of pieces
            that images of any size are cut into.
        stride: Positive integer, from window to window. Default: `window`. These four are as
            for `aezoo.load_dataset`, and kept in the run's record.
        stream: Boolean, whether samples are read anew in each epoch, see `aezoo.load_dataset`, in
            place of being brought into memory. Scales and PCA are of all then; what is chosen, the
            figures and the exports are made from `Stream.x`, a sample of 20,000. Default: of files
            that take more than half of the memory that is free, which is logged, and of folders of
            files.
        distribute: `"mirrored"` to train on all GPUs of the machine at once, see
            `aezoo.training.distribution.Devices`. `batch_size` is that of all together, and must
            be a multiple of their number. Or `"multihost"`, for which several processes call
            this, on several machines, with the same data and arguments, on the JAX backend: see
            `aezoo.training.hosts.Hosts`. That of rank 0 writes the run; all return it.
        coordinator: String, `"HOST:PORT"` of the process of rank 0, for `"multihost"`.
        processes: Positive integer, how many there are.
        rank: Integer from 0 to `processes - 1`, which of them this is. Default of these three:
            what the environment says, see `aezoo.training.places.place_of`.
        wait: Positive float, how many seconds processes wait for all to have come.
        callbacks: Sequence of `keras.callbacks.Callback`.
        exports: Sequence of what to export into the folder, see `export_to`.
        report: Boolean, whether a page of the run is written, see `aezoo.write_report`.
        resumed: `aezoo.training.checkpoints.Resumed`, which `aezoo.resume` gives with all else
            that this training was told.
        **options: The model's options. `normalization` is `"standard"` by default for vectors and
            signals, and `"minmax"` for images and volumes that are not in [0, 1].

    Returns:
        A `Run`. The folder holds `model.keras`, `log.csv`, `metrics.json`, `history.png`,
        `reconstructions.png`, `latent.png` and `report.html`.

    Raises:
        ValueError: For an unknown model or option, a value out of its range, or unusable data.
        FileNotFoundError: If the data cannot be found.
        FileExistsError: If the output folder exists.
        OSError: If the output folder cannot be written.
        RuntimeError: If the training diverges.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = aezoo.train("vanilla", "digits", epochs=2, output=f"{folder}/run")
    ...     sorted(path.name for path in run.folder.iterdir())
    ['history.png', 'latent.png', 'log.csv', 'metrics.json', 'model.keras',
     'reconstructions.png', 'report.html']
    """
    told = {key: value for key, value in locals().items() if key not in NOT_TOLD} | options
    check_arguments(told)
    devices = devices_for(distribute, coordinator, processes, rank, wait)
    devices.refuse(exports=exports, minutes=minutes, quantize_aware=quantize_aware, stream=stream)
    if resumed is None and devices.rank == 0:
        refuse_existing(output)

    given = {"size": size, "color": color, "window": window, "stride": stride}
    streamed = is_streamed(stream, data, size, color, window)
    devices.refuse(stream=streamed)
    prepared = preparation({**given, "stream": streamed or None})
    splits = load_splits(data, seed, data_dir, prepared)
    train_set, test_set, fitted, held_out, _ = splits
    samples = splits.digest
    if resumed is not None and samples != resumed.saved.digest:
        raise ValueError(f"The samples of {data} are not those that {resumed.folder} had.")
    if streamed and (max_shift or flip or turn):
        raise ValueError("Samples of a stream are not varied: leave max_shift, flip and turn out.")
    shape, told_data = train_set.x.shape[1:], described(data, data_dir, prepared, splits)
    options = with_normalization(model, train_set, options)
    if latent_dim is None:
        latent_dim = usual_latent_dim(shape)
    same = {key: told[key] for key in told.keys() - {"data", "data_dir"}} | options
    same["checkpoint"] = resumed and resumed.saved.epochs
    devices.meet({**same, "data": samples}, seed)
    untrained = build(model, shape, latent_dim, **options)  # what is wrong is refused now
    if has_schedule(untrained):
        if learning_rate is not None:
            raise ValueError(
                f"{model} is compiled with a LearningRateSchedule: leave learning_rate out. "
                f"Received: {learning_rate!r}"
            )
    elif learning_rate is None:
        learning_rate = usual_learning_rate(untrained, len(fitted))
    varied = {"max_shift": max_shift, "flip": flip, "turn": bool(turn)}
    if streamed:
        varied = {"max_shift": 0, "flip": False, "count": len(fitted)}
    plan = planned(model, splits.seen, held_out, latent_dim, options, **varied)
    if plan.turn and (len(shape) != 3 or shape[0] != shape[1]):
        raise ValueError(f"turn is for square images. Received: samples of shape {shape}")

    if plan.max_shift and plan.max_shift >= min(shape[:2]):
        raise ValueError(f"max_shift must be below the images' size. Received: {max_shift}")

    def made(plan, seed):
        keras.utils.set_random_seed(seed)
        with computing_in(precision), devices.scope():
            return build(model, shape, latent_dim, **plan.options)

    if quantize_aware:
        refuse_untrainable(made(plan, seed))
    batch_size = batch_size or usual_batch_size(len(fitted))
    part = devices.part_of(batch_size)
    if devices.count > 1:
        plan.reasons.append(f"{devices.count} devices have {part} of each {batch_size} samples")
    settings = {
        "epochs": epochs or usual_epochs(len(fitted), batch_size),
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "patience": patience,
        "max_shift": plan.max_shift,
        "flip": plan.flip,
        **({"turn": True} if plan.turn else {}),
        **({} if precision == "float32" else {"precision": precision}),
        **({} if distribute is None else {"distribute": distribute}),
        **({} if minutes is None else {"minutes": minutes}),
        **({"quantize_aware": quantize_aware} if quantize_aware else {}),
        "seed": seed,
    }
    told |= {"data": source(data), "data_dir": told_data["data_dir"], "stream": streamed}
    told["exports"] = list(exports)
    again = resumed and resumed.folder
    with (
        devices.folder(output, f"{model}-{train_set.name}", again) as folder,
        closing(Checkpoints(folder, told, samples, resumed, devices.rank == 0)) as checkpoints,
    ):
        how = {
            "x": fitted,
            "held_out": held_out,
            "folder": folder,
            "callbacks": [*callbacks, *devices.callbacks()],
            **{key: settings[key] for key in ("batch_size", "learning_rate", "patience")},
        }
        if minutes is None:
            with devices.training():
                how["checkpoints"] = checkpoints
                found = attempt(made(plan, seed), plan, seed, settings["epochs"], **how)
                del how["checkpoints"]
        else:
            found = best_within(60 * minutes, made, plan, seed, settings["epochs"], **how)
        again = partial(build, model, shape, latent_dim, **found.plan.options)
        found = found._replace(ae=plain(found.ae, again))
        settle(found, whole_of(train_set), learning_rate)
        if quantize_aware and not found.outcome["interrupted"]:
            found.ae.save(folder / MODEL)  # or it would be lost by an error
            how = {**how, "plan": found.plan, "seed": seed, "epochs": quantize_aware}
            how["x"] = splits.seen
            found.outcome["int8"] = train_on(found.ae, **how)
            found.outcome["interrupted"] = found.outcome["int8"].pop("interrupted")
        if streamed:
            found.outcome["reading_seconds"] = round(fitted.reading, 1)
        del splits, how, fitted, held_out  # copies of the training split: the baseline needs none
        found.outcome["seconds"], took = round(checkpoints.seconds, 1), checkpoints.own_seconds
        record = {"model": model, "latent_dim": latent_dim, "data": told_data}
        parts = (folder, found, train_set, test_set, record, settings)
        folder, metrics = devices.from_first(lambda: (folder, write_run(*parts)))
        if not found.outcome["interrupted"]:
            checkpoints.remove()
    ae, history, outcome, plan = found
    early = stopped_early({**settings, **outcome})
    if "reading_seconds" in outcome:
        share = outcome["reading_seconds"] / max(took, 0.1)
        log.warning("Reading samples took %.0f %% of the time, beside the training.", 100 * share)
    told_of = {"stopped_early": early, "has_prior": ae.bottleneck.has_prior}
    for remark in [] if devices.rank else remarks(metrics, **told_of):
        log.warning(remark)
    run = Run(
        ae, metrics, history, Path(folder), outcome["interrupted"], plan.reasons, rank=devices.rank
    )
    try:
        for kind in exports:
            try:
                run.exports[kind] = export_to(folder, ae, kind, train_set.x, test_set.x)
            except Exception:
                log.warning(f"The run in {folder} is whole, but for the export in {kind}.")
                raise
    finally:
        if report and not devices.rank:
            try_report(run.folder, ae, test_set)
    return run
