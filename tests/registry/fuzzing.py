"""Damaged files, and what becomes of who loads them: `fuzz` counts that."""

import json
import random
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

import aezoo
from aezoo.registry import weights
from tests.registry import hostile

X = np.random.default_rng(0).random((8, 4)).astype("float32")
KINDS = ("keras", "configuration", "arrays", "weights", "card", "bare")
UNHASHED = ("configuration", "arrays", "bare")  # whose checksum is right, or which have none


def fuzz(kind, count, folder, seed=0):
    """Loads damaged copies of a small good file.

    Args:
        kind: String, what is damaged: `"keras"`, a `.keras` file; `"configuration"` or `"arrays"`,
            a member of it, with a checksum that is right; `"weights"` or `"card"`, a file of a
            folder with both; `"bare"`, a `.weights.h5` file without a card.
        count: Integer, how many copies.
        folder: `pathlib.Path` of an empty folder.
        seed: Integer.

    Returns:
        `collections.Counter`: how many were `"refused"` (a `ValueError` or `FileNotFoundError`),
        loaded with the `"same"` outputs, or with `"other"` ones, which only who has a right
        checksum, or no hash, can have; and each other exception, by what it said. Of a crash or a
        hang it does not return.
    """
    whole, put, load = _prepared(kind, Path(folder))
    expected = load().reconstruct(X)
    found = Counter()
    for damaged in mutations(whole, count, random.Random(seed)):
        put(damaged)
        try:
            outputs = load().reconstruct(X)
        except (ValueError, FileNotFoundError):
            found["refused"] += 1
        except Exception as error:  # what is being looked for
            found[f"{type(error).__name__}: {error}"[:300]] += 1
        else:
            same = outputs.shape == expected.shape and np.array_equal(outputs, expected)
            found["same" if same else "other"] += 1
    return found


def mutations(whole, count, rng):
    """Copies of bytes that differ: cut, with other bits, with parts that are gone or moved."""
    for _ in range(count):
        content = bytearray(whole)
        start, end = sorted(rng.randrange(len(whole)) for _ in range(2))
        end = min(end, start + rng.choice([1, 8, 64, 4096]))
        way = rng.randrange(6)
        if way == 0:
            del content[start:]
        elif way == 1:
            del content[start:end]
        elif way == 2:
            content[start:end] = bytes(end - start)
        elif way == 3:
            content[start:start] = content[start:end]
        elif way == 4:
            content[start:end] = bytes(rng.randrange(256) for _ in range(end - start))
        else:
            for _ in range(rng.choice([1, 1, 1, 4, 16])):
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        yield bytes(content)


def shuffles(file, count, rng):
    """Archives of the right members, in other orders and with the contents of one another."""
    parts = list(hostile.members(file).items())
    for _ in range(count):
        names, contents = zip(*rng.sample(parts, len(parts)), strict=True)
        contents = rng.choice([contents, rng.choices(contents, k=len(contents))])
        how = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
        hostile.archive(file, zip(names, contents, strict=True), how)
        yield file


def _prepared(kind, folder):
    """The bytes to damage, how they are put back, and how the whole is loaded."""
    ae = aezoo.vanilla(4, 2)
    if kind in ("keras", "configuration", "arrays"):
        file = folder / "model.keras"
        ae.save(file)
        parts = hostile.members(file)
        name = {"configuration": hostile.CONFIG, "arrays": hostile.ARRAYS}.get(kind)

        def put(content):
            if name:
                hostile.archive(file, {**parts, name: content}.items())
            else:
                file.write_bytes(content)

        whole = parts[name] if name else file.read_bytes()
        return whole, put, lambda: aezoo.load_model(file)
    file = folder / weights.FILE
    ae.save_weights(file)
    if kind == "bare":
        return (
            file.read_bytes(),
            file.write_bytes,
            lambda: aezoo.build("vanilla", 4, 2, weights=file),
        )
    write_card(folder)
    file = folder / weights.CARD if kind == "card" else file
    return file.read_bytes(), file.write_bytes, lambda: aezoo.build("vanilla", weights=folder)


def write_card(folder):
    """Writes the card of the weights of a `vanilla` in a folder."""
    keys = {key: {} for key in ("options", "training", "metrics")}
    card = {"model": "vanilla", "data": "none", "input_shape": [4], "latent_dim": 2, **keys}
    card["files"] = {weights.FILE: weights.sha256(folder / weights.FILE)}
    (folder / weights.CARD).write_text(json.dumps(card, indent=2))
    return folder / weights.CARD
