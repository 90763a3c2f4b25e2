"""What a classifier that comes with the zoo sees in images: features for `likeness`."""

import functools
import json

import keras
import numpy as np
from numpy.typing import ArrayLike

from aezoo.data.inputs import Door
from aezoo.registry import weights

CARD, FILE = "classifier.json", "model.keras"
LAYER = "features"


def class_features(x: ArrayLike, classifier: str = "mnist") -> np.ndarray:
    """Features of a small classifier: its last hidden layer.

    Distances between images themselves are of pixels; those between features are of what tells
    classes apart.

    Args:
        x: Array of shape `(n, *input_shape)`, images in [0, 1] of the classifier's shape.
        classifier: String, see `classifiers`.

    Returns:
        float32 array of shape `(n, features)`: 64 for `"mnist"`.

    Raises:
        ValueError: For an unknown name, or images of another shape.

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
    return network.predict(x, batch_size=500, verbose=0)


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


@functools.cache
def _network(classifier):
    if classifier not in classifiers():
        raise ValueError(
            f"There is no classifier {classifier!r}. Known are: {', '.join(classifiers())}."
        )
    folder = weights.folder() / f"classifier-{classifier}"
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    whole = keras.models.load_model(weights.check({**card, "folder": folder}, FILE), compile=False)
    return keras.Model(whole.inputs[0], whole.get_layer(LAYER).output)
