"""What ends an encoder: a layer that makes the code, and says what kind of code it is."""

import math

import keras
import numpy as np

from aezoo.layers.objectives import Objective

RANGES = {  # of the activations that do not reach every number
    "elu": (-1.0, math.inf),
    "hard_sigmoid": (0.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "selu": (-1.7580993, math.inf),
    "sigmoid": (0.0, 1.0),
    "softplus": (0.0, math.inf),
    "softsign": (-1.0, 1.0),
    "tanh": (-1.0, 1.0),
}


class Bottleneck(Objective):
    """The base class of bottlenecks: what happens to the code, and what the code is.

    Subclass it, give an instance to `backbones.with_bottleneck`, and override what differs: the
    model, the samplers, the exports and the evaluation ask here, and nowhere else.

    Attributes:
        discrete: Boolean, whether codes are entries of a codebook, between which nothing lies. It
            has the methods `indices` and `lookup` then.
        has_prior: Boolean, whether there is a distribution that codes are trained towards.
        narrow: Boolean, whether all that the decoder knows comes through the code. Of networks
            with skip connections it does not: their code is the whole sample.
        by_place: Boolean, whether it does the same at each place of a code that has places.
        step: Float, that codes were trained to be rounded to multiples of, or `None`.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.bottleneck import Bottleneck
    >>> Bottleneck(activation="relu").project(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    discrete: bool = False
    has_prior: bool = False
    narrow: bool = True
    by_place: bool = True
    step: float | None = None
    autoencoder: type | None = None  # the class of models with this bottleneck, where it has one

    def __init__(self, activation: str = "linear", **kwargs):
        super().__init__(**kwargs)
        self.code_activation = activation

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def draw(self, features, seed=None):
        """A draw of the code, which evaluation uses in place of `call` where codes are random.

        Args:
            features: Tensor, what comes into the bottleneck.
            seed: Integer, for draws that can be made again.

        Returns:
            Tensor of codes, or `None` where codes are not random.
        """
        return None

    def prior(self, n: int, latent_shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        """Codes from the prior.

        Args:
            n: Positive integer.
            latent_shape: Tuple of integers, the shape of one code.
            seed: Integer or `None`.

        Returns:
            float32 array of shape `(n, *latent_shape)`.

        Raises:
            ValueError: If the bottleneck has no prior.
        """
        raise ValueError("The codes of this model have no prior to draw from.")

    def project(self, codes: np.ndarray) -> np.ndarray:
        """The nearest codes that the encoder could have given.

        Args:
            codes: Array of shape `(n, *latent_shape)`.

        Returns:
            Array of that shape.
        """
        return np.clip(codes, *RANGES.get(self.code_activation, (-math.inf, math.inf)))

    def line(self, first: np.ndarray, last: np.ndarray, steps: int) -> np.ndarray:
        """Codes from one to another.

        Args:
            first, last: Arrays of the shape of one code.
            steps: Integer, 2 or more.

        Returns:
            float32 array of shape `(steps, *latent_shape)`, with both ends.
        """
        return np.linspace(first, last, steps, dtype="float32")

    def linear_start(self, noise: np.ndarray) -> tuple[np.ndarray | float, np.ndarray]:
        """How a linear path starts, see `aezoo.layers.linear_path`.

        Args:
            noise: Array of shape `(D,)`, the variance that principal components leave in a value,
                over that of each component.

        Returns:
            A pair: by how much components shrink, a number or an array of shape `(D,)`; and the
            constants of features that come after those of the code.
        """
        return 1.0, np.zeros(0)

    def code_size(self, latent_shape: tuple[int, ...]) -> int:
        """How many numbers tell a code.

        Args:
            latent_shape: Tuple of integers, the shape of one code.

        Returns:
            Integer.
        """
        return math.prod(latent_shape)

    def code_bits(self, latent_shape: tuple[int, ...]) -> float:
        """How many bits tell a code, 32 for each number if it is not discrete.

        Args:
            latent_shape: Tuple of integers, the shape of one code.

        Returns:
            Float.
        """
        return 32.0 * math.prod(latent_shape)


@keras.saving.register_keras_serializable("aezoo")
class Whole(Bottleneck):
    """What ends networks without a narrow code, see `aezoo.backbones.unet`.

    Example:

    >>> from aezoo.layers.bottleneck import Whole
    >>> Whole().narrow
    False
    """

    narrow = False


def bottleneck_of(encoder: keras.Model) -> Bottleneck:
    """What ends an encoder: its own bottleneck, or one that stands for a plain last layer.

    Args:
        encoder: `keras.Model`.

    Returns:
        `Bottleneck`.
    """
    last = encoder.layers[-1]
    if isinstance(last, Bottleneck):
        return last
    activation = getattr(getattr(last, "activation", None), "__name__", "linear")
    return Bottleneck(activation, name=last.name)
