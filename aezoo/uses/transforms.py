"""Samples as codes and back, for `aezoo.compress`: as they are, in tiles, or images as wholes."""

import math

import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data import tiles
from aezoo.data.inputs import Door
from aezoo.data.samples import DataError
from aezoo.layers.local import is_local
from aezoo.uses.places import AnySize


class Transform:
    """Samples of the shape that a model takes.

    Args:
        ae: `aezoo.Autoencoder`.
        shape: Tuple of positive integers, `(n, *sample_shape)`.

    Attributes:
        part_shape: Tuple of positive integers, that of all parts that are encoded.
        code_shape: Tuple of positive integers, that of their codes; of codebooks, of the places.
    """

    def __init__(self, ae: Autoencoder, shape: tuple[int, ...]):
        self.ae, self.shape = ae, shape
        one = ae.latent_shape[:-1] if ae.bottleneck.discrete else ae.latent_shape
        self.part_shape = (self.count(), *ae.input_shape[1:])
        self.code_shape = (self.count(), *one)

    def count(self) -> int:
        """How many parts there are."""
        return self.shape[0]

    def split(self, x: np.ndarray) -> np.ndarray:
        """Samples as the parts that are encoded, each for itself."""
        return x

    def joined(self, parts: np.ndarray) -> np.ndarray:
        """The samples of parts."""
        return parts

    def encode(self, parts: np.ndarray) -> np.ndarray:
        """Codes of parts: numbers, or places in a codebook."""
        return (self.ae.encode_indices if self.ae.bottleneck.discrete else self.ae.encode)(parts)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Parts of codes."""
        return (self.ae.decode_indices if self.ae.bottleneck.discrete else self.ae.decode)(codes)

    def normalize(self, parts: np.ndarray) -> np.ndarray:
        """Parts as the model sees them, whose errors count alike."""
        return self.ae.normalize(parts)


class Tiled(Transform):
    """Images of any size, in tiles of the size that a model takes."""

    def count(self) -> int:
        """How many tiles there are."""
        return self.shape[0] * tiles.count(self.shape[1:3], self.ae.input_shape[1:3])

    def split(self, x: np.ndarray) -> np.ndarray:
        """Images as tiles."""
        return tiles.cut(x, self.ae.input_shape[1:3])

    def joined(self, parts: np.ndarray) -> np.ndarray:
        """Images of tiles."""
        return tiles.joined(parts, self.shape[1:3])


class Whole(Transform):
    """Images of any size, by networks of convolutions, which are alike everywhere."""

    def __init__(self, ae: Autoencoder, shape: tuple[int, ...]):
        super().__init__(ae, shape)
        self.encoder = AnySize(ae.encoder)
        self.decoder = AnySize(ae.decoder, self.encoder.last)
        unit = math.lcm(self.encoder.unit, self.decoder.unit)
        self.beyond = [(0, -n % unit) for n in shape[1:3]]
        places = (
            (n + more) // self.encoder.last
            for n, (_, more) in zip(shape[1:3], self.beyond, strict=True)
        )
        self.part_shape, self.code_shape = shape, (shape[0], *places, ae.latent_shape[-1])

    def encode(self, parts: np.ndarray) -> np.ndarray:
        """Codes of whole images. Beyond the edges the last pixels are repeated."""
        return self.encoder(np.pad(parts, [(0, 0), *self.beyond, (0, 0)], mode="edge"))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Whole images of codes."""
        _, height, width, _ = self.shape
        return self.decoder(codes)[:, :height, :width]

    def normalize(self, parts: np.ndarray) -> np.ndarray:
        """Images as they are: such models have no normalization."""
        return parts


def transform_of(
    ae: Autoencoder, shape: tuple[int, ...], *, whole: bool | None = None
) -> Transform:
    """How samples of a shape are encoded.

    Args:
        ae: `aezoo.Autoencoder`.
        shape: Tuple of positive integers, `(n, *sample_shape)`.
        whole: Boolean, whether images of another size than the model's are encoded as wholes.
            Default: if the model can.

    Returns:
        `Transform`.

    Raises:
        aezoo.data.samples.DataError: If the model takes no samples of this shape.

    Example:

    >>> import aezoo
    >>> ae = aezoo.vanilla((8, 8, 1), 4)
    >>> transform_of(ae, (2, 30, 21, 1)).code_shape
    (24, 4)
    """
    own = ae.input_shape[1:]
    if shape[1:] == own:
        return Transform(ae, shape)
    if len(own) != 3 or len(shape) != 4 or shape[-1] != own[-1] or 0 in shape:
        raise DataError(f"The model's samples have shape {own}, not {shape[1:]}.")
    able = takes_any_size(ae)
    if whole and not able:
        raise DataError(f"Images of {shape[1:3]} are no wholes to this model.")
    return (Whole if able and whole is not False else Tiled)(ae, shape)


def takes_any_size(ae: Autoencoder) -> bool:
    """Whether whole images of any size have a code: of places, by networks alike everywhere.

    Args:
        ae: `aezoo.Autoencoder`.

    Returns:
        Boolean.
    """
    places = len(ae.input_shape) == 4 and len(ae.latent_shape) == 3
    plain = ae.bottleneck.narrow and not ae.bottleneck.discrete and ae.normalization is None
    return places and plain and is_local(ae.encoder) and is_local(ae.decoder)


def checked(ae: Autoencoder, x: np.ndarray) -> np.ndarray:
    """Samples as float32 arrays, of the model's shape or images of any size.

    Args:
        ae: `aezoo.Autoencoder`.
        x: Array of shape `(n, *sample_shape)`.

    Returns:
        float32 array.

    Raises:
        ValueError: If the model takes no such samples.
    """
    own, shape = ae.input_shape[1:], np.shape(x)
    images = len(own) == 3 and len(shape) == 4 and shape[-1] == own[-1] and 0 not in shape
    return (Door(shape[1:], raw=ae.door.raw) if images and shape[1:] != own else ae.door).array(x)
