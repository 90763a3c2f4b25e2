import numpy as np
import pytest

from aezoo.edge import Scoring, dequantized, quantized
from aezoo.export.integer_scoring import RESIDUAL, SUM, in_integers

ENDS = {
    "int8": ((0.05, -10), (0.045, -7)),
    "int16": ((0.0004, 0), (0.00036, 0)),
}
ERRORS = {
    "none": np.float32(0),
    "factor": np.float32(0.7),
    "vector": np.float32([0.1, 30, 1, 2, 0.5, 1]),
    "matrix": np.random.default_rng(1).normal(size=(6, 6)).astype("float32"),
}


def details(dtype):
    return [{"dtype": np.dtype(dtype).type, "quantization": end} for end in ENDS[dtype]]


def case(rng, dtype, error, count, groups):
    """A scoring whose references are integers, its integer form, and integer samples."""
    given, returned = details(dtype)
    references = rng.normal(size=(count, 6)).astype("float32")
    references = dequantized(quantized(references, given), given)
    weights = rng.uniform(0.1, 2, (groups, count)).astype("float32")
    if groups == 2:
        weights[1, : count // 3] = 0
    scoring = Scoring(ERRORS[error], references, weights, 5)
    x, rebuilt = rng.normal(size=(2, 200, 6)).astype("float32")
    inputs = quantized(1.5 * x, given)
    inputs[: min(count, 10)] = quantized(references[:10], given)  # themselves
    return scoring, in_integers(scoring, given, returned), inputs, quantized(rebuilt, returned)


@pytest.mark.parametrize("dtype", list(ENDS))
@pytest.mark.parametrize("error", list(ERRORS))
@pytest.mark.parametrize(("count", "groups"), [(0, 0), (40, 1), (4, 1), (300, 2)])
def test_integers_are_the_score_in_its_unit(rng, dtype, error, count, groups):
    scoring, integers, inputs, outputs = case(rng, dtype, error, count, groups)
    given, returned = details(dtype)
    expected = scoring.score(dequantized(inputs, given), dequantized(outputs, returned))
    found = integers.score(inputs, outputs)
    assert found.dtype == np.int64
    relative = np.abs(found * integers.unit - expected) / (expected + 1e-9)
    # of equally near references others may count, with weights of their own
    assert np.quantile(relative, 0.9) < 1e-3
    assert np.median(relative) < 1e-4
    parts = integers.contributions(inputs, outputs)
    assert parts.shape == inputs.shape
    assert parts.min() >= 0
    np.testing.assert_array_equal(parts.sum(axis=1), found)


@pytest.mark.parametrize("dtype", list(ENDS))
@pytest.mark.parametrize("error", list(ERRORS))
@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e9])
def test_nothing_overflows(rng, dtype, error, weight):
    """Opposite ends, in integers without a size; and weights that are all or nothing."""
    scoring, _, _, _ = case(rng, dtype, error, 40, 1)
    integers = in_integers(scoring._replace(weights=scoring.weights * weight), *details(dtype))
    limits = np.iinfo(dtype)
    ends = np.array(np.meshgrid(*[[limits.min, limits.max]] * 6)).reshape(6, -1).T.astype(dtype)
    inputs, outputs = ends, -1 - ends
    q, r = (a.astype(object) for a in (inputs, outputs))
    e = integers.input_factors.astype(object) * (q - integers.input_zero_point)
    e = e - integers.output_factors.astype(object) * (r - integers.output_zero_point)
    assert np.abs(e).max() < RESIDUAL
    if integers.matrix is not None:
        e = e @ integers.matrix.astype(object)
        assert np.abs(e).max() < SUM
        e = np.array([[abs(v) >> integers.matrix_shift for v in row] for row in e], object)
        assert e.max() < RESIDUAL
    error_part = np.array([[v**2 >> integers.error_shift for v in row] for row in e], object)
    span = limits.max - limits.min
    distance = 5 * int(integers.weights.max()) * int(span) ** 2
    assert distance < SUM
    assert error_part.sum(axis=1).max() + 6 * (distance >> integers.neighbor_shift) < SUM
    scores = integers.score(inputs, outputs)
    assert scores.min() >= 0
    assert (scores >= error_part.sum(axis=1)).all()


def test_a_weight_that_counts_stays_more_than_nothing(rng):
    scoring, _, _, _ = case(rng, "int8", "factor", 40, 2)
    scoring.weights[0, 0] = 1e-12
    integers = in_integers(scoring, *details("int8"))
    assert integers.weights[0, 0] == 1
    np.testing.assert_array_equal(integers.weights > 0, scoring.weights > 0)


def test_a_group_without_members(rng):
    scoring, _, inputs, outputs = case(rng, "int8", "factor", 40, 1)
    more = scoring._replace(weights=np.concatenate([scoring.weights, 0 * scoring.weights]))
    one, two = (in_integers(s, *details("int8")) for s in (scoring, more))
    np.testing.assert_array_equal(one.score(inputs, outputs), two.score(inputs, outputs))


def test_of_equally_near_references_the_first_count():
    references = np.float32([[0.05, 0], [0, 0.05], [-0.05, 0], [0, -0.05]])
    scoring = Scoring(np.float32(0), references, np.float32([[1, 2, 3, 4]]), 2)
    integers = in_integers(scoring, *details("int8"))
    zero = np.int8([[-10, -10]])
    expected = np.sum(integers.weights[0, :2].astype(int))
    assert integers.score(zero, zero).tolist() == [expected]


def test_bytes(rng):
    _, integers, _, _ = case(rng, "int16", "matrix", 40, 2)
    assert integers.bytes == 2 * 4 * 6 + 2 * 36 + 2 * 40 * 6 + 2 * 2 * 40
