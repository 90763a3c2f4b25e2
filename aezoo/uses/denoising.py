"""Noise out of whole photographs and recordings, a tile at a time."""

import itertools
from functools import partial
from typing import Any

import keras
import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, count, positive, sequence
from aezoo.data.depth import as_floats, as_stored
from aezoo.edge import LiteModel
from aezoo.layers.local import coarsest_step, for_size, reach

TILES = {1: 65_536, 2: 384, 3: 64}  # steps, pixels or voxels along each axis that are cleaned


def denoise(
    model: Autoencoder | LiteModel,
    x: Any,
    *,
    tile: int | None = None,
    margin: int | None = None,
    ensemble: bool = False,
) -> np.ndarray:
    """Takes the noise out of a photograph or a recording of any size.

    It is cleaned a tile at a time, each with a margin that is thrown away, so that memory does not
    grow with the size, but for the result. Of an Autoencoder the margin that is chosen leaves no
    seams: the result is that of the whole at once. Beyond its edges the photograph is mirrored.

    Args:
        model: `aezoo.Autoencoder` with a unet as its backbone, or `aezoo.LiteModel` of the export
            of one, whose input is the tile.
        x: Array of shape `(height, width)` or `(height, width, channels)`, a photograph, or
            `(steps,)` or `(steps, channels)`, a recording. Unsigned integers of 8 or 16 bits are
            scaled to [0, 1]; of recordings signed ones of 16 or 32 bits and bytes to [-1, 1];
            floats are in the units of the model. A model of one channel cleans each channel by
            itself.
        tile: Positive integer, how much is cleaned at a time along each axis. Default: 384 pixels
            or 65,536 steps. Not for a `LiteModel`.
        margin: Integer, 0 or more, of what is computed around it and thrown away, rounded up to
            the network's coarsest step. Default: as far as the network sees, which leaves no
            seams; of a `LiteModel` at most a quarter of its input, which may leave faint ones.
        ensemble: Boolean, whether a photograph is cleaned in all eight positions, turned by
            quarters and mirrored, and the result is their mean. It takes eight times as long, and
            adds about 0.1 dB. Not for recordings.

    Returns:
        Array of the shape and type of `x`, floats as float32.

    Raises:
        ValueError: If the model has a narrow code, or the array is no photograph or recording for
            it, smaller than the network's coarsest step, or not finite.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.denoising((16, 16, 1), backbone="unet", filters=(4, 8), stddev=0.1)
    >>> photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype="uint8")
    >>> aezoo.denoise(ae, photo, tile=32).shape
    (50, 70, 3)

    Reference:
        Timofte et al., "Seven Ways to Improve Example-Based Single Image Super Resolution",
        CVPR 2016, arXiv:1511.02228, section 3.5, for the eight positions.
    """
    _refuse_narrow(model)
    lite = isinstance(model, LiteModel)
    shape = model.input_shape if lite else model.input_shape[1:]
    step, seen = model.tiles if lite else (coarsest_step(model.encoder), reach(model.encoder))
    axes = len(shape) - 1
    x = _checked(x, axes, shape[-1])
    if not isinstance(ensemble, (bool, np.bool_)):
        raise ValueError(f"ensemble must be True or False. Received: {ensemble!r}")
    if ensemble:
        if axes != 2:
            raise ValueError("Only photographs can be turned: leave ensemble out.")
        return _in_all_positions(partial(denoise, model, tile=tile, margin=margin), x)
    if min(x.shape[:axes]) < step:
        raise ValueError(
            f"Expected {step} pixels or steps along each axis, or more, which is how far apart "
            f"the network's coarsest features are. Received: {x.shape[:axes]}"
        )
    if margin is not None:
        seen = count("margin", margin)
    margins = [_up(seen, step)] * axes  # whole steps, or features would lie elsewhere in each tile
    if lite:
        if tile is not None:
            raise ValueError(f"The tile of a LiteModel is its input, {shape}. Received: {tile!r}")
        wholes = shape[:-1]
        if margin is None:
            margins = [min(m, n // 4 // step * step) for m, n in zip(margins, wholes, strict=True)]
        cores = [
            (n - 2 * m) // step * step if n > 2 * m else 0
            for m, n in zip(margins, wholes, strict=True)
        ]
        if min(cores) < 1:
            raise ValueError(f"A margin of {margins[0]} leaves nothing of tiles of {shape}.")
        clean = model.reconstruct
    else:
        tile = positive("tile", TILES[axes] if tile is None else tile)
        cores = [_up(min(tile, n), step) for n in x.shape[:axes]]
        wholes = [c + 2 * m for c, m in zip(cores, margins, strict=True)]
        clean = resized(model, wholes).reconstruct
    return _in_tiles(x, clean, cores, margins, wholes, by_channel=shape[-1] == 1)


def resized(ae: Autoencoder, size: Shape) -> Autoencoder:
    """The same weights, for samples of another size: of a unet, whose layers are convolutions.

    For an export, whose samples are the tiles that a device cleans at a time.

    Args:
        ae: `aezoo.Autoencoder` with a unet as its backbone.
        size: Positive integer or a sequence of one for each spatial axis, multiples of its
            coarsest step: 8 for three levels.

    Returns:
        `aezoo.Autoencoder`, with weights of its own.

    Raises:
        ValueError: If the model has a narrow code, or the size is no such multiple.

    Example:

    >>> import aezoo
    >>> ae = aezoo.denoising((16, 16, 1), backbone="unet", filters=(4, 8))
    >>> aezoo.resized(ae, 128).input_shape
    (None, 128, 128, 1)
    """
    if isinstance(ae, LiteModel):
        raise ValueError("A file is for the tiles that it was exported for: resize the model.")
    _refuse_narrow(ae)
    axes = len(ae.input_shape) - 2
    size = [positive("size", n) for n in sequence("size", size)]
    size = size * axes if len(size) == 1 else size
    step = coarsest_step(ae.encoder)
    if len(size) != axes or any(n % step for n in size):
        raise ValueError(
            f"size must be {axes} multiples of {step}, the coarsest step of the network, or one "
            f"for all. Received: {size}"
        )
    shape = (*size, ae.input_shape[-1])
    config = ae.get_config()
    for name in ("encoder", "decoder"):
        config[name] = keras.saving.serialize_keras_object(for_size(getattr(ae, name), shape))
    made = type(ae).from_config(config)
    made.set_weights(ae.get_weights())
    return made


def _refuse_narrow(model):
    bottleneck = getattr(model, "bottleneck", None)
    whole = bottleneck is not None and not bottleneck.narrow
    if not (whole or getattr(model, "tiles", None)):
        raise ValueError(
            "Photographs and recordings of any size are for models with a unet as their backbone, "
            "aezoo.denoising(..., backbone='unet'), and exports of such: others rebuild samples of "
            f"one size, with reconstruct. Received: {getattr(model, 'name', type(model).__name__)}"
        )


def _checked(x, axes, channels):
    x = np.asarray(x)
    if x.ndim not in (axes, axes + 1) or not x.size or x.dtype.kind not in "uif":
        names = {1: "recording, (steps, channels)", 2: "photograph, (height, width, channels)"}
        raise ValueError(
            f"Expected a {names.get(axes, 'volume')}. Received: an array of shape {x.shape} and "
            f"type {x.dtype}"
        )
    x = x.astype(x.dtype.newbyteorder("="), copy=False)
    known = ("uint8", "int16", "int32") if axes == 1 else ("uint8", "uint16")
    if x.dtype.kind in "ui" and x.dtype.name not in known:
        raise ValueError(
            f"Integers of type {x.dtype} have no known range: give {', '.join(known)} or floats."
        )
    if channels > 1 and (x.ndim == axes or x.shape[-1] != channels):
        raise ValueError(f"The model is for {channels} channels. Received: shape {x.shape}")
    with np.errstate(over="ignore"):  # infinite then
        if x.dtype.kind == "f" and not np.isfinite(x.astype(np.float32)).all():
            raise ValueError("The values must be finite in float32. Received NaN or infinity.")
    return x


def _in_all_positions(clean, x):
    """The mean over what a photograph becomes, turned by quarters and mirrored."""
    floats = as_floats(x, sound=False)
    total = np.zeros(x.shape, np.float32)
    for quarters, way in itertools.product(range(4), (1, -1)):
        cleaned = clean(np.rot90(floats, quarters)[:, ::way])
        total += np.rot90(cleaned[:, ::way], -quarters)
    return as_stored(total / 8, x.dtype, sound=False)


def _in_tiles(x, clean, cores, margins, wholes, by_channel):
    """The results of tiles, each without its margin."""
    result = np.empty(x.shape, x.dtype if x.dtype.kind in "ui" else np.float32)
    axes = len(cores)
    starts = [range(0, n, core) for n, core in zip(x.shape, cores, strict=False)]
    for place in itertools.product(*starts):
        around = [
            _mirrored(np.arange(start - m, start - m + whole), n)
            for start, whole, m, n in zip(place, wholes, margins, x.shape, strict=False)
        ]
        part = as_floats(x[np.ix_(*around)], sound=axes == 1)
        part = part.reshape(*part.shape[:axes], -1)  # (H, W) -> (H, W, 1)
        if by_channel:  # (H, W, C) -> (C, H, W, 1)
            cleaned = clean(np.moveaxis(part, -1, 0)[..., np.newaxis])
            cleaned = np.moveaxis(cleaned[..., 0], 0, -1)
        else:
            cleaned = clean(part[np.newaxis])[0]
        inner = tuple(slice(m, m + core) for core, m in zip(cores, margins, strict=True))
        outer = tuple(slice(start, start + core) for start, core in zip(place, cores, strict=True))
        kept = cleaned[inner][tuple(slice(n) for n in result[outer].shape[:axes])]
        result[outer] = as_stored(kept.reshape(result[outer].shape), x.dtype, sound=axes == 1)
    return result


def _mirrored(places, length):
    """Places beyond the ends, mirrored at the first and the last, as often as it takes."""
    period = max(1, 2 * (length - 1))
    places = np.mod(places, period)
    return np.minimum(places, period - places)


def _up(number, step):
    return -(-number // step) * step
