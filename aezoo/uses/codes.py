"""A scikit-learn transformer made of an autoencoder."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from aezoo.checks import positive
from aezoo.uses import networks


class CodeTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Samples as codes of an autoencoder: features, as `sklearn.decomposition.PCA` makes them.

    Args:
        model: `None` for a model that suits the data, and is trained on them; the name of a
            family, such as `"deep"`, likewise trained; or a trained `aezoo.Autoencoder`, which is
            taken as it is.
        latent_dim: Positive integer, how many numbers a code has; that of a trained model counts.
        epochs: Positive integer, or `None` for 600 batches of 64, however many samples there are.
        random_state: Integer, NumPy `RandomState` or `None`, as in scikit-learn. Keras's global
            seed is set from it.
        verbose: As in `keras.Model.fit`.

    Attributes:
        model_: `aezoo.Autoencoder`.
        n_features_in_, feature_names_in_: As in scikit-learn.

    Raises:
        ValueError: In `fit` and all that follows, for arguments out of their range and data that
            cannot be used.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 6))
    >>> codes = aezoo.CodeTransformer(latent_dim=2, epochs=1).fit(x)
    >>> codes.transform(x).shape, codes.inverse_transform(codes.transform(x)).shape
    ((100, 2), (100, 6))
    """

    def __init__(
        self,
        model: Any = None,
        *,
        latent_dim: int = 8,
        epochs: int | None = None,
        random_state: Any = None,
        verbose: Any = 0,
    ):
        self.model = model
        self.latent_dim = latent_dim
        self.epochs = epochs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, as in scikit-learn
        """Trains the model, unless it came trained.

        Args:
            X: Array of shape `(n, features)` or `(n, *sample_shape)`, or pandas table of numbers.
            y: Ignored.

        Returns:
            The transformer.
        """
        positive("latent_dim", self.latent_dim)
        if self.epochs is not None:
            positive("epochs", self.epochs)
        x = self._checked(X, reset=True, ensure_min_samples=2)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.model_ = networks.trained(
            self.model,
            x,
            lambda shape, bounded: networks.suitable(self.model, shape, bounded, self.latent_dim),
            epochs=self.epochs,
            seed=seed,
            verbose=self.verbose,
        )
        return self

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803
        """Codes of samples.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            float32 array of shape `(n, numbers in a code)`.
        """
        check_is_fitted(self, "model_")
        codes = self.model_.encode(self._checked(X, reset=False))
        return codes.reshape(len(codes), -1)  # (n, *latent_shape) -> (n, D)

    def inverse_transform(self, X: Any) -> np.ndarray:  # noqa: N803
        """Samples of codes, in the units of the data.

        Args:
            X: Array of shape `(n, numbers in a code)`.

        Returns:
            float32 array of shape `(n, ...)`, as `fit` got them.
        """
        check_is_fitted(self, "model_")
        codes = np.asarray(X, "float32")
        if codes.ndim != 2 or codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"Expected codes of shape (n, {self._n_features_out}). Received: {codes.shape}"
            )
        return self.model_.decode(codes.reshape(-1, *self.model_.latent_shape))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self):
        return int(np.prod(self.model_.latent_shape))

    def _checked(self, X, **options):  # noqa: N803
        return validate_data(self, X, dtype="float32", allow_nd=True, **options)
