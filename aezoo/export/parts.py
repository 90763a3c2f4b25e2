"""The parts of a model as functions of tensors, which every format is made from."""

from collections.abc import Callable

import keras
from keras import ops

SIGNATURES = ("reconstruct", "encode", "decode")


def parts_of(ae: keras.Model, inside: bool = True) -> dict[str, Callable]:
    """The parts of a model as functions of tensors, that name what they return.

    Args:
        ae: `aezoo.Autoencoder`.
        inside: Boolean, whether the normalization belongs to them; else they work on normalized
            values.

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

    def encoded(x):
        return ae.encoder(into(x), training=False)

    def decoded(code):
        return ae.decoder(code, training=False)

    def score(x):
        difference = into(x) - decoded(encoded(x))
        return ops.mean(ops.square(difference), axis=range(1, len(x.shape)))  # (B, ...) -> (B,)

    return {
        "reconstruct": lambda x: {"reconstruction": out_of(decoded(encoded(x)))},
        "encode": lambda x: {"code": encoded(x)},
        "decode": lambda code: {"reconstruction": out_of(decoded(code))},
        "score": lambda x: {"score": score(x)},
    }
