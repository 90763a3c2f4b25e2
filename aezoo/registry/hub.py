"""Weights on the Hugging Face Hub: their size is known before they come, and they can be pinned."""

import importlib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aezoo.registry import locks
from aezoo.system.files import replacing, sha256

PREFIX = "hf://"
LOCK = "aezoo.lock"
# of a revision each part is a plain name: `..` would be another address of the Hub
PART = r"(?!\.)(?:(?!\.\.)[\w.+-])+"
ADDRESS = re.compile(rf"hf://([\w.-]+/[\w.-]+)(?:@({PART}(?:/{PART})*))?", re.ASCII)
FORMS = f"{PREFIX}OWNER/REPOSITORY or {PREFIX}OWNER/REPOSITORY@REVISION"


def download(address: str, most: Mapping[str, int], lock: str | os.PathLike = LOCK) -> Path:
    """Gets weights and their card, or finds them where an earlier call has put them.

    Args:
        address: String, `hf://OWNER/REPOSITORY`, or with `@REVISION`, a branch, a tag or a commit.
        most: Dictionary of the names of the files to get to how many bytes they may have.
        lock: String or path of a file from `pin`. Where there is one, an address in it is got at
            the commit that it names, its files must be those, and no other address is taken.
            Default: `aezoo.lock` in the working folder, if there is one.

    Returns:
        `pathlib.Path` of the folder. Its files may be links to some in folders above.

    Raises:
        ImportError: If the hub's package is not installed.
        ValueError: If the address is none, its files are too large, others than are pinned, or the
            lock is damaged.
        OSError: If there is no such repository, or no network and no copy.
    """
    _parts(address)
    pinned = locks.read(lock)
    if pinned is None:
        return _got(address, most)
    if address not in pinned:
        raise ValueError(
            f"{address} is not in {lock}, and where that file is, what it names is taken alone. "
            f"If you trust it, pin it: aezoo lock {address}"
        )
    folder = _got(address, most, pinned[address]["revision"])
    for name, found in _hashes(folder, most).items():
        if found != pinned[address]["files"].get(name):
            raise ValueError(
                f"{name} of {address} is not the file that {lock} names: its SHA-256 is {found}. "
                f"Either this copy is damaged, or the lock. If you trust the address, get and pin "
                f"it again: aezoo lock {address}"
            )
    return folder


def pin(
    addresses: Iterable[str], most: Mapping[str, int], lock: str | os.PathLike = LOCK
) -> dict[str, Any]:
    """Writes down which files some addresses stand for today, so that they stay these.

    All are downloaded anew: a copy may be old, or damaged. If one cannot be, nothing is pinned.

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
    locks.read(lock)  # before anything is downloaded in vain
    entries = {}
    for address in addresses:
        folder = _got(address, most, anew=True)
        entries[address] = {"revision": folder.name, "files": _hashes(folder, most)}
    return locks.update(lock, entries)


def _parts(address):
    found = ADDRESS.fullmatch(str(address))
    if not found:
        raise ValueError(f"Expected {FORMS}. Received: {address!r}")
    return found.groups()


def _got(address, most, commit=None, anew=False):
    """The folder of a snapshot with all files, whose name is its commit."""
    repository, revision = _parts(address)
    try:
        hub = importlib.import_module("huggingface_hub")
        errors = importlib.import_module("huggingface_hub.errors")  # which the first leaves out
    except ImportError as error:
        raise ImportError("The hub needs one more package: pip install aezoo[hub]") from error
    asked = {"repo_id": repository, "allow_patterns": [*most]}
    wanted = commit or revision

    def here():
        """The folder of an earlier download, if it was whole, and not too large."""
        with suppress(errors.LocalEntryNotFoundError, FileNotFoundError):
            found = hub.snapshot_download(**asked, revision=wanted, local_files_only=True)
            if all(Path(found, name).stat().st_size <= bytes_ for name, bytes_ in most.items()):
                return Path(found)
        return None

    if commit and (folder := here()):  # which is always the same
        return folder
    try:
        info = hub.HfApi().model_info(repository, revision=wanted, files_metadata=True)
    except errors.HFValidationError as error:
        raise ValueError(f"Expected {FORMS}. Received: {address!r} ({_line(error)})") from error
    except Exception as error:  # of requests or of httpx, by the package's version
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code < 500:
            raise OSError(
                f"The hub does not give {address}: compare it with its page; what is private or "
                f"gated needs a login, by hf auth login. ({_line(error)})"
            ) from error
        if not anew and (folder := here()):
            return folder
        tail = "and what is pinned is of today" if anew else f"and {address} is not here"
        raise OSError(
            f"The hub cannot be reached, {tail}: try again with a network. ({_line(error)})"
        ) from error
    _check(info, address, most)
    try:
        found = hub.snapshot_download(**asked, revision=info.sha, force_download=anew)
    except Exception as error:
        raise OSError(f"{address} did not come whole: try again. ({_line(error)})") from error
    folder = Path(found)
    for name, bytes_ in most.items():
        if not (folder / name).is_file():
            raise OSError(f"{name} of {address} did not come: try again.")
        _check_size(name, (folder / name).stat().st_size, address, bytes_)
    if wanted != info.sha:
        _remember(folder, wanted or "main")
    return folder


def _check(info, address, most):
    """Refuses what the hub says of a repository before anything of it is downloaded."""
    if not isinstance(info.sha, str) or not locks.COMMIT.fullmatch(info.sha):
        raise ValueError(f"The hub names no commit of {address}. Received: {info.sha!r}")
    sizes = {file.rfilename: file.size for file in info.siblings or []}
    for name, bytes_ in most.items():
        if name not in sizes:
            raise ValueError(
                f"{address} has no {name}: expected a folder that `aezoo publish` has written."
            )
        _check_size(name, sizes[name], address, bytes_)


def _check_size(name, size, address, most):
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"The hub does not say how large {name} of {address} is: {size!r}")
    if size > most:
        raise ValueError(f"{name} of {address} has {size:,} bytes: {most:,} are taken at most.")


def _remember(folder, revision):
    """Notes the commit as the hub's package does of what is downloaded by a name, to find it.

    By that name it would download what stands there by now, of which the size is not known.
    """
    with (
        suppress(OSError),  # of a cache that others have filled
        replacing(folder.parents[1] / "refs" / revision) as beside,
    ):
        beside.write_text(folder.name, "ascii")


def _hashes(folder, names):
    return {name: sha256(folder / name) for name in names}


def _line(error):
    return " ".join(str(error).split())[:500]
