"""Principal components, as a model like the others."""

import warnings
from typing import Any

import keras
import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.layers.linear_path import EXACT
from aezoo.registry import register

TOGETHER = 1024  # samples of an array that are read at once


@register(purpose="reconstruction")
def pca(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    normalization: str | None = None,
) -> "PCA":
    """Principal components, exact and in closed form: what any network has to beat.

    `fit` sets them at once, of all the samples that it is given, and does so anew each time; its
    epochs and batches say only how often the loss is told.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many components are kept.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`. With the last
            they are those of the correlations.

    Returns:
        A compiled `PCA`, an `aezoo.Autoencoder`. Its codes are scores that are scaled: up to 64
        units have the variance 1, of more those of larger components have more, as int8 wants
        them. `explained_variance` tells that of the components. Of samples of more than 4,096
        values in arrays components are scikit-learn's, and in datasets close to them.

    Raises:
        ValueError: For a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 3)) * [3, 2, 0]
    >>> ae = aezoo.pca(3, 2)
    >>> history = ae.fit(x, verbose=0)
    >>> bool(np.allclose(ae.reconstruct(x), x, atol=1e-5))
    True

    Reference:
        Hotelling, "Analysis of a Complex of Statistical Variables into Principal Components",
        Journal of Educational Psychology 24, 1933.
    """
    options = {"hidden_units": (), "linear_path": True, "output_activation": "linear"}
    parts = backbones.build("dense", input_shape, latent_dim, **options)
    for part in parts:
        part.trainable = False
    return PCA(*parts, normalization=normalization, name="pca")


@keras.saving.register_keras_serializable("aezoo")
class PCA(Autoencoder):
    """An autoencoder that is solved, not trained. See `aezoo.pca`, which makes one."""

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        with warnings.catch_warnings():  # Keras misses something to train
            warnings.filterwarnings("ignore", "The model does not have any trainable weights")
            return super().fit(x, *args, **kwargs)

    def explained_variance(self, x: Any) -> np.ndarray:
        """Variance of samples along each component, in normalized units.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(latent_dim,)`, of the training samples the eigenvalues of their
            covariance, from the largest on.
        """
        kernel = keras.ops.convert_to_numpy(self.decoder.get_layer("linear_path").kernel)
        lengths = np.square(kernel, dtype="float64").sum(axis=1)  # (D, N) -> (D,)
        return self.encode(x).var(axis=0, ddof=1, dtype="float64") * lengths

    def _awaits_start(self, first_epoch):
        return first_epoch == 0

    def _start_at_pca(self, targets):
        exact = int(np.prod(self.input_shape[1:])) <= EXACT
        if exact and hasattr(targets, "shape"):  # all of them, where an array's would be sampled
            targets = _pieces(targets)
        super()._start_at_pca(targets)


def _pieces(x):
    return (x[i : i + TOGETHER] for i in range(0, len(x), TOGETHER))
