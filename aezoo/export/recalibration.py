"""The threshold of an exported detector: set on its own scores, and proved on normal samples."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from aezoo.export.bounds import least_rank_correlation
from aezoo.export.parity import rank_correlation

KEPT = 1000  # calibration scores in a file
NORMAL = 0.98  # rank correlation of normal samples' scores with those of the Keras model
SURE = 0.99  # of more false alarms than Keras's
FARTHEST = 3.0  # times as far from the mean as a sample


def carried(values: ArrayLike, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Scores of one model as those of another that are as odd.

    What exceeds so many of some samples' scores before exceeds as many of them after; in between
    along a straight line, and beyond the ends in proportion. The method that a threshold was set by
    so does not matter: one that is the 99th percentile of the samples' scores becomes just that of
    their new scores, with the promises of a conformal one.

    Args:
        values: Array of shape `(n,)` or a number, scores of the one.
        before: Array of shape `(m,)`, its scores of the samples.
        after: Array of shape `(m,)`, the other's scores of them.

    Returns:
        float array of the shape of `values`.

    Example:

    >>> carried([1.0, 1.5, 4.0], np.array([2.0, 1.0]), np.array([1.5, 3.0])).tolist()
    [1.5, 2.25, 6.0]
    """
    values, before, after = (np.asarray(a, "float64") for a in (values, before, after))
    before, after = np.sort(before), np.sort(after)
    found = np.interp(values, before, after)
    for end, outside in ((0, values < before[0]), (-1, values > before[-1])):
        ratio = after[end] / before[end] if before[end] > 0 else 1.0
        found = np.where(outside, values * ratio, found)
    return found


def thinned(
    scores: ArrayLike,
    weights: ArrayLike | None = None,
    count: int = KEPT,
    threshold: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Few scores that stand for many: the higher half each for itself, the others for groups.

    A group is represented by the highest in it, so that p-values are rounded up, and those of 0.5
    and less are exact as long as half as many as `count` reach so far. No group lies on both sides
    of the threshold: what exceeds it has the p-value of a flagged sample.

    Args:
        scores: Array of shape `(m,)`, m at least 1.
        weights: Array of shape `(m,)` or `None`, what each counts.
        count: Positive integer, how many are kept at most.
        threshold: Float or `None`, the score above which a sample is an anomaly.

    Returns:
        A pair of arrays of shape `(k,)`: scores, ascending, and what each counts.

    Example:

    >>> [a.tolist() for a in thinned([5.0, 1.0, 2.0, 3.0, 4.0, 6.0], count=4)]
    [[2.0, 4.0, 5.0, 6.0], [2.0, 2.0, 1.0, 1.0]]
    """
    order = np.argsort(scores, kind="stable")
    scores = np.asarray(scores, "float64")[order]
    weights = np.ones(len(order)) if weights is None else np.asarray(weights, "float64")[order]
    if len(scores) <= count:
        return scores, weights
    alone = count // 2
    rest = len(scores) - alone
    ends = np.linspace(0, rest, count - alone + 1).astype(int)
    if threshold is not None:
        normal = np.searchsorted(scores, threshold, side="right")
        if ends[1] < normal < rest:
            ends[np.searchsorted(ends, normal, side="right") - 1] = normal
    grouped = np.add.reduceat(weights[:rest], ends[:-1])
    return (
        np.concatenate([scores[ends[1:] - 1], scores[rest:]]),
        np.concatenate([grouped, weights[rest:]]),
    )


def strangers(z: np.ndarray, stretched: bool = True) -> np.ndarray:
    """Anomalies made of normal samples: values that do not go together, and too large ones.

    Args:
        z: float32 array of shape `(n, ...)`, normalized samples.
        stretched: Boolean, whether to move them away from 0, up to three times as far.

    Returns:
        float32 array of that shape.
    """
    rng = np.random.default_rng(0)
    mixed = rng.permuted(z, axis=0)
    if not stretched:
        return mixed
    factors = rng.uniform(1, FARTHEST, (len(z),) + (1,) * (z.ndim - 1))
    return (mixed * factors).astype("float32")


def figures(
    keras: dict[str, np.ndarray],
    file: dict[str, np.ndarray],
    before: float,
    after: float,
) -> dict[str, Any]:
    """What became of a detector's scores and alarms.

    Args:
        keras: Dictionary of the scores of the Keras model: `"calibration"`, of normal samples that
            the threshold is set on; `"samples"`, of others, if there are any; and `"strangers"`, of
            made-up anomalies.
        file: Dictionary of the export's scores of the same.
        before: Float, the threshold of the Keras model.
        after: Float, that of the export.

    Returns:
        Dictionary: `threshold_keras` and `threshold`; `calibration` and `samples`, how many;
        `held_out`, whether the samples are others than those of the calibration;
        `false_alarms_keras`, the share of them above the Keras model's threshold,
        `false_alarms_before`, that of the export with that threshold, and `false_alarms`, with its
        own; `only_keras` and `only_export`, how many one of the two alone raises;
        `rank_correlation` of the samples' scores, Spearman's, and `rank_correlation_strangers` with
        those of the made-up anomalies among them, `None` where all are alike.
    """
    held_out = "samples" in keras
    ours, theirs = (scores["samples" if held_out else "calibration"] for scores in (keras, file))
    alarms, exported = ours > before, theirs > after
    together = [
        np.concatenate([a, b]) for a, b in ((ours, keras["strangers"]), (theirs, file["strangers"]))
    ]
    return {
        "threshold_keras": float(before),
        "threshold": float(after),
        "calibration": len(keras["calibration"]),
        "samples": len(ours),
        "held_out": held_out,
        "false_alarms_keras": float(alarms.mean()),
        "false_alarms_before": float(np.mean(theirs > before)),
        "false_alarms": float(exported.mean()),
        "only_keras": int(np.sum(alarms & ~exported)),
        "only_export": int(np.sum(exported & ~alarms)),
        "rank_correlation": rank_correlation(ours, theirs),
        "rank_correlation_strangers": rank_correlation(*together),
    }


def detector_refusal(found: dict[str, Any], *, strict: bool = False) -> str | None:
    """Why an exported detector does not do what the Keras model does.

    What matters is which samples are odder than which, and how often normal ones are flagged. A
    network may rebuild visibly worse in integers and still detect the same: where the error is
    small against the distance to the references, or where all errors grow alike, which the
    threshold then takes up. And it may rebuild well on average, yet shuffle the ranks of samples
    that it knows perfectly. So the error of the reconstruction is reported, not judged. Refused is

    - a rank correlation of scores below 0.995, of normal samples and made-up anomalies together,
      or below 0.98 of the normal ones alone, whose order among themselves decides on little but
      the alarms; for fewer than 200 samples see `aezoo.export.bounds.refusal`;
    - more false alarms than the Keras model's with a confidence of 99 %: of the samples that one of
      the two alone flags, the export's are a sign test's too many, with the variance that the
      samples of the calibration add to it. Those that both flag, too many or not, are
      no matter of the export.

    Args:
        found: Dictionary from `figures`.
        strict: Boolean, whether normal samples alone must reach 0.995, too.

    Returns:
        String, or `None` if the export is right.
    """
    for key, whose, times, bound in (
        ("rank_correlation", "normal samples", 1, None if strict else NORMAL),
        ("rank_correlation_strangers", "normal samples and made-up anomalies", 2, None),
    ):
        least = least_rank_correlation(times * found["samples"], bound)
        if found[key] is not None and found[key] < least:
            return (
                f"ranks {whose} unlike the Keras model: rank correlation of scores "
                f"{found[key]:.5f}, at least {least:.5f} is right"
            )
    export, keras = found["only_export"], found["only_keras"]
    spread = np.sqrt((export + keras) * (1 + found["samples"] / found["calibration"]))
    if found["held_out"] and export - keras > stats.norm.ppf(SURE) * spread:
        return (
            f"raises more false alarms than the Keras model: {found['false_alarms']:.2%} of "
            f"{found['samples']:,} normal samples, {found['false_alarms_keras']:.2%} before"
        )
    return None
