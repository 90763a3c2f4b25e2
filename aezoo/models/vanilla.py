"""The smallest autoencoder: the code is the only hidden layer."""

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="reconstruction")
def vanilla(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    latent_activation: str = "leaky_relu",
    output_activation: str = "auto",
    l2: float = 0.0,
    linear_path: bool = False,
    normalization: str | None = None,
) -> Autoencoder:
    """One hidden layer, the code: the smallest network that can beat PCA.

    Not by much: its decoder is linear but for the activation of the output.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, the units of the hidden layer.
        latent_activation: String, activation of the code. With `"linear"`, and a linear output,
            the best that the network can learn is PCA's subspace (Baldi and Hornik, 1989).
        output_activation, l2: See `aezoo.backbones.dense`.
        linear_path: Boolean, whether the network, which has nothing else to put beside it, starts
            at the principal components of the data that it is fitted to.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.vanilla(input_shape=(4,), latent_dim=2)
    >>> ae.count_params()
    22

    Reference:
        Rumelhart, Hinton and Williams, "Learning Internal Representations by Error Propagation",
        1986; Baldi and Hornik, "Neural Networks and Principal Component Analysis", Neural
        Networks 2, 1989.
    """
    parts = backbones.build(
        "dense",
        input_shape,
        latent_dim,
        hidden_units=(),
        latent_activation=latent_activation,
        output_activation=output_activation,
        l2=l2,
        linear_path=linear_path,
    )
    return Autoencoder(*parts, normalization=normalization, name="vanilla")
