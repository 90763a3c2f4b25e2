"""The content of a .tflite file, checked before an interpreter, which trusts it, gets to see it."""

import hashlib
import json
import math
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.structure import verify

OPS = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
TYPES = {code: name for name, code in vars(schema.TensorType).items() if name.isupper()}
LARGEST = 2**30  # bytes of a file, or of its activations; a wrong bit can ask for any
QUANTIZED = ("INT4", "INT8", "UINT8", "INT16", "UINT16", "INT32")


def read(path: str | os.PathLike, max_bytes: int = LARGEST) -> tuple[bytes, schema.ModelT]:
    """Reads a .tflite file, and refuses what an interpreter could stumble over.

    Where the report of its export lies beside it, as `PATH.json`, and names its SHA-256, the file
    must be the very same. Without it a wrong number among the weights goes unnoticed. Which
    operators it has is not looked at, see `aezoo.edge.operators`.

    Args:
        path: String or path of the file.
        max_bytes: Positive integer, how large the file, and all activations of one sample in a
            graph of it, may be at most.

    Returns:
        A pair: bytes, the content, and `ModelT`, what it says.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, damaged, or another one than the report names.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(aezoo.vanilla(8, 2), f"{folder}/model.tflite")
    ...     content, model = read(f"{folder}/model.tflite")
    >>> model.version, len(content) == report.size
    (3, True)
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    if path.stat().st_size > max_bytes:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes, of which {max_bytes:,} are read at most: "
            "give a larger max_bytes if you trust it."
        )
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise ValueError(f"{path} is not a TFLite file.")
    expected, found = _expected_hash(path), hashlib.sha256(content).hexdigest()
    if expected not in (None, found):
        raise ValueError(
            f"{path} is damaged, or another file than its report names: export it again, or copy "
            f"it together with {path.name}.json. Expected the SHA-256 {expected}. Received: {found}"
        )
    try:
        verify(content)
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        _check(model, len(content), max_bytes)
    except Exception as error:  # the generated classes raise anything when offsets lead nowhere
        raise ValueError(f"{path} is a damaged TFLite file: {error}") from error
    return content, model


def listed(values: Sequence | None) -> Sequence:
    """The values of a vector that the file may leave out.

    Args:
        values: Sequence, or `None`.

    Returns:
        Sequence.

    Example:

    >>> listed(None), listed([1, 2])
    ((), [1, 2])
    """
    return () if values is None else values


def operator_name(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """The name of an operator.

    Args:
        model: `ModelT` of the TFLite schema.
        operator: `OperatorT` of it.

    Returns:
        String, such as `"CONV_2D"`; of one outside the builtin set the name that it was given.
    """
    code = model.operatorCodes[operator.opcodeIndex]
    name = OPS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return code.customCode.decode() if name == "CUSTOM" else name


def nbytes(tensor: schema.TensorT) -> int:
    """The bytes of the values of a tensor.

    Args:
        tensor: `TensorT` of the TFLite schema.

    Returns:
        Integer, for a batch of one where any is taken; 0 where values are not of one size.
    """
    shape = [int(size) for size in listed(tensor.shape)]
    return -(-math.prod(shape) * _bits(TYPES[tensor.type]) // 8)


def _expected_hash(path):
    try:
        report = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):  # none, or no report
        return None
    return report.get("sha256") if isinstance(report, dict) else None


def _check(model, size, max_bytes):
    _require(model.version == 3, f"it is of version {model.version}, and 3 is read")
    _require(not model.externalBuffers, "it keeps weights in other files")
    for buffer in model.buffers:
        _require(max(buffer.offset, 0) + buffer.size <= size, "a buffer lies outside of the file")
    for code in model.operatorCodes:
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        _require(number in OPS, f"there is no operator {number}")
        if OPS[number] == "CUSTOM":
            code.customCode.decode()
    for graph in model.subgraphs:
        activations = 0
        for tensor in graph.tensors:
            activations += _check_tensor(tensor, model.buffers)
        _require(
            activations <= max_bytes,
            f"its activations take {activations:,} bytes, of which {max_bytes:,} are given at "
            "most: give a larger max_bytes if you trust it",
        )
        _check_order(graph, model)
    signatures = model.signatureDefs or []
    keys = {signature.signatureKey.decode() for signature in signatures}
    _require(len(keys) == len(signatures), "several signatures have one name")
    for signature in signatures:
        graph = _at(model.subgraphs, signature.subgraphIndex, "subgraph")
        for members, ends in (
            (signature.inputs, graph.inputs),
            (signature.outputs, graph.outputs),
        ):
            names = {member.name.decode() for member in listed(members)}
            _require(len(names) == len(listed(members)), "several tensors have one name")
            for member in listed(members):
                _require(member.tensorIndex in ends, "a signature names no end of its graph")
    for entry in model.metadata or []:
        entry.name.decode()
        _at(model.buffers, entry.buffer, "buffer")


def _check_tensor(tensor, buffers):
    """Bytes of the tensor that are not in the file."""
    _require(tensor.type in TYPES, f"there is no type {tensor.type}")
    name, shape = TYPES[tensor.type], [int(size) for size in listed(tensor.shape)]
    signature = shape if tensor.shapeSignature is None else [*map(int, tensor.shapeSignature)]
    _require(
        len(signature) == len(shape)
        and all(wanted in (size, -1) for wanted, size in zip(signature, shape, strict=True)),
        f"the shape {shape} is not of {signature}",
    )
    _require(all(size >= 0 for size in shape), f"a tensor has the shape {shape}")
    _require(not tensor.externalBuffer, "a tensor lies in another file")
    if tensor.quantization is not None:
        _check_quantization(tensor.quantization, name, shape)
    buffer = _at(buffers, tensor.buffer, "buffer")
    stored, needed = len(listed(buffer.data)) or buffer.size, nbytes(tensor)
    if not stored or tensor.sparsity is not None or not _bits(name):
        return 0 if stored else needed
    _require(stored == needed, f"{stored} bytes for a {name} of shape {shape}")
    _require(not tensor.isVariable, "a variable has a value")
    return 0


def _check_quantization(quantization, name, shape):
    scales, zero_points = listed(quantization.scale), listed(quantization.zeroPoint)
    if not len(scales) or name not in QUANTIZED:
        return
    dimension, steps = quantization.quantizedDimension, 2 ** _bits(name)
    lowest = 0 if name.startswith("U") else -steps // 2
    one_each = 0 <= dimension < len(shape) and len(scales) == shape[dimension]
    _require(len(scales) == 1 or one_each, f"{len(scales)} scales for the shape {shape}")
    _require(len(zero_points) == len(scales), f"{len(zero_points)} zero points")
    _require(np.isfinite(scales).all() and np.min(scales) >= 0, "a scale is no positive number")
    _require(
        lowest <= np.min(zero_points) and np.max(zero_points) < lowest + steps,
        f"a zero point is no {name}",
    )


def _check_order(graph, model):
    """Each tensor must be given, constant, or what one earlier operator returns."""
    inputs, outputs = listed(graph.inputs), listed(graph.outputs)
    known = {int(index) for index in inputs}
    for index in known:
        buffer = model.buffers[_at(graph.tensors, index, "tensor").buffer]
        _require(not len(listed(buffer.data)), f"the input {index} is a constant")
    for index, tensor in enumerate(graph.tensors):
        constant = len(listed(model.buffers[tensor.buffer].data)) or 0 in listed(tensor.shape)
        if constant or tensor.isVariable or model.buffers[tensor.buffer].offset:
            known.add(index)
    for operator in listed(graph.operators):
        _at(model.operatorCodes, operator.opcodeIndex, "operator")
        for index in listed(operator.inputs):
            _require(index == -1 or index in known, f"nothing returns tensor {index}")
        for index in listed(operator.intermediates):
            _require(-1 <= index < len(graph.tensors), f"there is no tensor {index}")
        for index in listed(operator.outputs):
            _at(graph.tensors, index, "tensor")
            _require(index not in known, f"tensor {index} is returned twice")
            known.add(int(index))
    for index in outputs:
        _require(index in known, f"nothing returns tensor {index}")


@cache
def _bits(name):
    """Bits of a value of a type; none where values are not of one size."""
    digits = re.search(r"\d+", name)
    return int(digits[0]) if digits else 8 * (name == "BOOL")


def _at(members, index, what):
    _require(0 <= index < len(members), f"there is no {what} {index}")
    return members[index]


def _require(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)
