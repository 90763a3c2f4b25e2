"""The model of codes that are places in a codebook."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from aezoo.autoencoder.model import Autoencoder
from aezoo.layers.quantizers import Codebook


@keras.saving.register_keras_serializable("aezoo")
class VectorQuantized(Autoencoder):
    """An autoencoder with a codebook. See `aezoo.vector_quantized`, which makes one."""

    def encode_indices(self, x: Any) -> np.ndarray:
        """Codes as indices into the codebook.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            Integer NumPy array of shape `(n, ...)`, that of codes without their last axis.
        """
        return self._batched(lambda b: self.bottleneck.indices(self._features(b)), x)

    def decode_indices(self, indices: ArrayLike) -> np.ndarray:
        """Outputs for indices into the codebook, in the units of the input.

        Args:
            indices: Integer array of shape `(n, *latent_shape[:-1])`.

        Returns:
            NumPy array of shape `(n, *input_shape)`.

        Raises:
            ValueError: If there is no code, or an index is outside of the codebook.
        """
        indices = np.asarray(indices)
        if not indices.size:
            raise ValueError("Expected at least one code. Received: none")
        size = self.bottleneck.num_embeddings
        if (
            not np.issubdtype(indices.dtype, np.integer)
            or indices.min() < 0
            or indices.max() >= size
        ):
            raise ValueError(
                f"Indices must be integers from 0 to {size - 1}. Received: {indices.dtype} from "
                f"{indices.min()} to {indices.max()}"
            )
        codes = self.bottleneck.lookup(ops.convert_to_tensor(indices))
        return self.decode(ops.convert_to_numpy(codes))


Codebook.autoencoder = VectorQuantized
