"""Pretrained weights: where they are, whether they are whole, and what they belong to."""

import difflib
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aezoo.registry import hdf5, hub
from aezoo.system.files import sha256

CARD = "card.json"
FILE = "model.weights.h5"
STATES = ("optimizer", "vars/random_")  # no weights: files have them or not
KEYS = {
    "model": str,
    "data": str,
    "input_shape": list,
    "latent_dim": int,
    "options": dict,
    "training": dict,
    "metrics": dict,
    "files": dict,
}
# Dense layers have more weights than a sample has numbers; a network of convolutions alone may
# take images of any size, but none so large is of use with so few weights.
MOST_PER_WEIGHT = 100
MOST_CARD = 2**20  # bytes
HUB = {CARD: MOST_CARD, FILE: hdf5.MAX_BYTES}  # what is taken from there, and bytes at most

log = logging.getLogger("aezoo")


class WeightsError(ValueError):
    """Pretrained files that are not what their card says."""


def folder() -> Path:
    """Where the pretrained models are: in the installed package, or beside it in a checkout.

    Returns:
        `pathlib.Path`, which may not exist.
    """
    package = Path(__file__).parents[1]
    inside = package / "saved_models"
    return inside if inside.is_dir() else package.parent / "saved_models"


def names() -> list[str]:
    """The folders of all pretrained models.

    Returns:
        List of strings, sorted. Their cards may be damaged.
    """
    return sorted(path.parent.name for path in folder().glob(f"*/{CARD}"))


def cards() -> dict[tuple[str, str], dict[str, Any]]:
    """The cards of all pretrained models; damaged ones are left out with a warning.

    Returns:
        Dictionary of pairs, the model and what `weights` names, to the card, a dictionary, see
        `read_card`.
    """
    found = {}
    for name in names():
        try:
            card = read_card(folder() / name)
        except WeightsError as error:
            log.warning(f"{error} It is left out.")
        else:
            found[card["model"], name_of(card["model"], name)] = card
    return found


def name_of(model: str, folder: str) -> str:
    """What `weights` names of a pretrained model: its data, and often more.

    Args:
        model: String, a family.
        folder: String, the name of its folder.

    Returns:
        String.

    Example:

    >>> name_of("conv", "conv-cifar10-128")
    'cifar10-128'
    """
    return folder.removeprefix(f"{model}-")


def read_card(path: str | os.PathLike, within: Path | None = None) -> dict[str, Any]:
    """Reads the card of a pretrained model.

    Args:
        path: String or path of its folder.
        within: `None` or `pathlib.Path` of a folder above it, to which links may lead.

    Returns:
        Dictionary: `model`, `data`, `input_shape`, `latent_dim`, `options`, `training`, `metrics`,
        `files`, a dictionary of each file's SHA-256, and `folder`, the path.

    Raises:
        FileNotFoundError: If there is no card.
        WeightsError: A `ValueError`, if it is damaged, or names a file outside its folder.
    """
    path = Path(path)
    file = path / CARD
    if not file.is_file():
        raise FileNotFoundError(f"There is no card {file}.")
    try:
        if file.stat().st_size > MOST_CARD:
            raise ValueError(f"it has more than {MOST_CARD:,} bytes")
        card = json.loads(file.read_text(encoding="utf-8"))
        for key, kind in KEYS.items():
            if not isinstance(card[key], kind):
                raise TypeError(f"{key} is {card[key]!r}")
        if not all(isinstance(size, int) and size > 0 for size in card["input_shape"]):
            raise TypeError(f"input_shape is {card['input_shape']}")
        outside = [
            name
            for name in card["files"]
            if not (path / name).resolve().is_relative_to((within or path).resolve())
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{file} is a damaged card: {error}.") from error
    if outside:
        raise WeightsError(f"{file} names a file outside its folder: {outside[0]}.")
    # JSON has no tuples, which shapes and options are
    card["options"] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in card["options"].items()
    }
    return {**card, "input_shape": tuple(card["input_shape"]), "folder": path}


def check(card: dict[str, Any], name: str) -> Path:
    """Compares a file with the hash in its card.

    Args:
        card: Dictionary from `read_card`.
        name: String, a file of it.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        FileNotFoundError: If the file is missing.
        WeightsError: A `ValueError`, if the file is not the one that the card was written for.
    """
    path = card["folder"] / name
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    if sha256(path) != card["files"].get(name):
        raise WeightsError(
            f"{path} is damaged, or another file than its card names: its SHA-256 is not the "
            "card's. Get it again."
        )
    return path


def check_size(card: dict[str, Any], file: str | os.PathLike) -> None:
    """Refuses a card that asks for a model much larger than its file, before that is built.

    Args:
        card: Dictionary from `read_card`.
        file: String or path of a `.weights.h5` file.

    Raises:
        WeightsError: A `ValueError`, if samples have more numbers than the weights can be for.
    """
    shape = card["input_shape"]
    size = math.prod(shape)
    try:
        found = [array for _, array in arrays(file)]
    except hdf5.RefusedError as error:
        raise WeightsError(f"{file} is no file of weights: {error}.") from error
    weights = sum(map(math.prod, found))
    convolves = any(len(array) >= 3 and shape[-1] in array for array in found)
    if size > weights * (MOST_PER_WEIGHT if convolves else 1):
        raise WeightsError(
            f"{card['folder'] / CARD} says that samples are of shape {shape}, {size:,} numbers. "
            f"{Path(file).name} has {weights:,} weights, which cannot be for so many: one of the "
            "two is of another model. Get both again."
        )


def find(model: str, weights: str | os.PathLike) -> tuple[dict[str, Any] | None, Path]:
    """The weights of a model, checked, with their card.

    Args:
        model: String, a family.
        weights: String, what the model was pretrained on, such as `"mnist"`; the path of a
            `.weights.h5` file or of a folder with a card; or `hf://OWNER/REPOSITORY` for such a
            folder on the Hugging Face Hub, see `aezoo.registry.hub.download`.

    Returns:
        A pair: the card, a dictionary, or `None` for a file without one, and the path of the file.

    Raises:
        ImportError: For the hub, if its package is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If there are no such weights, they are of another model, or damaged.
    """
    text = str(weights)
    if text.startswith(hub.PREFIX):
        snapshot = hub.download(text, HUB)
        card = read_card(snapshot, within=snapshot.parents[1])  # the hub's files are links to blobs
    elif text.endswith(".h5"):
        path = Path(weights)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {path}.")
        card = read_card(path.parent) if path.with_name(CARD).is_file() else {"files": {}}
        if path.name not in card["files"]:
            return None, path
    elif (model, text) in (known := cards()):
        card = known[model, text]
    elif (folder() / f"{model}-{text}" / CARD).is_file():
        card = read_card(folder() / f"{model}-{text}")  # to say what is damaged in it
    elif Path(weights).is_dir():
        card = read_card(weights)
    else:
        named = sorted(data for name, data in known if name == model)
        near = difflib.get_close_matches(text, named, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"There are no weights {text!r} for {model}.{hint} It is pretrained on: "
            f"{', '.join(named) or 'nothing'}."
        )
    if card["model"] != model:
        raise ValueError(f"These weights are for the model {card['model']}, not for {model}.")
    return card, check(card, Path(text).name if text.endswith(".h5") else FILE)


def arrays(
    source: str | os.PathLike | Callable[[Path], Any],
) -> list[tuple[str, tuple[int, ...]]]:
    """What a file of weights holds, without the states of optimizer and random generators.

    Args:
        source: Path of a `.weights.h5` file, or a function that writes one to a path.

    Returns:
        List of pairs: each array's name and shape.

    Raises:
        aezoo.registry.archives.RefusedError: A `ValueError`, if the file has other things than
            arrays of numbers.
    """
    with tempfile.TemporaryDirectory() as temporary:
        path = source
        if callable(source):
            path = Path(temporary, FILE)
            source(path)
        return [pair for pair in hdf5.arrays(path) if not pair[0].startswith(STATES)]
