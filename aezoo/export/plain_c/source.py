"""The C of a model: constants, kernels, and a function for each of its parts."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aezoo.export.micro import array_of
from aezoo.export.plain_c.graph import Graph
from aezoo.export.plain_c.kernels import KERNELS, RESCALED
from aezoo.export.plain_c.memory import memory_of
from aezoo.export.plain_c.operators import Call, call_of

HEADER = """\
// Parts of an autoencoder in int8 as plain C99: no library, no floating point, no allocation.
// They compute what the files do that lie beside this one, by TensorFlow Lite Micro, to the byte.
//
// Into a function: q = round(x / INPUT_SCALE) + INPUT_ZERO_POINT, within [-128, 127].
// Out of it: x = (q - OUTPUT_ZERO_POINT) * OUTPUT_SCALE.
{normalization}// A function's arrays must not overlap. All share one memory: one runs at a time.
#ifndef AEZOO_H_
#define AEZOO_H_

#include <stdint.h>

#define AEZOO_CONSTANT_BYTES {constants}  // of all parts, which share what is equal
#define AEZOO_ARENA_BYTES {arena}
{sizes}
#ifdef __cplusplus
extern "C" {{
#endif
{functions}{arrays}#ifdef __cplusplus
}}
#endif

#endif  // AEZOO_H_
"""
SIZES = """
#define AEZOO_{NAME}_INPUT_SIZE {input_size}  // shape {input_shape}
#define AEZOO_{NAME}_INPUT_SCALE {input_scale:.9e}f
#define AEZOO_{NAME}_INPUT_ZERO_POINT {input_zero_point}
#define AEZOO_{NAME}_OUTPUT_SIZE {output_size}  // shape {output_shape}
#define AEZOO_{NAME}_OUTPUT_SCALE {output_scale:.9e}f
#define AEZOO_{NAME}_OUTPUT_ZERO_POINT {output_zero_point}
"""
FUNCTION = """\
void aezoo_{name}(
    const int8_t input[AEZOO_{NAME}_INPUT_SIZE], int8_t output[AEZOO_{NAME}_OUTPUT_SIZE]){end}
"""
SOURCE = """\
// Generated from TensorFlow Lite files; see aezoo.h.
#include "aezoo.h"

#include <limits.h>

#if INT_MAX < 2147483647
#error "needs an int of 32 bits"
#endif

{body}"""


class Source(NamedTuple):
    """A model in C.

    Attributes:
        header: String, the content of `aezoo.h`.
        body: String, the content of `aezoo.c`.
        constants: Integer, bytes of weights, tables and what is told of layers.
        arena: Integer, bytes of memory that all parts share.
        arenas: Dictionary of each part to the bytes that it needs of these.
    """

    header: str
    body: str
    constants: int
    arena: int
    arenas: dict[str, int]


def source_of(
    graphs: Sequence[Graph],
    tables: Sequence[Mapping[int, np.ndarray]],
    normalization: tuple[np.ndarray, np.ndarray] | None = None,
) -> Source:
    """Writes models as C, what they have in common once.

    Args:
        graphs: Sequence of `aezoo.export.plain_c.graph.Graph`, with a name each.
        tables: Sequence of the tables of each, see `aezoo.export.plain_c.tables.tables_of`.
        normalization: A pair of float arrays, offset and scale of each feature, if raw values
            are to be normalized outside of the model as `(x - offset) / scale`.

    Returns:
        `Source`.

    Raises:
        ValueError: If there is an operator, or a kind of one, that there is no C for.
    """
    constants = _Constants()
    kernels: dict[str, None] = {}  # in the order of their first use
    functions, arenas = [], {}
    for graph, found in zip(graphs, tables, strict=True):
        calls = [call for step in graph.steps if (call := call_of(step, found))]
        memory = memory_of(graph, calls)
        arenas[graph.name] = memory.arena
        kernels |= dict.fromkeys(call.kernel for call in calls)
        lines = [line for call in calls for line in _called(call, memory.places, constants)]
        if any("arena" in line for line in lines):
            lines.insert(0, "  int8_t *const arena = (int8_t *)memory;")
        start = FUNCTION.format(name=graph.name, NAME=graph.name.upper(), end=" {")
        functions.append("\n".join([start.rstrip("\n"), *lines, "}"]) + "\n")
    arena = max(arenas.values())
    body = [RESCALED] if any("struct rescaling" in KERNELS[name] for name in kernels) else []
    body += [KERNELS[name] for name in kernels]
    body += constants.declarations
    if arena:
        body.append(f"static int32_t memory[{arena // 4}];  // aligned for int32_t\n")
    body += functions
    arrays, offset_and_scale = "", ""
    if normalization is not None:
        offset, scale = (np.ravel(array).astype("float32") for array in normalization)
        named = {"aezoo_feature_offset": offset, "aezoo_feature_scale": scale}
        body += [array_of(f"const float {key}", value) for key, value in named.items()]
        arrays = "".join(f"extern const float {key}[{len(offset)}];\n" for key in named)
        arrays = f"// For each feature, the last axis of a sample.\n{arrays}"
        offset_and_scale = (
            "// The samples x, and what is rebuilt of them, are normalized: "
            "(raw - feature_offset) / feature_scale.\n"
        )
    header = HEADER.format(
        normalization=offset_and_scale,
        constants=constants.bytes,
        arena=arena,
        sizes="".join(_sizes(graph) for graph in graphs),
        functions="".join(
            FUNCTION.format(name=graph.name, NAME=graph.name.upper(), end=";") for graph in graphs
        ),
        arrays=arrays,
    )
    source = SOURCE.format(body="\n".join(body))
    return Source(header, source, constants.bytes, arena, arenas)


class _Constants:
    """Arrays and structs, each of which is declared once."""

    def __init__(self):
        self.declarations: list[str] = []
        self.bytes = 0
        self._names: dict[Any, str] = {}

    def array(self, kind: str, values: np.ndarray) -> str:
        """The name of an array."""
        key = (str(values.dtype), values.tobytes())

        def declared(name):
            return array_of(f"static const {values.dtype}_t {name}", np.ravel(values))

        return self._named(key, kind, declared, values.nbytes)

    def struct(self, kind: str, fields: Mapping[str, Any]) -> str:
        """The name of a struct."""
        text = self._members(kind, fields, "    ")
        size = 4 * sum(map(_words, fields.values()))
        return self._named(
            (kind, text), kind, lambda name: f"static const struct {kind} {name} = {text};\n", size
        )

    def _members(self, kind, fields, indent):
        lines = []
        for key, value in fields.items():
            if isinstance(value, np.ndarray):
                value = self.array(f"{kind}_{key}" if key == "table" else key, value)
            elif isinstance(value, Mapping):
                value = self._members(kind, value, indent + "    ")
            elif isinstance(value, Sequence):
                value = "{" + ", ".join(map(str, value)) + "}"
            lines.append(f"{indent}.{key} = {0 if value is None else value},\n")
        return "{\n" + "".join(lines) + indent[4:] + "}"

    def _named(self, key, kind, declared, size):
        if key not in self._names:
            count = sum(name.rsplit("_", 1)[0] == kind for name in self._names.values())
            self._names[key] = f"{kind}_{count}"
            self.declarations.append(declared(self._names[key]))
            self.bytes += size
        return self._names[key]


def _words(value):
    """How many members of four bytes there are in a member of a struct."""
    if isinstance(value, Mapping):
        return sum(map(_words, value.values()))
    array = isinstance(value, np.ndarray)
    return 1 if array or not isinstance(value, Sequence) else len(value)


def _called(call: Call, places, constants):
    """Lines of C that call a kernel, and what it stands for."""
    arguments = [f"&{constants.struct(call.kernel, call.fields)}"]
    for tensor in (*call.inputs, call.output):
        if tensor.data is not None:
            arguments.append(constants.array("operand", tensor.data))
            continue
        place = places[tensor.index]
        pointer = place if isinstance(place, str) else f"arena + {place}"
        arguments.append(f"(int32_t *)({pointer})" if tensor.dtype == "int32" else pointer)
    varying = next(tensor for tensor in call.inputs if tensor.data is None)
    yield f"  // {call.step.op}: {varying} to"
    yield f"  // {call.output}"
    yield f"  {call.kernel}({', '.join(arguments)});"


def _sizes(graph):
    values = {}
    for end, tensor in (("input", graph.input), ("output", graph.output)):
        values[f"{end}_size"] = tensor.size
        values[f"{end}_shape"] = ", ".join(map(str, tensor.shape))
        values[f"{end}_scale"] = float(tensor.scale)
        values[f"{end}_zero_point"] = tensor.zero_point
    return SIZES.format(NAME=graph.name.upper(), **values)
