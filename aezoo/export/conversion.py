"""From a SavedModel to the bytes of a .tflite file."""

import json
import warnings
from collections.abc import Mapping, Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge import METADATA
from aezoo.export.four_bits import in_four_bits
from aezoo.export.joining import joined
from aezoo.export.report import ExportError
from aezoo.export.scales import narrow_ends
from aezoo.system.quiet import native_output_discarded

ACTIVATIONS = {  # and the type of inputs and outputs
    "int4": "int8",
    "int8": "int8",
    "int16x8": "int16",
}
OPERATORS = {
    "int4": "TFLITE_BUILTINS_INT8",
    "int8": "TFLITE_BUILTINS_INT8",
    "int16x8": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
}


def convert(
    folder: str,
    signatures: Sequence[str],
    quantize: str | None,
    calibration: dict[str, np.ndarray] | None = None,
    io: str | None = None,
    per_unit: bool = False,
) -> bytes:
    """Converts a SavedModel with one endpoint a signature.

    Args:
        folder: String, the SavedModel's folder.
        signatures: Sequence of strings, the endpoints.
        quantize: `None`, `"float16"`, `"dynamic"`, `"int8"`, `"int16x8"`, for activations in
            int16 with weights in int8, or `"int4"`, for activations in int8 with weights in int4,
            see `aezoo.export.four_bits.in_four_bits`.
        calibration: For integers, dictionary of float32 arrays: `x` and `code`, typical inputs;
            `None` for a graph with operators that say the ranges, see
            `aezoo.export.fake_quantization`.
        io: For integers, `"float32"` for inputs and outputs in float, `None` for those of the
            activations' type.
        per_unit: For integers, whether dense layers have a scale for each unit in place of one for
            the kernel, which takes 16 bytes more a unit. Convolutions have one for
            each filter.

    Returns:
        Bytes, the content of a .tflite file.

    Raises:
        ExportError: If the builtin operators cannot express the model.
    """
    import tensorflow as tf

    if quantize == "int16x8" and len(signatures) > 1:
        # Together, the converter would quantize a bias that two of them share for one alone, and
        # leave the other with float32 in name and int64 in the buffer.
        return joined(
            [convert(folder, [name], quantize, calibration, io, per_unit) for name in signatures]
        )
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize in ACTIVATIONS:
        ends = tf.dtypes.as_dtype(io or ACTIVATIONS[quantize])
        converter.inference_input_type = converter.inference_output_type = ends
        converter._experimental_disable_per_channel_quantization_for_dense_layers = not per_unit
    if quantize in ACTIVATIONS and calibration is not None:
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, OPERATORS[quantize])]

        def representative():
            for name in signatures:
                key = "code" if name == "decode" else "x"
                for sample in calibration[key]:
                    yield name, {key: sample[np.newaxis]}

        converter.representative_dataset = representative
    try:
        with native_output_discarded(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the converter's own use of a deprecated interpreter
            content = converter.convert()
    except (tf.errors.OpError, RuntimeError) as error:  # the latter of what int16 has not
        raise ExportError(f"TensorFlow Lite cannot express the model: {error}") from error
    except Exception as error:
        if type(error).__name__ != "ConverterError":
            raise
        raise ExportError(f"TensorFlow Lite cannot express the model: {error}") from error
    return in_four_bits(content) if quantize == "int4" else content


def packed(content: bytes, metadata: dict, arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """A TFLite file with finer scales, without names of inner tensors, with metadata of ours.

    Args:
        content: Bytes, the content of a .tflite file.
        metadata: Dictionary that JSON can express; nothing is added for an empty one.
        arrays: Dictionary of arrays, each of which becomes an entry of the metadata.

    Returns:
        Bytes.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for graph in model.subgraphs:
        for i, tensor in enumerate(graph.tensors):
            if i not in graph.inputs and i not in graph.outputs:
                tensor.name = b""
            if tensor.quantization is not None:  # the calibration's ranges, which nothing reads
                tensor.quantization.min = tensor.quantization.max = None
    narrow_ends(model)
    texts = {METADATA: json.dumps(metadata).encode()} if metadata else {}
    for name, data in {**texts, **(arrays or {})}.items():
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(bytes(data), "uint8")
        model.buffers.append(buffer)
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, len(model.buffers) - 1
        model.metadata = [*(model.metadata or []), entry]
    align(model)
    builder = SharingBuilder(len(content) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def align(model: schema.ModelT) -> None:
    """Lets constants start at multiples of 16 bytes when the model is packed.

    Args:
        model: `ModelT` of the TFLite schema.
    """
    for buffer in model.buffers:
        buffer.__class__ = _AlignedBuffer


class SharingBuilder(flatbuffers.Builder):
    """A builder that writes equal arrays once: scales and zeros recur in every signature."""

    def __init__(self, size):
        super().__init__(size)
        self._known = {}

    def CreateNumpyVector(self, x):  # noqa: N802, as in the base class
        key = (x.dtype.str, x.tobytes())
        if key not in self._known:
            self._known[key] = super().CreateNumpyVector(x)
        return self._known[key]


class _AlignedBuffer(schema.BufferT):
    """A buffer that starts at a multiple of 16 bytes, as the format asks of constant tensors.

    The class that flatc generates for Python leaves this attribute of the schema out.
    """

    def Pack(self, builder):  # noqa: N802, as generated
        if self.data is not None and len(self.data):
            builder.StartVector(1, len(self.data), 16)
            builder.head = builder.head - len(self.data)
            builder.Bytes[builder.head : builder.head + len(self.data)] = bytes(self.data)
            data = builder.EndVector()
        schema.BufferStart(builder)
        if self.data is not None and len(self.data):
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)
