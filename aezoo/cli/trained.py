"""A trained model and its data, as commands ask for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    typer.Option(help="As in train. [default: what the run was trained on]", show_default=False),
]
RunDataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where TensorFlow Datasets keeps its data. [default: where the run found it]",
        show_default=False,
    ),
]


def located(
    run_or_model: Path, data: str | None, data_dir: Path | None
) -> tuple[Path, str, Path | None]:
    """The model's file, and the data to use: those given, else those of the run."""
    from aezoo.training.folder import MODEL, RECORD, read_record

    file = run_or_model / MODEL if run_or_model.is_dir() else run_or_model
    if not file.is_file():
        raise FileNotFoundError(f"There is no model {file}.")
    if data is None:
        if not file.with_name(RECORD).is_file():
            raise typer.BadParameter("say which data the model is for: --data NAME_OR_PATH")
        try:
            recorded = read_record(file.parent)["data"]
        except OSError as error:
            raise OSError(f"{error} Give --data NAME_OR_PATH.") from error
        data = recorded["source"]
        where = recorded.get("data_dir")
        if data_dir is None and where and Path(where).is_dir():  # a run may come from elsewhere
            data_dir = Path(where)
    return file, data, data_dir


def loaded(
    file: Path, data: str, data_dir: Path | None
) -> "tuple[aezoo.Autoencoder, np.ndarray, np.ndarray]":
    """The model, and the samples of the training and of the test split."""
    from aezoo.training.folder import load_model

    ae = load_model(file)
    splits = [aezoo.load_dataset(data, split, data_dir=data_dir) for split in ("train", "test")]
    return ae, *(split.x for split in splits)
