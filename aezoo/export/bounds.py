"""What an export may lose by its precision, and what can be done about one that loses more."""

import numpy as np
from scipy import stats

from aezoo.export.report import ExportError, ExportReport
from aezoo.export.samples import CALIBRATION, ENOUGH

MSE_INCREASE = {"float16": 0.005, "dynamic": 0.02, "int4": 0.05, "int8": 0.02, "int16x8": 0.006}
RANK_CORRELATION = 0.995  # of scores in integers with those of the Keras model
PICKED = 0.98  # of those of codes picked in eight bits, of which some lie alike near
NOISE = 0.1  # of the spread of codes and of outputs for the prior: a hundredth of the variance
NEAR = 0.01, 0.998  # increase of the MSE and rank correlation in int8, nothing better is needed
CONFIDENCE = 0.95
PARTS = {"max": "reconstructs", "encode": "encodes", "decode": "decodes"}
FINE_TUNED = "give fine_tune=x_train"
INT16 = "export with quantize='int16x8'"
WAYS = {  # to do better
    "float16": ["export in float32 (quantize=None)"],
    "dynamic": ["export with quantize='float16'"],
    "int4": [FINE_TUNED, "export with quantize='int8'"],
    "int8": [FINE_TUNED, INT16, "train with activation='relu', which loses least"],
    "int16x8": ["train with activation='relu', which loses least"],
}
FLOATS = {"int8": "'dynamic' or 'float16'", "int16x8": "'float16'"}  # not for microcontrollers


def check(
    report: ExportReport, calibrated: int | None = None, tolerance: float | None = None
) -> None:
    """Refuses an export that loses more than its precision gives reason for.

    Args:
        report: `ExportReport`.
        calibrated: Integer, how many samples set the ranges of integers, or `None`.
        tolerance: Float or `None`, see `refusal`.

    Raises:
        ExportError: Saying what was measured, the bound, and what can be done; see `refusal`.
    """
    reason = refusal(report, calibrated, tolerance)
    if reason:
        raise ExportError(reason, report)


def refusal(
    report: ExportReport, calibrated: int | None = None, tolerance: float | None = None
) -> str | None:
    """Why an export is beyond the bounds of its precision.

    In float32 no difference may be larger than what `aezoo.export.parity` allows for. In lower
    precisions reconstructions, and what is decoded from the model's codes, may have an MSE that is
    0.5 % (float16), 0.6 % (int16x8), 2 % (dynamic, int8) or 5 % (int4) larger than the model's, and
    what rounding to the steps of an integer output makes, step^2 / 12. Codes, and outputs for codes
    from the prior, may be away from the model's by a root mean square of a tenth of their standard
    deviation. In integers the scores' rank correlation with the model's is at least 0.995, or 0.98
    where codes are indices: of codes that lie alike near another may be picked, which makes some
    samples' errors larger and others' smaller.

    From 200 samples on, MSE and rank correlation are taken as they are. Of fewer, chance makes as
    much as the bounds are wide; there an export is refused if it is beyond its bound with a
    confidence of 95 %, one-sided: by a t-test of how much each sample's error grew, and for ranks
    by the expectation of Spearman's correlation in n samples, (3 tau + (n - 2) rho) / (n + 1), and
    Fisher's transformation of it with the standard error sqrt((1 + r^2 / 2) / (n - 3)).

    Args:
        report: `ExportReport`.
        calibrated: Integer, how many samples set the ranges of integers, or `None`.
        tolerance: Positive float, by what part the MSE may be larger in place of those above, or
            `None`.

    Returns:
        String, or `None` if the export is right.

    Reference:
        Bonett and Wright, "Sample Size Requirements for Estimating Pearson, Kendall and Spearman
        Correlations", Psychometrika 2000, for the standard error;
        the expectation: Moran, "Rank Correlation and Product-Moment Correlation", Biometrika 1948.
    """
    parity, precision = report.parity, report.precision
    if precision == "float32":
        return _difference(parity)
    found = (
        _mse(report, "mse_export", "mse_uncertainty", "reconstruct", tolerance)
        or _mse(report, "mse_decode", "mse_decode_uncertainty", "decode", tolerance)
        or _noise(parity, "encode_noise", "gives codes")
        or _noise(parity, "prior_noise", "decodes codes from the prior to outputs")
    )
    if precision in ("int4", "int8", "int16x8"):
        found = found or _ranks(parity)
    if found is None:
        return None
    few = ", beyond doubt" if parity["samples"] < ENOUGH else ""
    return f"The export in {precision} {found}{few}. {_advice(report, calibrated)}"


def is_near(report: ExportReport) -> bool:
    """Whether an export is right, and so near to the model that nothing better needs to be tried.

    Args:
        report: `ExportReport`.

    Returns:
        Boolean. In int8 the MSE may be 1 % larger for that, and the rank correlation of scores is
        0.998; any other precision only has to be right.
    """
    if refusal(report) is not None:
        return False
    if report.precision != "int8":
        return True
    more, least = NEAR
    rank = report.parity["rank_correlation"]
    in_order = rank is None or rank >= least
    return in_order and report.parity["mse_export"] <= _most(report, more, "reconstruct")


def least_rank_correlation(n: int, least: float | None = None) -> float:
    """The rank correlation of scores below which an export is refused.

    Args:
        n: Integer, of how many samples; 4 or more.
        least: Float, what is asked of 200 samples and more; by default 0.995.

    Returns:
        Float: the same for so many samples, less for fewer, see `refusal`.

    Example:

    >>> least_rank_correlation(200), round(least_rank_correlation(20), 3)
    (0.995, 0.966)
    """
    least = RANK_CORRELATION if least is None else least
    if n < ENOUGH:
        kendall = 2 / np.pi * np.arcsin(2 * np.sin(np.pi / 6 * least))  # of normal variables
        expected = (3 * kendall + (n - 2) * least) / (n + 1)
        chance = stats.norm.ppf(CONFIDENCE) * np.sqrt((1 + least**2 / 2) / (n - 3))
        return float(np.tanh(np.arctanh(expected) - chance))
    return least


def _difference(parity):
    for name, does in PARTS.items():
        times = parity.get(f"{name}_of_allowed", 0)
        if not times <= 1:
            return (
                f"The export differs from the Keras model: it {does} with differences of up to "
                f"{parity[f'{name}_difference']:.2g}, {_told(times, 1)[0]} times what float32 "
                "gives reason for. Try another format: neither model nor samples are at fault."
            )
    return None


def _mse(report, key, uncertainty, part, tolerance):
    parity = report.parity
    more = MSE_INCREASE[report.precision] if tolerance is None else tolerance
    limit = _most(report, more, part)
    n = parity["samples"]
    chance = 0 if n >= ENOUGH else stats.t.ppf(CONFIDENCE, n - 1) * parity.get(uncertainty, 0)
    if parity.get(key, 0) - chance <= limit:
        return None
    found, most = _told(parity[key], limit)
    return (
        f"{part}s worse than the Keras model: MSE {found} after {parity['mse_keras']:.4g}, at most "
        f"{most} is right ({more:.1%} more)"
    )


def _noise(parity, key, does):
    noise = parity.get(key, 0)
    if noise <= NOISE:
        return None
    found, most = _told(noise, NOISE)
    return (
        f"{does} that differ from those of the Keras model by {found} of their spread, at most "
        f"{most} is right"
    )


def _ranks(parity):
    rank, n = parity["rank_correlation"], parity["samples"]
    if rank is None:
        return None
    least = least_rank_correlation(n, PICKED if "encode_differing" in parity else None)
    if rank >= least:
        return None
    found, bound = _told(rank, least)
    return (
        f"ranks samples unlike the Keras model: rank correlation of scores {found}, at least "
        f"{bound} is right"
    )


def _advice(report, calibrated):
    codebook = "encode_differing" in report.parity
    barred = {
        FINE_TUNED: codebook or report.fine_tuning.get("epochs"),
        INT16: codebook or report.format == "c",  # there is no arg-max and no plain C in 16 bits
    }
    ways = [way for way in WAYS[report.precision] if not barred.get(way)]
    if report.format == "tflite" and report.precision in FLOATS:
        ways.insert(0, f"export with quantize={FLOATS[report.precision]}")
    if calibrated is not None and calibrated < CALIBRATION:
        ways.insert(
            0,
            f"give {CALIBRATION} calibration samples from all over the training data "
            f"({calibrated} were given)",
        )
    ways = ", or ".join(ways)
    return f"{ways[0].upper()}{ways[1:]}."


def _most(report, more, part):
    """The MSE that a part may have, where it may be larger by a share than the model's."""
    return report.parity["mse_keras"] * (1 + more) + _rounding(report, part)


def _rounding(report, part):
    """What rounding to the steps of an integer output adds to any error, however small that was."""
    outputs = report.contents["signatures"].get(part, {}).get("outputs", {})
    step = max((tensor.get("scale", 0.0) for tensor in outputs.values()), default=0.0)
    return step**2 / 12


def _told(*numbers):
    """Numbers with as many digits as it takes to tell them apart, four at least."""
    digits = 4
    while digits < 17 and len({f"{number:.{digits}g}" for number in numbers}) < len(numbers):
        digits += 1
    return [f"{number:.{digits}g}" for number in numbers]
