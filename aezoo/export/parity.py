"""How an export differs from its Keras model on samples."""

import keras
import numpy as np
from scipy.stats import spearmanr
from skimage.metrics import peak_signal_noise_ratio

from aezoo.export.report import Exported
from aezoo.export.samples import prior_codes
from aezoo.layers.bottleneck import bottleneck_of

MAX_DIFFERENCE = 1e-4  # of float32 exports, in normalized units
# Roundings at the size of raw values, by half a spacing each: a product and a sum, in the model and
# in the export. Their sizes are up to twice the larger one of the value and the offset.
ROUNDINGS = 4
# Without normalization whole layers compute with raw values: a random walk of a thousand terms.
SUMMED = 32


def parity(
    ae: keras.Model,
    exported: Exported,
    x: np.ndarray,
    *,
    exact: bool = False,
    indices: bool = False,
    clean: np.ndarray | None = None,
) -> dict[str, float | int | None]:
    """Compares an export with its model on samples, in normalized units.

    Args:
        ae: `aezoo.Autoencoder`.
        exported: Object with `parts`, a sequence of the names of its methods: `reconstruct`,
            `score` and, where the export has them, `encode` and `decode`.
        x: Array of shape `(n, *input_shape)`, n at least 2.
        exact: Boolean, whether the export computes in float32, and `..._of_allowed` are asked for.
        indices: Boolean, whether the export's codes are places in the codebook.
        clean: Array of the shape of `x`, what should come out, where that is not `x`.

    Returns:
        Dictionary: `samples`, how many; `max_difference` and `mean_difference` of reconstructions,
        `encode_difference` and `decode_difference` (largest); `mse_keras`, `mse_export` and, of
        what the export decodes from the model's codes, `mse_decode`, against the samples;
        `mse_uncertainty` and `mse_decode_uncertainty`, the standard errors of how much larger they
        are than `mse_keras`, sample by sample; `psnr` of the reconstructions against those of
        Keras, in dB; `rank_correlation`, Spearman's, of the scores, `None` where those of the
        model are all alike, or samples are noisy.

        `encode_noise` is the root mean square difference of codes, relative to their standard
        deviation; there is none for codes from a codebook, of which any that lie alike near will
        do. Of an export that gives indices, `encode_differing` is the part of them that are not the
        model's, `None` without `encode`. `prior_noise` is that of outputs for codes from the prior,
        where there is one.

        `max_of_allowed`, `encode_of_allowed` and `decode_of_allowed` are the largest differences
        relative to what float32 gives reason for: 1e-4, or of values that vary more, that part of
        their standard deviation; of raw values four times the distance to the next float32, 32
        times without a normalization; and how far the model's own results move if each input
        moves by that distance.
    """
    samples = ae.normalize(x if clean is None else clean)
    rebuilt, codes = ae.reconstruct(x), ae.encode(x)
    bottleneck, places = bottleneck_of(ae.encoder), ae.encode_indices(x) if indices else None
    ours = ae.normalize(rebuilt)
    theirs = ae.normalize(exported.reconstruct(x))
    error = _errors(ours, samples)
    difference = np.abs(ours - theirs)
    found = {
        "samples": len(x),
        "max_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "mse_keras": float(error.mean()),
        **_compared("mse_export", "mse_uncertainty", error, _errors(theirs, samples)),
        "psnr": _psnr(ours, theirs),
        "rank_correlation": None,
    }
    if clean is None or clean is x:  # else scores are of the noise
        scores = ae.reconstruction_error(x), exported.score(x)
        found["rank_correlation"] = rank_correlation(*scores)
    if exact:
        moved = _moved(x)
        rounding = _rounding(ae, rebuilt) + MAX_DIFFERENCE * _unit(ours)
        allowed = rounding + _largest(ours - ae.normalize(ae.reconstruct(moved)))
        found["max_of_allowed"] = float((difference / allowed).max())
    if indices:
        found["encode_differing"] = None
    if "encode" in exported.parts:
        returned = exported.encode(x)
        if indices:
            found["encode_differing"] = float(np.mean(returned != places))
            returned = np.asarray(bottleneck.lookup(returned))
        difference = np.abs(codes - returned)
        found["encode_difference"] = float(difference.max())
        if not bottleneck.discrete:
            found["encode_noise"] = _noise(codes, returned)
        if exact:
            allowed = MAX_DIFFERENCE * _unit(codes) + _largest(codes - ae.encode(moved))
            found["encode_of_allowed"] = float((difference / allowed).max())
    if "decode" in exported.parts:
        decoded = ae.normalize(exported.decode(places if indices else codes))
        difference = np.abs(ours - decoded)
        found["decode_difference"] = float(difference.max())
        if exact:
            found["decode_of_allowed"] = float((difference / rounding).max())
        found |= _compared("mse_decode", "mse_decode_uncertainty", error, _errors(decoded, samples))
        drawn = prior_codes(ae, len(x), seed=1)
        if drawn is not None:
            outputs = (ae.normalize(model.decode(drawn)) for model in (ae, exported))
            found["prior_noise"] = _noise(*outputs)
    return found


def rank_correlation(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """Spearman's rank correlation of scores.

    Args:
        ours: Array of shape `(n,)`.
        theirs: Array of shape `(n,)`.

    Returns:
        Float, or `None` if ours are all alike.

    Example:

    >>> import numpy as np
    >>> round(rank_correlation(np.array([1, 2, 3]), np.array([1, 9, 20])), 6)
    1.0
    """
    if np.ptp(ours) == 0:
        return None
    # one score for all ranks nothing, and has no correlation to compute
    return float(spearmanr(ours, theirs).statistic) if np.ptp(theirs) else 0.0


def _errors(outputs, samples):
    """The error of each sample."""
    squares = np.square(outputs - samples)
    return squares.mean(axis=tuple(range(1, squares.ndim)), dtype="float64")  # (n, ...) -> (n,)


def _compared(key, uncertainty, before, after):
    spread = np.std(after - before, ddof=1)
    return {key: float(after.mean()), uncertainty: float(spread / np.sqrt(len(after)))}


def _noise(ours, theirs):
    spread = np.sqrt(np.mean(np.square(ours - ours.mean(axis=0)), dtype="float64"))
    noise = np.sqrt(np.mean(np.square(ours - theirs), dtype="float64"))
    return float(noise / spread) if noise else 0.0


def _rounding(ae, raw):
    """What roundings of raw values make in normalized units, for each value."""
    offset, scale = (0.0, 1.0) if ae.normalization is None else ae.normalization.statistics
    size = np.maximum(np.abs(raw), np.abs(np.float32(offset)))
    return (SUMMED if ae.normalization is None else ROUNDINGS) * np.spacing(size) / scale


def _moved(x):
    """Each value as the next float32 above or below."""
    signs = np.random.default_rng(0).choice(np.float32([-1, 1]), x.shape)
    return x + signs * np.spacing(np.abs(x))


def _largest(difference):
    """The largest absolute value over samples, for each unit."""
    return np.abs(difference).max(axis=0)


def _unit(values):
    """The standard deviation of values, where they vary more than normalized ones."""
    return max(1.0, float(values.std()))


def _psnr(ours, theirs):
    if np.array_equal(ours, theirs):
        return float("inf")
    return float(peak_signal_noise_ratio(ours, theirs, data_range=float(np.ptp(ours)) or 1.0))
