"""How likely an output makes a sample: the losses that stand for it."""

from typing import Any

import keras
from keras import ops

LOSSES = {"gaussian": "mse", "bernoulli": "binary_crossentropy"}


def loss_of(likelihood: str, options: dict[str, Any]) -> str:
    """The loss of a likelihood, whose options of the network are completed.

    Args:
        likelihood: String, `"gaussian"` or `"bernoulli"`.
        options: Dictionary of options of the backbone; that of a Bernoulli likelihood is given a
            sigmoid output.

    Returns:
        String, the name of a Keras loss.

    Raises:
        ValueError: For another likelihood, or an output that does not fit.

    Example:

    >>> from aezoo.layers.likelihoods import loss_of
    >>> options = {}
    >>> loss_of("bernoulli", options), options
    ('binary_crossentropy', {'output_activation': 'sigmoid'})
    """
    if likelihood not in LOSSES:
        raise ValueError(f"likelihood must be one of {tuple(LOSSES)}. Received: {likelihood!r}")
    if (
        likelihood == "bernoulli"
        and options.setdefault("output_activation", "sigmoid") != "sigmoid"
    ):
        raise ValueError(
            "A Bernoulli likelihood needs output_activation='sigmoid'. Received: "
            f"{options['output_activation']!r}"
        )
    return LOSSES[likelihood]


def errors_of(likelihood, target, output):
    """The errors of all values, of which the loss is the mean.

    Args:
        likelihood: String, `"gaussian"` or `"bernoulli"`.
        target, output: Float tensors that go with one another.

    Returns:
        Tensor of the shape that they have together.

    Example:

    >>> from aezoo.layers.likelihoods import errors_of
    >>> from keras import ops
    >>> errors = errors_of("bernoulli", ops.ones(3), 0.5 * ops.ones(3))
    >>> [round(float(error), 4) for error in errors]
    [0.6931, 0.6931, 0.6931]
    """
    if likelihood == "gaussian":
        return ops.square(target - output)
    least = keras.config.epsilon()  # as in Keras's loss
    output = ops.clip(output, least, 1 - least)
    return -(target * ops.log(output) + (1 - target) * ops.log(1 - output))
