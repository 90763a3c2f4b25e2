"""Samples as few bytes: codes rounded to steps, and what is left of them in a file."""

import bisect
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from aezoo import checks
from aezoo.autoencoder import Autoencoder
from aezoo.data.samples import DataError
from aezoo.uses import entropy, neighbors
from aezoo.uses.compressed import Compressed, check_claims, fingerprint, unpacked
from aezoo.uses.rounding import WIDEST, chosen, numbers_of, smallest, symbols_of, widths_of
from aezoo.uses.transforms import Whole, checked, transform_of

WORSE = 0.01  # that the error may grow by rounding, where nothing else is asked
FINER = 4  # than the step that codes were trained for, where many bits are asked for
FINE = 0.001  # that it grows by with the finest step that is of any use
JUDGED = 1000  # samples that the error is measured on
PARTS = 32  # of an octave, steps to choose from
OCTAVES = 2 + WIDEST // 4  # above the largest code, where nothing is left of any
LARGEST = float(np.finfo(np.float32).max)
FEW = 32  # rows of codes, for which widths of their own take more bytes than they spare
TINY = float(np.finfo(np.float32).tiny)


def compress(
    model: Autoencoder,
    x: ArrayLike,
    *,
    step: float | None = None,
    bits_per_pixel: float | None = None,
) -> bytes:
    """Samples as the bytes of their codes: lossy, as the autoencoder is, and rounding adds to it.

    Codes are rounded to multiples of a step, finer for units that change the output more, and
    entropy coded with probabilities that follow the data, see `aezoo.uses.entropy.encoded`. Many
    samples at once take fewer bytes than each for itself, since there is more to learn
    probabilities from. Models with a codebook keep the places in it, and add no loss.

    Args:
        model: A trained `aezoo.Autoencoder`. `decompress` needs the same.
        x: Array of shape `(n, *input_shape)`; for models of images also `(n, height, width,
            channels)` with any height and width, which are compressed in tiles.
        step: Positive float, the width that codes are rounded to, in their units (where units of
            a code differ, its geometric mean). Default: the largest, to a fiftieth, that changes
            reconstructions by no more than 1 % of their mean squared error, or by a millionth of
            the samples' variance, where a model is that exact; by 1,000 samples.
        bits_per_pixel: Positive float, in place of `step`: as good as can be with so many bits
            at most, the head of the file included. A pixel is a place in an image whatever its
            channels, likewise a step of a signal; in other samples it is a number.

    Returns:
        Bytes that say what they hold: shape, step, the hash of the model, and a checksum.

    Raises:
        ValueError: If the samples do not fit the model, both `step` and `bits_per_pixel` are
            given, either is given for a model with a codebook, the step is out of range, so few
            bits are not enough for the coarsest of codes, or units of a code lie so far apart that
            no step is fine enough for all.

    Example:

    >>> import aezoo
    >>> x = aezoo.load_dataset("digits", "test").x
    >>> model = aezoo.vanilla((8, 8, 1), 8)
    >>> data = aezoo.compress(model, x, step=0.5)
    >>> aezoo.decompress(data, model).shape
    (360, 8, 8, 1)

    Reference:
        Steps in inverse proportion to what a unit does to the output: Goyal, "Theoretical
        Foundations of Transform Coding", IEEE Signal Processing Magazine, 2001; learned transforms
        with entropy coding: Balle et al., "End-to-end Optimized Image Compression", 2017,
        arXiv:1611.01704.
    """
    if not isinstance(model, Autoencoder):
        raise ValueError(f"model must be an aezoo.Autoencoder. Received: {type(model).__name__}")
    if step is not None:
        checks.number("step", step, above=0, below=LARGEST)
    if bits_per_pixel is not None:
        checks.number("bits_per_pixel", bits_per_pixel, above=0)
    if step is not None and bits_per_pixel is not None:
        raise ValueError("Give step or bits_per_pixel, not both.")
    x = checked(model, x)
    transform = transform_of(model, x.shape)
    whole = isinstance(transform, Whole)
    head = Compressed(fingerprint(model), x.shape, 0.0, None, 0, 1, b"", whole=whole)
    if not model.bottleneck.narrow:
        raise ValueError(
            "A unet has no narrow code that would be smaller than the sample: compress with "
            "another backbone."
        )
    parts = transform.split(x)
    codes = transform.encode(parts)
    if model.bottleneck.discrete:
        if step is not None or bits_per_pixel is not None:
            raise ValueError(
                "The codes of this model are places in a codebook, which are not rounded: leave "
                "step and bits_per_pixel out."
            )
        levels = model.bottleneck.num_embeddings
        content = entropy.encoded(_columns(model, codes), levels, ordered=False)
        return replace(head, levels=levels, content=content).packed()
    trained = model.bottleneck.step
    alike = trained is not None or codes.size < FEW * codes.shape[-1]
    widths = np.zeros(codes.shape[-1], np.int8) if alike else widths_of(transform, codes)

    def packed(step):
        symbols = symbols_of(codes, step, widths)
        least, levels = int(symbols.min()), int(np.ptp(symbols)) + 1
        around = neighbors.fits(symbols)
        if around:
            content = neighbors.encoded(symbols)
        else:
            content = entropy.encoded(_columns(model, symbols) - least, levels)
        told = {"step": step, "least": least, "levels": levels, "content": content}
        return replace(head, widths=None if alike else widths, neighbors=around, **told).packed()

    if step is None and trained is not None:
        step = max(trained, smallest(codes, widths))  # where samples are unlike any before
        steps = np.append(_grid(codes, widths), step)
        steps = np.unique(steps[steps >= trained / FINER])
    elif step is None:
        grows, steps = _growth(transform, parts, codes, widths), _grid(codes, widths)
        if not alike and grows(steps[0]) > WORSE:
            raise ValueError(
                "The numbers of these codes lie too far apart to be rounded together: with the "
                f"finest step that there is, {steps[0]:.3g}, rounding adds "
                f"{grows(steps[0]):.0%} to the error. Build the model with "
                "normalization='standard', or give that step."
            )
        step = _last(steps, lambda one: grows(one) <= (WORSE if bits_per_pixel is None else FINE))
        steps = steps[steps >= step]
    if bits_per_pixel is not None:
        step = _finest(steps, packed, bits_per_pixel * pixels_of(x.shape) / 8)
    return packed(_single(step))


def decompress(data: bytes, model: Autoencoder) -> np.ndarray:
    """The samples that `compress` made bytes of, as the model decodes them.

    Args:
        data: Bytes from `compress`.
        model: The `aezoo.Autoencoder` that compressed them.

    Returns:
        float32 array of the shape that the samples had, in the units of the model's input.

    Raises:
        aezoo.data.samples.DataError: If the bytes are damaged, of a later version, or none of
            `compress`, or claim far more than so many bytes can hold; a `ValueError`. Any may
            become 2^24 numbers (64 MiB), and 2^14 more for each of its bytes, up to 4 GiB; the
            variable `AEZOO_MAX_BYTES` sets another limit in place of all of these.
        ValueError: If another model compressed them.

    Example:

    >>> import aezoo, numpy as np
    >>> model = aezoo.vanilla((8, 8, 1), 8)
    >>> photo = np.random.default_rng(0).random((1, 30, 21, 1), "float32")  # is cut into tiles
    >>> aezoo.decompress(aezoo.compress(model, photo), model).shape
    (1, 30, 21, 1)
    """
    if not isinstance(model, Autoencoder):
        raise ValueError(f"model must be an aezoo.Autoencoder. Received: {type(model).__name__}")
    found, given = unpacked(data), fingerprint(model)
    if found.model != given:
        raise ValueError(
            f"Another model compressed this: its hash begins with {found.model.hex()}, that of the "
            f"model given with {given.hex()}."
        )
    transform = transform_of(model, found.shape, whole=found.whole)
    shape = transform.code_shape
    ordered = not model.bottleneck.discrete
    check_claims(len(data), max(math.prod(shape), math.prod(transform.part_shape)))
    rows, units = _columns(model, np.empty((1, *shape[1:]))).shape
    check_claims(len(data), 0, 0 if found.neighbors else units * found.levels)
    widths = np.zeros(units, np.int8) if found.widths is None else found.widths
    if len(widths) != units or ordered != (found.step > 0):
        raise DataError("The compressed samples are of codes unlike those of the model.")
    if found.neighbors:
        symbols = neighbors.decoded(found.content, shape)
    else:
        every = (shape[0] * rows, units)
        symbols = entropy.decoded(found.content, every, found.levels, ordered=ordered)
        symbols = symbols.astype(np.int64).reshape(shape) + found.least
    codes = numbers_of(symbols, found.step, widths) if ordered else symbols
    return transform.joined(transform.decode(codes))


def pixels_of(shape: tuple[int, ...]) -> int:
    """How many pixels samples have.

    Args:
        shape: Tuple of positive integers, `(n, ...)`.

    Returns:
        Positive integer: places of images, whatever their channels, likewise steps of signals;
        numbers of other samples.

    Example:

    >>> pixels_of((10, 28, 28, 3)), pixels_of((10, 140, 2)), pixels_of((10, 5))
    (7840, 1400, 50)
    """
    return math.prod(shape[:-1] if len(shape) > 2 else shape)


def _columns(model, codes):
    """Codes as rows of units, with those that mean the same below each other."""
    if model.bottleneck.discrete and codes.ndim > 2:
        return codes.reshape(-1, 1)  # (n, H, W) -> (n H W, 1): each place has the same codebook
    return codes.reshape(-1, codes.shape[-1])  # (n, ..., D) -> (n ..., D)


def _growth(transform, parts, codes, widths) -> Callable[[float], float]:
    """A function from a step to what rounding adds to the error, in parts of the error.

    Where a model has learned, errors and the changes by rounding have nothing to do with each
    other, so that their squares add up.
    """
    one = math.prod(transform.ae.input_shape[1:]) / math.prod(parts.shape[1:])
    some = chosen(len(parts), math.ceil(JUDGED * one))
    x, codes = transform.normalize(parts[some]), codes[some]

    def decoded(z):
        return transform.normalize(transform.decode(z))

    exact = decoded(codes)
    least = 1e-6 * float(x.var(axis=0).mean())  # of what a model may be exact at
    error = max(float(np.square(exact - x).mean()), least, TINY)

    def grows(step):
        rounded = decoded(numbers_of(symbols_of(codes, step, widths), step, widths))
        return float(np.square(rounded - exact).mean()) / error

    return grows


def _grid(codes, widths):
    """Steps to choose from, as float32 keeps them: from the finest to one that leaves nothing."""
    finest = math.ceil(PARTS * math.log2(max(smallest(codes, widths), TINY)))
    coarsest = math.ceil(PARTS * (math.log2(max(float(np.abs(codes).max()), TINY)) + OCTAVES))
    steps = 2.0 ** (np.arange(finest, max(coarsest, finest) + 1) / PARTS)
    return _single(np.minimum(steps, LARGEST / 2))


def _last(steps, holds: Callable[[float], bool]) -> float:
    """The last of the steps for which something holds that does for all before; else the first."""
    return float(steps[max(0, bisect.bisect_left(steps, True, key=lambda one: not holds(one)) - 1)])


def _finest(steps, packed: Callable[[float], bytes], most: float) -> float:
    """The finest of the steps with so many bytes at most."""
    step = _last(steps[::-1], lambda one: len(packed(one)) <= most)  # from few bytes to many
    least = len(packed(step))
    if least > most:
        raise ValueError(
            f"The coarsest codes take {least:,} bytes, more than the {most:,.1f} that were asked "
            "for: ask for more bits, or take more samples at once, or a model with a smaller code."
        )
    return step


def _single(step):
    return np.float32(step).astype(float)  # as a file keeps it
