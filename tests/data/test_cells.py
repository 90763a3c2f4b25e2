from decimal import Decimal

import numpy as np
import pytest

from aezoo.data.cells import Column, floats, holds_numbers, is_table, labelled, many, row_of

pd = pytest.importorskip("pandas", reason="needs the extra [tables]")


def test_what_is_a_table():
    assert is_table(pd.DataFrame({"a": [1]}))
    assert not any(map(is_table, (pd.Series([1]), np.ones((2, 2)), [[1]])))


def test_names_of_what_is_made_of_a_column():
    assert Column("a").names == ["a"]
    column = Column("b", ["x", "y", None])
    assert (column.names, column.width) == (["b=x", "b=y", "b=(missing)"], 3)


@pytest.mark.parametrize(
    ("values", "dtype", "numbers"),
    [
        ([1, 2], "int8", [1, 2]),
        ([1.5, None], None, [1.5, np.nan]),
        ([True, False], bool, [1, 0]),
        ([True, None], object, [1, np.nan]),
        ([True, None], "boolean", [1, np.nan]),
        ([3, None], "Int64", [3, np.nan]),
        ([Decimal("0.5"), None], object, [0.5, np.nan]),
        (["1", "2"], None, None),
        (["a", 1], object, None),
        ([1, 2], "category", None),
        ([True, False], "category", None),
    ],
)
def test_numbers_and_categories(values, dtype, numbers):
    series = pd.Series(values, dtype=dtype)
    assert holds_numbers(series, "a") == (numbers is not None)
    if numbers is not None:
        np.testing.assert_array_equal(floats(series, "a"), numbers)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2024-01-01"]), "'a' holds times"),
        (pd.to_timedelta([1], "s"), "'a' holds times"),
        ([1j], "Complex data not supported: in column 'a'"),
    ],
)
def test_neither(values, message):
    with pytest.raises(ValueError, match=message):
        holds_numbers(pd.Series(values), "a")


def test_a_text_among_numbers_is_named():
    np.testing.assert_array_equal(floats(np.array(["1.5", "2"], object), "a"), [1.5, 2])
    with pytest.raises(ValueError, match=r"'a' was of numbers. Received: 'x' in row 7, counted"):
        floats(pd.Series(["1", "x"], index=[6, 7]), "a")


@pytest.mark.parametrize("container", [pd.Series, np.array])
def test_texts_are_the_same_whatever_they_were_written_as(container):
    for values in ([1, 2, 1], [1.0, 2.0, 1.0], ["1", "2", "1"]):
        codes, texts = labelled(container(values), "a")
        assert [texts[code] for code in codes] == ["1", "2", "1"]
    codes, texts = labelled(container(["x", None, np.nan, "y"], dtype=object), "a")
    assert (codes.tolist(), texts) == ([0, -1, -1, 1], ["x", "y"])
    assert labelled(container([0.5, True], dtype=object), "a")[1] == ["0.5", "True"]


def test_what_is_no_category():
    for value in ([1], {"a": 1}, Decimal(1)):
        with pytest.raises(ValueError, match=f"'a'.*of type {type(value).__name__}"):
            labelled(pd.Series([value, value], dtype=object), "a")


def test_rows_in_words():
    chosen = np.array([False, True, True])
    assert row_of(np.zeros(3), chosen) == "row 1, counted from 0 (of 2 such rows)"
    assert row_of(pd.Series([1, 2, 3], index=list("abc")), chosen[::-1]) == (
        "row a (of 2 such rows)"
    )


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", "b"], "2 different texts, such as 'a'"),
        (["1", "2"], "numbers as text"),
        (["1", "2", "?"], r"holds '\?' among its numbers"),
        (["1,5", "2,5"], "'1,5': write a decimal point"),
    ],
)
def test_hints_where_texts_are_many(texts, message):
    with pytest.raises(ValueError, match=message):
        raise ValueError(many("a", texts))
