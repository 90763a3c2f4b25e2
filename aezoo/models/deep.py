"""Several fully connected layers down to the code, and the same back."""

from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="reconstruction")
def deep(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    hidden_units: Shape = (512, 256),
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Several fully connected layers each way: for tables, vectors and small images.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        hidden_units: Sequence of positive integers, the layer sizes from the input to the code.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: `activation`, `latent_activation`, `output_activation`, `dropout`, `l2`,
            `batch_normalization` and `blocks`, see `aezoo.backbones.dense`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown option or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.deep(input_shape=(100,), latent_dim=10, hidden_units=(50,))
    >>> ae.count_params()
    11210

    Reference:
        Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
        Science 313, 2006.
    """
    parts = backbones.build("dense", input_shape, latent_dim, hidden_units=hidden_units, **options)
    return Autoencoder(*parts, normalization=normalization, name="deep")
