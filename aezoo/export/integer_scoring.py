"""An anomaly score in integers alone, for processors without floating point."""

import math
from typing import NamedTuple

import numpy as np

from aezoo.edge import Scoring

RESIDUAL = 2**30  # what a weighted residual stays below, so that it fits int32 and its square int64
SUM = 2**62  # what a score stays below
WEIGHT = 2**16 - 1  # the largest weight
MATRIX = 2**15 - 1  # the largest number of an error's matrix
SHIFT = 62  # the most that an int64 may be shifted by
DISTANCES = 2**22  # held at a time


class IntegerScoring(NamedTuple):
    """`aezoo.edge.Scoring` of quantized samples and reconstructions, exact in 64-bit integers.

    With `q` of the input and `r` of the reconstruction, in every feature

        e = input_factors (q - input_zero_point) - output_factors (r - output_zero_point)
        e = sum(e matrix) >> matrix_shift                               if there is a matrix
        part = (e^2 >> error_shift) + (sum_j weights[j] (q - references[j])^2 >> neighbor_shift)

    and the score is the sum of the parts. The neighbours `j` of each group, those of a positive
    weight in a row of `weights`, are as in `Scoring`; of equally near ones the first count.
    Shifts of negative numbers round towards 0.

    Nothing can overflow, whatever the input: factors and shifts are chosen so that `|e| < 2^30`,
    even where input and reconstruction are at opposite ends, its square fits int64, and the score
    of the farthest input there can be is less than 2^62.

    Attributes:
        input_zero_point: Integer.
        output_zero_point: Integer.
        input_factors: int32 array of shape `(D,)`.
        output_factors: int32 array of shape `(D,)`.
        matrix: int16 array of shape `(D, D)`, or `None`.
        matrix_shift: Integer in [0, 62].
        error_shift: Integer in [0, 62].
        references: int8 or int16 array of shape `(M, D)`.
        weights: uint16 array of shape `(P, M)`.
        neighbors: Positive integer.
        neighbor_shift: Integer in [0, 62].
        unit: Float, what 1 of the score is in that of `Scoring`.
    """

    input_zero_point: int
    output_zero_point: int
    input_factors: np.ndarray
    output_factors: np.ndarray
    matrix: np.ndarray | None
    matrix_shift: int
    error_shift: int
    references: np.ndarray
    weights: np.ndarray
    neighbors: int
    neighbor_shift: int
    unit: float

    @property
    def bytes(self) -> int:
        """What its arrays take."""
        arrays = (self.input_factors, self.output_factors, self.references, self.weights)
        return sum(a.nbytes for a in arrays) + (0 if self.matrix is None else self.matrix.nbytes)

    def score(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """How odd samples are.

        Args:
            inputs: int8 or int16 array of shape `(n, ...)`, into the model.
            outputs: Array of the same type and shape, out of it.

        Returns:
            int64 array of shape `(n,)`.
        """
        return self.contributions(inputs, outputs).reshape(len(inputs), -1).sum(axis=1)

    def contributions(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Each feature's part in the score, 0 or more, which sum to it.

        Args:
            inputs: int8 or int16 array of shape `(n, ...)`, into the model.
            outputs: Array of the same type and shape, out of it.

        Returns:
            int64 array of shape `(n, ...)`.
        """
        q, r = (a.reshape(len(a), -1).astype("int64") for a in (inputs, outputs))
        e = self.input_factors * (q - self.input_zero_point)
        e = e - self.output_factors * (r - self.output_zero_point)
        if self.matrix is not None:
            e = e @ self.matrix.astype("int64")
            e = np.sign(e) * (np.abs(e) >> self.matrix_shift)
        parts = np.square(e) >> self.error_shift
        rows = max(1, DISTANCES // max(1, len(self.references)))
        for i in range(0, len(q), rows):
            parts[i : i + rows] += self._distances(q[i : i + rows]) >> self.neighbor_shift
        return parts.reshape(inputs.shape)

    def _distances(self, q):
        """Weighted squares of the differences to the neighbours of all groups, summed."""
        summed = np.zeros_like(q)
        for row in self.weights:
            group = np.flatnonzero(row)
            if not len(group):
                continue
            references = self.references[group].astype("int64")
            count = min(self.neighbors + 1, len(group))
            # in float64, which holds integers up to 2^53, products of matrices are fast
            near, members = q.astype("float64"), references.astype("float64")
            squares = [np.square(a).sum(axis=1) for a in (near, members)]
            distances = squares[0][:, np.newaxis] + squares[1] - 2 * near @ members.T
            # of equals the first: each distance becomes a number of its own
            keys = distances.astype("int64") * len(group) + np.arange(len(group))
            found = np.sort(np.partition(keys, count - 1, axis=1)[:, :count], axis=1)
            places, nearest = found % len(group), found[:, 0] // len(group)
            if count > 1:
                itself = (nearest == 0)[:, np.newaxis]
                places = np.where(itself, places[:, 1:], places[:, :-1])
            weights = row[group[places]].astype("int64")  # (n, k)
            for k in range(places.shape[1]):
                summed += weights[:, k, np.newaxis] * np.square(q - references[places[:, k]])
        return summed


def in_integers(scoring: Scoring, given: dict, returned: dict) -> IntegerScoring:
    """A score in integers, for a model's input and output.

    Args:
        scoring: `aezoo.edge.Scoring`.
        given: Dictionary, the input's details from LiteRT.
        returned: Dictionary, the output's.

    Returns:
        `IntegerScoring`.
    """
    limits = np.iinfo(given["dtype"])
    (step, zero), (out_step, out_zero) = (d["quantization"] for d in (given, returned))
    references = np.round(scoring.references / np.float32(step)) + zero
    references = np.clip(references, limits.min, limits.max).astype(given["dtype"])
    width = references.shape[1]
    farthest = [max(z - limits.min, limits.max - z) for z in (zero, out_zero)]

    matrix, matrix_shift = None, 0
    whitened = scoring.error.ndim == 2
    factors = np.ones(width) * (1 if whitened else np.float64(scoring.error))
    largest = np.abs(factors).max(initial=0)
    reach = farthest[0] * step + farthest[1] * out_step
    unit = largest * reach / (RESIDUAL * 0.99) or 1.0  # of a weighted residual
    into, out_of = (np.round(factors * s / unit).astype("int32") for s in (step, out_step))
    bounds = [
        abs(int(a)) * farthest[0] + abs(int(b)) * farthest[1]
        for a, b in zip(into, out_of, strict=True)
    ]
    if whitened:
        finer = MATRIX / max(float(np.abs(scoring.error).max()), 1e-30)
        matrix = np.round(np.float64(scoring.error) * finer).astype("int16")
        sums = [
            sum(b * abs(int(m)) for b, m in zip(bounds, column, strict=True)) for column in matrix.T
        ]
        matrix_shift = max(0, max(sums).bit_length() - 30)
        bounds = [total >> matrix_shift for total in sums]
        unit = unit / finer * 2.0**matrix_shift

    weights, used = _shares(scoring)
    weights = weights * step**2
    heaviest = float(weights.max(initial=0))
    # squares of the residual in the smallest unit there is, or distances, where they stand alone
    squared = unit**2 if any(bounds) else heaviest / WEIGHT or 1.0
    spans = [limits.max - limits.min] * width
    for shift in range(200):
        error_shift = min(shift, SHIFT)
        error = sum(bound**2 >> error_shift for bound in bounds)
        fits = math.log2(WEIGHT * squared * 2.0**shift / heaviest) if heaviest else 0
        neighbor_shift = min(math.floor(fits), SHIFT)
        if neighbor_shift < 0:
            continue
        scaled = weights * 2.0**neighbor_shift / (squared * 2.0**shift)
        whole = np.where(weights > 0, np.maximum(np.round(scaled), 1), 0).astype("uint16")
        tops = [int(row.max(initial=0)) * n for row, n in zip(whole, used, strict=True)]
        distances = [sum(tops) * span**2 for span in spans]
        total = error + sum(distance >> neighbor_shift for distance in distances)
        if total < SUM and max(distances, default=0) < SUM:
            break
    else:
        raise ValueError("The scoring cannot be expressed in 64-bit integers.")
    return IntegerScoring(
        int(zero),
        int(out_zero),
        into,
        out_of,
        matrix,
        matrix_shift,
        error_shift,
        references,
        whole,
        scoring.neighbors,
        neighbor_shift,
        squared * 2.0**shift,
    )


def _shares(scoring):
    """Weights of the references divided by how many neighbours count; and how many that are."""
    used = []
    for row in scoring.weights:
        members = int(np.sum(row > 0))
        used.append(max(1, min(scoring.neighbors + 1, members) - 1))
    shares = np.float64(scoring.weights) / np.array(used, "float64").reshape(-1, 1)
    return shares, used
