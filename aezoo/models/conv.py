"""Convolutions down to the code, and transposed convolutions back."""

from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="reconstruction")
def conv(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    filters: Shape = (32, 64),
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Strided convolutions each way: for images, signals and volumes of any size.

    Args:
        input_shape: Tuple of positive integers: `(steps, channels)`, `(height, width, channels)`
            or `(depth, height, width, channels)`.
        latent_dim: Positive integer, how many numbers a code has.
        filters: Sequence of positive integers, the filters of each level; a level halves every
            spatial axis.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: `kernel_size`, `bottleneck`, `activation`, `latent_activation`,
            `output_activation`, `dropout`, `l2`, `batch_normalization` and `blocks`, see
            `aezoo.backbones.conv`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown option, a value out of its range or a shape without spatial
            axes.

    Example:

    >>> import aezoo
    >>> ae = aezoo.conv(input_shape=(28, 28, 1), latent_dim=64, filters=(16, 32), bottleneck="conv")
    >>> ae.latent_shape, ae.count_params()
    ((1, 1, 64), 210369)

    Reference:
        Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction",
        ICANN 2011.
    """
    parts = backbones.build("conv", input_shape, latent_dim, filters=filters, **options)
    return Autoencoder(*parts, normalization=normalization, name="conv")
