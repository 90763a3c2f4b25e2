"""Scaling inside the model: raw values in, normalized values to the encoder, raw values out."""

import keras
import numpy as np
from keras import ops
from sklearn.preprocessing import MinMaxScaler, StandardScaler

SCALERS = {"minmax": MinMaxScaler, "standard": StandardScaler}


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
        self.statistics = None  # (offset, scale) once adapted

    def build(self, input_shape):
        # NaN until adapt: forgetting it must not pass for an identity.
        nan = keras.initializers.Constant(float("nan"))
        for name in ("offset", "scale"):
            weight = self.add_weight(
                shape=input_shape[-1:], initializer=nan, trainable=False, name=name
            )
            setattr(self, name, weight)

    def adapt(self, data):
        """Learns the statistics of each feature.

        Args:
            data: Array of shape `(n, ..., F)`, or an iterable of batches of that shape.
        """
        scaler = SCALERS[self.mode]()
        for batch in [data] if hasattr(data, "shape") else data:
            # in float64: scikit-learn takes small ranges for constants in float32
            batch = np.asarray(batch, "float64")
            scaler.partial_fit(batch.reshape(-1, batch.shape[-1]))  # (n, ..., F) -> (N, F)
        if not self.built:
            self.build((None, *batch.shape[1:]))
        minmax = self.mode == "minmax"
        self.offset.assign(scaler.data_min_ if minmax else scaler.mean_)
        self.scale.assign(1 / scaler.scale_ if minmax else scaler.scale_)
        self._remember()

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self._remember()

    def set_weights(self, weights):
        super().set_weights(weights)
        self._remember()

    @property
    def adapted(self):
        """Whether `adapt` has run."""
        return self.statistics is not None

    def call(self, inputs, inverse=False):
        if inverse:
            return inputs * self.scale + self.offset
        return (inputs - self.offset) / self.scale

    def normalized(self, x):
        """What `call` computes, with the statistics as constants.

        For losses and metrics, which the JAX backend evaluates where it has no layer weights.

        Args:
            x: Tensor of shape `(B, ..., F)`.

        Returns:
            Tensor of the same shape.
        """
        offset, scale = self.statistics
        return (x - offset) / scale

    def _remember(self):
        offset, scale = (ops.convert_to_numpy(w.value) for w in (self.offset, self.scale))
        self.statistics = (offset, scale) if np.isfinite(scale).all() else None

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
