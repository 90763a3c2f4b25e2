"""Recurrent layers that read a sequence, and tell it again from the code."""

from typing import Any

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="sequences")
def recurrent(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    units: Shape = (64,),
    cell: str = "lstm",
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Recurrent layers (LSTM or GRU) that read step by step, and tell the steps again.

    Args:
        input_shape: Tuple of positive integers, `(steps, channels)`; of other shapes the first
            axis is time.
        latent_dim: Positive integer, how many numbers a code has.
        units, cell: See `aezoo.backbones.recurrent`.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: `latent_activation`, `output_activation`, `dropout` and `l2`, see
            `aezoo.backbones.recurrent`, which other families take as `backbone="recurrent"`.

    Returns:
        A compiled `aezoo.Autoencoder`. TFLite files have every step written out, so that they grow
        with the steps. There is none in integers, which TFLite has not for their states.

    Raises:
        ValueError: For an unknown cell or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.recurrent(input_shape=(20, 3), latent_dim=4, units=(16,), cell="gru")
    >>> ae.latent_shape
    (4,)

    Reference:
        Srivastava, Mansimov and Salakhutdinov, ICML 2015, arXiv:1502.04681; Malhotra et al., 2016,
        arXiv:1607.00148.
    """
    own = {"units": units, "cell": cell}
    parts = backbones.build("recurrent", input_shape, latent_dim, **own, **options)
    return Autoencoder(*parts, normalization=normalization, name="recurrent")
