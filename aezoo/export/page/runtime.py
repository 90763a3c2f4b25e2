"""LiteRT.js, copied from an npm installation, so that a page needs no network."""

import json
import os
from pathlib import Path

PACKAGE = "@litertjs/core"
INSTALLED = Path("node_modules") / PACKAGE
UTILITIES = "@litertjs/wasm-utils"
# Of the four builds these two: the first is for browsers with relaxed SIMD (Chromium, Firefox),
# the other for those without (Safari). Threads and JSPI serve larger models and GPUs.
WASM = ("litert_wasm_internal", "litert_wasm_compat_internal")
CHANGED = "// Changed by aezoo: where wasm-utils is, since a page has no node_modules.\n"


def runtime_files(runtime: str | os.PathLike) -> dict[str, bytes]:
    """What a page needs of LiteRT.js.

    Args:
        runtime: String or path of the folder of the npm package `@litertjs/core`.

    Returns:
        Dictionary of file names to their content: `core.js`, `wasm-utils.js`, the two builds of
        the Wasm, and `package.json`, which names version and licence.

    Raises:
        FileNotFoundError: If there is no such package, or it lacks a file.
        ValueError: If it is another package, or one that this version does not know how to copy.
    """
    runtime = Path(runtime)
    described = runtime / "package.json"
    if not described.is_file():
        raise FileNotFoundError(
            f"There is no {described}: run npm install {PACKAGE}, and name its folder with "
            f"runtime='{INSTALLED.as_posix()}' (--runtime)."
        )
    try:
        name = json.loads(described.read_text(encoding="utf-8")).get("name")
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{described} is damaged: {error}") from error
    if name != PACKAGE:
        raise ValueError(
            f"Expected the npm package {PACKAGE}. Received: {runtime}, which is {name!r}"
        )
    core = _content(runtime / "dist" / "index.js").decode()
    utilities = _found_above(runtime.resolve()) / "dist" / "index.js"
    quoted = f'"{UTILITIES}"'
    if quoted not in core:
        raise ValueError(
            f"{runtime} does not import {UTILITIES}, as the versions 2 of {PACKAGE} do: install "
            f"{PACKAGE}@2."
        )
    files = {
        "core.js": (CHANGED + core.replace(quoted, '"./wasm-utils.js"')).encode(),
        "wasm-utils.js": _content(utilities),
        "package.json": _content(described),
    }
    for build in WASM:
        for suffix in (".js", ".wasm"):
            files[build + suffix] = _content(runtime / "wasm" / (build + suffix))
    return files


def _found_above(folder):
    """The folder of wasm-utils, which Node looks for in the same order."""
    for above in (folder, *folder.parents):
        candidate = above / "node_modules" / UTILITIES
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"There is no {UTILITIES} with {folder.name}: run npm install {PACKAGE} again."
    )


def _content(path):
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path}: run npm install {PACKAGE} again.")
    return path.read_bytes()
