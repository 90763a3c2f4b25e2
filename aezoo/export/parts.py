"""The parts of a model as functions of tensors, which every format is made from."""

import contextlib
import itertools
from collections.abc import Callable

import keras
from keras import ops

from aezoo.layers.bottleneck import bottleneck_of
from aezoo.layers.output import flat_layers

SIGNATURES = ("reconstruct", "encode", "decode")


def parts_of(ae: keras.Model, inside: bool = True, indices: bool = False) -> dict[str, Callable]:
    """The parts of a model as functions of tensors, that name what they return.

    Args:
        ae: `aezoo.Autoencoder`.
        inside: Boolean, whether the normalization belongs to them; else they work on normalized
            values.
        indices: Boolean, whether codes are places in the codebook, int32; see `tells_indices`.

    Returns:
        Dictionary of functions: `reconstruct`, `encode`, `decode` and `score`.
    """
    inside = inside and ae.normalization is not None
    offset, scale = ae.normalization.statistics if inside else (0.0, 1.0)
    # Converters fold an addition into the last layer, whose every product is then rounded at the
    # size of the raw values (1000 +- 1: 24 spacings off, not 1). A subtraction they leave alone.
    negative = -offset

    def into(x):
        return (x - offset) / scale if inside else x

    def out_of(x):
        return x * scale - negative if inside else x

    nearest, lookup = _by_indices(ae) if indices else (ae.encoder, lambda code: code)

    def encoded(x):
        with _unrolled(ae):
            return nearest(into(x), training=False)

    def decoded(code):
        with _unrolled(ae):
            return ae.decoder(lookup(code), training=False)

    def score(x):
        difference = into(x) - decoded(encoded(x))
        return ops.mean(ops.square(difference), axis=range(1, len(x.shape)))  # (B, ...) -> (B,)

    return {
        "reconstruct": lambda x: {"reconstruction": out_of(decoded(encoded(x)))},
        "encode": lambda x: {"code": encoded(x)},
        "decode": lambda code: {"reconstruction": out_of(decoded(code))},
        "score": lambda x: {"score": score(x)},
    }


def loops_of(ae: keras.Model) -> list[keras.layers.Layer]:
    """The recurrent layers of a model.

    Args:
        ae: `aezoo.Autoencoder`.

    Returns:
        List of Keras layers.
    """
    models = [part for part in (ae.encoder, ae.decoder) if isinstance(part, keras.Model)]
    every = itertools.chain.from_iterable(map(flat_layers, models))  # else they are functions
    return [layer for layer in every if isinstance(layer, keras.layers.RNN)]


@contextlib.contextmanager
def _unrolled(ae):
    """Has recurrent layers write all their steps, of whose loops TFLite knows too little."""
    loops = [layer for layer in loops_of(ae) if not layer.unroll]
    for layer in loops:
        layer.unroll = True
    try:
        yield
    finally:
        for layer in loops:
            layer.unroll = False


def tells_indices(ae: keras.Model, quantize: str | None) -> bool:
    """Whether the codes of an export are places in a codebook.

    With activations in int8 they are: to pick the nearest code out of a learned codebook takes its
    argmax there, and code vectors, once rounded, would have to be picked again.

    Args:
        ae: `aezoo.Autoencoder`.
        quantize: String or `None`, the precision.

    Returns:
        Boolean.
    """
    return quantize in ("int4", "int8") and hasattr(bottleneck_of(ae.encoder), "closeness")


def _by_indices(ae):
    """Functions from samples to indices, and from those to code vectors."""
    import tensorflow as tf

    bottleneck = bottleneck_of(ae.encoder)
    features = keras.Model(ae.encoder.input, ae.encoder.layers[-1].input)
    kernel, bias = map(tf.constant, bottleneck.closeness())

    def nearest(x, training):
        found = features(x, training=training)
        flat = tf.reshape(found, (-1, found.shape[-1]))  # (B, ..., D) -> (N, D)
        closeness = tf.nn.relu(flat @ kernel + bias)
        # the argmax of keras.ops has bitwise steps, which TFLite has not
        places = tf.argmax(closeness, axis=-1, output_type=tf.int32)
        return tf.reshape(places, (-1, *found.shape[1:-1]))

    # ops.take would allow for negative indices, with three operators more
    return nearest, lambda indices: tf.gather(bottleneck.embeddings.value, indices)
