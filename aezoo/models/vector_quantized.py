"""Codes out of a codebook: each is a few integers."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from aezoo.autoencoder.vector_quantized import VectorQuantized
from aezoo.checks import Shape, positive
from aezoo.layers import backbones
from aezoo.layers.quantizers import ScalarQuantizer, VectorQuantizer
from aezoo.registry import register

QUANTIZERS = ("moving_average", "gradient", "fsq")


@register(purpose="compression")
def vector_quantized(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    quantizer: str = "moving_average",
    num_embeddings: int | None = None,
    commitment_cost: float | None = None,
    decay: float | None = None,
    levels: Sequence[int] | None = None,
    num_codes: int | None = None,
    normalization: str | None = None,
    **options: Any,
) -> VectorQuantized:
    """Discrete codes (VQ-VAE, FSQ): strong compression, and tokens for a generator.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, the numbers of a code vector. There is one at each place of
            the last feature map of conv and residual backbones.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        quantizer: `"moving_average"` or `"gradient"`, how the codebook learns; or `"fsq"`, finite
            scalar quantization, whose codebook is a fixed grid.
        num_embeddings: Integer, 2 or more, how many vectors a learned codebook has. Default: 128.
        commitment_cost: Float, 0 or more: the weight of the distance from features to codes of a
            learned codebook. Default: 0.25.
        decay: Float in (0, 1), of the moving average. Default: 0.99.
        levels: For FSQ, sequence of `latent_dim` integers, 3 or more, the steps of each number.
            Default: 5 each.
        num_codes: Positive integer, how many code vectors a dense backbone makes of a sample.
            Default: 16.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `VectorQuantized`, an `aezoo.Autoencoder`. `encode` gives the code vectors,
        `encode_indices` their places in the codebook, `decode_indices` takes those. Its log has
        `perplexity`, how many codes are in use: the exponential of the entropy of their
        frequencies in a batch, and, of a learned codebook, `commitment`, the mean squared
        distance from features to codes.

    In int8 a file's `encode` gives indices into a learned codebook, and its `decode` takes those.
    Eight bits do not tell all distances apart: of codes that lie alike near, others may be picked
    than in Keras, how often stands in the report. There is no export in int8 of FSQ, and none in
    int16x8.

    Raises:
        ValueError: For an unknown quantizer, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.vector_quantized(input_shape=(28, 28, 1), latent_dim=8, num_embeddings=64)
    >>> ae.encode_indices(np.zeros((2, 28, 28, 1))).shape
    (2, 7, 7)

    Reference:
        van den Oord et al., "Neural Discrete Representation Learning", 2017, arXiv:1711.00937,
        equation 3, moving averages from appendix A.1; restarts: Dhariwal et al., "Jukebox",
        arXiv:2005.00341; Mentzer et al., "Finite Scalar Quantization", arXiv:2309.15505.
    """
    if quantizer not in QUANTIZERS:
        raise ValueError(f"quantizer must be one of {QUANTIZERS}. Received: {quantizer!r}")
    if options.get("linear_path"):
        raise ValueError("Entries of a codebook are no components of PCA: there is no linear_path.")
    shape = backbones.options.shape_of(input_shape)
    dense = backbone == "dense" or len(shape) == 1
    learned = {"num_embeddings": num_embeddings, "commitment_cost": commitment_cost}
    for given, of, fits in (
        ({"levels": levels}, "quantizer='fsq'", quantizer == "fsq"),
        (learned, "a learned codebook", quantizer != "fsq"),
        ({"decay": decay}, "quantizer='moving_average'", quantizer == "moving_average"),
        ({"num_codes": num_codes}, "dense backbones", dense),
    ):
        for name, value in given.items():
            if value is not None and not fits:
                raise ValueError(f"{name} is of no use here: it is for {of}. Received: {value!r}")
    if dense:
        num_codes = 16 if num_codes is None else num_codes
        size = positive("num_codes", num_codes) * positive("latent_dim", latent_dim)
        encoder, decoder = backbones.build(backbone, shape, size, **options)
        encoder = backbones.with_bottleneck(encoder, layers.Reshape((num_codes, latent_dim)))
        codes = keras.Input((num_codes, latent_dim), name="codes")
        decoder = keras.Model(codes, decoder(layers.Flatten()(codes)), name="decoder")
    else:
        options = {"bottleneck": "spatial", **options}
        encoder, decoder = backbones.build(backbone, shape, latent_dim, **options)
    if quantizer == "fsq":
        levels = [5] * latent_dim if levels is None else levels
        layer = ScalarQuantizer(levels, name="bottleneck", dtype="float32")
    else:
        if quantizer == "moving_average" and decay is None:
            decay = 0.99
        known = {name: value for name, value in learned.items() if value is not None}
        layer = VectorQuantizer(**known, decay=decay, name="bottleneck", dtype="float32")
    return VectorQuantized(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        name="vector_quantized",
    )
