"""Look into a .tflite file, and time what it does."""

import os
import time
from collections import Counter
from collections.abc import Callable

from aezoo.edge.criterion import criterion_of
from aezoo.edge.memory import arena, flash
from aezoo.edge.reading import LARGEST, OPS, TYPES, listed, operator_name, read

FLOATS = ("FLOAT16", "FLOAT32", "FLOAT64")


def inspect(path: str | os.PathLike, *, max_bytes: int = LARGEST) -> dict:
    """What is in a .tflite file, which is read, but not run.

    Args:
        path: String or path of the file.
        max_bytes: Positive integer, as of `aezoo.LiteModel`.

    Returns:
        Dictionary: `size` in bytes; `signatures`, a dictionary of each signature's `inputs` and
        `outputs`, dictionaries of name to `shape` (-1 where free), `dtype`, `scale` and
        `zero_point`; `ops`, how often each operator occurs; `dtypes`, the types of all tensors;
        `float_ops`, the operators that compute in floating point; `foreign_ops`, those outside
        the builtin set; `flash`, the bytes of each constant, and `arena`, those of activations
        operator by operator, see `aezoo.edge.memory`. Of a detector also `detector`: its
        `threshold`, `false_alarm_rate`, `features` (their names, or `None`), and the counts of
        `references`, `neighbors` and `calibration_samples`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, or damaged, or holds a detector of another format.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(aezoo.vanilla(8, 2), f"{folder}/model.tflite")
    ...     contents = inspect(f"{folder}/model.tflite")
    >>> contents["ops"]["FULLY_CONNECTED"] > 0, contents["foreign_ops"]
    (True, {})
    """
    content, model = read(path, max_bytes)
    ops, float_ops, foreign = Counter(), Counter(), Counter()
    dtypes = set()
    for graph in model.subgraphs:
        dtypes |= {TYPES[tensor.type] for tensor in graph.tensors}
        for operator in listed(graph.operators):
            name = operator_name(model, operator)
            if name not in OPS.values():
                foreign[name] += 1
            ops[name] += 1
            used = [*listed(operator.inputs), *listed(operator.outputs)]
            types = {TYPES[graph.tensors[i].type] for i in used if i >= 0}
            if types & set(FLOATS) and name not in ("QUANTIZE", "DEQUANTIZE"):
                float_ops[name] += 1
    signatures = {
        signature.signatureKey.decode(): {
            "inputs": _tensors(model, signature, signature.inputs),
            "outputs": _tensors(model, signature, signature.outputs),
        }
        for signature in model.signatureDefs or []
    }
    return {
        **_detector(model),
        "size": len(content),
        "signatures": signatures,
        "ops": dict(sorted(ops.items())),
        "dtypes": sorted(dtypes),
        "float_ops": dict(sorted(float_ops.items())),
        "foreign_ops": dict(sorted(foreign.items())),
        "flash": flash(model),
        "arena": arena(model),
    }


def microseconds(function: Callable[[], object], runs: int) -> list[float]:
    """Times of single calls, after one that is not counted.

    Args:
        function: Function without arguments.
        runs: Positive integer.

    Returns:
        List of floats, microseconds.

    Example:

    >>> len(microseconds(lambda: sum(range(100)), runs=5))
    5
    """
    function()
    times = []
    for _ in range(runs):
        begin = time.perf_counter_ns()
        function()
        times.append((time.perf_counter_ns() - begin) / 1000)
    return times


def _detector(model):
    criterion = criterion_of(model)
    if criterion is None:
        return {}
    described = {
        "threshold": criterion.threshold,
        "false_alarm_rate": criterion.false_alarm_rate,
        "features": criterion.feature_names and list(criterion.feature_names),
        "references": len(criterion.scoring.references),
        "neighbors": criterion.scoring.neighbors,
        "calibration_samples": round(float(criterion.calibration_weights.sum())),
    }
    return {"detector": described}


def _tensors(model, signature, members):
    graph = model.subgraphs[signature.subgraphIndex]
    described = {}
    for member in listed(members):
        tensor = graph.tensors[member.tensorIndex]
        shape = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
        entry = {
            "shape": [int(size) for size in listed(shape)],
            "dtype": TYPES[tensor.type].lower(),
        }
        quantization = tensor.quantization
        if quantization is not None and len(listed(quantization.scale)):
            entry["scale"] = float(quantization.scale[0])
            entry["zero_point"] = int(quantization.zeroPoint[0])
        described[member.name.decode()] = entry
    return described
