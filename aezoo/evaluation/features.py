"""What a classifier that comes with the zoo sees in images: features for `likeness`."""

import functools
import json

import keras
import numpy as np
from numpy.typing import ArrayLike

from aezoo.data.inputs import Door
from aezoo.registry import weights
from aezoo.registry.loading import load_model

CARD, FILE = "classifier.json", "model.keras"
LAYER = "features"
BEYOND = 0.5  # [0, 1], that values may be


def class_features(x: ArrayLike, classifier: str = "mnist") -> np.ndarray:
    """Features of a small classifier: its last hidden layer.

    Distances between images themselves are of pixels; those between features are of what tells
    classes apart.

    Args:
        x: Array of shape `(n, *input_shape)`, images in [0, 1] of the classifier's shape; what is
            a little beyond, as in generated ones, is cut off.
        classifier: String, see `classifiers`.

    Returns:
        float32 array of shape `(n, features)`: 64 for `"mnist"`.

    Raises:
        ValueError: For an unknown name, images of another shape, or values that are not of [0, 1].
        aezoo.registry.weights.WeightsError: If the classifier's files are damaged; a `ValueError`.

    Example:

    >>> import numpy as np
    >>> from aezoo.evaluation import class_features
    >>> class_features(np.zeros((3, 28, 28, 1))).shape
    (3, 64)

    Reference:
        Distances in features of a classifier: Heusel et al., 2017, arXiv:1706.08500.
    """
    network = _network(classifier)
    x = Door(network.input_shape[1:]).array(x)
    if len(x) and not -BEYOND <= x.min() <= x.max() <= 1 + BEYOND:
        raise ValueError(f"Images must be in [0, 1]. Received: {x.min():.3g} to {x.max():.3g}")
    return network.predict(np.clip(x, 0, 1), batch_size=500, verbose=0)


def classifiers() -> list[str]:
    """The names of the classifiers that come with the zoo: of the data that they were trained on.

    Returns:
        List of strings.

    Example:

    >>> from aezoo.evaluation import classifiers
    >>> classifiers()
    ['mnist']
    """
    found = weights.folder().glob(f"classifier-*/{CARD}")
    return sorted(path.parent.name.removeprefix("classifier-") for path in found)


def input_shape_of(classifier: str) -> tuple[int, ...]:
    """The shape of the images that a classifier takes.

    Args:
        classifier: String, see `classifiers`.

    Returns:
        Tuple of positive integers.

    Raises:
        ValueError: For an unknown name.
        aezoo.registry.weights.WeightsError: If its card is damaged; a `ValueError`.
    """
    return tuple(_card(classifier)["input_shape"])


def _card(classifier):
    if classifier not in classifiers():
        known = ", ".join(classifiers()) or "none"
        raise ValueError(f"There is no classifier {classifier!r}. Known are: {known}.")
    file = weights.folder() / f"classifier-{classifier}" / CARD
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        return {"input_shape": card["input_shape"], "files": dict(card["files"])}
    except (ValueError, KeyError, TypeError) as error:
        raise weights.WeightsError(f"{file} is a damaged card: {error!r}.") from error


@functools.cache
def _network(classifier):
    card = {**_card(classifier), "folder": weights.folder() / f"classifier-{classifier}"}
    whole = load_model(weights.check(card, FILE), compile=False)
    return keras.Model(whole.inputs[0], whole.get_layer(LAYER).output)
