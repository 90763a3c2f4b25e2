"""Residual blocks at every level: the strongest plain reconstructor of the zoo."""

from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="reconstruction")
def residual(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    blocks: int = 1,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Convolutions (dense layers for vectors) with residual blocks: the least error.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        blocks: Positive integer, how many residual blocks each level has.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the conv backbone, or of the dense one for vectors, see
            `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown option or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.residual(input_shape=(28, 28, 1), latent_dim=16)
    >>> ae.encoder.get_layer("add_1_1").output.shape
    (None, 14, 14, 32)

    Reference:
        He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016, arXiv:1603.05027.
    """
    parts = backbones.build("residual", input_shape, latent_dim, blocks=blocks, **options)
    return Autoencoder(*parts, normalization=normalization, name="residual")
