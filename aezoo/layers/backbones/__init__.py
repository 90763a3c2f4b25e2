"""Encoder and decoder stacks: what turns an input into a code and a code into an output.

A backbone is a function of `input_shape` and `latent_dim` that returns two Keras models, the
encoder and the decoder. Families choose one by name through `build` and add what makes them
different.
"""

import difflib
import inspect
from typing import Any

import keras

from aezoo.checks import Shape, positive
from aezoo.layers.backbones.conv import conv
from aezoo.layers.backbones.dense import dense
from aezoo.layers.backbones.given import checked
from aezoo.layers.backbones.lapped import lapped
from aezoo.layers.backbones.options import shape_of
from aezoo.layers.backbones.recurrent import recurrent
from aezoo.layers.backbones.temporal import temporal
from aezoo.layers.backbones.unet import unet
from aezoo.layers.bottleneck import bottleneck_of

BACKBONES = {
    "conv": conv,
    "dense": dense,
    "lapped": lapped,
    "recurrent": recurrent,
    "temporal": temporal,
    "unet": unet,
}
NO_CODE = (
    "A unet has no narrow code that could be sparse, drawn or looked up: it is a backbone for "
    "denoising and masked. Use 'conv' or 'residual' here."
)

__all__ = [
    "BACKBONES",
    "build",
    "conv",
    "dense",
    "lapped",
    "recurrent",
    "temporal",
    "unet",
    "with_bottleneck",
]


def build(
    backbone: str,
    input_shape: Shape,
    latent_dim: int,
    /,
    features: int | None = None,
    encoder: keras.Model | None = None,
    decoder: keras.Model | None = None,
    **options: Any,
) -> tuple[keras.Model, keras.Model]:
    """Builds the encoder and decoder of a backbone given by name, or takes those that are given.

    Args:
        backbone: String, `"dense"` or `"conv"`; `"residual"` for conv, or dense for vectors, with
            one residual block a level; `"unet"`, which has no narrow code; `"lapped"`, whose codes
            are of blocks; `"recurrent"` or `"temporal"`, whose first axis is time; or `"auto"` for
            conv, or dense for vectors.
        input_shape: Tuple of positive integers, the shape of one sample without the batch axis,
            or one integer for vectors. Channels come last.
        latent_dim: Positive integer, how many numbers a code has.
        features: Positive integer, how many numbers the encoder returns. Default: `latent_dim`.
        encoder: `keras.Model` of your own, `(B, *input_shape) -> (B, features)`, in place of the
            backbone's. The model that is built shares its weights.
        decoder: `keras.Model` of your own, `(B, latent_dim) -> (B, *input_shape)`, likewise.
        **options: Options of the backbone, see `dense`, `conv`, `lapped`, `unet`, `recurrent`
            and `temporal`.

    Returns:
        A pair of `keras.Model`: the encoder, `(B, *input_shape) -> (B, *latent_shape)`, and the
        decoder, `(B, *latent_shape) -> (B, *input_shape)`.

    Raises:
        ValueError: For an unknown backbone or option, a value out of its range, or a network whose
            shapes or ending do not fit.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.build("dense", (28, 28, 1), 16, hidden_units=(128,))
    >>> encoder.output_shape, decoder.output_shape
    ((None, 16), (None, 28, 28, 1))
    """
    names = ("auto", *sorted(BACKBONES), "residual")
    if backbone not in names:
        raise ValueError(f"Unknown backbone. Expected one of {names}. Received: {backbone!r}")
    input_shape = shape_of(input_shape)
    features = positive("latent_dim", latent_dim) if features is None else features
    checked(encoder, decoder, input_shape, (features, latent_dim), options)
    if encoder is not None and decoder is not None:
        return encoder, decoder
    if backbone == "residual":
        options = {"blocks": 1, **options}
    if backbone not in BACKBONES:
        backbone = "conv" if len(input_shape) > 1 else "dense"
    function = BACKBONES[backbone]
    if backbone == "unet" and {"bottleneck", "latent_activation"} & options.keys():
        raise ValueError(NO_CODE)
    valid = list(inspect.signature(function).parameters)[2:]
    for option in options:
        if option not in valid:
            near = difflib.get_close_matches(option, valid, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"Unknown option {option!r}.{hint} "
                f"The {backbone} backbone takes: {', '.join(sorted(valid))}."
            )
    parts = function(input_shape, latent_dim, **options)
    if features != latent_dim:
        parts = function(input_shape, features, **options)[0], parts[1]
    return encoder or parts[0], decoder or parts[1]


def with_bottleneck(encoder: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """Puts a layer at the end of an encoder.

    Args:
        encoder: `keras.Model`.
        layer: Keras layer that takes what the encoder returns, and returns the code.

    Returns:
        `keras.Model` called `"encoder"`.

    Raises:
        ValueError: If the encoder has no narrow code, as that of a unet.

    Example:

    >>> import aezoo, keras
    >>> encoder, decoder = aezoo.backbones.build("dense", 8, 2)
    >>> aezoo.backbones.with_bottleneck(encoder, keras.layers.UnitNormalization()).output_shape
    (None, 2)
    """
    if not bottleneck_of(encoder).narrow:
        raise ValueError(NO_CODE)
    return keras.Model(encoder.inputs[0], layer(encoder.outputs[0]), name="encoder")
