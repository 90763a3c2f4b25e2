"""Plain C, compared byte by byte with TensorFlow Lite Micro before it is handed out."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aezoo.export.micro import CHECKED, Proof, prove, refuse_difference
from aezoo.export.plain_c.examples import write_examples
from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.source import source_of
from aezoo.export.plain_c.tables import tables_of
from aezoo.export.report import ExportError
from aezoo.export.samples import spread

COMPILERS = ("cc", "gcc", "clang")
TIMEOUT = 300  # seconds
DRIVER = """\
#include <stdio.h>

#include "aezoo.h"

#define RUN(part, PART)                                                          \\
  do {{                                                                           \\
    static int8_t input[AEZOO_##PART##_INPUT_SIZE];                              \\
    static int8_t output[AEZOO_##PART##_OUTPUT_SIZE];                            \\
    FILE *from = fopen(#part ".in", "rb"), *to = fopen(#part ".out", "wb");      \\
    if (!from || !to) return 1;                                                  \\
    while (fread(input, 1, sizeof input, from) == sizeof input) {{                \\
      aezoo_##part(input, output);                                               \\
      fwrite(output, 1, sizeof output, to);                                      \\
    }}                                                                            \\
    if (fclose(to)) return 1;                                                    \\
  }} while (0)

int main(void) {{
{runs}  return 0;
}}
"""


def write_proved_c(
    ae: keras.Model, files: Mapping[Path, tuple[str]], samples: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Writes `aezoo.h` and `aezoo.c` beside files, if they do what TensorFlow Lite Micro does.

    Others generate C, too: onnx2c and emlearn in floating point or with roundings of their own,
    microTVM (no longer part of TVM) and TinyMaix with a runtime. None follows the very integers of
    a .tflite file, so that each byte can be compared, without a library beside it.

    Args:
        ae: `aezoo.Autoencoder`.
        files: Mapping of each `.tflite` file, all in one folder, to a tuple of its only signature.
        samples: Array of shape `(n, *input_shape)`.

    Returns:
        Dictionary of each part, see `ExportReport`.

    Raises:
        ImportError: If the package `tflite-micro` is not installed.
        ValueError: If there is an operator that there is no C for.
        ExportError: If the runtime cannot run a file, or not as LiteRT does, or the C does not
            compile, or not do what the runtime does.
    """
    graphs = [graph_of(file) for file in files]
    normalization = ae.normalization and ae.normalization.statistics
    source = source_of(graphs, tables_of(graphs), normalization)
    samples = spread(samples, CHECKED)
    proofs = {}
    for file, (name,) in files.items():
        x = ae.encode(samples) if name == "decode" else ae.normalize(samples)
        proofs[name] = prove(file, x)
        refuse_difference(name, proofs[name])
    folder = next(iter(files)).parent
    (folder / "aezoo.h").write_text(source.header, encoding="utf-8")
    (folder / "aezoo.c").write_text(source.body, encoding="utf-8")
    write_examples(folder / "examples", proofs)
    compiler = compare(folder, proofs)
    return {
        name: {
            "arena": source.arenas[name],
            "runtime_arena": proof.arena,
            "difference": proof.difference,
            "beyond": proof.beyond,
            "constants": source.constants,
            "compiler": compiler,
            "compared": len(proof.inputs) if compiler else 0,
        }
        for name, proof in proofs.items()
    }


def compare(folder: Path, proofs: Mapping[str, Proof]) -> str | None:
    """Compiles C on this machine, and compares what it makes of samples.

    Args:
        folder: `pathlib.Path` of the folder with `aezoo.h` and `aezoo.c`.
        proofs: Mapping of each part to the `aezoo.export.micro.Proof` of its file.

    Returns:
        String, the first line of what the compiler says of itself, or `None` if there is none on
        this machine.

    Raises:
        ExportError: If it does not compile, or an output is another.
    """
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as place:
        runs = "".join(f"  RUN({name}, {name.upper()});\n" for name in proofs)
        Path(place, "main.c").write_text(DRIVER.format(runs=runs), encoding="utf-8")
        for name, proof in proofs.items():
            Path(place, f"{name}.in").write_bytes(proof.inputs.tobytes())
        source = folder.absolute()
        command = [compiler, "-std=c99", "-O1", f"-I{source}", "main.c", source / "aezoo.c"]
        _run([*command, "-o", "main"], place, "does not compile")
        _run([Path(place, "main")], place, "does not run")
        for name, proof in proofs.items():
            outputs = np.fromfile(Path(place, f"{name}.out"), "int8")
            expected = proof.outputs.ravel()
            if not np.array_equal(outputs, expected):
                apart = f"{len(outputs)} of {len(expected)} bytes"
                if len(outputs) == len(expected):
                    apart = f"{np.mean(outputs != expected):.2%} of its outputs are others"
                raise ExportError(
                    f"{name} in C does not do what TensorFlow Lite Micro does: {apart}."
                )
        return _run([compiler, "--version"], place, "does not run").splitlines()[0]


def _run(command, place, otherwise):
    """What a command says."""
    try:
        run = subprocess.run(
            command, cwd=place, capture_output=True, text=True, errors="replace", timeout=TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(f"The C of the model {otherwise} on this machine: {error}") from error
    if run.returncode:
        raise ExportError(
            f"The C of the model {otherwise} on this machine ({Path(command[0]).name}, status "
            f"{run.returncode}): {run.stderr.strip()[:500]}"
        )
    return run.stdout
