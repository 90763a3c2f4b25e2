"""The members of a `.keras` file: the three that Keras writes, whole and not too large."""

import os
import stat
import zipfile
from pathlib import Path

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MOST_CONFIG, MOST_METADATA = 2**24, 2**16  # bytes
MOST_EXPANSION = 100  # of a compressed member: weights that were trained do not shrink so
ENCRYPTED = 1  # of the flags of a member
PIECE = 2**20

OTHERS = {  # how files begin that are not what their name says
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, the legacy format of Keras",
    b"\x80": "a pickle, which may run any code",
    b"TFL3": "a TensorFlow Lite file",
}


class RefusedError(ValueError):
    """A file that asks for what no file should."""


def extract(path: Path, folder: Path, max_bytes: int) -> None:
    """Writes the members of a `.keras` file into a folder, checked and counted.

    Args:
        path: `pathlib.Path` of the file.
        folder: `pathlib.Path` of an empty folder.
        max_bytes: Integer, how large the weights may be.

    Raises:
        RefusedError: A `ValueError`, if it has other members than Keras writes, or too large ones.
        zipfile.BadZipFile: If it is damaged.
    """
    limits = {CONFIG: MOST_CONFIG, METADATA: MOST_METADATA, WEIGHTS: max_bytes}
    with open(path, "rb") as file:
        start = file.read(8)
    for magic, what in OTHERS.items():
        if start.startswith(magic) or start[4:] == magic:  # FlatBuffers' stand after an offset
            raise RefusedError(f"it is {what}, not a .keras file")
    if os.path.getsize(path) > sum(limits.values()):
        raise RefusedError(f"it has {os.path.getsize(path):,} bytes: {_remedy(max_bytes)}")
    if not start.startswith(b"PK\3\4"):
        raise zipfile.BadZipFile("it does not begin as a .keras file does")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            _check(member, limits, max_bytes)
        names = [member.filename for member in members]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise RefusedError(f"it has two members called {min(twice)}")
        missing = sorted(limits.keys() - set(names))
        if missing:
            raise RefusedError(f"it has no member {missing[0]}")
        for member in members:
            _copy(archive, member, folder / member.filename)


def _check(member, limits, max_bytes):
    name, size = member.filename, member.file_size
    if name not in limits or member.orig_filename != name:
        raise RefusedError(
            f"it has a member {member.orig_filename!r}, and Keras writes {', '.join(limits)} alone"
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise RefusedError(f"its member {name} is a link, or another thing that is no file")
    if member.flag_bits & ENCRYPTED:
        raise RefusedError(f"its member {name} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError(f"its member {name} is compressed in a way that Keras has not")
    if size > limits[name]:
        told = _remedy(max_bytes) if name == WEIGHTS else f"{limits[name]:,} are allowed"
        raise RefusedError(f"its member {name} has {size:,} bytes: {told}")
    if size > MOST_METADATA and size > MOST_EXPANSION * member.compress_size:
        raise RefusedError(
            f"its member {name} has {size:,} bytes in {member.compress_size:,}, which is a bomb"
        )


def _copy(archive, member, target):
    """Copies a member, as far as its declared size; zipfile compares the checksum at its end."""
    left = member.file_size
    with archive.open(member) as source, open(target, "xb") as file:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise RefusedError(f"its member {member.filename} has more bytes than it says")
            file.write(piece)
    if left:
        raise zipfile.BadZipFile(f"{member.filename} has fewer bytes than it says")


def _remedy(max_bytes):
    return f"max_bytes={max_bytes:,} are allowed, give more if you expect them"
