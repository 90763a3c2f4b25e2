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
    >>> from aezoo.normalization import Normalization
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
            data: Array of shape `(n, ..., F)`, or an iterable of batches of that shape, or of
                tuples that begin with one.
        """
        scaler = SCALERS[self.mode]()
        for batch in [data] if hasattr(data, "shape") else data:
            batch = np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch)
            scaler.partial_fit(batch.reshape(-1, batch.shape[-1]))  # (n, ..., F) -> (N, F)
        if not self.built:
            self.build((None, *batch.shape[1:]))
        if self.mode == "minmax":
            self.offset.assign(scaler.data_min_)
            self.scale.assign(1 / scaler.scale_)
        else:
            self.offset.assign(scaler.mean_)
            self.scale.assign(scaler.scale_)

    @property
    def adapted(self):
        """Whether `adapt` has run."""
        return self.built and bool(np.isfinite(ops.convert_to_numpy(self.scale)).all())

    def call(self, inputs, inverse=False):
        if inverse:
            return inputs * self.scale + self.offset
        return (inputs - self.offset) / self.scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
