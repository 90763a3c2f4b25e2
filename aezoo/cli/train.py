"""`aezoo train`."""

import ast
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aezoo.cli.console import Json, app, out, print_json, print_metrics, quiet
from aezoo.cli.trained import DataDir

Data = Annotated[
    str,
    typer.Option(
        help="digits, an image dataset of TensorFlow Datasets (mnist, ...), a .npy, .npz, "
        ".csv, .tsv or .parquet file, a folder of images, or with --window recordings: .wav, "
        ".npy, a table of a row a step, or a folder of such."
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="N or HxW",
        help="Bring images to this height and width, in pixels: scaled, and the centre cut "
        "out. [default: they are of one size]",
        show_default=False,
    ),
]
Color = Annotated[
    str | None,
    typer.Option(help="Make images grey or rgb. [default: as they are]", show_default=False),
]
Window = Annotated[
    int | None,
    typer.Option(
        help="Cut recordings into samples of so many steps, or images into squares of so many "
        "pixels.",
        show_default=False,
    ),
]
Stride = Annotated[
    int | None,
    typer.Option(
        help="Steps or pixels from window to window. [default: --window]", show_default=False
    ),
]

RESUMED = ("resume", "as_json", "coordinator", "processes", "rank", "wait")  # options for --resume


@app.command()
def train(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(help="A name from `aezoo list`.", show_default=False),
    ] = None,
    data: Data = "digits",
    latent_dim: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many numbers a code has. [default: an eighth of a sample's, at most 32]",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="[default: about 6,000 updates' worth]", show_default=False),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="[default: 128, or 32 for fewer than 10,000 samples]", show_default=False
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="Where it starts. [default: the model's own]", show_default=False),
    ] = None,
    patience: Annotated[
        int, typer.Option(min=1, help="Epochs without a better validation loss before stopping.")
    ] = 20,
    max_shift: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Move each training image by up to so many pixels, at random. [default: what "
            "suits the data]",
            show_default=False,
        ),
    ] = None,
    flip: Annotated[
        bool | None,
        typer.Option(
            help="Mirror training images at random. [default: what suits the data]",
            show_default=False,
        ),
    ] = None,
    turn: Annotated[
        bool, typer.Option("--turn", help="Turn square training images by quarters at random.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Train for so long, as well as that allows, in place of --epochs.",
            show_default=False,
        ),
    ] = None,
    quantize_aware: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="EPOCHS",
            help="Train on for so many epochs with the roundings of int8, for a model that is to "
            "be exported in it.",
        ),
    ] = 0,
    precision: Annotated[
        str,
        typer.Option(
            help="float32, or bfloat16, which is much faster on processors with instructions for "
            "it (AMX, GPUs), and much slower on others."
        ),
    ] = "float32",
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order and noise.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The run folder, which must not exist. [default: runs/MODEL-DATA]",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    size: Size = None,
    color: Color = None,
    window: Window = None,
    stride: Stride = None,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read samples anew in each epoch. [default: what is larger than half of the "
            "memory that is free, and folders of files]",
            show_default=False,
        ),
    ] = None,
    distribute: Annotated[
        str | None,
        typer.Option(
            help="mirrored: on all GPUs of the machine. multihost: by several processes, on "
            "several machines, each started with this command. --batch-size is that of all "
            "together.",
            show_default=False,
        ),
    ] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Of multihost: where the process of rank 0 listens. [default: as Slurm or "
            "JAX_COORDINATOR_ADDRESS says]",
            show_default=False,
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            help="Of multihost: how many there are. [default: SLURM_NTASKS or JAX_NUM_PROCESSES]",
            show_default=False,
        ),
    ] = None,
    rank: Annotated[
        int | None,
        typer.Option(
            help="Of multihost: which of them this is, from 0 on; 0 writes the run. [default: "
            "SLURM_PROCID, JAX_PROCESS_ID or JOB_COMPLETION_INDEX]",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Of multihost: how long to wait for all processes."),
    ] = 300.0,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-O",
            metavar="NAME=VALUE",
            help="An option of the model, such as -O filters=16,32 -O activation=tanh; repeatable.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        list[str] | None,
        typer.Option(
            help="Export, too: saved_model, onnx, micro, c, or TFLite as float32, float16, "
            "dynamic, int4, int8 or int16x8; repeatable.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report/--no-report", help="Write report.html, a page of the run to look at."
        ),
    ] = True,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a run that was killed or interrupted, from its newest checkpoint. All "
            "else is as it was told.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a model and write a run folder: the model, its figures and pictures."""
    _check_resume(context, model, resume)
    options = dict(_option(text, context) for text in option or [])
    shape = None if size is None else pixels(size)
    with quiet(as_json=as_json) as ending:
        from aezoo import training
        from aezoo.training.progress import TrainingProgress
        from aezoo.training.report import FILE

        first = True
        if distribute == "multihost":
            from aezoo.training.places import place_of

            first = place_of(coordinator, processes, rank).rank == 0
        progress = TrainingProgress(out if first else Console(quiet=True), minutes)
        place = {"coordinator": coordinator, "processes": processes, "rank": rank, "wait": wait}
        callbacks = [progress, ending.callback()]
        ending.is_spared = lambda: progress.trained  # all that is left is to write the run
        try:
            if resume is not None:
                run = training.resume(resume, callbacks=callbacks, **place)
            else:
                run = training.train(
                    model,
                    data,
                    latent_dim=latent_dim,
                    epochs=epochs,
                    batch_size=batch_size,
                    learning_rate=learning_rate,
                    patience=patience,
                    max_shift=max_shift,
                    flip=flip,
                    turn=turn,
                    minutes=minutes,
                    quantize_aware=quantize_aware,
                    precision=precision,
                    seed=seed,
                    output=output,
                    data_dir=data_dir,
                    size=shape,
                    color=color,
                    window=window,
                    stride=stride,
                    stream=stream,
                    distribute=distribute,
                    **place,
                    callbacks=callbacks,
                    exports=export or (),
                    report=report,
                    **options,
                )
        finally:
            progress.stop()
    if run.rank:
        return
    files = sorted(path.name for path in run.folder.iterdir())
    if as_json:
        document = {"folder": run.folder, "files": files, "interrupted": run.interrupted}
        document["chosen"] = run.chosen
        print_json({**document, "metrics": run.metrics, "exports": run.exports})
    else:
        told = f"{model} on {data}" if resume is None else str(resume)
        print_metrics(f"{told}, test split", run.metrics)
        if run.chosen:
            out.print(f"Chosen: {'; '.join(run.chosen)}.")
        for report in run.exports.values():
            out.print(report)
        if run.interrupted:
            out.print(f"Interrupted after {len(run.history.get('loss', []))} whole epochs.")
        out.print(f"{run.folder}: {', '.join(files)}", soft_wrap=True)
        if FILE in files:
            out.print(f"To look at in a browser: {run.folder / FILE}", soft_wrap=True)
    if run.interrupted or ending.came:
        raise typer.Exit(ending.status)


def _check_resume(context: typer.Context, model: str | None, resume: Path | None) -> None:
    if resume is None:
        if model is None:
            raise typer.BadParameter("give the name of a model, or --resume RUN")
        return
    given = [
        parameter
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name).name != "DEFAULT"
    ]
    for parameter in given:
        if parameter.name not in RESUMED:
            raise typer.BadParameter(
                f"--resume takes all from the run: leave {parameter.opts[0]} out"
            )


def pixels(text: str) -> int | tuple[int, ...]:
    """`64` -> 64, `48x64` -> (48, 64)."""
    if not re.fullmatch(r"\d+([x,]\d+)?", text):
        raise typer.BadParameter(f"--size is N or HEIGHTxWIDTH, such as 64 or 48x64, not {text!r}")
    numbers = tuple(map(int, re.split("[x,]", text)))
    return numbers if len(numbers) == 2 else numbers[0]


def _option(text: str, context: typer.Context) -> tuple[str, Any]:
    """`name=value` -> (name, value): numbers, true, false, none, comma lists, else strings."""
    name, equals, value = text.partition("=")
    name = name.replace("-", "_")
    if not (name and equals):
        raise typer.BadParameter(f"an option is given as NAME=VALUE. Received: {text!r}")
    own = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    own["exports"] = own["export"]
    if name in own:
        how = f"{own[name]} {value}" if own[name].startswith("-") else f"{value} as an argument"
        raise typer.BadParameter(f"{name} is no option of a model: give {how}, without -O")
    if name in ("name", "callbacks"):
        raise typer.BadParameter(f"{name} is no option of a model. Received: {text!r}")
    words = {"true": True, "yes": True, "false": False, "no": False, "none": None}
    if value.lower() in words:
        return name, words[value.lower()]
    with suppress(ValueError, SyntaxError):
        value = ast.literal_eval(value)
    return name, value
