"""The commands: `aezoo train` and its like."""

import ast
import importlib
import json
import logging
import os
import warnings
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.system.quiet import native_output_discarded

app = typer.Typer(
    help="A model zoo of autoencoders for Keras and TensorFlow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
FAILURES = (
    "DataError",
    "ExportError",
    "WeightsError",
)  # errors of value that no other usage would mend
out = Console()
err = Console(stderr=True, soft_wrap=True)

DataDir = Annotated[
    Path | None, typer.Option(help="Where TensorFlow Datasets keeps its data.", show_default=False)
]

RunOrModel = Annotated[
    Path, typer.Argument(help="A run folder, or a .keras file.", show_default=False)
]
RunData = Annotated[
    str | None,
    typer.Option(help="As in train. [default: what the run was trained on]", show_default=False),
]
LiteFile = Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)]


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False):
    """Say the version, if that is all that is asked."""
    if version:
        out.print(aezoo.__version__)
        raise typer.Exit


@app.command("list")
def list_command():
    """List the models of the zoo, with what each is for, and those that are pretrained."""
    with _quiet():
        from aezoo import models, registry
        from aezoo.registry import weights

        rows = [(name, registry.summary(name)) for name in models.list_models()]
        cards = weights.cards()
    table = Table("model", "what it is")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    table = Table("pretrained", "weights", "code", "test MSE", "PCA's", "size")
    for (name, data), card in cards.items():
        size = (card["folder"] / weights.FILE).stat().st_size
        table.add_row(
            name,
            data,
            str(card["metrics"]["latent_size"]),
            *(f"{card['metrics'][key]:.5f}" for key in ("mse", "pca_mse")),
            f"{size / 1e6:.1f} MB",
        )
    if cards:
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
    max_shift: Annotated[
        int,
        typer.Option(min=0, help="Move each training image by up to so many pixels, at random."),
    ] = 0,
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
    export: Annotated[
        list[str] | None,
        typer.Option(
            help="Export, too: saved_model, onnx, micro, or TFLite as float32, float16, dynamic or "
            "int8; repeatable.",
            show_default=False,
        ),
    ] = None,
):
    """Train a model and write a run folder: the model, its figures and pictures."""
    options = dict(_option(text) for text in option or [])
    with _quiet():
        from aezoo import training
        from aezoo.training.progress import TrainingProgress

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
                max_shift=max_shift,
                seed=seed,
                output=output,
                data_dir=data_dir,
                callbacks=[progress],
                exports=export or (),
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
    run_or_model: RunOrModel,
    data: RunData = None,
    data_dir: DataDir = None,
):
    """Measure a trained model on the test split, beside PCA at the same code size."""
    with _quiet():
        from aezoo.evaluation import evaluate, remarks

        file, data = _located(run_or_model, data)
        ae, x_train, x_test = _loaded(file, data, data_dir)
        metrics = evaluate(ae, x_test, x_train)
    _print_metrics(f"{file} on {data}, test split", metrics)
    for remark in remarks(metrics):
        err.print(remark, style="yellow", highlight=False)


@app.command()
def export(
    run_or_model: RunOrModel,
    format: Annotated[
        str, typer.Option(help="tflite, micro (microcontrollers), saved_model or onnx.")
    ] = "tflite",
    quantize: Annotated[
        str | None,
        typer.Option(
            help="For tflite: float16, dynamic or int8. [default: float32]", show_default=False
        ),
    ] = None,
    data: RunData = None,
    data_dir: DataDir = None,
):
    """Export a trained model beside it, and prove that the export is right."""
    with _quiet():
        from aezoo.training import export_to

        if format not in ("tflite", "micro", "saved_model", "onnx"):
            raise typer.BadParameter(
                f"--format is tflite, micro, saved_model or onnx, not {format!r}"
            )
        if quantize and format != "tflite":
            raise typer.BadParameter(f"--quantize is for tflite only, not for {format}")
        file, data = _located(run_or_model, data)
        kind = quantize or "float32" if format == "tflite" else format
        ae, x_train, x_test = _loaded(file, data, data_dir)
        report = export_to(file.parent, ae, kind, x_train, x_test)
    out.print(report)


@app.command("inspect")
def inspect_command(file: LiteFile):
    """Show the signatures, operators and types of a .tflite file."""
    with _quiet(tensorflow=False), native_output_discarded():
        from aezoo.edge import inspect

        found = inspect(file)
    table = Table("signature", "tensor", "shape", "type", "scale", "zero point")
    table.title, table.title_justify = f"{file}: {found['size']:,} bytes", "left"
    for name, ends in found["signatures"].items():
        for end in ("inputs", "outputs"):
            for tensor, entry in ends[end].items():
                scale = f"{entry['scale']:.6g}" if "scale" in entry else ""
                zero = str(entry.get("zero_point", ""))
                arrow = "-> " if end == "outputs" else ""
                row = (arrow + tensor, str(entry["shape"]), entry["dtype"], scale, zero)
                table.add_row(name if end == "inputs" else "", *row)
    out.print(table)
    for key in ("ops", "float_ops", "foreign_ops"):
        counts = ", ".join(f"{count} {op}" for op, count in found[key].items())
        out.print(f"{key.replace('_', ' ')}: {counts or 'none'}")
    out.print(f"types: {', '.join(found['dtypes'])}")


@app.command()
def benchmark(file: LiteFile):
    """Time a .tflite file: one sample, one thread, 1,000 runs of each signature."""
    with _quiet(tensorflow=False), native_output_discarded():
        import numpy as np

        from aezoo.edge import LiteModel, inspect, microseconds

        model = LiteModel(file)
        table = Table("signature", "median", "95th percentile", title=str(file))
        table.title_justify = "left"
        for name, ends in inspect(file)["signatures"].items():
            (entry,) = ends["inputs"].values()
            sample = np.random.default_rng(0).random((1, *entry["shape"][1:]), "float32")
            times = microseconds(partial(getattr(model, name), sample), 1000)
            row = (f"{value:,.0f} µs" for value in np.percentile(times, [50, 95]))
            table.add_row(name, *row)
    out.print(table)


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="A run folder.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="The folder to write.", show_default=False)],
):
    """Make a pretrained model of a run: weights, exports, card and picture."""
    with _quiet(), native_output_discarded():
        from aezoo.training import publishing

        card = publishing.publish(run, folder)
    out.print(f"{folder}: test MSE {card['metrics']['mse']:.5f}, {len(card['files'])} files")


@app.command("verify-models")
def verify_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Folders. [default: all]", show_default=False)
    ] = None,
    data_dir: DataDir = None,
):
    """Check the pretrained models: hashes, every artefact, and the test error of each."""
    with _quiet():
        from aezoo.registry import weights
        from aezoo.training import publishing

        table = Table("model", "artefact", "test MSE")
        for name in names or sorted(card["folder"].name for card in weights.cards().values()):
            with native_output_discarded():
                errors = publishing.verify(name, data_dir)
            for file, error in errors.items():
                table.add_row(name, file, f"{error:.6f}")
    out.print(table)


@app.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="A pretrained model, such as conv-mnist.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The run folder.", show_default=False)
    ],
    data_dir: DataDir = None,
):
    """Train a pretrained model again as its card says, and compare their test errors."""
    with _quiet():
        from aezoo.training import publishing
        from aezoo.training.progress import TrainingProgress

        progress = TrainingProgress(out)
        try:
            run = publishing.rebuild(name, output, data_dir, [progress])
        finally:
            progress.stop()
    _print_metrics(f"{name}, trained again", run.metrics)
    if run.interrupted:
        raise typer.Exit(130)


def _located(run_or_model, data):
    """The model's file, and the data to use: those given, else those of the run."""
    file = run_or_model / "model.keras" if run_or_model.is_dir() else run_or_model
    if not file.is_file():
        raise FileNotFoundError(f"There is no model {file}.")
    record = file.with_name("metrics.json")
    if data is None and record.is_file():
        try:
            data = json.loads(record.read_text(encoding="utf-8"))["data"]["source"]
        except (ValueError, KeyError, TypeError):
            raise OSError(f"{record} is damaged: give --data NAME_OR_PATH.") from None
    if data is None:
        raise typer.BadParameter("say which data the model is for: --data NAME_OR_PATH")
    return file, data


def _loaded(file, data, data_dir):
    import keras

    ae = keras.saving.load_model(file)
    if not isinstance(ae, aezoo.Autoencoder):
        raise ValueError(f"{file} is a {type(ae).__name__}, not an aezoo.Autoencoder.")
    splits = [aezoo.load_dataset(data, split, data_dir=data_dir) for split in ("train", "test")]
    return ae, *(split.x for split in splits)


def _option(text):
    """`name=value` -> (name, value): numbers, true, false, none, comma lists, else strings."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"an option is given as NAME=VALUE. Received: {text!r}")
    words = {"true": True, "yes": True, "false": False, "no": False, "none": None}
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
    if metrics["pca_mse"] > 0:
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


class _Remarks(logging.Handler):
    """What the library has to say, in yellow."""

    def emit(self, record):
        err.print(record.getMessage(), style="yellow", markup=False, highlight=False)


@contextmanager
def _quiet(tensorflow=True):
    """TensorFlow's start-up noise kept off the terminal; errors as one line and an exit status.

    Commands that need no TensorFlow do without the seconds that its import takes.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if tensorflow:
                with native_output_discarded():
                    importlib.import_module("aezoo.models")
                logging.getLogger("absl").setLevel(logging.ERROR)  # TFDS logs through it
                logging.getLogger("aezoo").handlers = [_Remarks()]
                logging.getLogger("aezoo").propagate = False
            yield
        except (typer.Exit, typer.BadParameter):
            raise
        except Exception as error:
            err.print(f"aezoo: {error}", style="red", markup=False, highlight=False)
            usage = isinstance(error, (ValueError, TypeError))
            failed = type(error).__name__ in FAILURES
            raise typer.Exit(2 if usage and not failed else 1) from None
        except KeyboardInterrupt:
            err.print("aezoo: interrupted.")
            raise typer.Exit(130) from None
