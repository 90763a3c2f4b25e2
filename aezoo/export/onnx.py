"""A model as ONNX, for the runtimes that read it."""

import hashlib
import os

import keras
import numpy as np

from aezoo.export.bounds import check
from aezoo.export.parity import parity
from aezoo.export.parts import parts_of
from aezoo.export.paths import file_to_write, report_of
from aezoo.export.report import ExportReport, latency
from aezoo.export.samples import checked_model, checked_samples
from aezoo.system.files import replacing


def export_onnx(
    ae: keras.Model, path: str | os.PathLike, *, samples: np.ndarray | None = None
) -> ExportReport:
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
        FileExistsError: If there is a file already, without the report of an export beside it.
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
    path = file_to_write(path, ".onnx")
    checked_model(ae)
    samples = checked_samples(ae, samples)
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
        content = beside.read_bytes()
        report = ExportReport(
            path=str(path),
            format="onnx",
            precision="float32",
            size=len(content),
            contents={},
            parity=parity(ae, exported, samples, exact=True),
            latency=latency(ae, exported, samples),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        check(report)
        report.save(report_of(path))
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
