"""A model as workers take it: as bytes, and what scores batches with it."""

import hashlib
import json
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aezoo.system.quiet import native_output_discarded

if TYPE_CHECKING:
    from aezoo.autoencoder import Autoencoder
    from aezoo.edge import LiteModel

RUN_MODEL, DETECTOR = "model.keras", "detector.json"  # in the folders of runs and of detectors
BYTES, MOST_ROWS = 2**26, 65_536  # of what is in work at once


class Source(NamedTuple):
    """What a model is made from, wherever a worker runs.

    Attributes:
        name: String, to call it in errors.
        sha256: String, the hash that tells one model from another.
        content: Bytes of a `.keras` file, or `None`.
        model: `aezoo.LiteModel`; `aezoo.Autoencoder`, which does not leave its process; or `None`.
    """

    name: str
    sha256: str
    content: bytes | None = None
    model: Any = None

    @property
    def is_lite(self) -> bool:
        """Whether LiteRT runs it."""
        return self.model is not None and not hasattr(self.model, "reconstruction_error")


def source_of(model: "str | os.PathLike | Autoencoder | LiteModel") -> Source:
    """Finds a model.

    Args:
        model: String or path of a run folder, a `.keras` or a `.tflite` file; an
            `aezoo.Autoencoder` or an `aezoo.LiteModel`.

    Returns:
        `Source`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is a detector, of another kind, or a damaged `.tflite` file.
    """
    if not isinstance(model, (str, os.PathLike)):
        if hasattr(model, "reconstruction_error"):
            return Source(str(getattr(model, "name", "")), _hash_of(model), model=model)
        if hasattr(model, "reconstruct"):
            return Source("the LiteModel", hashlib.sha256(model.content).hexdigest(), model=model)
        raise ValueError(
            "model must be a run folder, a .keras or .tflite file, an aezoo.Autoencoder or an "
            f"aezoo.LiteModel. Received: {type(model).__name__}"
        )
    path = Path(model).expanduser()
    if (path / DETECTOR).is_file():
        raise ValueError(
            f"{path} is a detector, whose score is more than an error: use `aezoo detect score`, "
            "or give the model that it was made with."
        )
    path = path / RUN_MODEL if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(f"There is no model {path}.")
    if path.suffix not in (".keras", ".tflite"):
        raise ValueError(
            f"model must be a run folder, a .keras or a .tflite file. Received: {path}"
        )
    if path.suffix == ".tflite":
        from aezoo.edge import LiteModel

        with native_output_discarded():
            return source_of(LiteModel(path))._replace(name=str(path))
    content = path.read_bytes()
    return Source(str(path), hashlib.sha256(content).hexdigest(), content)


class Scorer:
    """Gives codes and errors of rows, from a model that is loaded once.

    Args:
        source: `Source`.
        code: Boolean, whether codes are wanted.

    Attributes:
        columns: Integer, how many numbers a row has.
        code_size: Integer, how many a code has; 0 if none are wanted.
        code_type: NumPy type of codes.

    Raises:
        ValueError: If the file is damaged or refused, no autoencoder of rows, or cannot run.

    Example:

    >>> import aezoo, numpy as np
    >>> scorer = Scorer(source_of(aezoo.vanilla(4, 2)))
    >>> codes, errors = scorer.run(np.zeros((3, 4), "float32"))
    >>> codes.shape, errors.shape, scorer.code_size
    ((3, 2), (3,), 2)
    """

    def __init__(self, source: Source, code: bool = True):
        self._source, self._code = source, code
        loaded = self._of_lite() if source.is_lite else self._of_keras()
        shape, self._run, self._values = loaded
        if len(shape) != 1:
            raise ValueError(
                f"{source.name} must be a model of rows of numbers. Received: one whose samples "
                f"have the shape {shape}"
            )
        (self.columns,) = shape
        try:
            with native_output_discarded():  # LiteRT says when it first runs what it runs on
                codes, _ = self.run(np.zeros((1, self.columns), "float32"))
        except ValueError as error:
            told = " Without codes it may do: code=False (--no-code)." if code else ""
            raise ValueError(f"{source.name} cannot score: {error}{told}") from error
        self.code_size = 0 if codes is None else codes.shape[1]
        self.code_type = np.dtype("float32") if codes is None else codes.dtype

    def run(self, x: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
        """Codes and errors of a batch.

        Args:
            x: float32 array of shape `(n, columns)`, finite.

        Returns:
            Array of shape `(n, code_size)`, or `None` if no codes are wanted, and float32 array of
            shape `(n,)`.
        """
        codes, errors = self._run(x)
        return None if codes is None else codes.reshape(len(x), -1), errors  # -> (n, D)

    @cached_property
    def batch_size(self) -> int:
        """Integer, how many rows are in work at once: what 64 MiB hold, 65,536 at most.

        A row takes its numbers twice, as they are read, in up to eight bytes, and in float32, its
        code, and the outputs of all layers of a Keras model; LiteRT runs 256 rows at a time, which
        need little.
        """
        row = 12 * self.columns + 4 * self.code_size + 4 * self._values
        return min(MOST_ROWS, max(1, BYTES // row))

    def _of_lite(self):
        lite = self._source.model

        def run(x):
            return lite.encode(x) if self._code else None, lite.score(x)

        return lite.input_shape, run, 0

    def _of_keras(self):
        import keras
        from keras import ops

        ae = self._source.model or _loaded(self._source)
        shape = ae.input_shape[1:]
        if len(shape) == 1:
            ae.reconstruction_error(np.zeros((1, *shape), "float32"))  # or its statistics lack

        # one pass for both, compiled by the backend: encode and reconstruction_error would take two
        inputs = keras.Input(shape)
        scaled = ae.normalization(inputs) if ae.normalization else inputs
        code = ae.encoder(scaled)
        difference = scaled - ops.cast(ae.decoder(code), scaled.dtype)
        error = ops.mean(ops.square(difference), axis=range(1, len(shape) + 1))  # -> (B,)
        outputs = {"error": error, **({"code": ops.cast(code, "float32")} if self._code else {})}
        network = keras.Model(inputs, outputs)

        def run(x):
            found = network.predict_on_batch(x)
            return found.get("code"), found["error"]

        layers = [layer for part in (ae.encoder, ae.decoder) for layer in part._flatten_layers()]
        return shape, run, sum(map(_values, layers))


def _values(layer):
    """How many numbers a layer gives for a sample, as far as it is known."""
    try:
        shapes = [getattr(output, "shape", ()) for output in np.atleast_1d(layer.output)]
    except (AttributeError, ValueError):  # of layers that were not called by themselves
        return 0
    return sum(int(np.prod([size or 1 for size in shape[1:]])) for shape in shapes)


def _hash_of(model):
    found = hashlib.sha256(json.dumps(model.get_config(), default=str, sort_keys=True).encode())
    for weight in model.get_weights():
        found.update(np.ascontiguousarray(weight).tobytes())
    return found.hexdigest()


def _loaded(source):
    from aezoo.training.folder import load_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / RUN_MODEL
        path.write_bytes(source.content)
        try:
            return load_model(path)
        except ValueError as error:
            raise type(error)(str(error).replace(str(path), source.name)) from error
