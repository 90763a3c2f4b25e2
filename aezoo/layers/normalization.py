"""Scaling inside the model: raw values in, normalized values to the encoder, raw values out."""

import math
from collections.abc import Iterable

import keras
import numpy as np
from keras import ops
from sklearn.preprocessing import MinMaxScaler, StandardScaler

SCALERS = {"minmax": MinMaxScaler, "standard": StandardScaler}
PIECE = 2**22  # values that are looked at together


@keras.saving.register_keras_serializable("aezoo")
class Normalization(keras.layers.Layer):
    """Scales each feature (the last axis) with statistics learned by `adapt`, and scales back.

    Args:
        mode: String, `"minmax"` for `(x - min) / (max - min)` or `"standard"` for
            `(x - mean) / standard_deviation`. A constant feature becomes 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., F)`.
        inverse: Boolean, whether to map normalized values back to raw ones.

    Raises:
        ValueError: For another mode.

    The statistics are two weights without training, and nothing else: whatever copies, averages or
    loads weights takes them along.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.normalization import Normalization
    >>> layer = Normalization("minmax")
    >>> layer.adapt(np.array([[10.0], [30.0]]))
    >>> float(layer(np.array([[15.0]]))[0, 0])
    0.25
    """

    def __init__(self, mode="minmax", **kwargs):
        super().__init__(**kwargs)
        if mode not in SCALERS:
            raise ValueError(
                f"normalization must be None or one of {sorted(SCALERS)}. Received: {mode!r}"
            )
        self.mode = mode

    def build(self, input_shape):
        # infinite until adapt: forgetting it must not pass for an identity, and JAX puts on several
        # processes only what is equal on all, which NaN never is
        unknown = keras.initializers.Constant(float("inf"))
        for name in ("offset", "scale"):
            weight = self.add_weight(
                shape=input_shape[-1:], initializer=unknown, trainable=False, name=name
            )
            setattr(self, name, weight)

    def adapt(self, data: np.ndarray | Iterable[np.ndarray]) -> None:
        """Learns the statistics of each feature.

        Args:
            data: Array of shape `(n, ..., F)`, or an iterable of batches of that shape.
        """
        scaler = SCALERS[self.mode]()
        for batch in [data] if hasattr(data, "shape") else data:
            for piece in _pieces(batch):
                # in float64: scikit-learn takes small ranges for constants in float32
                piece = np.asarray(piece, "float64")
                scaler.partial_fit(piece.reshape(-1, piece.shape[-1]))  # (n, ..., F) -> (N, F)
        if not self.built:
            self.build((None, *batch.shape[1:]))
        minmax = self.mode == "minmax"
        self.offset.assign(scaler.data_min_ if minmax else scaler.mean_)
        self.scale.assign(1 / scaler.scale_ if minmax else scaler.scale_)

    @property
    def statistics(self) -> tuple[np.ndarray, np.ndarray] | None:
        """A pair of arrays, offset and scale of each feature, or `None` before `adapt`."""
        if not self.built:
            return None
        offset, scale = (ops.convert_to_numpy(w) for w in (self.offset, self.scale))
        return (offset, scale) if np.isfinite(scale).all() else None

    @property
    def adapted(self) -> bool:
        """Whether there are statistics, from `adapt` or from weights that were loaded."""
        return self.statistics is not None

    def call(self, inputs, inverse=False):
        if inverse:
            return inputs * self.scale + self.offset
        return (inputs - self.offset) / self.scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}


def _pieces(data):
    """Slices of an array that are small in float64, however large the whole."""
    rows = max(1, PIECE // max(1, math.prod(data.shape[1:])))
    return (data[i : i + rows] for i in range(0, len(data), rows))
