"""The proof of an export: how it differs from the Keras model, how large and how fast it is."""

import io
import json
from dataclasses import asdict, dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr
from skimage.metrics import peak_signal_noise_ratio

from aezoo.edge import microseconds
from aezoo.system.files import replacing

RUNS = 1000  # single-sample runs that the latency is taken from
PREDICT_RUNS = 30
MAX_DIFFERENCE = 1e-4  # of float32 exports, in normalized units
MSE_INCREASE = {"float16": 0.005, "dynamic": 0.02, "int8": 0.02}
RANK_CORRELATION = 0.995  # of int8 scores with those of the Keras model


class ExportError(ValueError):
    """An export that does not do what the model does; no file was left behind."""


@dataclass(frozen=True)
class ExportReport:
    """What was exported, and what was measured of it.

    Attributes:
        path: String, the file or folder.
        format: String, `"saved_model"`, `"tflite"`, `"micro"` or `"onnx"`.
        precision: String, `"float32"`, `"float16"`, `"dynamic"` or `"int8"`.
        size: Integer, bytes on disk; of the models alone for `"micro"`.
        contents: Dictionary for TFLite, see `aezoo.edge.inspect`: `signatures`, `ops`, `dtypes`,
            `float_ops`, `foreign_ops`. Empty for other formats.
        parity: Dictionary of what changed on the samples, in normalized units: `samples` (how
            many), `max_difference` and `mean_difference` of reconstructions, `encode_difference`
            and `decode_difference` (largest), `mse_keras` and `mse_export` (of reconstructions
            against the samples), `psnr` (of the reconstructions against those of Keras, dB) and
            `rank_correlation` (Spearman's, of the scores).
        latency: Dictionary of `median_us` and `p95_us`, microseconds for one sample on one thread
            over 1,000 runs, and `predict_us`, the median of `predict` for one sample.
        micro: Dictionary of each part for microcontrollers: `arena`, the bytes of memory that it
            ran in, `difference`, the most steps that an int8 output of TensorFlow Lite Micro was
            away from LiteRT's, and `beyond`, the fraction that was more than one step away. Empty
            for other formats.

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

    def save(self, path):
        """Writes the report as JSON.

        Args:
            path: String or path of the file.
        """
        with replacing(path) as beside:
            beside.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def __rich__(self):
        table = Table("", "", title=f"{self.path} ({self.format}, {self.precision})")
        table.title_justify = "left"
        table.show_header = False
        parity, latency = self.parity, self.latency
        table.add_row("size", f"{self.size:,} bytes")
        for key in ("ops", "float_ops", "foreign_ops"):
            if self.contents.get(key):
                counts = ", ".join(f"{n} {op}" for op, n in self.contents[key].items())
                table.add_row(key.replace("_", " "), counts)
        table.add_section()
        table.add_row(
            "largest, mean difference", _pair(parity, "max_difference", "mean_difference")
        )
        table.add_row("MSE before, after", _pair(parity, "mse_keras", "mse_export"))
        table.add_row("PSNR against Keras", f"{parity['psnr']:.1f} dB")
        table.add_row("rank correlation of scores", f"{parity['rank_correlation']:.5f}")
        table.add_section()
        table.add_row(
            "latency, median and 95th percentile",
            f"{latency['median_us']:,.0f} and {latency['p95_us']:,.0f} µs",
        )
        table.add_row("predict of Keras, median", f"{latency['predict_us']:,.0f} µs")
        if self.micro:
            arenas = ", ".join(f"{name} {part['arena']:,}" for name, part in self.micro.items())
            steps = max(part["difference"] for part in self.micro.values())
            table.add_section()
            table.add_row("memory on a microcontroller", f"{arenas} bytes")
            table.add_row("LiteRT against TensorFlow Lite Micro", f"within {steps} steps of int8")
        return table

    def __str__(self):
        stream = io.StringIO()
        # in a notebook rich would show it at once, and return nothing
        plain = {"force_jupyter": False, "force_terminal": False}
        Console(file=stream, width=100, **plain).print(self)
        return stream.getvalue()


def parity(ae, exported, x):
    """Compares an export with its model on samples.

    Args:
        ae: `aezoo.Autoencoder`.
        exported: Object with `parts`, a sequence of the names of its methods: `reconstruct`,
            `score` and, where the export has them, `encode` and `decode`.
        x: Array of shape `(n, *input_shape)`, n at least 2.

    Returns:
        Dictionary, see `ExportReport`.
    """
    samples = ae.normalize(x)
    ours = ae.normalize(ae.reconstruct(x))
    theirs = ae.normalize(exported.reconstruct(x))
    difference = np.abs(ours - theirs)
    found = {
        "samples": len(x),
        "max_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "mse_keras": float(np.mean(np.square(ours - samples))),
        "mse_export": float(np.mean(np.square(theirs - samples))),
        "psnr": _psnr(ours, theirs),
        "rank_correlation": _rank_correlation(ae.reconstruction_error(x), exported.score(x)),
    }
    codes = ae.encode(x)
    if "encode" in exported.parts:
        found["encode_difference"] = float(np.abs(codes - exported.encode(x)).max())
    if "decode" in exported.parts:
        decoded = ae.normalize(exported.decode(codes))
        found["decode_difference"] = float(np.abs(ours - decoded).max())
    return found


def check(report):
    """Refuses an export whose differences are beyond the bound of its precision.

    Args:
        report: `ExportReport`.

    Raises:
        ExportError: Saying what was measured, and the bound.
    """
    parity = report.parity
    if report.precision == "float32":
        for key in ("max_difference", "encode_difference", "decode_difference"):
            if not parity.get(key, 0) <= MAX_DIFFERENCE:
                raise ExportError(
                    f"The export differs from the Keras model: {key} {parity[key]:.2g}, at most "
                    f"{MAX_DIFFERENCE} is right for float32."
                )
        return
    bound = 1 + MSE_INCREASE[report.precision]
    # rounding to a step adds its square / 12 to any error, however small that was
    rounding = _output_step(report) ** 2 / 12
    if not parity["mse_export"] <= parity["mse_keras"] * bound + rounding:
        raise ExportError(
            f"The export in {report.precision} reconstructs worse than the Keras model: MSE "
            f"{parity['mse_export']:.6f} after {parity['mse_keras']:.6f}, at most "
            f"{bound - 1:.1%} more is right. Give more calibration data, or a higher precision."
        )
    if report.precision == "int8" and not parity["rank_correlation"] >= RANK_CORRELATION:
        raise ExportError(
            "The export in int8 ranks samples unlike the Keras model: rank correlation of scores "
            f"{parity['rank_correlation']:.4f}, at least {RANK_CORRELATION} is right. Give more "
            "calibration data, or a higher precision."
        )


def latency(ae, exported, x):
    """How long one sample takes.

    Args:
        ae: `aezoo.Autoencoder`.
        exported: Object with the method `reconstruct`.
        x: Array of shape `(n, *input_shape)`.

    Returns:
        Dictionary, see `ExportReport`.
    """
    one = np.asarray(x[:1], "float32")
    times = microseconds(lambda: exported.reconstruct(one), RUNS)
    return {
        "median_us": float(np.median(times)),
        "p95_us": float(np.percentile(times, 95)),
        "predict_us": float(
            np.median(microseconds(lambda: ae.predict(one, verbose=0), PREDICT_RUNS))
        ),
    }


def _output_step(report):
    """The step of an integer output; 0 where it is not rounded, or normalized inside."""
    outputs = report.contents["signatures"].get("reconstruct", {}).get("outputs", {})
    return max((tensor.get("scale", 0.0) for tensor in outputs.values()), default=0.0)


def _psnr(ours, theirs):
    if np.array_equal(ours, theirs):
        return float("inf")
    return float(peak_signal_noise_ratio(ours, theirs, data_range=float(np.ptp(ours)) or 1.0))


def _rank_correlation(ours, theirs):
    return float(spearmanr(ours, theirs).statistic)


def _pair(values, *keys):
    return ", ".join(f"{values[key]:.3g}" for key in keys)
