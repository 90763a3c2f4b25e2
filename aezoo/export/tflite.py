"""The parts of a model as signatures of .tflite files, for devices."""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np

from aezoo.checks import number, positive
from aezoo.data.streams import Stream, sample_of
from aezoo.edge import LiteModel, inspect
from aezoo.export.bounds import check
from aezoo.export.conversion import ACTIVATIONS, convert, packed
from aezoo.export.fine_tuning import fine_tuned
from aezoo.export.micro import write_proved
from aezoo.export.parity import parity
from aezoo.export.parts import SIGNATURES, loops_of, tells_indices
from aezoo.export.paths import file_to_write, new_folder, report_of
from aezoo.export.plain_c.proving import write_proved_c
from aezoo.export.report import ExportError, ExportReport, latency
from aezoo.export.samples import (
    CALIBRATION,
    as_seen,
    calibration_of,
    checked_model,
    checked_samples,
    remark,
)
from aezoo.export.saved_model import write_saved_model
from aezoo.export.ways import nearest, ways
from aezoo.layers.bottleneck import bottleneck_of
from aezoo.layers.local import coarsest_step, reach
from aezoo.system.files import replacing

TARGETS = {"micro": write_proved, "c": write_proved_c}  # what proves them, and writes sources
PRECISIONS = {
    None: (None, "float16", "dynamic", *ACTIVATIONS),
    "micro": ("int8", "int16x8"),
    "c": ("int8",),
}


def export_tflite(
    ae: keras.Model,
    path: str | os.PathLike,
    *,
    quantize: str | None = None,
    calibration_data: np.ndarray | Stream | None = None,
    samples: np.ndarray | Stream | None = None,
    signatures: str | Iterable[str] = SIGNATURES,
    batch_size: int | None = None,
    io: str | None = None,
    allow_float: bool = False,
    target: str | None = None,
    fine_tune: np.ndarray | Stream | None = None,
    fine_tune_epochs: int | None = None,
    tolerance: float | None = None,
) -> ExportReport:
    """Exports one .tflite file with the parts of the model as signatures, builtin operators only.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        path: String or path of the file, ending in `.tflite`; with a target of the folder
            to write, which must not exist.
        quantize: `None` for float32, `"float16"` or `"dynamic"` (int8 weights) for smaller files
            of float computation, `"int8"` for integers throughout, `"int16x8"` for integers with
            activations of 16 bits: for models that eight bits are too coarse for, in nearly the
            size of `"int8"`, and slower. `"int4"` is `"int8"` with the weights of dense layers and
            convolutions in four bits: a quarter smaller where it was measured, for convolutional
            models that are fine-tuned for it. Those of transposed convolutions stay in eight,
            which is all that LiteRT takes.
        calibration_data: Array of shape `(n, *input_shape)`, training samples from all over, which
            set the ranges of integers: all of them, or some hundred drawn at random. The first
            ones of sorted data are all of one kind, and what is beyond their ranges is cut off.
            300 are used, evenly from first to last. Of an `aezoo.Stream`, here and below, its
            random sample is taken, `stream.x`. Where an int8 file loses a per cent and more
            with these ranges, others are tried, see `aezoo.export.ways.ways`.
        samples: Array of shape `(n, *input_shape)` to compare export and model on. Default: the
            calibration data, else decoded random codes. Below float32 at least 20, of which only
            what is surely too bad is refused; 200 or more are judged as they are, see
            `aezoo.export.bounds.refusal`.
        signatures: Sequence of `"reconstruct"`, which the export is checked by, and of
            `"encode"`, `"decode"` and, but for integers, `"score"`; or one string.
        batch_size: Positive integer for a fixed batch, `None` for any.
        io: For integers, `"float32"` for inputs and outputs in float, which browsers need. Default:
            `"int8"`, with activations of 16 bits `"int16"`.
        allow_float: Boolean, whether files of integers may keep operators in float.
        target: `None`, or `"micro"` for microcontrollers: a folder with one file of integers a
            part, for one sample, and a C array of each (`.h`, `.cc`) with its scales, the memory it
            needs and golden vectors. It is proved by running in TensorFlow Lite Micro, for which
            `pip install aezoo[micro]` (Linux on x86_64). Or `"c"`: a folder with the same files in
            int8, and what they compute as plain C99, `aezoo.h` and `aezoo.c`, for any compiler and
            without a library: one function a part, weights that parts share once. Where there is a
            C compiler, every byte of 50 samples is compared with TensorFlow Lite Micro's. A program
            in `examples` checks golden vectors, also on an emulated Cortex-M4.
        fine_tune: Array of shape `(n, *input_shape)`, training samples that a copy of the model is
            trained with for int8 or int4, see `aezoo.quantize_aware`. The file has the ranges of
            that training: those of the calibration data, narrowed where finer steps are worth
            what is cut off. It is judged by the model given. Where one scale a kernel is not
            enough, it is trained once more with those of the file, one for each unit.
        fine_tune_epochs: Integer, how often these are gone through; 0 to narrow ranges alone.
            Default: as for `aezoo.quantize_aware`.
        tolerance: Positive float, by what part the file's mean squared error may be larger than the
            model's. Default: that of the precision, 0.005 (float16), 0.006 (int16x8), 0.02
            (dynamic, int8) or 0.05 (int4), see `aezoo.export.bounds.refusal`. Not for float32.

    A model with a unet, whose code is the whole sample, is calibrated, fine-tuned and compared on
    samples with its own noise, by how far it is from the clean ones. Its files have `"reconstruct"`
    alone.

    Returns:
        `ExportReport`, also written beside as `PATH.json`. Inputs are called `x` or `code`,
        outputs `reconstruction`, `code` or `score`. A float32 file takes and returns raw values;
        a smaller one of a model with a normalization works on normalized ones, since neither one
        scale of integers nor half precision can serve features of several units. Its metadata
        hold the normalization, which `aezoo.LiteModel` applies, so that it takes raw values, too.
        The codes of a learned codebook are its indices in int8, int32 as of `encode_indices`.

    Raises:
        FileExistsError: If there is a file already, without the report of an export beside it.
        ValueError: If an argument is wrong, or the model cannot be exported.
        ExportError: A `ValueError`, if the export is not as its precision should be. An earlier
            file is then left as it was.
        ImportError: With a target, if `tflite-micro` is not installed.

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
    one_of("target", target, (None, *TARGETS))
    micro = target is not None
    integers = quantize in ACTIVATIONS
    one_of("quantize", quantize, PRECISIONS[target])
    one_of("io", io, (None, ACTIVATIONS.get(quantize, "int8"), *(() if micro else ("float32",))))
    if batch_size is not None:
        batch_size = positive("batch_size", batch_size)
    if micro:
        one_of("batch_size", batch_size, (None, 1))
        batch_size = 1
    if fine_tune is not None:
        one_of("quantize", quantize, ("int4", "int8"))
    elif fine_tune_epochs is not None:
        raise ValueError(
            "fine_tune_epochs says how often to go through fine_tune: give both. Received: "
            f"{fine_tune_epochs!r}"
        )
    if tolerance is not None:
        if quantize is None:
            raise ValueError(
                "A file in float32 is the model: it has no tolerance. Received: "
                f"tolerance={tolerance!r}"
            )
        tolerance = number("tolerance", tolerance, above=0)
    path = new_folder(path) if micro else file_to_write(path, ".tflite")
    if integers and calibration_data is None:
        raise ValueError(
            f"{quantize} needs calibration_data: training samples from all over, such as x_train, "
            "or np.random.default_rng(0).permutation(x_train)[:500]."
        )
    checked_model(ae)
    if integers and loops_of(ae):
        raise ExportError(
            "TensorFlow Lite cannot express the states of recurrent layers in integers. Export "
            "with quantize='dynamic' or 'float16', or train aezoo.temporal, which has none."
        )
    narrow = bottleneck_of(ae.encoder).narrow
    signatures = _signatures(signatures if narrow else "reconstruct", quantize)
    exact = quantize is None
    calibration = None
    if calibration_data is not None:
        calibration_data = checked_samples(
            ae, calibration_data, what="calibration_data", exact=exact
        )
    indices = tells_indices(ae, quantize)
    if micro and indices and signatures != ("reconstruct",):
        raise ValueError(
            "For microcontrollers a model with a codebook has 'reconstruct' alone: give "
            f"signatures='reconstruct'. Received: {signatures}"
        )
    if integers:
        wide = quantize == "int16x8"
        seen = as_seen(ae, calibration_data)
        calibration = calibration_of(ae, seen, wide=wide, indices=indices)
    samples = checked_samples(ae, calibration_data if samples is None else samples, exact=exact)
    if not exact:
        remark(quantize, samples, calibration_data if calibration else None)
    clean, samples = samples, as_seen(ae, samples)

    with replacing(path) as beside:
        if micro:
            beside.mkdir()
            files = {beside / f"{name}.tflite": (name,) for name in signatures}
        else:
            files = {beside: signatures}
        asked = None if fine_tune is None else (sample_of(fine_tune), fine_tune_epochs)
        tiles = {}
        if not narrow:
            tiles["tiles"] = {"step": coarsest_step(ae.encoder), "reach": reach(ae.encoder)}
        calibrated = min(len(calibration_data), CALIBRATION) if calibration else None

        def make(per_unit, tuning):
            written, contents, source, ranges, tuned = {}, [], ae, calibration, None
            if tuning is not None:
                bits = 4 if quantize == "int4" else 8
                tuned = fine_tuned(ae, *tuning, seen, per_unit, bits)
                source, ranges = tuned, None
            for file, names in files.items():
                content, metadata = converted(
                    *(source, names, quantize, ranges, batch_size, io, per_unit, indices)
                )
                written[file] = packed(content, metadata | tiles)
                file.write_bytes(written[file])
                contents.append(inspect(file))
                refuse_operators(contents[-1], integers=integers and not allow_float)
            exported = _together(files)
            report = ExportReport(
                path=str(path),
                format=target or "tflite",
                precision=quantize or "float32",
                **_merged(contents),
                parity=parity(ae, exported, samples, exact=exact, indices=indices, clean=clean),
                latency=latency(ae, exported, samples),
                sha256="" if micro else hashlib.sha256(written[beside]).hexdigest(),
                fine_tuning=tuned.compared(exported, samples) if tuned else {},
            )
            return report, written

        report, written = nearest(ways(quantize, asked, calibration_data), make, tolerance)
        for file, content in written.items():
            file.write_bytes(content)
        check(report, calibrated, tolerance)
        if micro:
            report = replace(report, **{target: TARGETS[target](ae, files, samples)})
        report.save(report_of(path))
    return report


def converted(
    ae: keras.Model,
    signatures: Sequence[str],
    quantize: str | None,
    calibration: dict[str, np.ndarray] | None = None,
    batch_size: int | None = None,
    io: str | None = None,
    per_unit: bool = False,
    indices: bool = False,
) -> tuple[bytes, dict]:
    """A model as TFLite has it, to be packed with what the graph cannot say.

    Args:
        ae: `aezoo.Autoencoder`, or a `aezoo.export.fine_tuning.Simulation`, whose graph says the
            ranges.
        signatures: Sequence of strings.
        quantize: As in `export_tflite`.
        calibration: As in `aezoo.export.conversion.convert`.
        batch_size: As in `export_tflite`.
        io: As in `export_tflite`.
        per_unit: As in `aezoo.export.conversion.convert`.
        indices: Boolean, see `aezoo.export.parts.tells_indices`.

    Returns:
        A pair: bytes, and a dictionary for `aezoo.export.conversion.packed`.

    Raises:
        ExportError: If the builtin operators cannot express the model.
    """
    # One scale cannot serve features of several units, nor can halves 1000 +- 1; as a step of its
    # own in int8 it rounds once more each way, as a part of quantizing it is free.
    inside = quantize is None
    metadata = {}
    if ae.normalization is not None:
        offset, scale = (array.tolist() for array in ae.normalization.statistics)
        metadata["normalization"] = {"offset": offset, "scale": scale, "inside": inside}
    with tempfile.TemporaryDirectory() as folder:
        options = {"batch_size": batch_size, "inside": inside, "indices": indices}
        write_saved_model(ae, folder, signatures, **options)
        return convert(folder, signatures, quantize, calibration, io, per_unit), metadata


def refuse_operators(contents: dict, integers: bool) -> None:
    """Refuses a file with operators that not every runtime has, or that are no integers.

    Args:
        contents: Dictionary, see `aezoo.edge.inspect`.
        integers: Boolean, whether all must be integers.

    Raises:
        ExportError: If there are others.
    """
    if contents["foreign_ops"]:
        raise ExportError(f"Operators outside the builtin set: {contents['foreign_ops']}")
    if integers and contents["float_ops"]:
        raise ExportError(
            f"Operators that stayed in float: {contents['float_ops']}. Use layers and "
            "activations that TFLite runs in int8, such as relu, or, for runtimes that compute in "
            "float, too, allow_float=True."
        )


def one_of(name: str, value: object, valid: Sequence) -> None:
    """Raises `ValueError` with the name of a value that is not one of the valid ones."""
    if value not in valid:
        raise ValueError(f"{name} must be one of {valid}. Received: {value!r}")


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


def _signatures(value, quantize):
    valid = (*SIGNATURES, *(() if quantize in ACTIVATIONS else ("score",)))
    names = (value,) if isinstance(value, str) or not hasattr(value, "__iter__") else tuple(value)
    for name in names:
        one_of("signatures", name, valid)
    if len(set(names)) < len(names):
        raise ValueError(f"signatures must have each name once. Received: {names}")
    if "reconstruct" not in names:
        raise ValueError(
            f"signatures must have 'reconstruct', which the export is checked by. Received: {names}"
        )
    return names
