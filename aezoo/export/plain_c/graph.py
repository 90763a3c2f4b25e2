"""A .tflite file in int8 as steps from one tensor to the next, for writing it in C."""

import os
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.reading import OPS, TYPES, listed, read


class Tensor(NamedTuple):
    """A tensor.

    Attributes:
        index: Integer, its place in the file.
        shape: Tuple of integers.
        dtype: String, such as `"int8"`.
        scales: float32 array of shape `(n,)`: one, one for each filter, or none.
        zero_point: Integer.
        data: Array of that shape and type, or `None` if it is no constant.
    """

    index: int
    shape: tuple[int, ...]
    dtype: str
    scales: np.ndarray
    zero_point: int
    data: np.ndarray | None

    @property
    def size(self) -> int:
        """How many values it has."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def scale(self) -> np.float32:
        """The only scale of it."""
        return self.scales[0]

    def __str__(self) -> str:
        shape = "x".join(map(str, self.shape)) or "1"
        if not len(self.scales):
            return f"{shape} {self.dtype}"
        return f"{shape} (scale {self.scale:.9g}, zero point {self.zero_point})"


class Step(NamedTuple):
    """One operator.

    Attributes:
        op: String, its name, such as `"CONV_2D"`.
        inputs: Tuple of `Tensor`, or `None` where one is left out.
        output: `Tensor`.
        options: Object of the TFLite schema, or `None`.
        place: Integer, which of the file's operators it is.
    """

    op: str
    inputs: tuple[Tensor | None, ...]
    output: Tensor
    options: Any
    place: int


class Graph(NamedTuple):
    """A file with one signature.

    Attributes:
        name: String, the signature.
        steps: Tuple of `Step`, in order.
        input: `Tensor`.
        output: `Tensor`.
        model: `ModelT` of the TFLite schema.
    """

    name: str
    steps: tuple[Step, ...]
    input: Tensor
    output: Tensor
    model: schema.ModelT


def graph_of(path: str | os.PathLike) -> Graph:
    """Reads a file.

    Args:
        path: String or path of a `.tflite` file with one signature, one input and one output in
            int8, and a batch of 1.

    Returns:
        `Graph`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, or damaged, or another than that.

    Example:

    >>> import aezoo, tempfile
    >>> x = np.random.default_rng(0).random((200, 8))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/model.tflite"
    ...     options = {"quantize": "int8", "calibration_data": x, "batch_size": 1}
    ...     report = aezoo.export_tflite(
    ...         aezoo.vanilla(8, 2), file, signatures="reconstruct", **options)
    ...     graph = graph_of(file)
    >>> graph.name, graph.steps[0].op, graph.input.shape, graph.output.shape
    ('reconstruct', 'FULLY_CONNECTED', (1, 8), (1, 8))
    """
    _, model = read(path)
    signatures = listed(model.signatureDefs)
    if len(signatures) != 1 or len(model.subgraphs) != 1:
        raise ValueError(
            f"C is written of files with one signature. Received: {path} with {len(signatures)}"
        )
    (graph,), (signature,) = model.subgraphs, signatures
    tensors = [_tensor(model, i, tensor) for i, tensor in enumerate(graph.tensors)]
    ends = [[tensors[i] for i in listed(indices)] for indices in (graph.inputs, graph.outputs)]
    described = [f"{end.dtype} of shape {end.shape}" for end in ends[0] + ends[1]]
    if [len(end) for end in ends] != [1, 1] or any(
        end.dtype != "int8" or end.shape[:1] != (1,) for end in ends[0] + ends[1]
    ):
        raise ValueError(
            "C is written of files with one input and one output in int8 and a batch of 1. "
            f"Received: {path} with {', '.join(described)}"
        )
    steps = []
    for place, operator in enumerate(listed(graph.operators)):
        code = model.operatorCodes[operator.opcodeIndex]
        inputs = tuple(tensors[i] if i >= 0 else None for i in listed(operator.inputs))
        name = OPS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        output = tensors[operator.outputs[0]]
        steps.append(Step(name, inputs, output, operator.builtinOptions, place))
    return Graph(signature.signatureKey.decode(), tuple(steps), ends[0][0], ends[1][0], model)


def _tensor(model, index, tensor):
    shape = tuple(int(size) for size in listed(tensor.shape))
    dtype = TYPES[tensor.type].lower()
    scales, zero_points = (), ()
    if tensor.quantization is not None:
        scales = listed(tensor.quantization.scale)
        zero_points = listed(tensor.quantization.zeroPoint)
    data = listed(model.buffers[tensor.buffer].data)
    constant = None
    if len(data):
        constant = np.frombuffer(bytes(data), np.dtype(dtype).newbyteorder("<")).reshape(shape)
    zero_point = int(zero_points[0]) if len(zero_points) else 0
    return Tensor(index, shape, dtype, np.array(scales, "float32"), zero_point, constant)
