"""A trained model and its data, as commands ask for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import aezoo

if TYPE_CHECKING:
    import numpy as np

DataDir = Annotated[
    Path | None, typer.Option(help="Where TensorFlow Datasets keeps its data.", show_default=False)
]
RunOrModel = Annotated[
    Path, typer.Argument(help="A run folder, or a .keras file.", show_default=False)
]
RunData = Annotated[
    str | None,
    typer.Option(
        help="As in train, prepared as the run's were. [default: what the run was trained on]",
        show_default=False,
    ),
]
RunDataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where TensorFlow Datasets keeps its data. [default: where the run found it]",
        show_default=False,
    ),
]
AnyModel = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="A run folder, a .keras file, or a pretrained model, such as conv-mnist.",
        show_default=False,
    ),
]


def named_or_saved(model: str) -> "aezoo.Autoencoder":
    """The model of a run folder or a file, else the pretrained one of that name."""
    from aezoo.registry import weights
    from aezoo.training.folder import MODEL, load_model

    path = Path(model)
    if not path.exists() and model in weights.names():
        path = weights.folder() / model
    if (path / weights.CARD).is_file():
        return aezoo.build(weights.read_card(path)["model"], weights=path)
    return load_model(path / MODEL if path.is_dir() else path)


def new_files(files: list[Path], names: list[str], output: Path | None) -> list[Path]:
    """Where each file's result goes, before any is made: nothing that exists is written over."""
    targets = [(output or file.parent) / name for file, name in zip(files, names, strict=True)]
    for i, target in enumerate(targets):
        if target.exists() or target in targets[:i]:
            there = "exists already" if target.exists() else "would be the result of two files"
            raise FileExistsError(f"{target} {there}: choose another folder with --output.")
    return targets


def located(
    run_or_model: Path, data: str | None, data_dir: Path | None
) -> tuple[Path, str, dict[str, Any]]:
    """The model's file, the data to use, and how to load them.

    The data are those given, else those of the run. The model takes either as it was trained: with
    the size, colour and windows of its run.
    """
    from aezoo.training.folder import MODEL, RECORD, read_record
    from aezoo.training.records import data_of

    file = run_or_model / MODEL if run_or_model.is_dir() else run_or_model
    if not file.is_file():
        raise FileNotFoundError(f"There is no model {file}.")
    recorded = {}
    try:
        if file.with_name(RECORD).is_file():
            recorded = read_record(file.parent)["data"]
        elif data is None:
            raise typer.BadParameter("say which data the model is for: --data NAME_OR_PATH")
    except OSError as error:
        if data is None:
            raise OSError(f"{error} Give --data NAME_OR_PATH.") from error
    return file, *data_of(recorded, data, data_dir)


def loaded(
    file: Path, data: str, how: dict[str, Any], whole: bool = False
) -> "tuple[aezoo.Autoencoder, np.ndarray | aezoo.Stream, aezoo.Dataset | aezoo.Stream]":
    """The model, the samples of the training split, and the test split.

    Of the training split of a stream it is the stream, if it is to be whole, else a random sample.
    """
    from aezoo.training.folder import load_model
    from aezoo.training.splits import whole_of

    ae = load_model(file)
    train, test = (aezoo.load_dataset(data, split, **how) for split in ("train", "test"))
    return ae, whole_of(train) if whole else train.x, test
