"""What compressed samples look like: a head that says what they are, codes, and a checksum."""

import hashlib
import math
import os
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.limits import VARIABLE, most_bytes
from aezoo.data.samples import DataError
from aezoo.uses.entropy import MOST_CELLS

MAGIC = b"AEZ"
VERSION = 2  # 1 knew neither neighbours nor wholes
HEAD = "<3sB8sBfiIIB"  # magic, version, model, kind, step, least, levels, samples, axes
PLACES, UNEQUAL, NEIGHBORS, WHOLE = 1, 2, 4, 8  # bits of the kind
NUMBERS, CELLS = 2**24, 2**23  # that any file may claim to hold, and its tables to have ...
FOR_EACH = 2**14, 2**12  # ... and more for each of its bytes


@dataclass(frozen=True)
class Compressed:
    """Samples as bytes of their codes.

    Attributes:
        model: Bytes, the `fingerprint` of the model that decodes them.
        shape: Tuple of positive integers, that of the samples, `(n, ...)`.
        step: Float, that codes are multiples of; 0 for places in a codebook.
        widths: int8 array of shape `(units,)`, the fourths of powers of 2 that the step is times
            for each unit of the code, or `None` where all are alike.
        least: Integer, the least multiple.
        levels: Integer, how many there are from it on.
        content: Bytes of `aezoo.uses.entropy.encoded`, or of `aezoo.uses.neighbors.encoded`.
        neighbors: Boolean, which of both.
        whole: Boolean, whether images of another size than the model's are encoded as wholes,
            and not in tiles.
    """

    model: bytes
    shape: tuple[int, ...]
    step: float
    widths: np.ndarray | None
    least: int
    levels: int
    content: bytes
    neighbors: bool = False
    whole: bool = False

    def packed(self) -> bytes:
        """All of it as bytes: a head, the content, and a checksum (CRC-32).

        Returns:
            Bytes. Numbers have their least byte first.
        """
        kind = PLACES * (self.step == 0) + UNEQUAL * (self.widths is not None)
        kind += NEIGHBORS * self.neighbors + WHOLE * self.whole
        version = VERSION if kind >= NEIGHBORS else 1
        n, *sample = self.shape
        head = (MAGIC, version, self.model, kind, self.step, self.least, self.levels, n)
        data = struct.pack(HEAD, *head, len(sample)) + struct.pack(f"<{len(sample)}I", *sample)
        if self.widths is not None:
            data += struct.pack("<H", len(self.widths)) + self.widths.astype(np.int8).tobytes()
        data += self.content
        return data + struct.pack("<I", zlib.crc32(data))


def unpacked(data: bytes) -> Compressed:
    """Reads what `Compressed.packed` wrote.

    Args:
        data: Bytes.

    Returns:
        `Compressed`.

    Raises:
        aezoo.data.samples.DataError: If they are none of it, of a later version, damaged, or
            claim to be more than fits.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise DataError(f"Expected bytes of aezoo.compress. Received: {type(data).__name__}")
    data = bytes(data)
    if data[:3] != MAGIC:
        raise DataError("These are no compressed samples of aezoo: they begin otherwise.")
    if not 1 <= (data[3] if data[3:] else 0) <= VERSION:
        raise DataError(
            f"The compressed samples are of version {data[3] if data[3:] else 'none'}, this aezoo "
            f"reads versions 1 to {VERSION}: take a later one."
        )
    body, checksum = data[:-4], data[-4:]
    if struct.pack("<I", zlib.crc32(body)) != checksum:
        raise DataError("The compressed samples are damaged: their checksum differs.")
    try:
        *head, axes = struct.unpack_from(HEAD, body)
        at = struct.calcsize(HEAD)
        sample = struct.unpack_from(f"<{axes}I", body, at)
        at += 4 * axes
        widths = None
        if head[3] & UNEQUAL:
            (units,) = struct.unpack_from("<H", body, at)
            widths = np.frombuffer(body, np.int8, units, at + 2)
            at += 2 + units
    except (struct.error, ValueError) as error:
        raise DataError(f"The compressed samples are damaged: {error}") from error
    _, _, model, kind, step, least, levels, n = head
    shape = (n, *sample)
    fits = math.prod(shape) > 0 and 0 < levels <= MOST_CELLS
    if not (fits and math.isfinite(step) and (step > 0) == (not kind & PLACES)):
        raise DataError(
            f"The compressed samples claim to be {shape} in {levels:,} levels with a step of "
            f"{step:g}, which cannot be."
        )
    check_claims(len(data), math.prod(shape))
    ways = bool(kind & NEIGHBORS), bool(kind & WHOLE)
    return Compressed(model, shape, step, widths, least, levels, body[at:], *ways)


def check_claims(size: int, numbers: int, cells: int = 0) -> None:
    """Refuses what claims far more than so few bytes can hold, before memory is taken for it.

    Codes that hardly ever differ take next to nothing, so that it is no matter of right or wrong:
    what takes more is refused unless `AEZOO_MAX_BYTES` is set.

    Args:
        size: Integer, how many bytes there are.
        numbers: Integer, how many numbers they claim to be, or take to be decoded.
        cells: Integer, how many probabilities they take.

    Raises:
        aezoo.data.samples.DataError: If it does.

    Example:

    >>> check_claims(100, 10**12)
    Traceback (most recent call last):
    aezoo.data.samples.DataError: The compressed samples claim more than their 100 bytes are taken
    to hold, 1,000,000,000,000 numbers with 0 probabilities: they are damaged or harmful, or set
    AEZOO_MAX_BYTES, the bytes that they may take in memory, if you trust them.
    """
    given = VARIABLE in os.environ
    likely = all(
        claimed <= base + more * size
        for claimed, base, more in zip((numbers, cells), (NUMBERS, CELLS), FOR_EACH, strict=True)
    )
    if 4 * numbers > most_bytes() or not (likely or given):
        raise DataError(
            f"The compressed samples claim more than their {size:,} bytes are taken to hold, "
            f"{numbers:,} numbers with {cells:,} probabilities: they are damaged or harmful, or "
            f"set {VARIABLE}, the bytes that they may take in memory, if you trust them."
        )


def fingerprint(ae: Autoencoder) -> bytes:
    """What tells one trained model from another.

    Args:
        ae: `aezoo.Autoencoder`.

    Returns:
        8 bytes of the SHA-256 of its layers' kinds, activations and levels, and of its weights.
    """
    found = hashlib.sha256()
    for layer in (*ae.encoder.layers, *ae.decoder.layers):
        activation = getattr(getattr(layer, "activation", None), "__name__", "")
        found.update(f"{type(layer).__name__} {activation} {getattr(layer, 'levels', '')}".encode())
    for weight in ae.weights:
        value = np.ascontiguousarray(weight.numpy())
        found.update(f"{value.dtype.str}{value.shape}".encode())
        found.update(value.tobytes())
    return found.digest()[:8]
