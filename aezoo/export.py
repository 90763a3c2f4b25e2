"""Exports that are checked against the Keras model, or not written at all."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from aezoo.edge import LiteModel, inspect
from aezoo.files import replacing
from aezoo.inputs import checked_array
from aezoo.quiet import native_output_discarded
from aezoo.report import ExportError, ExportReport, check, latency, parity
from aezoo.tflite import convert, packed

SIGNATURES = ("reconstruct", "encode", "decode")
CALIBRATION = 300  # samples that set the ranges of int8; more did not change the error
CHECKED = 1000  # samples that parity is measured on


def export_saved_model(ae, path, *, samples=None):
    """Exports a SavedModel that loads in any TensorFlow, without aezoo or Keras.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        path: String or path of the folder to write, which must not exist.
        samples: Array of shape `(n, *input_shape)` to compare export and model on. Default:
            decoded random codes.

    Returns:
        `ExportReport`, also written beside as `PATH.json`. The SavedModel has the endpoints
        `serving_default`, `reconstruct`, `encode`, `decode` and `score`, for any batch size:
        `tf.saved_model.load(path).signatures["encode"](x=tensor)["code"]`.

    Raises:
        FileExistsError: If the path exists.
        ValueError: If the model cannot be exported, or the samples do not fit it.
        ExportError: A `ValueError`, if the export differs from the model.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_saved_model(aezoo.vanilla(4, 2), f"{folder}/model")
    >>> report.parity["max_difference"] < 1e-4
    True
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already: choose another folder.")
    samples = _samples(ae, samples)
    with replacing(path) as beside:
        _write_saved_model(ae, beside, (*SIGNATURES, "score"), serving_default=True)
        exported = _SavedModel(beside)
        size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
        report = _report(ae, exported, samples, path, "saved_model", "float32", size, {})
    report.save(f"{path}.json")
    return report


def export_tflite(
    ae,
    path,
    *,
    quantize=None,
    calibration_data=None,
    samples=None,
    signatures=SIGNATURES,
    batch_size=None,
    io="int8",
    allow_float=False,
):
    """Exports one .tflite file with the parts of the model as signatures, builtin operators only.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        path: String or path of the file, ending in `.tflite`.
        quantize: `None` for float32, `"float16"` or `"dynamic"` (int8 weights) for smaller files
            of float computation, `"int8"` for integers throughout.
        calibration_data: Array of shape `(n, *input_shape)`, some hundred training samples, which
            set the ranges of `"int8"`.
        samples: Array of shape `(n, *input_shape)` to compare export and model on. Default: the
            calibration data, else decoded random codes.
        signatures: Sequence of `"reconstruct"`, which the export is checked by, and of
            `"encode"`, `"decode"` and, but for int8, `"score"`.
        batch_size: Positive integer for a fixed batch, `None` for any.
        io: For int8, `"int8"` or `"float32"`: the type of inputs and outputs. Browsers need the
            latter.
        allow_float: Boolean, whether int8 files may keep operators in float.

    Returns:
        `ExportReport`, also written beside as `PATH.json`. Inputs are called `x` or `code`,
        outputs `reconstruction`, `code` or `score`. The file takes and returns raw values; but an
        int8 file of a model with a normalization works on normalized ones, since one scale cannot
        serve features of several units. Its metadata hold the normalization, which
        `aezoo.LiteModel` applies as it quantizes, so that it takes raw values, too.

    Raises:
        ValueError: If an argument is wrong, or the model cannot be exported.
        ExportError: A `ValueError`, if the export is not as its precision should be. An earlier
            file is then left as it was.

    Example:

    >>> import aezoo, numpy as np, tempfile
    >>> ae = aezoo.vanilla(8, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(ae, f"{folder}/model.tflite")
    >>> sorted(report.contents["signatures"])
    ['decode', 'encode', 'reconstruct']

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877.
    """
    path = _file(path, ".tflite")
    _one_of("quantize", quantize, (None, "float16", "dynamic", "int8"))
    _one_of("io", io, ("int8", "float32"))
    for name in signatures:
        _one_of("signatures", name, (*SIGNATURES, *(() if quantize == "int8" else ("score",))))
    if "reconstruct" not in signatures:
        raise ValueError(
            "signatures must have 'reconstruct', which the export is checked by. Received: "
            f"{tuple(signatures)}"
        )
    if quantize == "int8" and calibration_data is None:
        raise ValueError(
            "int8 needs calibration_data: some hundred training samples, such as x_train[:500]."
        )
    if calibration_data is not None:
        calibration_data = _samples(ae, calibration_data)
    samples = _samples(ae, calibration_data if samples is None else samples)
    normalization = ae.normalization
    # As a step of its own in int8 it rounds once more each way. As a part of quantizing it is free.
    inside = quantize != "int8"

    with tempfile.TemporaryDirectory() as folder, replacing(path) as beside:
        _write_saved_model(ae, folder, signatures, batch_size=batch_size, inside=inside)
        calibration = _calibration(ae, calibration_data, inside) if quantize == "int8" else None
        content = convert(folder, signatures, quantize, calibration, io)
        metadata = {}
        if normalization is not None:
            offset, scale = (array.tolist() for array in normalization.statistics)
            metadata["normalization"] = {"offset": offset, "scale": scale, "inside": inside}
        content = packed(content, metadata)
        beside.write_bytes(content)
        contents = inspect(beside)
        if contents["foreign_ops"]:
            raise ExportError(f"Operators outside the builtin set: {contents['foreign_ops']}")
        if quantize == "int8" and contents["float_ops"] and not allow_float:
            raise ExportError(
                f"Operators that stayed in float: {contents['float_ops']}. Use layers and "
                "activations that TFLite runs in int8, or allow_float=True."
            )
        report = _report(
            ae,
            LiteModel(beside),
            samples,
            path,
            "tflite",
            quantize or "float32",
            len(content),
            contents,
        )
    report.save(f"{path}.json")
    return report


def export_onnx(ae, path, *, samples=None):
    """Exports ONNX, checked with onnxruntime. Needs `pip install aezoo[onnx]`.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        path: String or path of the file, ending in `.onnx`.
        samples: Array of shape `(n, *input_shape)` to compare export and model on. Default:
            decoded random codes.

    Returns:
        `ExportReport`, also written beside as `PATH.json`. The model has the input `x` and the
        outputs `reconstruction`, `code` and `score`, for any batch size.

    Raises:
        ImportError: If the extra is not installed.
        ValueError: If the model cannot be exported, or the samples do not fit it.
        ExportError: A `ValueError`, if the export differs from the model.
    """
    path = _file(path, ".onnx")
    samples = _samples(ae, samples)
    try:
        import tf2onnx
    except ImportError as error:
        raise ImportError("ONNX needs more packages: pip install aezoo[onnx]") from error
    import tensorflow as tf

    shape = (None, *ae.input_shape[1:])
    parts = _functions(ae, inside=True)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="x")])
    def everything(x):
        return {**parts["reconstruct"](x), **parts["encode"](x), **parts["score"](x)}

    with replacing(path) as beside:
        tf2onnx.convert.from_function(
            everything, input_signature=everything.input_signature, output_path=str(beside)
        )
        exported = _Onnx(beside)
        size = beside.stat().st_size
        report = _report(ae, exported, samples, path, "onnx", "float32", size, {})
    report.save(f"{path}.json")
    return report


class _SavedModel:
    """The four methods on a SavedModel, to compare with."""

    parts = (*SIGNATURES, "score")

    def __init__(self, folder):
        import tensorflow as tf

        self.model = tf.saved_model.load(str(folder))

    def _run(self, name, array):
        import tensorflow as tf

        function = self.model.signatures[name]
        (key,) = function.structured_input_signature[1]
        (output,) = function(**{key: tf.constant(array, tf.float32)}).values()
        return output.numpy()

    def reconstruct(self, x):
        return self._run("reconstruct", x)

    def encode(self, x):
        return self._run("encode", x)

    def decode(self, z):
        return self._run("decode", z)

    def score(self, x):
        return self._run("score", x)


class _Onnx:
    """The three methods on an ONNX model, to compare with."""

    parts = ("reconstruct", "encode", "score")

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def _run(self, output, x):
        return self.session.run([output], {"x": np.asarray(x, "float32")})[0]

    def reconstruct(self, x):
        return self._run("reconstruction", x)

    def encode(self, x):
        return self._run("code", x)

    def score(self, x):
        return self._run("score", x)


def _functions(ae, inside):
    """The parts of a model as functions of tensors, that name what they return.

    With `inside` the normalization belongs to them; else they work on normalized values.
    """
    ops = keras.ops
    scale = ae.normalization if inside and ae.normalization else None

    def into(x):
        return scale(x) if scale else x

    def out_of(x):
        return scale(x, inverse=True) if scale else x

    def encoded(x):
        return ae.encoder(into(x), training=False)

    def decoded(code):
        return ae.decoder(code, training=False)

    def score(x):
        difference = into(x) - decoded(encoded(x))
        return ops.mean(ops.square(difference), axis=range(1, len(x.shape)))  # (B, ...) -> (B,)

    return {
        "reconstruct": lambda x: {"reconstruction": out_of(decoded(encoded(x)))},
        "encode": lambda x: {"code": encoded(x)},
        "decode": lambda code: {"reconstruction": out_of(decoded(code))},
        "score": lambda x: {"score": score(x)},
    }


def _write_saved_model(
    ae, folder, signatures, *, batch_size=None, inside=True, serving_default=False
):
    import tensorflow as tf

    functions = _functions(ae, inside)
    archive = keras.export.ExportArchive()
    archive.track(ae)
    names = [*signatures, *(["serving_default"] if serving_default else [])]
    for name in names:
        key, shape = ("code", ae.latent_shape) if name == "decode" else ("x", ae.input_shape[1:])
        archive.add_endpoint(
            name,
            functions["reconstruct" if name == "serving_default" else name],
            input_signature=[tf.TensorSpec((batch_size, *shape), tf.float32, name=key)],
        )
    with native_output_discarded():
        archive.write_out(str(folder), verbose=False)


def _calibration(ae, x, inside):
    """Typical inputs of each part, as the converter is to see them."""
    x = _spread(x, CALIBRATION)
    return {"x": x if inside else ae.normalize(x), "code": ae.encode(x)}


def _report(ae, exported, samples, path, kind, precision, size, contents):
    report = ExportReport(
        path=str(path),
        format=kind,
        precision=precision,
        size=size,
        contents=contents,
        parity=parity(ae, exported, samples),
        latency=latency(ae, exported, samples),
    )
    check(report)
    return report


def _samples(ae, x):
    """Samples to measure on, checked; decoded random codes where there are none."""
    if not (hasattr(ae, "encoder") and hasattr(ae, "latent_shape")):
        raise ValueError(f"Expected an aezoo.Autoencoder. Received: {type(ae).__name__}")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export needs the TensorFlow backend: save the model, and load it in a process with "
            "KERAS_BACKEND=tensorflow."
        )
    if ae.compute_dtype != "float32":
        raise ValueError(
            "Export needs a model in float32: build it with keras.config.set_dtype_policy("
            "'float32') and load the weights."
        )
    if x is None:
        codes = np.random.default_rng(0).normal(size=(200, *ae.latent_shape))
        return ae.decode(codes.astype("float32"))
    x = checked_array(x, ae.input_shape[1:], "samples", raw=ae.normalization is not None)
    if len(x) < 2:
        raise ValueError("Two samples or more are needed to compare on. Received: 1")
    return _spread(x, CHECKED)


def _spread(x, count):
    """At most so many samples, evenly from first to last."""
    return x[np.linspace(0, len(x) - 1, min(count, len(x))).astype(int)]


def _file(path, suffix):
    path = Path(path)
    if path.suffix != suffix:
        raise ValueError(f"The path must end in {suffix}. Received: {path}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: choose another file.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent}.")
    return path


def _one_of(name, value, valid):
    if value not in valid:
        raise ValueError(f"{name} must be one of {valid}. Received: {value!r}")
