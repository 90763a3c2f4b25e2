"""Run an exported .tflite with NumPy and LiteRT alone: no Keras, no TensorFlow."""

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

METADATA = "aezoo"  # the name under which the export keeps what the graph cannot say
BATCH = 256
METHODS = ("reconstruct", "encode", "decode", "score")
OPS = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
TYPES = {code: name for name, code in vars(schema.TensorType).items() if name.isupper()}
FLOATS = ("FLOAT16", "FLOAT32", "FLOAT64")


class LiteModel:
    """An exported autoencoder, on a device.

    Takes and returns float32 in the units of the data: integer files are quantized to and from by
    their own scales. Runs on one thread.

    Args:
        path: String or path of a `.tflite` file from `aezoo.export_tflite`.

    Attributes:
        parts: Tuple of strings, the signatures of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, or not of an autoencoder.

    Example:

    >>> import aezoo, numpy as np, tempfile
    >>> x = np.random.rand(50, 4).astype("float32")
    >>> ae = aezoo.vanilla(4, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(ae, f"{folder}/model.tflite", samples=x)
    ...     lite = aezoo.LiteModel(f"{folder}/model.tflite")
    >>> lite.encode(x).shape
    (50, 2)
    """

    def __init__(self, path):
        content, self._interpreter = _opened(path)
        try:
            self._interpreter.allocate_tensors()
            names = set(self._interpreter.get_signature_list())
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{path} cannot be run: {error}") from error
        if not names & set(METHODS):
            raise ValueError(
                f"{path} is not an exported autoencoder: it has none of the signatures "
                f"{', '.join(METHODS)}. Received: {', '.join(sorted(names)) or 'none'}"
            )
        self.parts = tuple(name for name in METHODS if name in names)
        self._runners = {name: self._interpreter.get_signature_runner(name) for name in self.parts}
        normalization = _metadata(content).get("normalization")
        self._outside = bool(normalization) and not normalization["inside"]
        self._offset, self._scale = (
            np.array(normalization[key], "float32") if normalization else np.float32(default)
            for key, default in (("offset", 0), ("scale", 1))
        )

    def encode(self, x):
        """Codes of samples.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n, *latent_shape)`.

        Raises:
            ValueError: If the file has no such part, or the samples do not fit it.
        """
        return self._run("encode", self._into(x))

    def decode(self, z):
        """Outputs for codes.

        Args:
            z: Array of shape `(n, *latent_shape)`.

        Returns:
            float32 array of shape `(n, *input_shape)`, in the units of the data.

        Raises:
            ValueError: If the file has no such part, or the codes do not fit it.
        """
        return self._out_of(self._run("decode", z))

    def reconstruct(self, x):
        """Samples after a trip through the code.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n, *input_shape)`, in the units of the data.

        Raises:
            ValueError: If the file has no such part, or the samples do not fit it.
        """
        return self._out_of(self._run("reconstruct", self._into(x)))

    def score(self, x):
        """Mean squared error of each sample's reconstruction, in normalized units.

        From the file's own signature where it has one; integer files have none, since the mean of
        squares has no resolution left in eight bits: there it is computed from `reconstruct`.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n,)`.

        Raises:
            ValueError: If the file has neither part, or the samples do not fit it.
        """
        if "score" in self.parts:
            return self._run("score", self._into(x))
        rebuilt = self.reconstruct(x)
        error = (np.asarray(x, "float32") - rebuilt) / self._scale
        return np.mean(np.square(error), axis=tuple(range(1, rebuilt.ndim)))  # (n, ...) -> (n,)

    def _into(self, x):
        return (np.asarray(x, "float32") - self._offset) / self._scale if self._outside else x

    def _out_of(self, x):
        return x * self._scale + self._offset if self._outside else x

    def _run(self, name, x):
        if name not in self._runners:
            raise ValueError(
                f"This file has no signature {name!r}. It has: {', '.join(self.parts)}"
            )
        runner = self._runners[name]
        (key, detail), *_ = runner.get_input_details().items()
        signature = tuple(int(size) for size in detail["shape_signature"])
        x = np.asarray(x)
        if x.ndim != len(signature) or x.shape[1:] != signature[1:] or not len(x):
            expected = ", ".join(map(str, ("n", *signature[1:])))
            raise ValueError(f"{name} takes samples of shape ({expected}). Received: {x.shape}")
        if not np.issubdtype(x.dtype, np.number):
            raise ValueError(f"{name} takes numbers. Received: an array of {x.dtype}")
        x = quantized(x.astype("float32"), detail)
        step = BATCH if signature[0] < 0 else signature[0]
        outputs = []
        for begin in range(0, len(x), step):
            batch = x[begin : begin + step]
            missing = step - len(batch) if signature[0] > 0 else 0
            padded = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
            (output,) = runner(**{key: padded}).values()
            outputs.append(output[: len(batch)])
        (detail,) = runner.get_output_details().values()
        return dequantized(np.concatenate(outputs), detail)


def quantized(x, detail):
    """float32 values as a tensor stores them.

    Args:
        x: float32 array.
        detail: Dictionary, the tensor's details from LiteRT.

    Returns:
        Array of the tensor's type: `round(x / scale) + zero_point` for integers, within range.

    Example:

    >>> import numpy as np
    >>> detail = {"dtype": np.int8, "quantization": (0.1, -10)}
    >>> quantized(np.float32([-1, 0, 1, 100]), detail).tolist()
    [-20, -10, 0, 127]
    """
    if np.issubdtype(detail["dtype"], np.floating):
        return x.astype(detail["dtype"])
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    steps = np.round(x / scale) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(detail["dtype"])


def dequantized(x, detail):
    """The inverse of `quantized`.

    Args:
        x: Array of the tensor's type.
        detail: Dictionary, the tensor's details from LiteRT.

    Returns:
        float32 array.

    Example:

    >>> import numpy as np
    >>> detail = {"dtype": np.int8, "quantization": (0.5, -10)}
    >>> dequantized(np.int8([-12, -10, 0]), detail).tolist()
    [-1.0, 0.0, 5.0]
    """
    if np.issubdtype(detail["dtype"], np.floating):
        return x.astype("float32")
    scale, zero_point = detail["quantization"]
    return (x.astype("float32") - zero_point) * np.float32(scale)


def inspect(path):
    """What is in a .tflite file.

    Args:
        path: String or path of the file.

    Returns:
        Dictionary: `size` in bytes; `signatures`, a dictionary of each signature's `inputs` and
        `outputs`, dictionaries of name to `shape` (-1 where free), `dtype`, `scale` and
        `zero_point`; `ops`, how often each operator occurs; `dtypes`, the types of all tensors;
        `float_ops`, the operators that compute in floating point; `foreign_ops`, those outside
        the builtin set.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(aezoo.vanilla(8, 2), f"{folder}/model.tflite")
    ...     contents = inspect(f"{folder}/model.tflite")
    >>> contents["ops"]["FULLY_CONNECTED"] > 0, contents["foreign_ops"]
    (True, {})
    """
    content, _ = _opened(path)
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    ops, float_ops, foreign = Counter(), Counter(), Counter()
    dtypes = set()
    for graph in model.subgraphs:
        dtypes |= {TYPES[tensor.type] for tensor in graph.tensors}
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            name = OPS[max(code.builtinCode, code.deprecatedBuiltinCode)]
            if name == "CUSTOM":
                name = code.customCode.decode()
                foreign[name] += 1
            ops[name] += 1
            used = [*operator.inputs, *operator.outputs]
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
        "size": len(content),
        "signatures": signatures,
        "ops": dict(sorted(ops.items())),
        "dtypes": sorted(dtypes),
        "float_ops": dict(sorted(float_ops.items())),
        "foreign_ops": dict(sorted(foreign.items())),
    }


def microseconds(function, runs):
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


def _tensors(model, signature, members):
    graph = model.subgraphs[signature.subgraphIndex]
    described = {}
    for member in members:
        tensor = graph.tensors[member.tensorIndex]
        shape = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
        entry = {"shape": [int(size) for size in shape], "dtype": TYPES[tensor.type].lower()}
        if tensor.quantization is not None and tensor.quantization.scale is not None:
            entry["scale"] = float(tensor.quantization.scale[0])
            entry["zero_point"] = int(tensor.quantization.zeroPoint[0])
        described[member.name.decode()] = entry
    return described


def _opened(path):
    """The content of a .tflite file, and an interpreter of it on one thread."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise ValueError(f"{path} is not a TFLite file.")
    try:
        return content, Interpreter(model_content=content, num_threads=1)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{path} is a damaged TFLite file: {error}") from error


def _metadata(content):
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for entry in model.metadata or []:
        if entry.name.decode() == METADATA:
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return {}
