"""The parts of a model as a SavedModel: written for any TensorFlow, and read back to compare."""

import os
from collections.abc import Sequence

import keras
import numpy as np

from aezoo.export.bounds import check
from aezoo.export.parity import parity
from aezoo.export.parts import SIGNATURES, parts_of
from aezoo.export.paths import new_folder, report_of
from aezoo.export.report import ExportReport, latency
from aezoo.export.samples import checked_model, checked_samples
from aezoo.system.files import replacing
from aezoo.system.quiet import native_output_discarded


def export_saved_model(
    ae: keras.Model, path: str | os.PathLike, *, samples: np.ndarray | None = None
) -> ExportReport:
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
        FileExistsError: If the path exists, or a file that is no report is at `PATH.json`.
        ValueError: If the model cannot be exported, or the samples do not fit it.
        ExportError: A `ValueError`, if the export differs from the model.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_saved_model(aezoo.vanilla(4, 2), f"{folder}/model")
    >>> report.parity["max_difference"] < 1e-4
    True
    """
    path = new_folder(path)
    checked_model(ae)
    samples = checked_samples(ae, samples)
    with replacing(path) as beside:
        write_saved_model(ae, beside, SavedModel.parts, serving_default=True)
        exported = SavedModel(beside)
        report = ExportReport(
            path=str(path),
            format="saved_model",
            precision="float32",
            size=sum(file.stat().st_size for file in beside.rglob("*") if file.is_file()),
            contents={},
            parity=parity(ae, exported, samples, exact=True),
            latency=latency(ae, exported, samples),
        )
        check(report)
        report.save(report_of(path))
    return report


def write_saved_model(
    ae: keras.Model,
    folder: str | os.PathLike,
    signatures: Sequence[str],
    *,
    batch_size: int | None = None,
    inside: bool = True,
    indices: bool = False,
    serving_default: bool = False,
) -> None:
    """Writes a SavedModel with an endpoint for each part, and each weight once.

    Args:
        ae: `aezoo.Autoencoder`.
        folder: String or path of the folder to write.
        signatures: Sequence of `"reconstruct"`, `"encode"`, `"decode"` and `"score"`.
        batch_size: Positive integer for a fixed batch, `None` for any.
        inside: Boolean, whether the normalization is a part of it; else it takes and returns
            normalized values.
        indices: Boolean, see `aezoo.export.parts.parts_of`.
        serving_default: Boolean, whether to add the endpoint of this name, which reconstructs.
    """
    import tensorflow as tf

    parts = parts_of(ae, inside, indices)
    module = tf.Module()  # keras.export.ExportArchive would hold each weight twice
    endpoints, weights = {}, {}
    for name in signatures:
        key, shape, dtype = "x", ae.input_shape[1:], tf.float32
        if name == "decode":
            key, shape = "code", ae.latent_shape
            if indices:
                shape, dtype = shape[:-1], tf.int32
        signature = [tf.TensorSpec((batch_size, *shape), dtype, name=key)]
        function = tf.function(parts[name], input_signature=signature, autograph=False)
        setattr(module, name, function)
        endpoints[name] = function
        used = function.get_concrete_function().graph.variables
        weights |= {weight.ref(): weight for weight in used}
    module.weights = list(weights.values())
    if serving_default:
        endpoints["serving_default"] = endpoints["reconstruct"]
    with native_output_discarded():
        tf.saved_model.save(module, str(folder), signatures=endpoints)


class SavedModel:
    """A SavedModel with the methods of an autoencoder.

    Args:
        folder: String or path of the folder.

    Attributes:
        parts: Tuple of strings, its methods; each takes and returns an array.
    """

    parts: tuple[str, ...] = (*SIGNATURES, "score")

    def __init__(self, folder: str | os.PathLike):
        import tensorflow as tf

        self.model = tf.saved_model.load(str(folder))

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        return self._run("reconstruct", x)

    def encode(self, x: np.ndarray) -> np.ndarray:
        return self._run("encode", x)

    def decode(self, z: np.ndarray) -> np.ndarray:
        return self._run("decode", z)

    def score(self, x: np.ndarray) -> np.ndarray:
        return self._run("score", x)

    def _run(self, name, array):
        import tensorflow as tf

        function = self.model.signatures[name]
        (key,) = function.structured_input_signature[1]
        (output,) = function(**{key: tf.constant(array, tf.float32)}).values()
        return output.numpy()
