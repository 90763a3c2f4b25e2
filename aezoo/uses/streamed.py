"""Detectors that are fitted to data larger than memory."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aezoo.data.columns import Columns
from aezoo.data.samples import DataError
from aezoo.data.streams import Stream
from aezoo.uses import networks, splits, thresholds
from aezoo.uses.arguments import method_of
from aezoo.uses.calibration import remember
from aezoo.uses.scores import drawn, fit_scoring
from aezoo.uses.sketches import Sketch

VALUES = 2**21  # scored at a time


def fit(detector: Any, stream: Stream, seed: int, rng: np.random.Generator, kinds: tuple) -> Any:
    """Fits a detector to a stream.

    The network and its scales are of all samples but those set aside, and so is the threshold, of
    the fifth of them that is. Neighbours, the spreads of residuals and what is left out as odd
    are of the stream's random sample, `stream.x`, by each way of scoring.

    Args:
        detector: `aezoo.AnomalyDetector`.
        stream: `aezoo.Stream`, normal samples.
        seed: Integer, of the network and of the parts.
        rng: NumPy generator.
        kinds: Tuple of the classes of trained models that are taken as they are.

    Returns:
        The detector.

    Raises:
        DataError: If there are too few samples, or all are alike.
        ValueError: If they are too few for a conformal threshold, or the rate is too small to be
            told of a stream.
        ImportError: Without the extra `aezoo[streams]`.
    """
    detector.columns_ = _columns(detector, stream)
    everything, promised, method = stream, None, method_of(detector)
    sketch = Sketch()  # or the extra is missing
    if method == "conformal":
        promised, stream = stream.divided(splits.ASIDE, seed)
        most = math.ceil(1 / detector.false_alarm_rate)
        thresholds.conformal(np.zeros(min(len(promised), most)), detector.false_alarm_rate)
    unseen, seen = stream.divided(splits.ASIDE, seed + 1)
    x = np.concatenate([seen.x, unseen.x])
    if (x == x[0]).all() and all((piece == x[0]).all() for piece in stream.arrays()):
        raise DataError("All samples are alike: nothing can be learned from them.")
    is_unseen = np.arange(len(x)) >= len(seen.x)
    groups, trusts = splits.trusted(x, detector.contamination, rng)
    detector.model_ = networks.trained_on_stream(
        detector.model,
        stream,
        seen,
        kinds=kinds,
        trusts=trusts,
        epochs=detector.epochs,
        seed=seed,
        verbose=detector.verbose,
    )
    z, rebuilt = networks.outputs(detector.model_, x)
    detector.scoring_ = fit_scoring(
        z,
        rebuilt,
        detector.scoring,
        groups=groups,
        unseen=is_unseen,
        # none of those by which is judged: a sample has no neighbour so near as itself
        kept=drawn([group & ~is_unseen for group in groups], detector.n_references, rng),
        n_neighbors=detector.n_neighbors,
    )
    score = detector.model_, detector.scoring_.score
    for scores in by_piece(*score, unseen if promised is None else promised):
        sketch.add(scores)
    remember(detector, sketch)
    detector.calibrated_ = promised is not None
    detector.false_alarm_rate_ = float(detector.false_alarm_rate)
    if not isinstance(method, str):
        detector.threshold_ = float(method)
    elif method == "contamination":  # of all samples, as scikit-learn has it
        of_all = Sketch(by_piece(*score, everything))
        detector.threshold_ = of_all.threshold("share", detector.contamination)
        detector.threshold_error_ = of_all.error
    else:
        detector.threshold_ = sketch.threshold(method, detector.false_alarm_rate)
    return detector


def by_piece(
    model: Any,
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    x: np.ndarray | Stream,
) -> Iterator[np.ndarray]:
    """A function of normalized samples and reconstructions, with bounded memory.

    Args:
        model: `aezoo.Autoencoder` or `aezoo.LiteModel`.
        function: Function of two arrays of shape `(n, ...)`.
        x: Array of shape `(n, ...)`, or `aezoo.Stream`, whose samples come as they lie there.

    Yields:
        What it returns, piece by piece.
    """
    pieces: Iterator[np.ndarray]
    if isinstance(x, Stream):
        pieces = x.arrays(max(1, VALUES // math.prod(x.shape)))
    else:
        rows = max(1, VALUES // math.prod(x.shape[1:]))
        pieces = (x[i : i + rows] for i in range(0, len(x), rows))
    for piece in pieces:
        yield function(*networks.outputs(model, piece))


def _columns(detector, stream):
    x: Any = stream.x
    if stream.names:
        from aezoo.data.parquet import imported_pandas

        x = imported_pandas().DataFrame(x, columns=list(stream.names))
    return Columns(detector.missing).fit(x, owner=detector)
