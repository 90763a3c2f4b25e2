import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.preprocessing import OneHotEncoder

from aezoo.data.columns import Columns

pd = pytest.importorskip("pandas", reason="needs the extra [tables]")


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "age": [20, 30, 40, 70],
            "colour": ["red", "blue", "red", "green"],
            "member": [True, False, True, True],
            "grade": pd.Categorical([1, 2, 2, 1], categories=[1, 2, 3]),
        }
    )


@pytest.fixture
def gaps(people):
    people = people.assign(age=people["age"].astype("float").replace(40, np.nan))
    people.loc[1, "colour"] = None
    return people


class TestTables:
    def test_numbers_and_one_hot_categories(self, people):
        columns = Columns().fit(people)
        encoder = OneHotEncoder(sparse_output=False).fit(people[["colour"]])
        encoded = columns.transform(people)
        assert encoded.dtype == np.float32
        np.testing.assert_array_equal(encoded[:, 0], [20, 30, 40, 70])
        np.testing.assert_array_equal(encoded[:, 1:4], encoder.transform(people[["colour"]]))
        np.testing.assert_array_equal(encoded[:, 4], [1, 0, 1, 1])
        np.testing.assert_array_equal(encoded[:, 5:], [[1, 0], [0, 1], [0, 1], [1, 0]])
        assert columns.names == [
            *("age", "colour=blue", "colour=green", "colour=red"),
            *("member", "grade=1", "grade=2"),
        ]
        assert columns.sources.tolist() == [0, 1, 1, 1, 2, 3, 3]

    def test_contributions_of_a_column_are_summed(self, people):
        columns = Columns().fit(people)
        parts = np.array([[1, 2, 4, 8, 16, 32, 64], [0, 0, 0, 0, 0, 0, 1]])
        assert columns.merge(parts).tolist() == [[1, 14, 16, 96], [0, 0, 0, 1]]
        numbers = Columns().fit(people[["age"]])
        assert numbers.merge(parts[:, :1]).tolist() == [[1], [0]]

    def test_an_unknown_category_is_none_and_said_once(self, people, caplog):
        columns = Columns().fit(people)
        new = people.assign(colour=["pink", "red", "brown", "red"])
        for _ in range(2):
            encoded = columns.transform(new)
        assert encoded[:, 1:4].sum(axis=1).tolist() == [0, 1, 0, 1]
        assert len(caplog.records) == 1
        assert "'colour' has categories that training has not seen" in caplog.text
        assert "'pink'" in caplog.text

    def test_a_column_as_another_reader_gives_it(self, people):
        columns = Columns().fit(people)
        as_texts = people.astype({"age": str, "member": float, "grade": str})
        np.testing.assert_array_equal(columns.transform(as_texts), columns.transform(people))
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            encoded = columns.transform(people.to_numpy(object))
        np.testing.assert_array_equal(encoded, columns.transform(people))

    def test_constant_columns_and_columns_of_one_name(self):
        table = pd.DataFrame([[1, "a", 2], [1, "a", 3]], columns=["x", "y", "z"])
        columns = Columns().fit(table)
        assert columns.transform(table).tolist() == [[1, 1, 2], [1, 1, 3]]
        with pytest.raises(ValueError, match="different names. Received: 'x' twice"):
            columns.fit(table.set_axis(["x", "y", "x"], axis=1))

    def test_many_categories(self):
        Columns().fit(pd.DataFrame({"a": [f"v{i % 100}" for i in range(200)]}))
        Columns().fit(pd.DataFrame({"a": list("abcdefghij")}))
        for values in ([f"v{i % 101}" for i in range(1000)], list("abcdefghijk")):
            with pytest.raises(ValueError, match="'a' holds .* different texts, such as"):
                Columns().fit(pd.DataFrame({"a": values}))


class TestMissing:
    def test_refused_by_name_and_row(self, gaps):
        whole = gaps.dropna()
        columns = Columns().fit(whole)
        for name, row in (("age", 2), ("colour", 1)):
            table = whole.copy()
            table.loc[row, :] = gaps.loc[row]
            table = table.sort_index()
            for call in (Columns().fit, columns.transform):
                with pytest.raises(ValueError, match=f"NaN: in column '{name}', row {row}, "):
                    call(table)

    def test_median_and_a_category_of_their_own(self, gaps, caplog):
        columns = Columns("median").fit(gaps)
        encoded = columns.transform(gaps)
        assert encoded[:, 0].tolist() == [20, 30, 30, 70]
        assert columns.names[1:4] == ["colour=green", "colour=red", "colour=(missing)"]
        assert encoded[1, 1:4].tolist() == [0, 0, 1]
        assert caplog.messages == [
            "Column 'age': 1 missing values become the median.",
            "Column 'colour': 1 missing values become a category of their own.",
        ]

    def test_missing_only_in_new_rows(self, people, gaps, caplog):
        columns = Columns("median").fit(people)
        encoded = columns.transform(gaps)
        assert encoded[2, 0] == 35
        assert encoded[1, 1:4].tolist() == [0, 0, 0]
        assert "'colour': 1 missing values become no category" in caplog.text

    def test_empty_columns_and_infinity_are_refused(self, people):
        for missing in ("refuse", "median"):
            for value, dtype in ((None, object), (np.nan, float)):
                empty = pd.Series([value] * 4, dtype=dtype)
                with pytest.raises(ValueError, match="'age' is empty"):
                    Columns(missing).fit(people.assign(age=empty))
            for value in (np.inf, 1e39):
                with pytest.raises(ValueError, match="infinity .*'age', row 3, counted"):
                    Columns(missing).fit(people.assign(age=[1, 2, 3, value]))
        with pytest.raises(ValueError, match="'refuse' or 'median'. Received: 'mean'"):
            Columns("mean").fit(people)


class TestNames:
    def test_an_owner_has_what_scikit_learn_asks_for(self, people):
        class Owner(BaseEstimator):
            pass

        owner = Owner()
        columns = Columns().fit(people, owner)
        assert owner.n_features_in_ == 4
        assert owner.feature_names_in_.tolist() == list(people)
        with (
            pytest.warns(UserWarning, match="Owner was fitted with feature names"),
            pytest.raises(ValueError, match="X has 3 features, but Owner is expecting 4"),
        ):
            columns.transform(np.ones((2, 3)), owner)
        loaded = Owner()
        Columns.from_config(columns.to_config(), loaded)
        assert loaded.n_features_in_ == 4
        assert loaded.feature_names_in_.tolist() == list(people)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda table: table[table.columns[::-1]], "must be in the same order"),
            (lambda table: table.drop(columns="age"), "yet now missing:\n- age"),
            (lambda table: table.assign(new=1), "unseen at fit time:\n- new"),
            (lambda table: table.iloc[:0], r"0 sample\(s\)"),
            (lambda table: table.iloc[:, :0], "match those that were passed|0 feature"),
            (lambda table: table.assign(age=["1", "2", "x", "4"]), "'age' was of numbers.*'x'"),
        ],
    )
    def test_other_columns(self, people, change, message):
        columns = Columns().fit(people)
        with pytest.raises(ValueError, match=message):
            columns.transform(change(people))

    def test_not_fitted(self, people):
        with pytest.raises(ValueError, match="not fitted"):
            Columns().transform(people)


class TestArrays:
    @pytest.mark.parametrize("shape", [(6, 3), (6, 4, 4, 1)])
    def test_pass_as_they_are(self, rng, shape):
        x = rng.random(shape)
        columns = Columns().fit(x)
        np.testing.assert_array_equal(columns.transform(x), x.astype("float32"))
        assert columns.merge(x) is x
        size = int(np.prod(shape[1:]))
        assert columns.names == [f"x{i}" for i in range(size)]
        assert columns.sources.tolist() == list(range(size))

    def test_medians(self, rng, caplog):
        x = rng.random((9, 3, 2))
        whole = x.copy()
        x[2, 0, 1] = np.nan
        columns = Columns("median").fit(x)
        filled = columns.transform(x)
        whole[2, 0, 1] = np.nanmedian(x[:, 0, 1])
        np.testing.assert_allclose(filled, whole, rtol=1e-6)
        assert "1 missing values become the median" in caplog.text
        x[:, 1, 0] = np.nan
        with pytest.raises(ValueError, match="'x2' is empty"):
            Columns("median").fit(x)

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            (np.array([[1, np.nan]]), "NaN: in column 'x1', row 0"),
            (np.ma.masked_equal([[1.0, 2.0]], 2), "NaN: in column 'x1', row 0"),
            (np.array([[1, np.inf]]), "infinity"),
            (np.array([[1, 1e39]]), "infinity"),
            (np.ones(3), "Reshape your data"),
            (np.ones((0, 3)), r"0 sample\(s\)"),
            (np.ones((3, 0)), r"0 feature\(s\)"),
            (np.ones((3, 2)) * 1j, "Complex data not supported"),
            ([["a", "b"]], "strings|string"),
        ],
    )
    def test_refused(self, x, message):
        with pytest.raises(ValueError, match=message):
            Columns().fit(x)

    def test_another_shape(self):
        columns = Columns().fit(np.ones((4, 3, 2)))
        with pytest.raises(ValueError, match=r"\(n, 3, 2\). Received: \(2, 3, 1\)"):
            columns.transform(np.ones((2, 3, 1)))

    def test_a_table_after_an_array(self, people):
        columns = Columns().fit(people[["age", "member"]].to_numpy(float))
        with pytest.warns(UserWarning, match="X has feature names"):
            encoded = columns.transform(people[["age", "member"]])
        assert encoded.tolist() == [[20, 1], [30, 0], [40, 1], [70, 1]]


@pytest.mark.parametrize("missing", ["refuse", "median"])
def test_round_trip_through_json(people, rng, missing):
    for x in (people, rng.random((4, 3)), rng.random((4, 2, 2))):
        columns = Columns(missing).fit(x)
        loaded = Columns.from_config(json.loads(json.dumps(columns.to_config())))
        np.testing.assert_array_equal(loaded.transform(x), columns.transform(x))
        assert (loaded.names, loaded.missing) == (columns.names, missing)
        if missing == "median":
            gap = x.copy()
            if x is people:
                gap = gap.astype({"age": float})
                gap.loc[0, "age"] = np.nan
            else:
                gap[0] = np.nan
            np.testing.assert_array_equal(loaded.transform(gap), columns.transform(gap))
