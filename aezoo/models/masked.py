"""Fill in what is hidden: patches of the input are masked while training."""

import math
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number, positive
from aezoo.layers import backbones
from aezoo.registry import register


@register(purpose="features")
def masked(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    patch_size: int | None = None,
    mask_ratio: float = 0.5,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Learns to fill in hidden patches: features from what belongs together.

    While training the loss, whichever it is, is the mean over the hidden patches alone; metrics
    and `val_loss` are of all values. Nothing is hidden in `encode`, `reconstruct` and exports, and
    the visible patches of a reconstruction were never trained for, so that its error is above
    those of other families.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        patch_size: Positive integer that divides every spatial axis. Default: the largest that
            makes four patches or more along each.
        mask_ratio: Float in (0, 1), the part of the patches that is hidden: at least one, and never
            all.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`. `corrupt` shows what the network sees.

    Raises:
        ValueError: For a patch size that does not divide the input, an unknown backbone or option,
            or a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.masked(input_shape=(8, 8, 1), latent_dim=4, patch_size=4, mask_ratio=0.75)
    >>> np.sum(ae.corrupt(np.ones((3, 8, 8, 1))), axis=(1, 2, 3)).tolist()
    [16.0, 16.0, 16.0]

    Reference:
        He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022,
        arXiv:2111.06377; here with a narrow code in place of a code for each patch.
    """
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    return Autoencoder(
        encoder,
        decoder,
        normalization=normalization,
        corruption=PatchMask(patch_size, mask_ratio, name="patch_mask", dtype="float32"),
        name="masked",
    )


@keras.saving.register_keras_serializable("aezoo")
class PatchMask(keras.layers.Layer):
    """Sets patches to 0 while training; returns the result, and a weight that is 0 elsewhere.

    The weights of a sample have the mean 1, so that a mean of weighted errors is the mean over
    the hidden values.

    Args:
        patch_size, mask_ratio: See `masked`.
        seed: Integer or `None`, for repeatable masks.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, patch_size=None, mask_ratio=0.5, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.patch_size = patch_size if patch_size is None else positive("patch_size", patch_size)
        self.mask_ratio = number("mask_ratio", mask_ratio, above=0, below=1)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        sizes = input_shape[1:-1] or input_shape[1:]
        if self.patch_size is None:
            common = math.gcd(*sizes)
            least = max(min(sizes) // 4, 1)
            self.patch_size = max(p for p in range(1, least + 1) if common % p == 0)
        if any(size % self.patch_size for size in sizes):
            raise ValueError(
                f"patch_size must divide each of {tuple(sizes)}. Received: {self.patch_size}"
            )
        self.grid = [size // self.patch_size for size in sizes]
        self.patches = math.prod(self.grid)
        if self.patches == 1:
            raise ValueError(
                f"One patch of {self.patch_size} covers the whole input: nothing would be left to "
                "see. Choose a smaller patch_size."
            )
        self.hidden = min(max(round(self.patches * self.mask_ratio), 1), self.patches - 1)

    def call(self, inputs, training=False):
        if not training:
            return inputs, ops.ones_like(inputs)
        chance = keras.random.uniform(
            (ops.shape(inputs)[0], self.patches), seed=self.seed_generator
        )
        rank = ops.argsort(ops.argsort(chance, axis=1), axis=1)  # (B, P)
        mask = ops.cast(rank < self.hidden, inputs.dtype)
        mask = ops.reshape(mask, (-1, *self.grid))  # (B, P) -> (B, h, w)
        for axis in range(1, len(self.grid) + 1):
            mask = ops.repeat(mask, self.patch_size, axis=axis)  # (B, h, w) -> (B, H, W)
        if len(inputs.shape) > len(mask.shape):
            mask = ops.expand_dims(mask, -1) * ops.ones_like(inputs)  # (B, H, W) -> (B, H, W, C)
        return inputs * (1 - mask), mask * (self.patches / self.hidden)

    def compute_output_shape(self, input_shape):
        return input_shape, input_shape

    def get_config(self):
        names = ("patch_size", "mask_ratio", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
