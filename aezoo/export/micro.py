"""Files for microcontrollers: proved on their runtime, and as C sources."""

import os
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from aezoo.edge import inspect, quantized
from aezoo.export.report import ExportError
from aezoo.export.samples import spread
from aezoo.export.scales import output_levels
from aezoo.export.tflm import MicroError, invoke

GOLDEN = 4  # samples that a firmware can check itself with
CHECKED = 50  # samples that the runtime is compared on; its kernels are slow
# The runtimes round ties unlike, by one step in a layer, which deeper layers carry on.
BEYOND = 0.05
FINER = 16  # steps of int16 that count as one
HEADER = """\
// {part} of an autoencoder in {dtype}, for TensorFlow Lite Micro. Operators: {ops}.
//
// Into the model: q = round({into} / INPUT_SCALE) + INPUT_ZERO_POINT, within [{least}, {most}].
// Out of it: {out_of} = (q - OUTPUT_ZERO_POINT) * OUTPUT_SCALE.
#ifndef {NAME}_H_
#define {NAME}_H_

#include <stdint.h>

#define {NAME}_MODEL_SIZE {size}
#define {NAME}_ARENA_SIZE {arena}  // bytes, proved with 64-bit pointers; 32-bit ones need less
#define {NAME}_INPUT_SIZE {input_size}  // shape {input_shape}
#define {NAME}_INPUT_SCALE {input_scale}
#define {NAME}_INPUT_ZERO_POINT {input_zero_point}
#define {NAME}_OUTPUT_SIZE {output_size}  // shape {output_shape}
#define {NAME}_OUTPUT_SCALE {output_scale}
#define {NAME}_OUTPUT_ZERO_POINT {output_zero_point}
#define {NAME}_GOLDEN_COUNT {count}

#ifdef __cplusplus
extern "C" {{
#endif
extern const unsigned char {name}_model[{NAME}_MODEL_SIZE];  // aligned to 16 bytes
// Inputs, and what the model makes of them but for a step of rounding.
extern const {dtype}_t {name}_golden_inputs[{NAME}_GOLDEN_COUNT][{NAME}_INPUT_SIZE];
extern const {dtype}_t {name}_golden_outputs[{NAME}_GOLDEN_COUNT][{NAME}_OUTPUT_SIZE];
{normalization}#ifdef __cplusplus
}}
#endif

#endif  // {NAME}_H_
"""
NORMALIZATION = """\
// For each feature, the last axis of a sample.
extern const float {name}_feature_offset[{features}];
extern const float {name}_feature_scale[{features}];
"""


class Proof(NamedTuple):
    """A file run by TensorFlow Lite Micro.

    Attributes:
        inputs: int8 array of shape `(n, ...)`; or int16, as the file takes them.
        outputs: Array of the same type and shape.
        arena: Integer, the bytes of memory that it ran in.
        difference: Integer, the most steps that an output was away from LiteRT's. Before a
            sigmoid, if one comes last: it turns a step where it is steep into several of its own.
            Of int16 sixteen count as one, a sixteenth of what one is of int8.
        beyond: Float, the fraction of the outputs that were more than one step away.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    arena: int
    difference: int
    beyond: float


def write_proved(
    ae: keras.Model, files: dict[Path, tuple[str]], samples: np.ndarray
) -> dict[str, dict[str, float]]:
    """Runs each file as a microcontroller would, and writes C sources with what was found.

    Args:
        ae: `aezoo.Autoencoder`.
        files: Dictionary of each file to a tuple of its only signature.
        samples: Array of shape `(n, *input_shape)`.

    Returns:
        Dictionary of each part, see `ExportReport`.

    Raises:
        ImportError: If the package `tflite-micro` is not installed.
        ExportError: If the runtime cannot run a file, or not as LiteRT does.
    """
    samples = spread(samples, CHECKED)
    normalization = ae.normalization and ae.normalization.statistics
    proved = {}
    for file, (name,) in files.items():
        x = ae.encode(samples) if name == "decode" else ae.normalize(samples)
        proof = prove(file, x)
        refuse_difference(name, proof)
        write_sources(file, proof, normalization)
        proved[name] = {
            "arena": proof.arena,
            "difference": proof.difference,
            "beyond": proof.beyond,
        }
    return proved


def prove(path: str | os.PathLike, x: np.ndarray) -> Proof:
    """Runs a file in TensorFlow Lite Micro and in LiteRT.

    Args:
        path: String or path of a `.tflite` file with one signature, integers and a batch of 1.
        x: float32 array of shape `(n, ...)`, inputs.

    Returns:
        `Proof`.

    Raises:
        ImportError: If the package `tflite-micro` is not installed.
        ExportError: If the runtime cannot run the file.
    """
    inputs, expected = run_plain(path, x)
    try:
        outputs, arena = invoke(path, inputs)
    except MicroError as error:
        raise ExportError(str(error)) from error
    ours, theirs = outputs.astype(int), expected.astype(int)
    if outputs.dtype == np.int8:
        levels = output_levels(path)
        nearest = np.abs(np.arange(-128, 128)[:, np.newaxis] - levels).argmin(axis=1)
        difference = np.abs(nearest[ours + 128] - nearest[theirs + 128])
    else:
        difference = -(-np.abs(ours - theirs) // FINER)
    return Proof(inputs, outputs, arena, int(difference.max()), float(np.mean(difference > 1)))


def refuse_difference(name: str, proof: Proof) -> None:
    """Refuses a file that a microcontroller would not run as LiteRT does.

    Args:
        name: String, its signature.
        proof: `Proof`.

    Raises:
        ExportError: If more than 5 % of the outputs are more than a step away.
    """
    if proof.beyond > BEYOND:
        raise ExportError(
            f"{name} differs between LiteRT and TensorFlow Lite Micro: {proof.beyond:.1%} of "
            f"its outputs by more than one step of int8, at most {BEYOND:.0%} is right."
        )


def run_plain(path: str | os.PathLike, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs a file in LiteRT with the integers of a microcontroller.

    Args:
        path: String or path of a `.tflite` file with one signature, integers and a batch of 1.
        x: float32 array of shape `(n, ...)`, inputs.

    Returns:
        A pair of integer arrays: inputs and outputs, of shape `(n, ...)`.
    """
    # Without delegates: XNNPACK rounds in floating point, microcontrollers do not.
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    lite = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=plain)
    lite.allocate_tensors()
    (given,), (returned,) = lite.get_input_details(), lite.get_output_details()
    inputs = quantized(x, given)
    outputs = []
    for sample in inputs:
        lite.set_tensor(given["index"], sample[np.newaxis])
        lite.invoke()
        outputs.append(lite.get_tensor(returned["index"])[0].copy())
    return inputs, np.stack(outputs)


def write_sources(
    path: str | os.PathLike,
    proof: Proof,
    normalization: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Writes the C header and source of a model beside its file.

    Args:
        path: String or path of a `.tflite` file with one signature, integers and a batch of 1, as
            `encode.tflite`; `encode.h` and `encode.cc` are written.
        proof: `Proof` of the file; its first inputs and outputs become golden vectors.
        normalization: A pair of float arrays, offset and scale of each feature, if raw values
            are to be normalized outside of the model as `(x - offset) / scale`.
    """
    path = Path(path)
    content, part = path.read_bytes(), path.stem
    name = f"aezoo_{part}"
    found = inspect(path)
    ((ends,),) = (found["signatures"].values(),)
    ((given,), (returned,)) = (ends[end].values() for end in ("inputs", "outputs"))
    inputs, outputs = (array[:GOLDEN].reshape(-1, array[0].size) for array in proof[:2])
    values = {"into": "x", "out_of": "x"}
    dtype, limits = inputs.dtype.name, np.iinfo(inputs.dtype)
    arrays = {}
    if normalization is not None:
        offset, scale = (np.ravel(array) for array in normalization)
        arrays = {f"{name}_feature_offset": offset, f"{name}_feature_scale": scale}
        for end, tensor in (("into", ends["inputs"]), ("out_of", ends["outputs"])):
            if "code" not in tensor:
                values[end] = "(x - feature_offset) / feature_scale"
    header = HEADER.format(
        **values,
        part=part,
        dtype=dtype,
        least=limits.min,
        most=limits.max,
        name=name,
        NAME=name.upper(),
        ops=", ".join(found["ops"]),
        size=len(content),
        arena=proof.arena,
        count=len(inputs),
        normalization=NORMALIZATION.format(name=name, features=len(offset)) if arrays else "",
        **_described("input", given),
        **_described("output", returned),
    )
    path.with_suffix(".h").write_text(header, encoding="utf-8")
    body = [
        f'#include "{part}.h"\n',
        array_of(f"alignas(16) const unsigned char {name}_model", np.frombuffer(content, "uint8")),
        array_of(f"const {dtype}_t {name}_golden_inputs", inputs),
        array_of(f"const {dtype}_t {name}_golden_outputs", outputs),
        *(array_of(f"const float {key}", value) for key, value in arrays.items()),
    ]
    path.with_suffix(".cc").write_text("\n".join(body), encoding="utf-8")


def array_of(declaration: str, values: np.ndarray) -> str:
    """An array in C, with lines of bearable length.

    Args:
        declaration: String, its type and name.
        values: Array of one or two axes.

    Returns:
        String.

    Example:

    >>> print(array_of("const int a", np.array([[1, 2], [3, 4]])))
    const int a[2][2] = {{
        1, 2},
        {3, 4}};
    <BLANKLINE>
    """
    sizes = "".join(f"[{size}]" for size in values.shape)
    rows = values if values.ndim == 2 else [values]
    lines = [
        ",\n    ".join(", ".join(map(_literal, row[i : i + 16])) for i in range(0, len(row), 16))
        for row in rows
    ]
    body = "},\n    {".join(lines)
    braces = ("{{", "}}") if values.ndim == 2 else ("{", "}")
    return f"{declaration}{sizes} = {braces[0]}\n    {body}{braces[1]};\n"


def _described(end, tensor):
    return {
        f"{end}_size": int(np.prod(tensor["shape"])),
        f"{end}_shape": ", ".join(map(str, tensor["shape"])),
        f"{end}_scale": _literal(np.float32(tensor["scale"])),
        f"{end}_zero_point": tensor["zero_point"],
    }


def _literal(number):
    return f"{number:.9e}f" if isinstance(number, np.floating) else str(number)
