"""Run an exported anomaly detector with NumPy and LiteRT alone: no Keras, no TensorFlow."""

import os
from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import ArrayLike

from aezoo.edge.criterion import criterion_of
from aezoo.edge.lite_model import LiteModel
from aezoo.edge.reading import LARGEST

VALUES = 2**21  # scored at a time


class Detector(LiteModel):
    """An exported anomaly detector, on a device.

    The network runs as it is in the file. What comes after it is computed in float from the
    samples as they are given: the network of an integer file cuts off what is beyond its range,
    the residual and the distances to the references do not, so that what is far off stays as odd
    as it is.

    Takes raw values, and may be called by threads, copied and pickled, as `aezoo.LiteModel`.

    Args:
        path: String or path of a `.tflite` file from `AnomalyDetector.export`. If its report lies
            beside it, the file must have the hash that stands there.
        max_bytes: Positive integer, as of `aezoo.LiteModel`.

    Attributes:
        threshold: Float, the score above which a sample is an anomaly, set on this file's scores.
        false_alarm_rate: Float, what it was set for.
        feature_names: Tuple of strings, or `None` for images and signals.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no TFLite file, damaged, or holds no detector, or one of another
            version's format.

    Example:

    >>> import aezoo, numpy as np, tempfile
    >>> rng = np.random.default_rng(0)
    >>> x = (rng.normal(size=(300, 2)) @ [[1, 2, 3], [3, 2, 1]]).astype("float32")
    >>> detector = aezoo.AnomalyDetector(contamination=0, epochs=20, random_state=0).fit(x)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = detector.export(f"{folder}/detector.tflite")
    ...     lite = aezoo.edge.Detector(f"{folder}/detector.tflite")
    >>> lite.predict([[1, 1, 1], [3, -6, 3]]).tolist()
    [1, -1]
    """

    def __init__(self, path: str | os.PathLike, *, max_bytes: int = LARGEST):
        super().__init__(path, max_bytes=max_bytes)
        if "reconstruct" not in self.parts:
            raise ValueError(f"{path} is no detector: it has no signature 'reconstruct'.")
        (_, detail), _ = self._ends["reconstruct"]
        shape = [int(size) for size in detail["shape_signature"][1:]]
        try:
            # the parts of a Criterion, read from the file just once
            model = schema.ModelT.InitFromPackedBuf(self.content, 0)
            criterion = criterion_of(model, int(np.prod(shape)))
        except ValueError as error:
            raise ValueError(f"{path} cannot be used as a detector: {error}.") from error
        if criterion is None:
            raise ValueError(
                f"{path} holds a model, but no detector: write one with AnomalyDetector.export."
            )
        self._criterion = criterion
        self.threshold = criterion.threshold
        self.false_alarm_rate = criterion.false_alarm_rate
        self.feature_names = criterion.feature_names

    def anomaly_score(self, x: ArrayLike) -> np.ndarray:
        """How odd samples are: about 1 is usual, higher is odder.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of shape `(n,)`.

        Raises:
            ValueError: If the samples do not fit the file.
        """
        return self._by_piece(self._criterion.scoring.score, x)

    def contributions(self, x: ArrayLike) -> np.ndarray:
        """What each feature, pixel or step adds to the score.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float32 array of the shape of `x`, 0 or more, which sums to `anomaly_score`.

        Raises:
            ValueError: If the samples do not fit the file.
        """
        return self._by_piece(self._criterion.scoring.contributions, x)

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Whether samples are normal.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            Integer array of shape `(n,)`: 1 for normal, -1 for anomalous.

        Raises:
            ValueError: If the samples do not fit the file.
        """
        # what is too far off for float32 has no score, and is not normal
        return np.where(self.anomaly_score(x) <= self.threshold, 1, -1)

    def p_values(self, x: ArrayLike) -> np.ndarray:
        """How often normal samples are as odd.

        The file keeps at most a thousand calibration scores, the highest ones each on its own;
        where one stands for several, values are rounded up.

        Args:
            x: Array of shape `(n, *input_shape)`.

        Returns:
            float array of shape `(n,)` in (0, 1], see `aezoo.edge.p_values`.

        Raises:
            ValueError: If the samples do not fit the file.
        """
        return self._criterion.p_values(self.anomaly_score(x))

    def _by_piece(self, function: Callable, x: ArrayLike) -> np.ndarray:
        """A function of normalized samples and reconstructions, with bounded memory."""
        x = np.asarray(x)
        (_, detail), _ = self._ends["reconstruct"]
        rows = max(1, VALUES // int(np.prod(detail["shape_signature"][1:])))
        pieces = [x[i : i + rows] for i in range(0, len(x), rows)] if x.ndim and len(x) else [x]
        found = []
        for piece in pieces:
            with np.errstate(over="ignore", invalid="ignore"):
                found.append(function(*self._outputs(piece)))
        return np.concatenate(found)

    def _outputs(self, x):
        """Normalized samples, as the references are stored, and reconstructions as far from them.

        What rounding does to the samples counts for distances alone, not for the residual.
        """
        x = self._into("reconstruct", x)
        rebuilt = self._run("reconstruct", x)
        if not self._outside:
            x, rebuilt = ((values - self._offset) / self._scale for values in (x, rebuilt))
        rounded = self._criterion.rounded(x)
        return rounded, rebuilt + (rounded - x)
