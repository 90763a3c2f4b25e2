"""Weights on the Hugging Face Hub: their size is known before they come, and they can be pinned."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aezoo.system.files import replacing, sha256

PREFIX = "hf://"
LOCK = "aezoo.lock"


def download(address: str, most: Mapping[str, int], lock: str | os.PathLike = LOCK) -> Path:
    """Gets weights and their card, or finds them where an earlier call has put them.

    Args:
        address: String, `hf://OWNER/REPOSITORY`, or with `@REVISION`, a branch, a tag or a commit.
        most: Dictionary of the names of the files to get to how many bytes they may have.
        lock: String or path of a file from `pin`. An address in it is got at the commit that it
            names, and its files must be those. Default: `aezoo.lock` in the working folder, if
            there is one.

    Returns:
        `pathlib.Path` of the folder. Its files may be links to some in folders above.

    Raises:
        ImportError: If the hub's package is not installed.
        ValueError: If the address is none, its files are too large, others than are pinned, or the
            lock is damaged.
        OSError: Of the hub's package, if there is no such repository, or no network and no copy.
    """
    pinned = _read(lock).get(address)
    if pinned is None:
        return _got(address, most)
    folder = _got(address, most, pinned["revision"])
    for name, found in _hashes(folder, most).items():
        if found != pinned["files"].get(name):
            raise ValueError(
                f"{name} of {address} is not the file that {lock} names: its SHA-256 is {found}. "
                f"If you trust it, pin it again: aezoo lock {address}"
            )
    return folder


def pin(
    addresses: Iterable[str], most: Mapping[str, int], lock: str | os.PathLike = LOCK
) -> dict[str, Any]:
    """Writes down which files some addresses stand for today, so that they stay these.

    Args:
        addresses: Strings as `download` takes them. What was pinned of them is replaced.
        most: Dictionary as `download` takes it.
        lock: String or path of the file to write. What it has of other addresses stays.

    Returns:
        Dictionary of all addresses in the file to dictionaries: `revision`, the commit, and
        `files`, the SHA-256 of each.

    Raises:
        ImportError, ValueError, OSError: As `download`.
    """
    pinned = _read(lock)
    for address in addresses:
        folder = _got(address, most)
        files = _hashes(folder, most)
        if missing := sorted({*most} - {*files}):
            raise ValueError(f"{address} has no {missing[0]}: nothing is pinned.")
        pinned[address] = {"revision": folder.name, "files": files}
    with replacing(lock) as beside:
        beside.write_text(json.dumps({"hub": pinned}, indent=1, sort_keys=True) + "\n", "utf-8")
    return pinned


def _got(address, most, commit=None):
    """The folder of a snapshot, whose name is its commit."""
    repository, _, revision = address.removeprefix(PREFIX).partition("@")
    if not address.startswith(PREFIX) or repository.count("/") != 1:
        raise ValueError(f"Expected {PREFIX}OWNER/REPOSITORY. Received: {address}")
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise ImportError("The hub needs one more package: pip install aezoo[hub]") from error
    asked = {"repo_id": repository, "allow_patterns": [*most]}
    kept = {**asked, "revision": commit or revision or None, "local_files_only": True}
    if commit:  # which is always the same
        with suppress(hub.errors.LocalEntryNotFoundError):
            folder = Path(hub.snapshot_download(**kept))
            if all((folder / name).is_file() for name in most):
                return folder
    try:
        info = hub.HfApi().model_info(repository, revision=kept["revision"], files_metadata=True)
    except hub.errors.HfHubHTTPError:  # what the hub answers
        raise
    except Exception as error:  # no answer: of requests or of httpx, by the package's version
        try:
            return Path(hub.snapshot_download(**kept))
        except hub.errors.LocalEntryNotFoundError:
            raise OSError(
                f"The hub cannot be reached, and {address} is not here: {error}"
            ) from error
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    for name, bytes_ in most.items():
        if sizes.get(name, 0) > bytes_:
            raise ValueError(
                f"{name} of {address} has {sizes[name]:,} bytes: {bytes_:,} are taken at most."
            )
    return Path(hub.snapshot_download(**asked, revision=info.sha))


def _hashes(folder, names):
    return {name: sha256(folder / name) for name in names if (folder / name).is_file()}


def _read(lock) -> dict[str, Any]:
    """What a lock has pinned; nothing if there is no such file."""
    try:
        text = Path(lock).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        pinned = json.loads(text)["hub"]
        right = all(
            isinstance(entry["revision"], str) and isinstance(entry["files"], Mapping)
            for entry in pinned.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        right = False
    if not right:
        raise ValueError(f"{lock} is damaged: remove it, and pin again what it had.")
    return pinned
