"""Run an exported .tflite with NumPy and LiteRT alone: no Keras, no TensorFlow."""

import json
import os
from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner
from numpy.typing import ArrayLike

from aezoo.edge.criterion import METADATA
from aezoo.edge.operators import check_operators
from aezoo.edge.reading import LARGEST, read

BATCH = 256
INDEX = np.int32  # the type of places in a codebook, which have no scale
METHODS = ("reconstruct", "encode", "decode", "score")
IDLE = os.cpu_count() or 1  # interpreters kept between calls: more cannot run at once


class LiteModel:
    """An exported autoencoder, on a device.

    Takes and returns float32 in the units of the data: integer files are quantized to and from by
    their own scales. A call runs on one thread, and threads may call at once: each then has an
    interpreter of its own, which later calls use again. Copies, also to other processes by pickle,
    take the content of the file with them.

    Args:
        path: String or path of a `.tflite` file from `aezoo.export_tflite`. If its report lies
            beside it, the file must have the hash that stands there. What comes from elsewhere is
            checked before the interpreter, which trusts it, gets to see it.
        max_bytes: Positive integer, how large the file, and the activations of one sample, may be
            at most. Default: 1 GiB.

    Attributes:
        parts: Tuple of strings, the signatures of the file.
        content: Bytes of the file.
        tiles: Of a network that samples of any size are given to tile by tile: a pair of integers,
            how far apart its coarsest features are, and how far it sees. Else `None`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, damaged, too large, or not of an autoencoder, or has
            operators that are not run, such as custom ones.

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

    parts: tuple[str, ...]
    tiles: tuple[int, int] | None

    def __init__(self, path: str | os.PathLike, *, max_bytes: int = LARGEST):
        self._path = str(path)
        self.content, model = read(path, max_bytes)
        names = {signature.signatureKey.decode() for signature in model.signatureDefs or []}
        if not names & set(METHODS):
            raise ValueError(
                f"{path} is not an exported autoencoder: it has none of the signatures "
                f"{', '.join(METHODS)}. Received: {', '.join(sorted(names)) or 'none'}"
            )
        self.parts = tuple(name for name in METHODS if name in names)
        try:
            check_operators(model)
            runners = self._new_runners()
            self._ends = {name: _ends(runner) for name, runner in runners.items()}
            described = _described(model)
            normalization = _normalization(described.get("normalization"))
            self.tiles = _tiles(described.get("tiles"))
        except Exception as error:
            raise ValueError(f"{path} cannot be run: {error}") from error
        self._idle = [runners]
        self._scaled = normalization is not None
        self._offset, self._scale, inside = normalization or (np.float32(0), np.float32(1), True)
        self._outside = not inside

    def __getstate__(self):
        return {**self.__dict__, "_idle": []}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Tuple, the shape of one sample that it rebuilds."""
        return self._shape("reconstruct")

    @property
    def normalization(self) -> tuple[np.ndarray, np.ndarray, bool] | None:
        """Offset and scale of the features, and whether the graph applies them, or `None`."""
        return (self._offset, self._scale, not self._outside) if self._scaled else None

    def encode(self, x: ArrayLike) -> np.ndarray:
        """Codes of samples.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n, *latent_shape)`; of an int8 file with a codebook int32 of
            shape `(n, *latent_shape[:-1])`, the places in it.

        Raises:
            ValueError: If the file has no such part, or the samples do not fit it.
        """
        return self._run("encode", self._into("encode", x))

    def decode(self, z: ArrayLike) -> np.ndarray:
        """Outputs for codes.

        Args:
            z: Array of codes as `encode` gives them.

        Returns:
            float32 array of shape `(n, *input_shape)`, in the units of the data.

        Raises:
            ValueError: If the file has no such part, or the codes do not fit it.
        """
        z = self._checked("decode", z)
        if self._ends["decode"][0][1]["dtype"] == INDEX and ((z < 0) | (z != np.round(z))).any():
            raise ValueError(
                "decode takes places in a codebook, integers from 0. Received: numbers from "
                f"{z.min()} to {z.max()}"
            )
        return self._out_of(self._run("decode", z))

    def reconstruct(self, x: ArrayLike) -> np.ndarray:
        """Samples after a trip through the code.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n, *input_shape)`, in the units of the data.

        Raises:
            ValueError: If the file has no such part, or the samples do not fit it.
        """
        return self._out_of(self._run("reconstruct", self._into("reconstruct", x)))

    def score(self, x: ArrayLike) -> np.ndarray:
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
            return self._run("score", self._into("score", x))
        x = self._into("reconstruct", x)
        error = x - self._run("reconstruct", x)
        if not self._outside:
            error = error / self._scale
        return np.mean(np.square(error), axis=tuple(range(1, x.ndim)))  # (n, ...) -> (n,)

    def normalize(self, x: ArrayLike) -> np.ndarray:
        """Samples in the units that the network works in.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of that shape.

        Raises:
            ValueError: If the samples do not fit the file.
        """
        x = self._checked("reconstruct", x, integers=self._scaled)
        return (x - self._offset) / self._scale

    def _into(self, name, x):
        """Samples as the file takes them, in float."""
        x = self._checked(name, x, integers=self._scaled)
        with np.errstate(over="ignore"):
            return (x - self._offset) / self._scale if self._outside else x

    def _out_of(self, x):
        return x * self._scale + self._offset if self._outside else x

    def _shape(self, name):
        if name not in self._ends:
            raise ValueError(
                f"This file has no signature {name!r}. It has: {', '.join(self.parts)}"
            )
        (_, detail), _ = self._ends[name]
        return tuple(int(size) for size in detail["shape_signature"][1:])

    def _checked(self, name, x, integers=True):
        shape = self._shape(name)
        x = np.asarray(x)
        if x.shape[1:] != shape or not x.ndim or not x.size:
            expected = ", ".join(map(str, ("n", *shape)))
            raise ValueError(f"{name} takes samples of shape ({expected}). Received: {x.shape}")
        if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or np.iscomplexobj(x):
            raise ValueError(f"{name} takes real numbers. Received: an array of {x.dtype}")
        if not integers and np.issubdtype(x.dtype, np.integer) and x.max() > 1:
            raise ValueError(
                f"Integer data must be scaled. Received: {x.dtype} from {x.min()} to {x.max()}. "
                "For images divide by 255 (x.astype('float32') / 255); for tables build the model "
                "with normalization='standard'."
            )
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite
            x = x.astype("float32", copy=False)
        if not np.isfinite(x).all():
            bad = int(np.sum(~np.isfinite(x)))
            raise ValueError(
                f"{name} takes what is finite in float32. Received: {bad} NaN or infinite values."
            )
        return x

    def _run(self, name, x):
        (key, given), (_, returned) = self._ends[name]
        size = int(given["shape_signature"][0])
        step = BATCH if size < 0 else size
        x = quantized(x, given)
        outputs = []
        try:
            runners = self._idle.pop()
        except IndexError:  # all are at work
            runners = self._new_runners()
        try:
            for begin in range(0, len(x), step):
                batch = x[begin : begin + step]
                missing = step - len(batch) if size > 0 else 0
                padded = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
                (output,) = runners[name](**{key: padded}).values()
                outputs.append(output[: len(batch)])
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{self._path} cannot run {name}: {error}") from error
        if len(self._idle) < IDLE:
            self._idle.append(runners)
        return dequantized(np.concatenate(outputs), returned)

    def _new_runners(self) -> dict[str, SignatureRunner]:
        """The signatures on an interpreter of their own: one serves no two calls at once."""
        interpreter = Interpreter(model_content=self.content, num_threads=1)
        interpreter.allocate_tensors()
        return {name: interpreter.get_signature_runner(name) for name in self.parts}


def quantized(x: np.ndarray, detail: Mapping) -> np.ndarray:
    """float32 values as a tensor stores them.

    Args:
        x: float32 array.
        detail: Dictionary, the tensor's details from LiteRT.

    Returns:
        Array of the tensor's type: `round(x / scale) + zero_point` for integers, within range.
        What has no scale, as int32, stays as it is.

    Example:

    >>> import numpy as np
    >>> detail = {"dtype": np.int8, "quantization": (0.1, -10)}
    >>> quantized(np.float32([-1, 0, 1, 100]), detail).tolist()
    [-20, -10, 0, 127]
    """
    if np.issubdtype(detail["dtype"], np.floating) or detail["dtype"] == INDEX:
        return x.astype(detail["dtype"])
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    with np.errstate(over="ignore"):  # beyond the range all the same
        steps = np.round(x / scale) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(detail["dtype"])


def dequantized(x: np.ndarray, detail: Mapping) -> np.ndarray:
    """The inverse of `quantized`.

    Args:
        x: Array of the tensor's type.
        detail: Dictionary, the tensor's details from LiteRT.

    Returns:
        float32 array; int32 as it is.

    Example:

    >>> import numpy as np
    >>> detail = {"dtype": np.int8, "quantization": (0.5, -10)}
    >>> dequantized(np.int8([-12, -10, 0]), detail).tolist()
    [-1.0, 0.0, 5.0]
    """
    if np.issubdtype(detail["dtype"], np.floating):
        return x.astype("float32")
    if detail["dtype"] == INDEX:
        return x
    scale, zero_point = detail["quantization"]
    return (x.astype("float32") - zero_point) * np.float32(scale)


def _ends(runner):
    """The only input and the only output of a signature, each with its name."""
    ends = []
    for details in (runner.get_input_details(), runner.get_output_details()):
        ((name, detail),) = details.items()
        plain = np.issubdtype(detail["dtype"], np.floating)
        plain = plain or (name == "code" and detail["dtype"] == INDEX)
        if not plain and not detail["quantization"][0] > 0:
            raise ValueError(f"{name} has integers without a scale")
        if len(detail["shape_signature"]) < 1 or 0 in detail["shape_signature"]:
            raise ValueError(f"{name} has the shape {detail['shape_signature']}")
        ends.append((name, detail))
    return ends


def _described(model):
    """What the file says of itself beyond the graph."""
    for entry in model.metadata or []:
        if entry.name.decode() == METADATA:
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return {}


def _normalization(found):
    """Offset and scale of the features, and whether the graph applies them itself; or `None`."""
    if found is None:
        return None
    offset, scale = np.array([found["offset"], found["scale"]], "float32")
    if not (np.isfinite(offset).all() and np.isfinite(scale).all() and (scale > 0).all()):
        raise ValueError("its normalization has no finite offset and positive scale")
    return offset, scale, bool(found["inside"])


def _tiles(found):
    """Coarsest step and reach of a network for tiles of any size; or `None`."""
    if found is None:
        return None
    step, reach = int(found["step"]), int(found["reach"])
    if step < 1 or reach < 0:
        raise ValueError("its tiles have no positive step")
    return step, reach
