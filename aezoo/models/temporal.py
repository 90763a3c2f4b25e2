"""Dilated convolutions over time, each way: a temporal convolutional autoencoder."""

from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="sequences")
def temporal(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    filters: int = 32,
    dilations: Shape = (1, 2, 4, 8),
    pooling: int = 4,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Dilated convolutions over time (TCN): signals whose steps far apart belong together.

    Args:
        input_shape: Tuple of positive integers, `(steps, channels)`; of other shapes the first
            axis is time.
        latent_dim: Positive integer, how many numbers a code has.
        filters, dilations, pooling: See `aezoo.backbones.temporal`.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: `kernel_size`, `activation`, `latent_activation`, `output_activation`,
            `dropout`, `l2` and `batch_normalization`, see `aezoo.backbones.temporal`, which other
            families take as `backbone="temporal"`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown option or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.temporal(input_shape=(140, 2), latent_dim=8, filters=16)
    >>> ae.latent_shape
    (8,)

    Reference:
        Bai, Kolter and Koltun, 2018, arXiv:1803.01271; Thill et al., "Temporal Convolutional
        Autoencoder for Unsupervised Anomaly Detection in Time Series", Applied Soft Computing 112,
        2021.
    """
    own = {"filters": filters, "dilations": dilations, "pooling": pooling}
    parts = backbones.build("temporal", input_shape, latent_dim, **own, **options)
    return Autoencoder(*parts, normalization=normalization, name="temporal")
