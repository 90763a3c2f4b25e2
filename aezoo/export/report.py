"""The proof of an export: how it differs from the Keras model, how large and how fast it is."""

import io
import json
import math
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from aezoo.edge import microseconds
from aezoo.system.files import replacing

RUNS = 1000  # single-sample runs that the latency is taken from
PREDICT_RUNS = 30  # of the Keras model, called in two ways
WIDEST = 1000  # columns of what is not printed to a terminal, where nothing needs to be broken


class ExportError(ValueError):
    """An export that does not do what the model does; no file was left behind.

    Attributes:
        report: `ExportReport` of what was measured, or `None` if it came to no measuring.
    """

    def __init__(self, message: str, report: "ExportReport | None" = None):
        super().__init__(message)
        self.report = report


class Exported(Protocol):
    """An export with the methods of an autoencoder; `parts` has the names of those it has."""

    parts: tuple[str, ...]
    encode: Callable[[np.ndarray], np.ndarray]
    decode: Callable[[np.ndarray], np.ndarray]
    reconstruct: Callable[[np.ndarray], np.ndarray]
    score: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ExportReport:
    """What was exported, and what was measured of it.

    Attributes:
        path: String, the file or folder.
        format: String, `"saved_model"`, `"tflite"`, `"micro"`, `"c"` or `"onnx"`.
        precision: String, `"float32"`, `"float16"`, `"dynamic"`, `"int4"`, `"int8"` or
            `"int16x8"`.
        size: Integer, bytes on disk; of the models alone for `"micro"` and `"c"`.
        contents: Dictionary for TFLite, see `aezoo.edge.inspect`: `signatures`, `ops`, `dtypes`,
            `float_ops`, `foreign_ops`. Empty for other formats.
        parity: Dictionary of what changed on the samples, see `aezoo.export.parity.parity`.
        latency: Dictionary of `median_us` and `p95_us`, microseconds for one sample on one thread
            over 1,000 runs; and of the Keras model, for one sample, `predict_us`, the median of
            `predict`, and `compiled_us`, that of the model as one `tf.function`, traced before.
        micro: Dictionary of each part for microcontrollers: `arena`, the bytes of memory that it
            ran in, `difference`, the most steps that an int8 output of TensorFlow Lite Micro was
            away from LiteRT's, and `beyond`, the fraction that was more than one step away. Empty
            for other formats.
        c: Dictionary of each part in plain C: `arena`, the bytes of memory that it needs beside its
            input and output, and `runtime_arena`, what TensorFlow Lite Micro needs with both;
            `constants`, the bytes of weights and tables of all parts; `difference` and `beyond` as
            in `micro`; `compiler`, which one it was compiled by here, `None` if there was none, and
            `compared`, on how many samples every byte was TensorFlow Lite Micro's. Empty for other
            formats.
        detector: Dictionary of a detector's scores and threshold, see
            `aezoo.export.recalibration.figures`. Empty for other exports.
        fine_tuning: Dictionary of the training for integers, empty without: `samples`, `epochs` and
            `seconds`; on `held_out` samples the errors `mse_keras` of the model given, and in
            simulation `mse_before`, `mse_ranges` with narrower ranges and `mse_after`; and how
            the file differs from what was simulated, `outputs_apart`, the fraction of outputs, and
            `most_steps`, by how many steps of int8 at most.
        sha256: String, the hash of the file, which `aezoo.LiteModel` compares when it opens it;
            empty for folders.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(aezoo.vanilla(8, 2), f"{folder}/model.tflite")
    >>> report.precision, report.parity["encode_difference"] < 1e-4
    ('float32', True)
    """

    path: str
    format: str
    precision: str
    size: int
    contents: dict
    parity: dict
    latency: dict
    micro: dict = field(default_factory=dict)
    sha256: str = ""
    detector: dict = field(default_factory=dict)
    fine_tuning: dict = field(default_factory=dict)
    c: dict = field(default_factory=dict)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the report as JSON, which has no infinity: `null` stands for it.

        Args:
            path: String or path of the file.
        """
        text = json.dumps(finite(asdict(self)), indent=2, allow_nan=False)
        with replacing(path) as beside:
            beside.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike) -> "ExportReport":
        """Reads a report that `save` wrote, with this version or an earlier one.

        Args:
            path: String or path of the file.

        Returns:
            `ExportReport`.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no report of an export.
        """
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
            found = None
        known = {
            one.name: one.default_factory is MISSING and one.default is MISSING
            for one in fields(cls)
        }
        needed = {name for name, is_needed in known.items() if is_needed}
        if not isinstance(found, dict) or not needed <= set(found):
            raise ValueError(f"{path} is no report of an export.")
        return cls(**{name: value for name, value in found.items() if name in known})

    def sections(self) -> list[list[tuple[str, str]]]:
        """What the report says, as pairs of a name and a value, in sections.

        Returns:
            List of lists of pairs of strings.
        """
        parity, latency = self.parity, self.latency
        contents = [("size", f"{self.size:,} bytes")]
        for key in ("ops", "float_ops", "foreign_ops"):
            if self.contents.get(key):
                counts = ", ".join(f"{n} {op}" for op, n in self.contents[key].items())
                contents.append((key.replace("_", " "), counts))
        changed = [
            ("largest, mean difference", _pair(parity, "max_difference", "mean_difference")),
            ("MSE before, after", _pair(parity, "mse_keras", "mse_export")),
        ]
        if parity["psnr"] is not None:
            changed.append(("PSNR against Keras", f"{parity['psnr']:.1f} dB"))
        if parity["rank_correlation"] is not None:
            changed.append(("rank correlation of scores", f"{parity['rank_correlation']:.5f}"))
        if parity.get("encode_differing") is not None:
            changed.append(("codes that are others", f"{parity['encode_differing']:.2%}"))
        for key, name in (("encode_noise", "codes"), ("prior_noise", "outputs for the prior")):
            if key in parity:
                changed.append((f"noise of {name}", f"{parity[key]:.2%} of their spread"))
        middle = f"{latency['median_us']:,.0f} and {latency['p95_us']:,.0f} µs"
        times = [("latency, median and 95th percentile", middle)]
        for key, name in (("compiled_us", "compiled call"), ("predict_us", "predict")):
            if key in latency:
                times.append((f"{name} of Keras, median", f"{latency[key]:,.0f} µs"))
        found = [
            contents,
            changed,
            list(_fine_tuning_rows(self.fine_tuning)) if self.fine_tuning else [],
            times,
            list(_micro_rows(self.micro, self._types())) if self.micro else [],
            list(_c_rows(self.c)) if self.c else [],
            list(_detector_rows(self.detector)) if self.detector else [],
        ]
        return [rows for rows in found if rows]

    def __rich__(self) -> Table:
        table = Table("", "", title=f"{self.path} ({self.format}, {self.precision})")
        table.title_justify = "left"
        table.show_header = False
        for rows in self.sections():
            table.add_section()
            for row in rows:
                table.add_row(*row)
        return table

    def _types(self):
        ends = self.contents.get("signatures", {}).values()
        return {tensor["dtype"] for end in ends for tensor in end.get("outputs", {}).values()}

    def __str__(self) -> str:
        stream = io.StringIO()
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDEST
        # in a notebook rich would show it at once, and return nothing
        plain = {"force_jupyter": False, "force_terminal": False}
        Console(file=stream, width=width, **plain).print(self)
        return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def latency(ae: keras.Model, exported: Exported, x: np.ndarray) -> dict[str, float]:
    """How long one sample takes.

    Args:
        ae: `aezoo.Autoencoder`.
        exported: Object with the method `reconstruct`.
        x: Array of shape `(n, *input_shape)`.

    Returns:
        Dictionary, see `ExportReport`.
    """
    import tensorflow as tf

    one = np.asarray(x[:1], "float32")
    tensor = tf.constant(one)
    compiled = tf.function(lambda sample: ae(sample, training=False)).get_concrete_function(tensor)
    times = microseconds(lambda: exported.reconstruct(one), RUNS)
    return {
        "median_us": float(np.median(times)),
        "p95_us": float(np.percentile(times, 95)),
        "compiled_us": _median(lambda: compiled(tensor).numpy()),
        "predict_us": _median(lambda: ae.predict(one, verbose=0)),
    }


def _detector_rows(found):
    """What is printed of a detector: names and values."""
    count = f"{found['samples']:,} {'other' if found['held_out'] else 'of these'} normal samples"
    yield "threshold, Keras's and its own", _pair(found, "threshold_keras", "threshold")
    yield "threshold is set on", f"{found['calibration']:,} normal samples"
    yield (
        f"false alarms, {count}",
        f"{found['false_alarms_keras']:.2%} in Keras, {found['false_alarms_before']:.2%} after, "
        f"{found['false_alarms']:.2%} with the threshold of its own",
    )
    ranks = ("rank_correlation", "rank_correlation_strangers")
    told = [f"{found[key]:.5f}" for key in ranks if found[key] is not None]
    if told:
        yield "rank correlation with Keras's scores", " and, with made-up anomalies, ".join(told)
    if "activations" in found:
        yield "activations", found["activations"]
    if found["references"]:
        yield "references", f"{found['references']:,}, of {found['reference_bytes']:,} bytes"


def _micro_rows(found, types):
    """What is printed of files for microcontrollers: names and values."""
    arenas = ", ".join(f"{name} {part['arena']:,}" for name, part in found.items())
    yield "memory on a microcontroller", f"{arenas} bytes"
    steps = max(part["difference"] for part in found.values())
    unit = "steps of int8" if "int16" not in types else "times 16 steps of int16"
    yield "LiteRT against TensorFlow Lite Micro", f"within {steps} {unit}"


def _c_rows(found):
    """What is printed of plain C: names and values."""
    arenas = (f"{name} {part['arena']:,}" for name, part in found.items())
    yield "memory in plain C", f"{', '.join(arenas)} bytes, beside input and output"
    part, *_ = found.values()
    yield "weights and tables", f"{part['constants']:,} bytes"
    proved = f"all bytes equal, {part['compared']} samples, {part['compiler']}"
    yield (
        "C against TensorFlow Lite Micro",
        proved if part["compiler"] else "not proved: there is no C compiler here",
    )


def _fine_tuning_rows(found):
    """What is printed of a fine-tuning: names and values."""
    steps = ("mse_before", "mse_ranges", "mse_after")
    before, ranges, after = (f"{found[key] / found['mse_keras'] - 1:+.2%}" for key in steps)
    took = f"{found['seconds']:,.0f} s"
    if found["epochs"]:
        yield "fine-tuning", f"{found['samples']:,} samples, {found['epochs']} epochs, {took}"
        yield "MSE simulated", f"{before}, {ranges} with narrower ranges, {after} at the end"
    else:
        yield "MSE simulated", f"{before}, {ranges} with narrower ranges, which took {took}"
    yield (
        "file against simulation",
        f"{found['outputs_apart']:.2%} of outputs apart, by {found['most_steps']} steps at most",
    )


def _median(function):
    return float(np.median(microseconds(function, PREDICT_RUNS)))


def finite(value: Any) -> Any:
    """A value of JSON, with `None` in place of what is not finite.

    Args:
        value: Dictionaries, lists, numbers and strings within each other.

    Returns:
        The same, with lists in place of tuples.

    Example:

    >>> finite({"psnr": float("inf"), "mse": 0.0})
    {'psnr': None, 'mse': 0.0}
    """
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _pair(values, *keys):
    found = (values[key] for key in keys)
    return ", ".join("not finite" if value is None else f"{value:.3g}" for value in found)
