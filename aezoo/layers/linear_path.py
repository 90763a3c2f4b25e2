"""A straight way beside a network, there and back: principal components, where training starts."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import keras
import numpy as np
from keras import layers, ops
from scipy.linalg import eigh
from sklearn.decomposition import PCA, IncrementalPCA

from aezoo.layers.bottleneck import bottleneck_of

NAME = "linear_path"  # of its layer in the encoder, and of that in the decoder
REFINED = "refined"  # of the last layer of a correction, see `aezoo.layers.backbones.refinement`
LAST = (("latent", REFINED), ("output", REFINED))  # the network's own last layers, beside them
STARTED = ("linear", "leaky_relu", "relu")  # activations of a code that let positive numbers pass
KEPT = ("auto", "clip", "linear", "relu")  # of an output that leave PCA's values as they are
LIFT = 5.0  # deviations above 0 at which units of a code start that is cut off there
VALUES = 2**26  # that components are fitted to, of an array: those of 21,845 images of 32x32x3
EXACT = 4096  # values of a sample, up to which batches have their covariance: 128 MiB of it
TOGETHER = 1024  # samples whose products are taken at once, in float32
WIDE = 64  # units of a code, beyond which int8's steps of weights are few for small components
BALANCE = 0.3  # power of a component's deviation that its unit has then: 256 components of CIFAR-10
# lose 0.7 % in int8, and 1.8 % with units that are all alike; with 128 it is 0.3 % and 0.5 %
LEAST = 1e-4  # deviation of a component, of the first one's, below which it is not scaled up
ROUNDING = float(np.finfo("float32").eps)  # of a value


@keras.saving.register_keras_serializable("aezoo")
class Limit(layers.Layer):
    """Cuts off what is further from 0 than a limit, for the network beside a linear path.

    Args:
        limit: Positive float.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:

    >>> import numpy as np
    >>> np.asarray(Limit(10.0)(np.array([[3.0, -456.0]])))
    array([[  3., -10.]], dtype=float32)
    """

    def __init__(self, limit: float, **kwargs):
        super().__init__(**kwargs)
        self.limit = limit

    def call(self, inputs):
        return ops.clip(inputs, -self.limit, self.limit)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}


def beside_linear_path(x: keras.KerasTensor, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Adds a linear map of what came in to what a network made of it.

    The map's kernel is 0, and the path without effect, until `start_at_pca` sets it; it is not
    trained.

    Args:
        x: Tensor of shape `(B, ...)`, what the network made of it.
        inputs: Tensor of shape `(B, ...)`.

    Returns:
        Tensor of the shape of `x`.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.build("conv", (8, 8, 1), 4, linear_path=True)
    >>> encoder.get_layer("linear_path").units
    4
    """
    shape = x.shape[1:]
    if len(inputs.shape) > 2:
        inputs = layers.Flatten(name=f"{NAME}_flatten")(inputs)  # (B, ...) -> (B, N)
    path = linear_layer(math.prod(shape), trainable=False)(inputs)
    if len(shape) > 1:
        path = layers.Reshape(shape, name=f"{NAME}_reshape")(path)  # (B, M) -> (B, ...)
    return layers.Add(name=f"{NAME}_add")([x, path])


def linear_layer(
    units: int,
    trainable: bool,
    kernel_regularizer: keras.regularizers.Regularizer | None = None,
) -> layers.Dense:
    """The layer of a linear path, without effect until `start_at_pca` sets it.

    Args:
        units: Positive integer.
        trainable: Boolean, for networks in whose place it is, not beside them.
        kernel_regularizer: Keras regularizer of the kernel, or `None`.

    Returns:
        Keras layer.
    """
    return layers.Dense(
        units,
        kernel_initializer="zeros",
        kernel_regularizer=kernel_regularizer,
        trainable=trainable,
        name=NAME,
    )


def awaits_start(encoder: keras.Model, decoder: keras.Model) -> bool:
    """Whether models have linear paths that are still without effect.

    Args:
        encoder, decoder: `keras.Model`.

    Returns:
        Boolean.
    """
    paths = [_layer(model, NAME) for model in (encoder, decoder)]
    return all(paths) and not any(np.any(ops.convert_to_numpy(path.kernel)) for path in paths)


def start_at_pca(
    encoder: keras.Model, decoder: keras.Model, data: np.ndarray | Iterable[np.ndarray]
) -> None:
    """Sets linear paths to principal components, and what the network adds to them to 0.

    The model then reconstructs as PCA does, and training goes on from there. A unit of the code
    starts with the variance 1, so that all have the same range, which int8 exports share. Without a
    prior, those of a code of more than 64 have less the less their component has, by the power 0.3:
    in int8, the steps of the decoder's weights then suffice for small components, too. Where the
    code's activation does not let negative numbers pass as they are, units start at 5, not at
    0, and what is further below the mean than 5 deviations is cut off. With a prior, it is the
    start of probabilistic PCA, whose reconstructions are nearer to the mean than PCA's.

    Args:
        encoder: `keras.Model`, `(B, *input_shape) -> (B, *latent_shape)`, with a linear path.
        decoder: `keras.Model`, `(B, *latent_shape) -> (B, *input_shape)`, with a linear path.
        data: Array of shape `(n, *input_shape)`, in the units of the encoder, of which those of
            64 million values are looked at; or an iterable of such batches, which all are.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.default_rng(0).normal(size=(50, 6)) * [9, 5, 1, 1, 1, 1]
    >>> ae = aezoo.deep(6, 2, linear_path=True)
    >>> start_at_pca(ae.encoder, ae.decoder, x)
    >>> pca = PCA(2).fit(x)
    >>> bool(np.allclose(ae.reconstruct(x), pca.inverse_transform(pca.transform(x)), atol=1e-4))
    True

    Reference:
        Tipping and Bishop, "Probabilistic Principal Component Analysis", JRSS B 61, 1999; that
        linear variational autoencoders end there: Lucas et al., "Don't Blame the ELBO!", NeurIPS
        2019, arXiv:1911.02469.
    """
    there, back = (model.get_layer(NAME) for model in (encoder, decoder))
    size, values = back.kernel.shape
    pca = components(data, size)
    bottleneck = bottleneck_of(encoder)
    count = len(pca.components_)
    variances = np.nan_to_num(pca.explained_variance_.astype("float64"))  # NaN of one sample
    deviations = np.sqrt(np.maximum(variances, 0))
    same = deviations[0] <= ROUNDING * np.abs(pca.mean_).max()  # all samples
    deviations = np.maximum(deviations, 1.0 if same else LEAST * deviations[0])
    shrunk, others = bottleneck.linear_start(pca.noise_variance_ / np.square(deviations))
    wide = size > WIDE and not bottleneck.has_prior
    units = (deviations / deviations[0]) ** (BALANCE if wide else 0)  # their deviations

    kernel = np.zeros(there.kernel.shape)  # (N, D), with others (N, D + others)
    kernel[:, :count] = pca.components_.T / deviations * shrunk * units
    bias = np.zeros(there.kernel.shape[1])
    bias[size : size + len(others)] = others
    bias[:count] -= pca.mean_ @ kernel[:, :count]
    returned = np.zeros((size, values))
    returned[:count] = pca.components_ * (deviations * shrunk / units)[:, np.newaxis]
    mean = pca.mean_.astype("float64")
    if bottleneck.code_activation != "linear":
        bias[:count] += LIFT * units
        mean -= LIFT * units @ returned[:count]
    there.kernel.assign(kernel)
    there.bias.assign(bias)
    back.kernel.assign(returned)
    back.bias.assign(mean)
    for model, names in zip((encoder, decoder), LAST, strict=True):
        for layer in filter(None, (_layer(model, name) for name in names)):
            for weight in layer.weights:
                weight.assign(np.zeros(weight.shape))


def components(data: np.ndarray | Iterable[np.ndarray], size: int) -> PCA | IncrementalPCA:
    """Principal components of samples of any shape.

    Args:
        data: Array of shape `(n, ...)`, or an iterable of such batches.
        size: Positive integer, the most components.

    Returns:
        scikit-learn's fitted `PCA`. That of an iterable is of all its samples. Where these have at
        most 4,096 values, their covariance is summed up, and variances are those of an array but
        for a millionth of the greatest; of more it is scikit-learn's `IncrementalPCA`, whose
        components are close to those.

    Example:

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(60, 2, 3))
    >>> components(x, 4).components_.shape
    (4, 6)
    >>> of_batches = components(iter([x[:25], x[25:]]), 4)
    >>> bool(np.allclose(of_batches.explained_variance_, components(x, 4).explained_variance_))
    True
    """
    if not hasattr(data, "shape"):
        return _of_batches(data, size)
    rows = max(size + 1, VALUES // max(1, math.prod(data.shape[1:])))
    if len(data) > rows:
        data = data[np.random.default_rng(0).choice(len(data), rows, replace=False)]
    flat = np.asarray(data).reshape(len(data), -1)  # (n, ...) -> (n, N)
    mean = flat.mean(axis=0, dtype="float64")
    flat = flat - mean.astype(flat.dtype)  # or a covariance in float32 drowns in a large mean
    pca = PCA(min(size, *flat.shape), copy=False, random_state=0)
    with np.errstate(invalid="ignore"):  # variances of one sample, or of samples that are equal
        pca.fit(flat)
    pca.mean_ = pca.mean_ + mean
    kept, values = pca.components_.shape
    if kept < values:  # its own is of as many values as there are samples, if these are fewer
        pca.noise_variance_ *= (min(flat.shape) - kept) / (values - kept)
    return pca


def _of_batches(batches, size):
    batches = (np.asarray(batch).reshape(len(batch), -1) for batch in batches)  # (n, ...) -> (n, N)
    first = next(batches)
    of = _exact if first.shape[1] <= EXACT else _incremental
    return of(chain([first], batches), size)


def _exact(batches, size):
    """The components of all that is in batches, by the sum of their products."""
    count, shift = 0, None
    few = (flat[i : i + TOGETHER] for flat in batches for i in range(0, len(flat), TOGETHER))
    for flat in _gathered(few, TOGETHER):
        own = flat.mean(axis=0, dtype="float64").astype(flat.dtype)
        if shift is None:
            shift, values = own.astype("float64"), flat.shape[1]
            sums, products = np.zeros(values), np.zeros((values, values))
        flat, moved = flat - own, own - shift  # or products drown in a large mean
        of_own = flat.sum(axis=0, dtype="float64")
        products += flat.T @ flat
        products += np.outer(of_own, moved) + np.outer(moved, of_own + len(flat) * moved)
        sums += of_own + len(flat) * moved
        count += len(flat)
    mean = sums / count
    covariance = (products - count * np.outer(mean, mean)) / max(count - 1, 1)
    kept = min(size, count, values)
    variances, axes = eigh(covariance, subset_by_index=[values - kept, values - 1])
    pca = PCA(kept)
    pca.components_, pca.mean_ = axes[:, ::-1].T, shift + mean
    pca.explained_variance_ = np.maximum(variances[::-1], 0)
    pca.n_components_, pca.n_samples_, pca.n_features_in_ = kept, count, values
    rest = max(np.trace(covariance) - pca.explained_variance_.sum(), 0.0)
    pca.noise_variance_ = rest / (values - kept) if kept < values else 0.0
    return pca


def _incremental(batches, size):
    pca = None
    for flat in _gathered(batches, 5 * size):  # its own default
        pca = _with(pca, flat, size)
    n, kept = int(pca.n_samples_seen_), len(pca.components_)
    left = len(pca.mean_) - kept
    if left and n > 1:  # its own is of the last batch
        rest = pca.var_.sum() * n / (n - 1) - pca.explained_variance_.sum()
        pca.noise_variance_ = max(rest, 0.0) / left
    return pca


def _gathered(batches: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    """Batches of so many samples or more, the last of what is left."""
    waiting = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= count:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _with(pca, flat, size):
    pca = IncrementalPCA(min(size, *flat.shape)) if pca is None else pca
    with np.errstate(invalid="ignore"):
        return pca.partial_fit(flat)


def _layer(model, name):
    return next((layer for layer in model.layers if layer.name == name), None)
