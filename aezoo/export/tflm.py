"""Runs a .tflite on TensorFlow Lite Micro, in a process of its own, which a bad file may end."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ARENA = 16  # bytes, the alignment of an arena
MORE = 1.25  # what an arena grows by where the one that was recorded proves too small
TIMEOUT = 300  # seconds


class MicroError(RuntimeError):
    """TensorFlow Lite Micro cannot run a file."""


def invoke(path: str | os.PathLike, inputs: np.ndarray) -> tuple[np.ndarray, int]:
    """Runs a file sample by sample.

    Args:
        path: String or path of a `.tflite` file with one signature and a batch of 1.
        inputs: int8 array of shape `(n, *input_shape)`.

    Returns:
        A pair: the outputs, int8 of shape `(n, *output_shape)`, and the bytes of memory (the
        tensor arena) that sufficed for them on this machine. Pointers of 32 bits need less.

    Raises:
        ImportError: If the package `tflite-micro` is not installed.
        MicroError: If the runtime refuses the file, dies of it, or does not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/inputs.npy", inputs)
        recorded = _child(path, folder, None)
        arena = -(-recorded // ARENA) * ARENA
        while True:
            try:
                _child(path, folder, arena)
                return np.load(f"{folder}/outputs.npy"), arena
            except MicroError as error:
                hangs = isinstance(error.__cause__, subprocess.TimeoutExpired)
                if hangs or arena > 2 * recorded:
                    raise
                arena = -(-int(arena * MORE) // ARENA) * ARENA


def _child(path, folder, arena):
    """Bytes of arena that were used."""
    command = [sys.executable, "-P", __file__, str(path), folder, json.dumps(arena)]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise MicroError(f"{Path(path).name} did not end within {TIMEOUT} s.") from error
    if "No module named 'tflite_micro'" in run.stderr:
        raise ImportError(
            "Proving a file for microcontrollers needs one more package, which there is for Linux "
            "on x86_64: pip install aezoo[micro]"
        )
    used = re.search(r"Arena allocation total (\d+) bytes", run.stderr)
    if run.returncode or not used:
        noise = ("[Recording", "Traceback", " ")
        said = [line for line in run.stderr.splitlines() if line and not line.startswith(noise)]
        raise MicroError(
            f"TensorFlow Lite Micro cannot run {Path(path).name} (status {run.returncode}): "
            f"{' '.join(said)[:500]}"
        )
    return int(used[1])


def _main(path, folder, arena):
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(path, arena_size=json.loads(arena))
    outputs = []
    for sample in np.load(f"{folder}/inputs.npy"):
        interpreter.set_input(sample[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0].copy())
    interpreter.print_allocations()
    np.save(f"{folder}/outputs.npy", np.stack(outputs))


if __name__ == "__main__":
    _main(*sys.argv[1:])
