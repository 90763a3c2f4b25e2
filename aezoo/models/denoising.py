"""Learn to undo noise: the input is corrupted while training, the target is clean."""

from functools import partial
from typing import Any

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape
from aezoo.layers import backbones, corruptions
from aezoo.layers.output import BOUNDED, ending
from aezoo.registry import register

AFFINE = ("degrees", "translate", "scale", "shear")
STRENGTHS = ("clip", "rate", "stddev", *AFFINE)  # options of corruptions, not of backbones


@register(purpose="denoising")
def denoising(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    corruption: str | keras.layers.Layer = "gaussian",
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Corrupts its input while training and learns to return the clean one.

    `fit(x)` with clean data is enough: the noise is made inside the model, anew in every epoch,
    and is gone in `reconstruct` and in every export. `fit(noisy, clean)` adds to noise of your
    own; give it a model without a corruption, such as `aezoo.conv`, if that is all you want.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"`, `"auto"`, see `aezoo.backbones.build`, or
            `"unet"`, which has no narrow code: for photographs and recordings, of which a code
            would lose more than noise does.
        corruption: `"gaussian"`, `"masking"`, `"salt_and_pepper"`, or `"affine"`, which turns,
            moves, scales and slants images, for codes that are good features; or a Keras layer
            such as `aezoo.corruptions.GaussianNoise(0.5)`. It acts on normalized values.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: `stddev` (0 or more, default 0.3, or a pair between which each sample draws its
            own) and `clip` of Gaussian noise: a boolean, whether noisy values are cut off at 0 and
            1 (default: if the output is, but for a unet's, as photographs are denoised in the
            literature); `rate` (in [0, 1)) of masking noise
            (default 0.3) or salt and pepper (default 0.1), which are 0 and 1 if the output is a
            sigmoid and else the ends of each feature in the batch; `degrees`, `translate`, `scale`
            and `shear` of `"affine"`, see `aezoo.corruptions.RandomAffine`; and the options of the
            backbone, see `aezoo.backbones`.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown corruption, backbone or option, or a value out of its range.

    Example:

    >>> import aezoo
    >>> ae = aezoo.denoising(input_shape=(28, 28, 1), corruption="masking", rate=0.5)
    >>> ae.corruption.rate
    0.5
    >>> ae = aezoo.denoising((64, 64, 1), backbone="unet", stddev=(0.04, 0.2))
    >>> ae.corruption.stddev
    (0.04, 0.2)

    Reference:
        Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders",
        ICML 2008.
    """
    strength = {key: options.pop(key) for key in STRENGTHS if key in options}
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    bounded = ending(decoder).activation in BOUNDED
    return Autoencoder(
        encoder,
        decoder,
        normalization=normalization,
        corruption=_corruption(
            *(corruption, strength, (0, 1) if bounded else None, backbone != "unet")
        ),
        name="denoising",
    )


def _corruption(corruption, strength, ends, clipped):
    name = corruption if isinstance(corruption, str) else None
    exact = {"dtype": "float32"}  # in mixed precision, too, what is seen is not rounded
    if isinstance(corruption, keras.layers.Layer):
        names, make = (), lambda: corruption
    elif name == "gaussian":
        names, make = ("clip", "stddev"), partial(_gaussian, ends, clipped, **exact)
    elif name == "masking":
        names, make = ("rate",), partial(corruptions.MaskingNoise, **exact)
    elif name == "salt_and_pepper":
        low, high = ends or (None, None)
        names = ("rate",)
        make = partial(corruptions.SaltAndPepper, low=low, high=high, **exact)
    elif name == "affine":
        names, make = AFFINE, partial(corruptions.RandomAffine, **exact)
    else:
        raise ValueError(
            "corruption must be 'gaussian', 'masking', 'salt_and_pepper', 'affine' or a Keras "
            f"layer. Received: {corruption!r}"
        )
    for option in strength:
        if option not in names:
            raise ValueError(f"{corruption!r} corruption has no option {option!r}.")
    return make(**strength)


def _gaussian(ends, clipped, clip=None, **options):
    if clip not in (None, True, False):
        raise ValueError(f"clip must be True or False. Received: {clip!r}")
    if clip and ends is None:
        raise ValueError("clip is for an output that stays in [0, 1], a sigmoid or a clipped one.")
    clipped = clipped if clip is None else clip
    return corruptions.GaussianNoise(clip=ends if clipped else None, **options)
