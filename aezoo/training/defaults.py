"""What a training does about what was not said."""

import math
from collections.abc import Mapping
from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.data.datasets import Dataset
from aezoo.data.streams import Stream
from aezoo.registry import accepts
from aezoo.training.plan import FEW_RATE, MANY

STEPS = 6000  # updates after which the default networks have settled, on digits and on MNIST


def with_normalization(
    model: str, data: Dataset | Stream, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of a model, with a normalization where the data need one and none was said.

    Args:
        model: String, one of `aezoo.list_models()`.
        data: `Dataset` or `Stream`, the training split.
        options: Mapping of the model's options that were said.

    Returns:
        Dictionary: `normalization` is `"standard"` for vectors and signals, and `"minmax"` for
        images and volumes that are not in [0, 1].
    """
    spatial = data.x.ndim >= 4
    low, high = data.range
    if (spatial and low >= 0 and high <= 1) or not accepts(model, "normalization"):
        return dict(options)
    return {"normalization": "minmax" if spatial else "standard", **options}


def usual_latent_dim(shape: tuple[int, ...]) -> int:
    """How many numbers a code has: an eighth of a sample's, at most 32.

    Args:
        shape: Tuple of positive integers, the shape of one sample.

    Returns:
        Positive integer.

    Example:

    >>> usual_latent_dim((8, 8, 1)), usual_latent_dim((28, 28, 1))
    (8, 32)
    """
    return min(32, max(1, math.prod(shape) // 8))


def usual_batch_size(count: int) -> int:
    """How many samples a batch has.

    Args:
        count: Positive integer, how many samples there are to train on.

    Returns:
        Positive integer.
    """
    return 128 if count >= MANY else 32


def usual_epochs(count: int, batch_size: int) -> int:
    """The epochs that make about 6,000 updates.

    Args:
        count: Positive integer, how many samples there are to train on.
        batch_size: Positive integer.

    Returns:
        Positive integer.

    Example:

    >>> usual_epochs(54_000, 128)
    14
    """
    return max(1, round(STEPS / math.ceil(count / batch_size)))


def usual_learning_rate(ae: Autoencoder, count: int) -> float:
    """Where the learning rate starts: at the model's own, or half of it for few samples.

    Args:
        ae: `aezoo.Autoencoder`, compiled without a schedule.
        count: Positive integer, how many samples there are to train on.

    Returns:
        Positive float.
    """
    return float(ae.optimizer.learning_rate) * (1 if count >= MANY else FEW_RATE)
