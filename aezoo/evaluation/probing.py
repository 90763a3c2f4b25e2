"""How much of the classes is in the codes: classifiers on them, on raw samples and on PCA."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import type_of_target

from aezoo.checks import count, positive

EACH = (10, 100)  # labels of a class, unless said
NEIGHBORS = 5
ITERATIONS = 1000


def probe(
    ae: keras.Model,
    x: ArrayLike,
    y: ArrayLike | None,
    x_test: ArrayLike,
    y_test: ArrayLike | None,
    *,
    labels: Sequence[int | None] | None = None,
    draws: int = 10,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Measures how well simple classifiers do on codes, beside raw samples and PCA.

    The classifiers are a linear one (logistic regression on standardized features, `C=1`) and the
    five nearest neighbours, the features the codes, the raw samples, and PCA with as many numbers
    as a code, which is fitted to all of `x`, as the model was. For less than all labels samples are
    drawn several times, of each class its share, and one at least.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, samples to draw from.
        y: Array of shape `(n,)`, their classes: integers or strings. `None`, as datasets without
            labels have, is refused.
        x_test: Array of shape `(m, *input_shape)`, samples that accuracies are measured on.
        y_test: Array of shape `(m,)`.
        labels: Sequence of integers, how many labels the classifiers see, `None` for all of them.
            Default: 10 and 100 a class, as far as there are so many, and all.
        draws: Positive integer, how often samples are drawn.
        seed: Integer, of the draws: the same for all features.

    Returns:
        List of dictionaries: `features` (`"codes"`, `"raw"` or `"PCA"`), `classifier` (`"linear"`
        or `"neighbours"`), `labels`, `accuracy`, the mean over the draws, and `spread`, their
        standard deviation, 0 for all labels.

    Raises:
        ValueError: If there are no labels, or not one for each sample; for fewer than two classes;
            if `labels` is more than there are, or fewer than there are classes; or if both sets
            have no class in common.

    Example:

    >>> import aezoo
    >>> train, test = (aezoo.load_dataset("digits", split) for split in ("train", "test"))
    >>> ae = aezoo.vanilla((8, 8, 1), 8)
    >>> found = aezoo.probe(ae, train.x, train.y, test.x, test.y, labels=[100], draws=2)
    >>> sorted({row["features"] for row in found}), len(found)
    (['PCA', 'codes', 'raw'], 6)

    Reference:
        Linear probes: Alain and Bengio, "Understanding Intermediate Layers Using Linear Classifier
        Probes", 2016, arXiv:1610.01644.
    """
    positive("draws", draws)
    count("seed", seed)
    x, x_test = np.asarray(x), np.asarray(x_test)  # they are read twice
    samples = [_flat(ae.normalize(part)) for part in (x, x_test)]
    classes = [
        _classes(name, values, len(part))
        for name, values, part in zip(("y", "y_test"), (y, y_test), samples, strict=True)
    ]
    if not np.isin(classes[1], classes[0]).any():
        raise ValueError("y and y_test have no class in common: are both of one kind?")
    sizes = _sizes(labels, classes[0])
    codes = [_flat(ae.encode(part)) for part in (x, x_test)]
    components = min(codes[0].shape[1], *samples[0].shape)
    pca = PCA(components, random_state=0).fit(samples[0])
    kinds = {"codes": codes, "raw": samples, "PCA": [pca.transform(part) for part in samples]}
    found = []
    for size in sizes:
        drawn = list(_drawn(classes[0], size, draws, seed))
        for features, (given, tested) in kinds.items():
            for classifier, made in CLASSIFIERS.items():
                right = [
                    made(len(one)).fit(given[one], classes[0][one]).score(tested, classes[1])
                    for one in drawn
                ]
                spread = float(np.std(right, ddof=1)) if len(right) > 1 else 0.0
                row = {"features": features, "classifier": classifier, "labels": size}
                found.append({**row, "accuracy": float(np.mean(right)), "spread": spread})
    return found


def _linear(count: int) -> ClassifierMixin:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))


def _neighbours(count: int) -> ClassifierMixin:
    return KNeighborsClassifier(min(NEIGHBORS, count))


CLASSIFIERS = {"linear": _linear, "neighbours": _neighbours}


def _flat(x):
    return np.asarray(x, "float32").reshape(len(x), -1)  # (n, ...) -> (n, D)


def _classes(name, values, count):
    if values is None:
        raise ValueError(f"A probe needs the classes of the samples. Received: {name}=None")
    values = np.asarray(values)
    values = np.asarray(values.tolist()) if values.dtype == object else values
    if values.shape != (count,):
        raise ValueError(
            f"{name} must be one class for each of {count:,} samples. Received: {values.shape}"
        )
    if type_of_target(values) not in ("binary", "multiclass"):
        raise ValueError(f"{name} must be classes, integers or strings. Received: {values[:5]}")
    return values


def _sizes(labels, y):
    """How many labels are seen, all of them included, from few to many."""
    kinds = len(np.unique(y))
    if kinds < 2:
        raise ValueError("A probe needs two classes or more. Received: one")
    if labels is not None:
        labels = [labels] if hasattr(labels, "__index__") else list(labels)
    else:
        labels = [*(each * kinds for each in EACH if each * kinds < len(y)), None]
    found = sorted({len(y) if size is None else positive("labels", size) for size in labels})
    if not found or found[0] < kinds or found[-1] > len(y):
        raise ValueError(
            f"labels must be from {kinds}, one for each class, to {len(y):,}, all there are. "
            f"Received: {labels}"
        )
    return found


def _drawn(y, size, draws, seed) -> Iterator[np.ndarray]:
    """Places of so many samples, of each class its share, and one at least; all of them once."""
    if size == len(y):
        yield np.arange(len(y))
        return
    _, kinds, counts = np.unique(y, return_inverse=True, return_counts=True)
    for draw in range(draws):
        order = np.random.default_rng((seed, draw)).permutation(len(y))
        rank = np.empty(len(y))
        for kind, number in enumerate(counts):
            rank[kinds[order] == kind] = np.arange(number)
        # the first of each class, then so far into each that all are as far
        turn = np.where(rank == 0, 0.0, (rank + 0.5) / counts[kinds[order]])
        yield order[np.argsort(turn, kind="stable")[:size]]
