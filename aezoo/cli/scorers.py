"""Fitted and exported detectors alike, as the commands that ask them want them."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from aezoo.system.quiet import native_output_discarded

RECORD, SERIES = "detector.json", "series.json"

log = logging.getLogger("aezoo")


class Scorer:
    """A detector of any kind, and what it needs of a table.

    Args:
        path: Path of a detector's folder, or of its exported `.tflite`.

    Attributes:
        names: List of the columns that it was fitted to, or `None`.
        threshold: Float, the score above which a row is flagged.
        is_timed: Boolean, whether rows are steps, and must come all at once.
        events: List of the events in what was judged last, or `None` if rows are no steps.
    """

    def __init__(self, path: Path):
        import aezoo
        from aezoo.data.samples import DataError

        self.is_exported = path.suffix == ".tflite"
        self.is_timed = False
        self.detector: Any
        try:
            if self.is_exported:
                with native_output_discarded():
                    self.detector = aezoo.edge.Detector(path)
            else:
                self.is_timed = (path / SERIES).is_file()
                kind = "TimeSeriesDetector" if self.is_timed else "AnomalyDetector"
                self.detector = getattr(aezoo, kind).load(path)
        except ValueError as error:
            raise DataError(str(error)) from error
        self.columns: Any = None  # of an exported detector, known once a table is
        if self.is_exported:
            self.threshold, names = self.detector.threshold, self.detector.feature_names
        else:
            self.threshold = self.detector.threshold_
            names = getattr(self.detector, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        self.events: list | None = [] if self.is_timed else None
        self._told = False

    def chosen(self, piece: Any) -> Any:
        """What the detector takes of a piece of data: of a table its columns, in their order."""
        if self.names is None or not hasattr(piece, "iloc"):
            return piece
        if self.is_exported and self.columns is None:
            self.columns = columns_of(self.names, set(piece.columns))
            self.names = [column.name for column in self.columns.columns_]
        absent = [name for name in self.names if name not in piece.columns]
        if absent:
            raise ValueError(
                "Expected the columns that the detector was fitted to. Missing: "
                f"{', '.join(absent)}"
            )
        others = [str(name) for name in piece.columns if name not in set(self.names)]
        if others and not self._told:
            log.warning("Columns that are not looked at: %s", ", ".join(others))
            self._told = True
        piece = piece[self.names]
        return self.columns.transform(piece) if self.is_exported else piece

    def anomaly_score(self, chosen: Any) -> Any:
        """The scores of what was chosen."""
        return self.detector.anomaly_score(chosen)

    def judged(self, chosen: Any, top: int) -> dict[str, Any]:
        """Columns of scores, p-values, flags, and of what makes rows odd if `top` is not 0.

        Windows of a recording overlap: their steps are flagged by events, and have no p-values.
        """
        # LiteRT says there, when it first runs, what it runs on
        with native_output_discarded() if self.is_exported else nullcontext():
            return self._judged(chosen, top)

    def _judged(self, chosen, top):
        parts = self.detector.contributions(chosen) if top else None
        if parts is None or self.is_timed or self._is_merged(parts):
            scores = self.anomaly_score(chosen)
        else:  # to the last bit what anomaly_score says, in half the time
            scores = parts.reshape(len(parts), -1).sum(axis=1).astype("float64")
        found = {"score": scores}
        if self.is_timed:
            from aezoo.uses.events import flags_of

            self.events = self.detector.events(chosen)
            found["flag"] = flags_of(self.events, len(scores)).astype(int)
        else:
            found["p_value"] = self._p_values(chosen, scores)
            found["flag"] = (scores > self.threshold).astype(int)
        if parts is not None:
            if self.columns is not None:
                parts = self.columns.merge(parts)
            names = _places(parts.shape[1:], self.names)
            found["contributors"] = largest(parts, names, top)
        return found

    def _is_merged(self, parts):
        """Whether contributions of categories were summed, in another order than the score's."""
        columns = getattr(self.detector, "columns_", None)
        return columns is not None and len(columns.sources) != parts[0].size

    def _p_values(self, chosen, scores):
        from aezoo.edge.scoring import p_values

        if self.is_exported:
            return self.detector.p_values(chosen)
        weights = self.detector.calibration_weights_
        return p_values(scores, self.detector.calibration_scores_, weights)


def columns_of(names: Sequence[str], present: set) -> Any:
    """The columns of a table, by the names of those that they are encoded as.

    A name that is not in the table is that of a category: `colour=red` is of the column `colour`.
    """
    from aezoo.data.columns import Columns

    found: dict[str, dict[str, Any]] = {}
    for name in names:
        ends = [i for i, mark in enumerate(name) if mark == "="]
        heads = [name[:end] for end in ends if name[:end] in present]
        if name in present or not ends:
            found[name] = {"name": name}
            continue
        head = heads[-1] if heads else name[: ends[0]]
        column = found.setdefault(head, {"name": head, "categories": []})
        text = name[len(head) + 1 :]
        column["categories"].append(None if text == "(missing)" else text)
    config = {"missing": "refuse", "is_named": True, "fill": None}
    return Columns.from_config({**config, "shape": [len(found)], "columns": [*found.values()]})


def largest(parts: Any, names: Sequence[str], count: int) -> list[str]:
    """The largest contributions to each score in words, such as `age: 0.62; income: 0.2`."""
    import numpy as np

    # (n, ...) -> (n, D), in float64, where the largest numbers of float32 have a sum
    parts = np.nan_to_num(parts.reshape(len(parts), -1)).astype("float64")
    order = np.argsort(-parts, axis=1, kind="stable")[:, :count]
    shares = np.take_along_axis(parts, order, axis=1)
    total = parts.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return [
        "; ".join(
            f"{names[i]}: {share:.2f}" for i, share in zip(row, own, strict=True) if share > 0
        )
        for row, own in zip(order, shares, strict=True)
    ]


def _places(shape, names):
    """Names of the parts of a score: of columns, or the places in an array."""
    import numpy as np

    if len(shape) == 1:
        return names or [f"x{i}" for i in range(shape[0])]
    axes = shape[:-1] if shape[-1] == 1 else shape
    return [",".join(map(str, place)) for place in np.ndindex(axes)]
