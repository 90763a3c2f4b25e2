import json

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge import Scoring, p_values
from aezoo.edge.criterion import METADATA, Criterion, criterion_of, stored


def criterion(rng, count=7, width=3):
    scoring = Scoring(
        np.float32(0.5),
        rng.normal(size=(count, width)).astype("float32"),
        rng.random((2, count)).astype("float32"),
        2,
    )
    scores = np.sort(rng.random(20)).astype("float32")
    names = tuple("abcdefghij"[:width])
    return Criterion(scoring, 0.9, scores, np.ones(20, "float32"), 1.0, 0.05, names)


def model(described, arrays):
    """A file's metadata, as the schema has them."""
    found = schema.ModelT()
    found.buffers, found.metadata = [], []
    texts = {METADATA: json.dumps({"detector": described}).encode()}
    for name, data in {**texts, **arrays}.items():
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(bytes(data), "uint8")
        entry.name, entry.buffer = name.encode(), len(found.buffers)
        found.buffers.append(buffer)
        found.metadata.append(entry)
    return found


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [("float32", 0), ("float16", 2e-3), ("int16", 0.51e-4), ("int8", 0.02)],
)
@pytest.mark.parametrize("shape", [(), (3,), (3, 3)])
def test_round_trip(rng, dtype, tolerance, shape):
    given = criterion(rng)
    error = rng.normal(size=shape).astype("float32")
    given = given._replace(scoring=given.scoring._replace(error=error))
    scale, zero_point = (1e-4, 0) if dtype == "int16" else (0.039, 5)
    found = criterion_of(model(*stored(given, dtype, scale, zero_point)), 3)
    for name in ("threshold", "own_weight", "false_alarm_rate", "feature_names"):
        assert getattr(found, name) == getattr(given, name)
    for ours, theirs in (
        (given.scoring.error, found.scoring.error),
        (given.scoring.weights, found.scoring.weights),
        (given.calibration_scores, found.calibration_scores),
        (given.calibration_weights, found.calibration_weights),
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(
        found.scoring.references, given.scoring.references, atol=tolerance, rtol=0
    )
    # what is stored is found again, bit by bit
    rounded = found.rounded(given.scoring.references)
    np.testing.assert_array_equal(rounded, found.scoring.references)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_rounding_has_no_ends(rng, dtype):
    found = criterion_of(model(*stored(criterion(rng), dtype, 0.01)), 3)
    x = np.float32([[1e4, -3e38, 7e4]])
    np.testing.assert_allclose(found.rounded(x), x, rtol=1e-3)


def test_p_values_count_whom_a_score_stands_for(rng):
    scores = np.sort(rng.random(100)).astype("float32")
    given = criterion(rng)._replace(
        calibration_scores=scores, calibration_weights=np.ones(100, "float32")
    )
    new = rng.random(50)
    np.testing.assert_allclose(given.p_values(new), p_values(new, scores))
    # ten for one: rounded up, by less than ten
    few = given._replace(
        calibration_scores=scores[9::10], calibration_weights=np.full(10, 10, "float32")
    )
    more = few.p_values(new) - p_values(new, scores)
    assert (more > -1e-12).all()
    assert (more < 10 / 101).all()
    assert few.p_values([2.0, np.nan]) == pytest.approx([1 / 101] * 2)


def test_other_files_hold_none():
    assert criterion_of(schema.ModelT()) is None
    empty = model(None, {})
    assert criterion_of(empty) is None


def changed(described, arrays, key, value):
    if key in described:
        return {**described, key: value}, arrays
    name = f"{METADATA}.{key}"
    value = value(arrays[name].copy())
    shapes = {**described["arrays"], key: [value.dtype.name, list(value.shape)]}
    return {**described, "arrays": shapes}, {**arrays, name: value}


def spoilt(array):
    array.flat[0] = np.nan
    return array


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", 2, "format 2, and this version of aezoo reads 1"),
        ("version", None, "format None"),
        ("threshold", float("inf"), "not all of its numbers are finite"),
        ("threshold", "high", "damaged, or of another model"),
        ("neighbors", 8, "8 neighbours of 7 references"),
        ("neighbors", 0, "0 neighbours"),
        ("neighbors", 1.5, "1.5 neighbours"),
        ("own_weight", 0, "counts nothing"),
        ("false_alarm_rate", 1.0, "a rate of 1.0"),
        ("features", ["a"], "not those of 3 features"),
        ("features", [1, 2, 3], "not those of 3 features"),
        ("scale", 0, "the step is 0.0"),
        ("arrays", {}, "damaged, or of another model: 'error'"),
        ("error", lambda a: np.zeros(4, "float32"), r"factors have the shape \(4,\)"),
        ("error", spoilt, "not all of its numbers are finite"),
        ("references", spoilt, "not all of its numbers are finite"),
        ("references", lambda a: a[:, :2], "samples have 3 values, its references 2"),
        ("references", lambda a: a.astype("float64"), "references are of type float64"),
        ("weights", lambda a: a[:, :4], r"shape \(2, 4\) for 7 references"),
        ("weights", lambda a: -a, "a weight is negative"),
        ("weights", lambda a: a.astype("float16"), "weights are of type float16"),
        ("calibration_scores", lambda a: a[::-1].copy(), "do not ascend"),
        ("calibration_scores", lambda a: a[:0], r"\(0,\) calibration scores"),
        ("calibration_weights", lambda a: a[:3], r"\(3,\) weights"),
    ],
)
def test_each_flaw_is_told(rng, key, value, message):
    flawed = model(*changed(*stored(criterion(rng), "float32"), key, value))
    with pytest.raises(ValueError, match=message):
        criterion_of(flawed, 3)


def test_what_is_missing_or_cut_off_is_told(rng):
    described, arrays = stored(criterion(rng), "int8", 0.1)
    for name in arrays:
        with pytest.raises(ValueError, match="damaged, or of another model"):
            criterion_of(model(described, {k: v for k, v in arrays.items() if k != name}), 3)
        with pytest.raises(ValueError, match="damaged, or of another model"):
            criterion_of(model(described, {**arrays, name: bytes(arrays[name])[:-1]}), 3)
    with pytest.raises(ValueError, match="metadata are damaged"):
        criterion_of(model([], {}), 3)
