"""Networks of convolutions alone: what they see, and the same weights for other sizes."""

import keras
from keras import layers

from aezoo.layers.bottleneck import Bottleneck

ADDED = (  # what a size that is no multiple of the strides needs, and others do not
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Cropping3D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
    layers.ZeroPadding3D,
)
BY_PLACE = (
    layers.Activation,
    layers.Add,
    layers.BatchNormalization,
    layers.Dropout,
    layers.Identity,
    layers.InputLayer,
)


def is_local(network: keras.Model) -> bool:
    """Whether a network does the same at each place, so that its weights do for any size.

    Args:
        network: `keras.Model`.

    Returns:
        Boolean.

    Example:

    >>> import aezoo
    >>> is_local(aezoo.backbones.lapped((32, 32, 1), 8)[0])
    True
    """
    return all(_is_by_place(layer) or _is_convolution(layer) for layer in network.layers)


def coarsest_step(network: keras.Model, step: int = 1) -> int:
    """How far apart the coarsest features of a network of convolutions are.

    Args:
        network: `keras.Model`.
        step: Positive integer, how far apart the values are that it is given.

    Returns:
        Positive integer.
    """
    found = step
    for layer in network.layers:
        if _is_convolution(layer):
            step = _after(layer, step)
            found = max(found, step)
    return found


def last_step(network: keras.Model, step: int = 1) -> int:
    """How far apart the values are that a network of convolutions gives.

    Args:
        network: `keras.Model`.
        step: Positive integer, how far apart those are that it is given.

    Returns:
        Positive integer.
    """
    for layer in network.layers:
        if _is_convolution(layer):
            step = _after(layer, step)
    return step


def reach(network: keras.Model, step: int = 1) -> int:
    """How far away a value can be that has a part in another one's result.

    Args:
        network: `keras.Model` of convolutions.
        step: Positive integer, how far apart the values are that it is given.

    Returns:
        Positive integer, of pixels or steps along an axis.
    """
    found = 0
    for layer in network.layers:
        if _is_convolution(layer):
            finer = min(step, _after(layer, step))
            found += finer * -(-(layer.kernel_size[0] - 1) // 2)  # half a kernel, rounded up
            step = _after(layer, step)
    return found


def for_size(network: keras.Model, shape: tuple[int | None, ...]) -> keras.Model:
    """A network of convolutions for samples of another size, with the same weights.

    Args:
        network: `keras.Model` for which `is_local` holds.
        shape: Tuple of positive integers, multiples of its coarsest step, and its channels; `None`
            for any.

    Returns:
        `keras.Model`, with weights of its own.

    Example:

    >>> import aezoo
    >>> encoder, _ = aezoo.backbones.conv((9, 9, 1), 2, bottleneck="spatial", filters=(4,))
    >>> for_size(encoder, (32, 16, 1)).output_shape
    (None, 16, 8, 2)
    """

    def clone(layer):
        if isinstance(layer, ADDED):
            return layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    inputs = keras.Input(shape, name=network.inputs[0].name)
    made = keras.models.clone_model(network, input_tensors=inputs, clone_function=clone)
    made.set_weights(network.get_weights())
    return made


def _is_by_place(layer):
    if isinstance(layer, Bottleneck):
        return layer.by_place
    return isinstance(layer, (*BY_PLACE, *ADDED))


def _is_convolution(layer):
    return hasattr(layer, "kernel_size")


def _after(layer, step):
    stride = layer.strides[0]
    return step // stride if "Transpose" in type(layer).__name__ else step * stride
