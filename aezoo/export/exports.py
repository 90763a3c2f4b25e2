"""Exports that are checked against the Keras model, or not written at all."""

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np

from aezoo.data.inputs import checked_array
from aezoo.edge import LiteModel, inspect
from aezoo.export.conversion import convert, packed
from aezoo.export.micro import prove, write_sources
from aezoo.export.report import (
    MSE_INCREASE,
    RANK_CORRELATION,
    ExportError,
    ExportReport,
    check,
    latency,
    parity,
)
from aezoo.export.saved_model import SIGNATURES, SavedModel, parts_of, write_saved_model
from aezoo.system.files import replacing

CALIBRATION = 300  # samples that set the ranges of int8; more did not change the error
CHECKED = 1000  # samples that parity is measured on
CHECKED_MICRO = 50  # samples that a microcontroller's runtime is compared on; its kernels are slow
# The runtimes round ties unlike, by one step in a layer, which deeper layers carry on.
BEYOND_MICRO = 0.05


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
        write_saved_model(ae, beside, (*SIGNATURES, "score"), serving_default=True)
        exported = SavedModel(beside)
        size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
        report = _report(ae, exported, samples, path, "saved_model", "float32", size)
        check(report)
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
    target=None,
):
    """Exports one .tflite file with the parts of the model as signatures, builtin operators only.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        path: String or path of the file, ending in `.tflite`; for microcontrollers of the folder
            to write, which must not exist.
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
        target: `None`, or `"micro"` for microcontrollers: a folder with one int8 file a part, for
            one sample, and a C array of each (`.h`, `.cc`) with its scales, the memory it needs
            and golden vectors. It is proved by running in TensorFlow Lite Micro, for which
            `pip install aezoo[micro]` (Linux on x86_64).

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
        ImportError: For microcontrollers, if `tflite-micro` is not installed.

    Example:

    >>> import aezoo, tempfile
    >>> ae = aezoo.vanilla(8, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(ae, f"{folder}/model.tflite")
    >>> sorted(report.contents["signatures"])
    ['decode', 'encode', 'reconstruct']

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877.
    """
    _one_of("target", target, (None, "micro"))
    micro = target == "micro"
    _one_of("quantize", quantize, ("int8",) if micro else (None, "float16", "dynamic", "int8"))
    _one_of("io", io, ("int8",) if micro else ("int8", "float32"))
    if batch_size is not None and (
        isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or batch_size < 1
    ):
        raise ValueError(f"batch_size must be a positive integer. Received: {batch_size!r}")
    if micro:
        _one_of("batch_size", batch_size, (None, 1))
    path = _folder(path) if micro else _file(path, ".tflite")
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
    calibration = None
    if quantize == "int8":  # typical inputs of each part
        x = _spread(calibration_data, CALIBRATION)
        calibration = {"x": ae.normalize(x), "code": ae.encode(x)}

    with replacing(path) as beside:
        if micro:
            beside.mkdir()
            files = {beside / f"{name}.tflite": (name,) for name in signatures}
        else:
            files = {beside: tuple(signatures)}
        for per_unit in (False, True):
            contents = [
                _write_tflite(
                    ae,
                    file,
                    names,
                    quantize=quantize,
                    calibration=calibration,
                    batch_size=1 if micro else batch_size,
                    io=io,
                    allow_float=allow_float,
                    per_unit=per_unit,
                )
                for file, names in files.items()
            ]
            exported = _together(files)
            report = _report(
                *(ae, exported, samples, path, target or "tflite", quantize or "float32"),
                **_merged(contents),
            )
            # One scale a kernel makes smaller files, and is enough for most models.
            bound = report.parity["mse_keras"] * (1 + MSE_INCREASE.get(quantize, 0))
            close = report.parity["mse_export"] <= bound
            if quantize != "int8" or (
                close and report.parity["rank_correlation"] >= RANK_CORRELATION
            ):
                break
        check(report)
        if micro:
            report = replace(report, micro=_proved_micro(ae, files, samples))
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

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_onnx(aezoo.vanilla(8, 2), f"{folder}/model.onnx")
    >>> report.parity["max_difference"] < 1e-4
    True
    """
    path = _file(path, ".onnx")
    samples = _samples(ae, samples)
    try:
        import tf2onnx
    except ImportError as error:
        raise ImportError("ONNX needs more packages: pip install aezoo[onnx]") from error
    import tensorflow as tf

    shape = (None, *ae.input_shape[1:])
    parts = parts_of(ae)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="x")])
    def everything(x):
        return {**parts["reconstruct"](x), **parts["encode"](x), **parts["score"](x)}

    with replacing(path) as beside:
        tf2onnx.convert.from_function(
            everything, input_signature=everything.input_signature, output_path=str(beside)
        )
        exported = _Onnx(beside)
        size = beside.stat().st_size
        report = _report(ae, exported, samples, path, "onnx", "float32", size)
        check(report)
    report.save(f"{path}.json")
    return report


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


def _write_tflite(
    ae, path, signatures, *, quantize, calibration, batch_size, io, allow_float, per_unit
):
    """Writes one file, and returns what is in it."""
    # As a step of its own in int8 it rounds once more each way. As a part of quantizing it is free.
    inside = quantize != "int8"
    metadata = {}
    if ae.normalization is not None:
        offset, scale = (array.tolist() for array in ae.normalization.statistics)
        metadata["normalization"] = {"offset": offset, "scale": scale, "inside": inside}
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(ae, folder, signatures, batch_size=batch_size, inside=inside)
        content = convert(folder, signatures, quantize, calibration, io, per_unit)
    path.write_bytes(packed(content, metadata))
    contents = inspect(path)
    if contents["foreign_ops"]:
        raise ExportError(f"Operators outside the builtin set: {contents['foreign_ops']}")
    if quantize == "int8" and contents["float_ops"] and not allow_float:
        raise ExportError(
            f"Operators that stayed in float: {contents['float_ops']}. Use layers and "
            "activations that TFLite runs in int8, or allow_float=True."
        )
    return contents


def _together(files):
    """The methods of one model from all its files."""
    models = {name: LiteModel(file) for file, names in files.items() for name in names}
    methods = {"score": models["reconstruct"].score}
    methods |= {name: getattr(model, name) for name, model in models.items()}
    return SimpleNamespace(parts=tuple(models), **methods)


def _merged(contents):
    """The size and the contents of all files of an export."""
    merged = {"signatures": {k: v for found in contents for k, v in found["signatures"].items()}}
    for key in ("ops", "float_ops", "foreign_ops"):
        merged[key] = dict(sum((Counter(found[key]) for found in contents), Counter()))
    merged["dtypes"] = sorted({name for found in contents for name in found["dtypes"]})
    return {"size": sum(found["size"] for found in contents), "contents": merged}


def _proved_micro(ae, files, samples):
    """Runs each file as a microcontroller would, and writes C sources with what was found."""
    samples = _spread(samples, CHECKED_MICRO)
    normalization = ae.normalization and ae.normalization.statistics
    proved = {}
    for file, (name,) in files.items():
        x = ae.encode(samples) if name == "decode" else ae.normalize(samples)
        proof = prove(file, x)
        if proof.beyond > BEYOND_MICRO:
            raise ExportError(
                f"{name} differs between LiteRT and TensorFlow Lite Micro: {proof.beyond:.1%} of "
                f"its outputs by more than one step of int8, at most {BEYOND_MICRO:.0%} is right."
            )
        write_sources(file, proof, normalization)
        proved[name] = {
            "arena": proof.arena,
            "difference": proof.difference,
            "beyond": proof.beyond,
        }
    return proved


def _report(ae, exported, samples, path, kind, precision, size, contents=None):
    return ExportReport(
        path=str(path),
        format=kind,
        precision=precision,
        size=size,
        contents=contents or {},
        parity=parity(ae, exported, samples),
        latency=latency(ae, exported, samples),
    )


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


def _folder(path):
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already: choose another folder.")
    return path


def _one_of(name, value, valid):
    if value not in valid:
        raise ValueError(f"{name} must be one of {valid}. Received: {value!r}")
