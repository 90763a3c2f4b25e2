"""The commands: `aezoo list`, `aezoo train`, `aezoo evaluate`."""

import ast
import importlib
import json
import os
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import aezoo

app = typer.Typer(
    help="A model zoo of autoencoders for Keras and TensorFlow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True, soft_wrap=True)

DataDir = Annotated[
    Path | None, typer.Option(help="Where TensorFlow Datasets keeps its data.", show_default=False)
]


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False):
    """Say the version, if that is all that is asked."""
    if version:
        out.print(aezoo.__version__)
        raise typer.Exit


@app.command("list")
def list_command():
    """List the models of the zoo, with what each is for."""
    with _quiet():
        from aezoo import models, registry

        rows = [(name, registry.summary(name)) for name in models.list_models()]
    table = Table("model", "what it is")
    for row in rows:
        table.add_row(*row)
    out.print(table)


@app.command()
def train(
    model: Annotated[str, typer.Argument(help="A name from `aezoo list`.")],
    data: Annotated[
        str,
        typer.Option(
            help="digits, an image dataset of TensorFlow Datasets (mnist, ...), a .npy, .npz or "
            ".csv file, or a folder of images."
        ),
    ] = "digits",
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
):
    """Train a model and write a run folder: the model, its figures and pictures."""
    options = dict(_option(text) for text in option or [])
    with _quiet():
        from aezoo import training
        from aezoo.progress import TrainingProgress

        progress = TrainingProgress(out)
        try:
            run = training.train(
                model,
                data,
                latent_dim=latent_dim,
                epochs=epochs,
                batch_size=batch_size,
                learning_rate=learning_rate,
                patience=patience,
                seed=seed,
                output=output,
                data_dir=data_dir,
                callbacks=[progress],
                **options,
            )
        finally:
            progress.stop()
    _print_metrics(f"{model} on {data}, test split", run.metrics)
    files = ", ".join(sorted(path.name for path in run.folder.iterdir()))
    if run.interrupted:
        out.print(f"Interrupted after {len(run.history.get('loss', []))} whole epochs.")
    out.print(f"{run.folder}: {files}", soft_wrap=True)
    if run.interrupted:
        raise typer.Exit(130)


@app.command()
def evaluate(
    run_or_model: Annotated[
        Path, typer.Argument(help="A run folder, or a .keras file.", show_default=False)
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="As in train. [default: what the run was trained on]", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
):
    """Measure a trained model on the test split, beside PCA at the same code size."""
    with _quiet():
        file = run_or_model / "model.keras" if run_or_model.is_dir() else run_or_model
        if not file.is_file():
            raise FileNotFoundError(f"There is no model {file}.")
        record = file.with_name("metrics.json")
        if data is None and run_or_model.is_dir() and record.is_file():
            data = json.loads(record.read_text(encoding="utf-8"))["data"]["source"]
        if data is None:
            raise typer.BadParameter("say which data to evaluate on: --data NAME_OR_PATH")
        import keras

        from aezoo.evaluation import evaluate, remarks

        ae = keras.saving.load_model(file)
        splits = {s: aezoo.load_dataset(data, s, data_dir=data_dir) for s in ("train", "test")}
        metrics = evaluate(ae, splits["test"].x, splits["train"].x)
    _print_metrics(f"{file} on {data}, test split", metrics)
    for remark in remarks(metrics):
        err.print(remark, style="yellow")


def _option(text):
    """`name=value` -> (name, value): numbers, true, false, none, comma lists, else strings."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"an option is given as NAME=VALUE. Received: {text!r}")
    words = {"true": True, "false": False, "none": None}
    if value.lower() in words:
        return name.replace("-", "_"), words[value.lower()]
    with suppress(ValueError, SyntaxError):
        value = ast.literal_eval(value)
    return name.replace("-", "_"), value


def _print_metrics(title, metrics):
    table = Table("", "model", "PCA, same code size", title=title, title_justify="left")
    for key, label, digits in (
        ("mse", "mean squared error", 5),
        ("psnr", "PSNR (dB)", 2),
        ("ssim", "SSIM", 4),
    ):
        if key in metrics:
            table.add_row(label, *(f"{metrics[k]:.{digits}f}" for k in (key, f"pca_{key}")))
    table.add_row("MSE relative to PCA", f"{metrics['mse'] / metrics['pca_mse']:.2f}", "1.00")
    if "noisy_mse" in metrics:
        table.add_row("MSE of corrupted samples", f"{metrics['noisy_mse']:.5f}", "")
        table.add_row("... after denoising", f"{metrics['denoised_mse']:.5f}", "")
    table.add_section()
    table.add_row("MSE of predicting the mean", f"{metrics['mean_mse']:.5f}", "")
    table.add_row("numbers in a code", f"{metrics['latent_size']:,}", f"{metrics['latent_size']:,}")
    table.add_row("compression ratio", f"{metrics['compression_ratio']:.1f}", "")
    table.add_row("parameters", f"{metrics['parameters']:,}", "")
    out.print(table)


@contextmanager
def _quiet():
    """TensorFlow's start-up noise kept off the terminal; errors as one line and an exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _without_native_output():
                importlib.import_module("aezoo.models")
            from aezoo.datasets import DataError

            yield
        except (DataError, OSError) as error:
            err.print(f"aezoo: {error}", style="red", markup=False, highlight=False)
            raise typer.Exit(1) from None
        except (ValueError, TypeError) as error:
            err.print(f"aezoo: {error}", style="red", markup=False, highlight=False)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            err.print("aezoo: interrupted.")
            raise typer.Exit(130) from None


@contextmanager
def _without_native_output():
    """Discards what TensorFlow writes to the error stream, past Python, when it is imported."""
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
