import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics

import aezoo
from aezoo.cli.scorers import columns_of
from aezoo.cli.scoring import METRICS
from aezoo.data.chunks import read_table

pd = pytest.importorskip("pandas", reason="needs the extra [tables]")


@pytest.fixture(scope="module")
def people():
    """Incomes that go with the age, and twenty that do not."""
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, 320).round(1)
    table = pd.DataFrame(
        {
            "id": range(320),
            "age": age,
            "income": (100 * age + rng.normal(0, 50, 320)).round(2),
            "colour": rng.choice(["red", "blue"], 320),
            "fraud": 0,
        }
    )
    table.loc[300:, "income"] = rng.uniform(9000, 20000, 20).round(2)
    table.loc[300:, "fraud"] = 1
    return table


@pytest.fixture(scope="module")
def fitted(run, people, tmp_path_factory):
    """A folder with a table and a detector, and what the command said."""
    folder = tmp_path_factory.mktemp("fitted")
    people.to_csv(folder / "people.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = run("detect", "fit", "people.csv", "--label", "fraud", "--drop", "id")
    assert result.exit_code == 0, result.words
    return folder, result


@pytest.fixture
def home(fitted, tmp_path, monkeypatch):
    """A copy to work in."""
    shutil.copytree(fitted[0], tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def calls(monkeypatch):
    """Arguments of detectors, which are not fitted."""
    given = SimpleNamespace()

    class Detector:
        def __init__(self, **options):
            given.options = options

        def fit(self, x):
            given.x = x
            raise ValueError("enough")

    monkeypatch.setattr(aezoo, "AnomalyDetector", Detector)
    monkeypatch.setattr(aezoo, "TimeSeriesDetector", Detector, raising=False)
    return given


class TestFit:
    def test_folder_and_table(self, fitted, people):
        folder, result = fitted
        detector = aezoo.AnomalyDetector.load(folder / "detectors" / "people")
        normal = people[people["fraud"] == 0][["age", "income", "colour"]]
        expected = aezoo.AnomalyDetector(contamination=0, random_state=0).fit(normal)
        assert detector.feature_names_in_.tolist() == ["age", "income", "colour"]
        assert detector.threshold_ == pytest.approx(expected.threshold_)
        np.testing.assert_allclose(
            detector.anomaly_score(normal), expected.anomaly_score(normal), rtol=1e-5
        )
        assert f"{detector.threshold_:.4g}" in result.words
        scores = detector.calibration_scores_
        flagged = 100 * (scores > detector.threshold_).mean()
        flagged = f"{flagged:.2g} % of {len(scores)} rows that the network was not trained on"
        for words in ("300", "3, encoded as 4", flagged, "scores.png"):
            assert words in result.words
        with Image.open(folder / "detectors" / "people" / "scores.png") as picture:
            assert min(picture.size) > 100

    def test_options_reach_the_detector(self, run, fitted, people, calls):
        data = fitted[0] / "people.csv"
        options = ["--contamination", 0.05, "--false-alarm-rate", 0.02, "--threshold", "3.5"]
        options += ["--model", "deep", "--missing", "median", "--seed", 7, "--drop", "id"]
        result = run("detect", "fit", data, *options, "--drop", "fraud", "-o", "new")
        assert (result.exit_code, result.words) == (2, "aezoo: enough")
        assert calls.options == {
            "model": "deep",
            "contamination": 0.05,
            "threshold": 3.5,
            "false_alarm_rate": 0.02,
            "missing": "median",
            "random_state": 7,
        }
        pd.testing.assert_frame_equal(calls.x, people[["age", "income", "colour"]])

    @pytest.mark.parametrize(
        ("args", "contamination"),
        [
            ([], "auto"),
            (["--label", "fraud"], 0),
            (["--label", "fraud", "--contamination", "auto"], "auto"),
            (["--contamination", "0"], 0),
        ],
    )
    def test_what_is_known_of_the_rows(self, run, fitted, people, calls, args, contamination):
        run("detect", "fit", fitted[0] / "people.csv", *args, "-o", "new")
        assert calls.options["contamination"] == contamination
        assert type(calls.options["contamination"]) is type(contamination)
        assert len(calls.x) == (300 if "--label" in args else 320)
        assert ("fraud" in calls.x.columns) == ("--label" not in args)

    def test_windows(self, run, fitted, calls):
        data = fitted[0] / "people.csv"
        run("detect", "fit", data, "--window", 20, "--stride", 5, "-o", "new")
        assert (calls.options["window"], calls.options["stride"]) == (20, 5)
        assert "contamination" not in calls.options  # time series have another default
        assert [len(part) for part in calls.x] == [320]

    def test_rows_that_are_left_out_of_a_recording_end_a_stretch(
        self, run, people, tmp_path, calls
    ):
        odd = people.index.isin([0, 50, 51, 100])
        people.assign(fraud=odd).to_csv(tmp_path / "t.csv", index=False)
        run("detect", "fit", tmp_path / "t.csv", "--window", 20, "--label", "fraud", "-o", "new")
        assert [part["id"].tolist() for part in calls.x] == [
            list(range(1, 50)),
            list(range(52, 100)),
            list(range(101, 320)),
        ]

    @pytest.mark.parametrize(
        ("values", "normal"), [(["ok", "bad"], "ok"), ([1, -1], "1"), ([0.0, 2.5], "0")]
    )
    def test_labels_of_other_kinds(self, run, people, tmp_path, calls, values, normal):
        odd = people["fraud"] == 1
        people.assign(fraud=np.where(odd, values[1], values[0])).to_csv(tmp_path / "t.csv", sep=";")
        args = ["detect", "fit", tmp_path / "t.csv", "--label", "fraud", "-o", "new"]
        result = run(*args)
        assert result.exit_code == 1
        assert "Labels must be 0 (normal) and 1 (anomalous). Received: '" in result.words
        run(*args, "--normal", normal)
        pd.testing.assert_frame_equal(calls.x, people[~odd].drop(columns="fraud"))

    def test_columns_that_are_likely_not_meant(self, run, fitted, calls):
        result = run("detect", "fit", fitted[0] / "people.csv", "-o", "new")
        assert "'id' is learned. If it numbers the rows: --drop 'id'" in result.words
        assert "'age'" not in result.words

    def test_arrays(self, run, tmp_path, rng):
        np.save(tmp_path / "x.npy", rng.normal(size=(60, 3)))
        args = ["--threshold", "conformal", "--false-alarm-rate", 0.1, "--json"]
        result = run("detect", "fit", tmp_path / "x.npy", "-o", tmp_path / "new", *args)
        assert result.exit_code == 0, result.stderr
        found = json.loads(result.stdout, parse_constant=pytest.fail)
        assert (found["rows"], found["shape"], found["encoded"]) == (60, [3], [3])
        assert found["calibrated"]
        detector = aezoo.AnomalyDetector.load(tmp_path / "new")
        assert found["threshold"] == detector.threshold_
        flags = detector.calibration_scores_ > detector.threshold_
        assert found["flagged"] == pytest.approx(flags.mean())


class TestScore:
    @pytest.fixture
    def expected(self, home, people):
        detector = aezoo.AnomalyDetector.load("detectors/people")
        x = people[["age", "income", "colour"]]
        return detector, x

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_scores_of_python(self, run, home, expected, monkeypatch, ending):
        detector, x = expected
        monkeypatch.setattr("aezoo.data.chunks.chunks.__defaults__", (100, True))
        args = ["-o", "out.parquet"] if ending == "parquet" else []
        result = run("detect", "score", "people.csv", *args)
        assert result.exit_code == 0, result.stderr
        output = args[-1] if args else "people-scores.csv"
        scored = read_table(home / output)
        assert list(scored) == ["row", "score", "p_value", "flag", "contributors"]
        assert scored["row"].tolist() == list(range(320))
        np.testing.assert_allclose(scored["score"], detector.anomaly_score(x), rtol=1e-5)
        np.testing.assert_allclose(scored["p_value"], detector.p_values(x), rtol=1e-6)
        np.testing.assert_array_equal(scored["flag"], (1 - detector.predict(x)) // 2)
        parts = detector.contributions(x)
        first = parts[310] / parts[310].sum()
        best = first.argmax()
        assert scored["contributors"][310].startswith(f"{x.columns[best]}: {first[best]:.2f}; ")
        flagged = int(scored["flag"].sum())
        assert flagged > 15
        assert f"{flagged} of 320 rows flagged ({100 * flagged / 320:.2g} %): {output}" in (
            result.words
        )
        assert result.stderr.count("Columns that are not looked at: id, fraud") == 1

    def test_json_and_columns_in_any_order(self, run, home, expected):
        detector, x = expected
        x[["colour", "income", "age"]].to_csv("new.csv", index=False)
        result = run("detect", "score", "new.csv", "--top", 0, "--json")
        found = json.loads(result.stdout, parse_constant=pytest.fail)
        flagged = int((detector.predict(x) == -1).sum())
        assert found == {
            "detector": "detectors/people",
            "rows": 320,
            "flagged": flagged,
            "output": "new-scores.csv",
        }
        assert list(read_table("new-scores.csv")) == ["row", "score", "p_value", "flag"]

    def test_scores_of_numbers_are_those_of_python_to_the_last_bit(self, run, home, people):
        x = people[["age", "income"]]
        aezoo.AnomalyDetector(epochs=1, random_state=0).fit(x).save("numbers")
        detector = aezoo.AnomalyDetector.load("numbers")
        result = run("detect", "score", "people.csv", "-d", "numbers", "-o", "out.parquet")
        assert result.exit_code == 0, result.stderr
        scored = read_table("out.parquet")
        np.testing.assert_array_equal(scored["score"], detector.anomaly_score(x))
        np.testing.assert_array_equal(scored["p_value"], detector.p_values(x))

    def test_a_bad_row_leaves_no_file(self, run, home, people, monkeypatch):
        monkeypatch.setattr("aezoo.data.chunks.chunks.__defaults__", (100, True))
        people.assign(age=people["age"].astype(object).where(people.index != 250, "old")).to_csv(
            "new.csv", index=False
        )
        (home / "new-scores.csv").write_text("mine")
        before = sorted(home.iterdir())
        result = run("detect", "score", "new.csv")
        assert result.exit_code == 1
        assert "'age' was of numbers. Received: 'old' in row 250, counted from 0" in result.words
        assert (home / "new-scores.csv").read_text() == "mine"
        assert sorted(home.iterdir()) == before

    def test_images(self, run, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("a/0", "a/1", "b/2"):
            (tmp_path / "images" / name).parent.mkdir(exist_ok=True, parents=True)
            image = np.zeros((2, 3), "uint8")
            image[1, 2] = 51 * int(name[-1])
            Image.fromarray(image).save(tmp_path / "images" / f"{name}.png")

        scorer = SimpleNamespace(
            anomaly_score=lambda x: x.reshape(len(x), -1).sum(axis=1),
            contributions=lambda x: x,
            threshold_=0.3,
            calibration_scores_=np.zeros(9),
            calibration_weights_=None,
        )
        monkeypatch.setattr(aezoo.AnomalyDetector, "load", lambda path: scorer)
        result = run("detect", "score", "images", "-d", "any")
        assert result.exit_code == 0, result.stderr
        scored = read_table("images-scores.csv")
        assert scored["file"].tolist() == ["a/0.png", "a/1.png", "b/2.png"]
        np.testing.assert_allclose(scored["score"], [0, 0.2, 0.4], atol=1e-6)
        assert scored["flag"].tolist() == [0, 0, 1]
        assert scored["p_value"].tolist() == [1, 0.1, 0.1]
        assert scored["contributors"].fillna("").tolist() == ["", "1,2: 1.00", "1,2: 1.00"]
        result = run("detect", "evaluate", "images", "-d", "any", "--normal", "a", "--json")
        assert json.loads(result.stdout)["metrics"] == {
            "auroc": 1,
            "average_precision": 1,
            "f1": 1,
            "precision": 1,
            "recall": 1,
            "false_alarm_rate": 0,
        }
        assert "--normal NAME" in run("detect", "evaluate", "images", "-d", "any").words


class TestEvaluate:
    def test_metrics_of_scikit_learn(self, run, home, people, monkeypatch):
        monkeypatch.setattr("aezoo.data.chunks.chunks.__defaults__", (100, True))
        args = ["detect", "evaluate", "people.csv", "--label", "fraud", "--plots", "pictures"]
        result = run(*args)
        assert result.exit_code == 0, result.stderr
        detector = aezoo.AnomalyDetector.load("detectors/people")
        x, odd = people[["age", "income", "colour"]], people["fraud"]
        scores = detector.anomaly_score(x)
        flags = detector.predict(x) == -1
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            odd, flags, average="binary"
        )
        expected = {
            "auroc": metrics.roc_auc_score(odd, scores),
            "average_precision": metrics.average_precision_score(odd, scores),
            "f1": f1,
            "precision": precision,
            "recall": recall,
            "false_alarm_rate": flags[odd == 0].mean(),
        }
        assert all(f"{value:.4f}" in result.words for value in expected.values())
        names = {"scores.png", "roc.png", "precision_recall.png"}
        assert {file.name for file in (home / "pictures").iterdir()} == names
        document = json.loads(run(*args, "--json").stdout, parse_constant=pytest.fail)
        assert document["metrics"] == pytest.approx(expected)
        assert (document["rows"], document["anomalous"]) == (320, 20)
        assert document["threshold"] == detector.threshold_


class TestExport:
    @pytest.fixture
    def handed(self, monkeypatch):
        given = {}

        def export(detector, path, **options):
            given.update(options, detector=detector, path=path)
            return {"path": path}

        monkeypatch.setattr("aezoo.export.export_detector", export)
        return given

    @pytest.mark.parametrize(
        ("args", "options", "path"),
        [
            ([], {"quantize": None, "target": None}, "detector-float32.tflite"),
            (["--quantize", "int8"], {"quantize": "int8", "target": None}, "detector-int8.tflite"),
            (["--target", "micro"], {"quantize": "int8", "target": "micro"}, "micro"),
            (["-o", "x.tflite"], {"quantize": None, "target": None}, None),
        ],
    )
    def test_options_reach_the_export(self, run, home, handed, args, options, path):
        result = run("detect", "export", *args, "--json")
        assert result.exit_code == 0, result.stderr
        expected = str(Path("detectors/people", path) if path else Path("x.tflite"))
        assert json.loads(result.stdout) == {"path": expected}
        assert str(handed.pop("path")) == expected
        assert handed.pop("detector").n_features_in_ == 3
        assert handed == options

    def test_normal_rows_set_the_threshold(self, run, home, people, handed):
        args = ["--data", "people.csv", "--label", "fraud"]
        result = run("detect", "export", "detectors/people", *args, "--json")
        assert result.exit_code == 0, result.stderr
        normal = people[people["fraud"] == 0][["age", "income", "colour"]]
        pd.testing.assert_frame_equal(handed["calibration_data"], normal)


def test_recordings(run, tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    channels = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    channels.head(200).to_csv("normal.csv", index=False)
    channels.loc[240:270, "b"] += 8
    channels.assign(odd=channels.index.isin(range(240, 271))).to_csv("new.csv", index=False)
    result = run("detect", "fit", "normal.csv", "--window", 12, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["calibration_rows"] == 189  # windows
    detector = aezoo.TimeSeriesDetector.load("detectors/normal")
    assert (detector.window, detector.stride) == (12, 1)
    scores = detector.anomaly_score(channels)
    flags = detector.predict(channels) == -1
    events = [event._asdict() for event in detector.events(channels)]

    result = run("detect", "score", "new.csv", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["events"] == events
    scored = read_table("new-scores.csv")
    assert list(scored) == ["step", "score", "flag", "contributors"]
    np.testing.assert_allclose(scored["score"], scores, rtol=1e-5)
    assert scored["score"].isna().sum() == 11
    assert flags[250]
    np.testing.assert_array_equal(scored["flag"], flags)
    assert scored["contributors"][250].startswith("b: ")
    assert f"{events[0]['start']}" in run("detect", "score", "new.csv").stdout

    result = run("detect", "evaluate", "new.csv", "--label", "odd", "--json")
    measured = json.loads(result.stdout)["metrics"]
    expected = detector.evaluate(channels, np.isin(np.arange(300), range(240, 271)))
    assert {key: measured[key] for key in METRICS if key in expected} == pytest.approx(
        {key: expected[key] for key in METRICS if key in expected}
    )
    assert {"auroc", "f1", "event_recall", "false_events"} <= measured.keys() & expected.keys()
    assert "no export yet" in run("detect", "export").words.replace("│ ", "")


def test_rows_that_are_too_far_off_for_float32(run, home, people):
    people.assign(age=people["age"].where(people["fraud"] == 0, 1e30)).to_csv("far.csv")
    result = run("detect", "evaluate", "far.csv", "--label", "fraud", "--plots", "far", "--json")
    measured = json.loads(result.stdout)["metrics"]
    assert (measured["auroc"], measured["recall"]) == (1, 1)
    people.assign(age=1e30).to_csv("far.csv")
    assert (
        f"{len(people)} of {len(people)} rows flagged (100 %)"
        in run("detect", "score", "far.csv").words
    )


def test_an_exported_file_scores_a_table(run, home, people):
    result = run("detect", "export", "-o", "people.tflite")
    assert result.exit_code == 0, result.stderr
    assert "threshold" in result.words
    result = run("detect", "score", "people.csv", "-d", "people.tflite", "-o", "out.csv")
    assert result.exit_code == 0, result.stderr
    assert "Columns that are not looked at: id, fraud" in result.stderr
    run("detect", "score", "people.csv", "-o", "keras.csv")
    scored, expected = read_table("out.csv"), read_table("keras.csv")
    np.testing.assert_allclose(scored["score"], expected["score"], rtol=1e-3)
    assert (scored["flag"] == expected["flag"]).mean() > 0.99
    firsts = (table["contributors"].str.split(":").str[0] for table in (scored, expected))
    assert np.mean([first == other for first, other in zip(*firsts, strict=True)]) > 0.99
    args = ["people.csv", "-d", "people.tflite", "--label", "fraud", "--json"]
    measured = json.loads(run("detect", "evaluate", *args).stdout)["metrics"]
    assert measured["auroc"] == pytest.approx(
        metrics.roc_auc_score(people["fraud"], expected["score"]), abs=1e-3
    )


@pytest.mark.parametrize("names", [["a", "b=x", "b=y", "b=(missing)", "c=1", "c=d=2"], ["a=1"]])
def test_columns_by_the_names_of_what_they_are_encoded_as(names):
    if len(names) == 1:  # as a number's
        assert columns_of(names, {"a=1"}).names == names
        return
    columns = columns_of(names, {"a", "b", "c", "c=d"})
    assert columns.names == names
    table = pd.DataFrame({"a": [5], "b": ["y"], "c": [1], "c=d": [3]})
    assert columns.transform(table).tolist() == [[5, 0, 1, 0, 1, 0]]


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["fit", "none.csv"], 1, "no file none.csv"),
        (["fit", "people.txt", "-o", "x"], 1, "or a folder of images. Received: people.txt"),
        (["fit", "people.csv"], 1, "detectors/people exists already"),
        (["fit", "empty.csv"], 1, "empty.csv has no rows"),
        (["fit", "one.csv"], 1, "one.csv: Found array with 1 sample"),
        (["fit", "alike.csv"], 1, "alike.csv: All samples are alike"),
        (["fit", "gaps.csv"], 1, "gaps.csv: Input X contains NaN: in column 'a', row 1"),
        (["fit", "gaps.csv"], 1, "--missing median"),
        (["fit", "texts.csv"], 1, "texts.csv: Column 'a' holds 20 different texts"),
        (["fit", "people.csv", "-o", "x", "--label", "frau"], 1, "no column 'frau'"),
        (["fit", "people.csv", "-o", "x", "--drop", "frau"], 1, "The columns are: 'id', 'age'"),
        (["fit", "people.csv", "-o", "x", "--label", "age"], 1, "Labels must be 0 (normal) and"),
        (["fit", "odd.csv", "--label", "y"], 1, "no row is normal"),
        (["fit", "unsure.csv", "--label", "y"], 1, "A label is missing: in 'y', row 1"),
        (["fit", "people.csv", "-o", "x", "--model", "cnv"], 2, "Did you mean 'conv'"),
        (["fit", "people.csv", "-o", "x", "--contamination", "0.7"], 2, "contamination must be"),
        (["fit", "people.csv", "-o", "x", "--threshold", "none"], 2, "threshold must be"),
        (["fit", "people.csv", "-o", "x", "--missing", "mean"], 2, "missing must be"),
        (["fit", "s.wav"], 2, "--window N"),
        (["fit", "x.npy", "--label", "y"], 2, "names in tables only"),
        (["fit", "people.csv", "-o", "x", "--normal", "0"], 2, "--label COLUMN"),
        (["score", "people.csv", "-o", "./people.csv"], 2, "would replace the data"),
        (["score", "people.csv", "-d", "nowhere"], 1, "no detector in nowhere"),
        (["score", "people.csv", "-o", "x.xlsx"], 2, ".csv or .parquet file, not 'x.xlsx'"),
        (["score", "gaps.csv"], 1, "gaps.csv: Expected the columns that the detector was fitted"),
        (["score", "gaps.csv"], 1, "Missing: age, income, colour"),
        (["score", "people.csv", "-d", "damaged"], 1, "damaged"),
        (["evaluate", "people.csv"], 2, "--label COLUMN"),
        (["export", "--target", "micro", "--quantize", "float16"], 2, "in int8, not in float16"),
        (["export", "--quantize", "int4"], 2, "int4"),
        (["export", "--data", "gaps.csv"], 1, "gaps.csv: Expected the columns"),
        (["export", "x.tflite"], 1, "no file x.tflite"),
        (["evaluate", "people.csv", "--label", "frau"], 1, "no column 'frau'"),
        (["evaluate", "people.csv", "--label", "age"], 1, "fitted to 'age', too"),
        (["evaluate", "normal.csv", "--label", "fraud"], 1, "all 9 are normal"),
        (["evaluate", "unsure.csv", "--label", "y"], 1, "A label is missing"),
    ],
)
def test_errors_are_one_line_and_a_status(run, home, people, args, status, message):
    for name, text in {
        "people.txt": "",
        "s.wav": "",
        "empty.csv": "",
        "one.csv": "a,b\n1,2\n",
        "alike.csv": "a,b\n1,2\n1,2\n1,2\n",
        "gaps.csv": "a,b\n1,2\n,2\n3,4\n",
        "texts.csv": "a,b\n" + "".join(f"text {i},{i}\n" for i in range(20)),
        "odd.csv": "a,y\n1,1\n2,1\n",
        "unsure.csv": "a,y\n1,1\n2,\n3,0\n",
    }.items():
        (home / name).write_text(text)
    people.head(9).to_csv("normal.csv", index=False)
    np.save("x.npy", np.ones((3, 3)))
    shutil.copytree("detectors/people", "damaged")
    (home / "damaged" / "detector.npz").write_bytes(b"other")
    before = sorted(home.rglob("*"))
    result = run("detect", *args)
    words = result.words.replace("│ ", "")  # of the box that typer draws
    assert (result.exit_code, "Traceback" in words) == (status, False), words
    assert message in words
    assert sorted(home.rglob("*")) == before


def test_which_detector(run, home, tmp_path, monkeypatch):
    shutil.copytree("detectors/people", "detectors/others")
    result = run("detect", "score", "people.csv")
    assert result.exit_code == 2
    words = result.words.replace("│ ", "")
    assert "say which detector: detectors/others, detectors/people" in words
    monkeypatch.chdir(tmp_path)
    result = run("detect", "score", home / "people.csv")
    assert result.exit_code == 1
    assert "There is no detector in detectors/: make one with `aezoo detect fit`" in result.words


class TestStreams:
    @pytest.fixture
    def archive(self, tmp_path, monkeypatch):
        """A folder of files, the last of which has ten strangers."""
        monkeypatch.chdir(tmp_path)
        rng = np.random.default_rng(0)
        for i in range(3):
            x = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 4)) + rng.normal(size=(500, 4)) / 9
            if i == 2:
                x[-10:] += 30
            path = tmp_path / "archive" / f"{i}.parquet"
            path.parent.mkdir(exist_ok=True)
            pd.DataFrame(x, columns=list("abcd")).to_parquet(path)
        return path.parent

    def test_fit_and_score(self, run, archive, monkeypatch):
        pytest.importorskip("datasketches")
        monkeypatch.setattr("aezoo.uses.sketches.SIZE", 200)
        options = ["--stream", "--false-alarm-rate", "0.05", "--contamination", "0"]
        result = run("detect", "fit", archive, *options, "--json")
        assert result.exit_code == 0, result.words
        found = json.loads(result.stdout)
        assert (found["rows"], found["shape"], found["encoded"]) == (1500, [4], [4])
        assert 250 < found["calibration_rows"] < 350
        assert 0.005 < found["threshold_error"] < 0.02
        assert found["flagged"] == pytest.approx(0.05, abs=2 * found["threshold_error"])
        detector = aezoo.AnomalyDetector.load("detectors/archive")
        assert detector.feature_names_in_.tolist() == list("abcd")
        assert run("detect", "score", archive).exit_code == 0
        scores = pd.read_csv("archive-scores.csv")
        assert len(scores) == 1500
        assert scores["row"].tolist() == list(range(1500))
        assert scores["flag"][1490:].all()
        stream = aezoo.load_dataset(archive, "all", stream=True)
        np.testing.assert_allclose(scores["score"], detector.anomaly_score(stream), rtol=1e-4)

    def test_what_it_says(self, run, archive, monkeypatch):
        pytest.importorskip("datasketches")
        monkeypatch.setattr("aezoo.uses.sketches.SIZE", 200)
        result = run("detect", "fit", archive, "--stream", "--false-alarm-rate", "0.05")
        assert "about 5 % (+- 1 %) of normal rows" in result.words

    def test_what_is_refused(self, run, archive):
        result = run("detect", "fit", archive, "--stream", "--label", "a")
        assert result.exit_code == 2
        assert "a stream is fitted whole: leave out --window, --label" in result.words
        result = run("detect", "fit", archive)
        assert result.exit_code == 1
        assert "is a folder of .parquet files: fit it with --stream" in result.words

    def test_a_threshold_is_carried_over_by_files(self, run, archive, monkeypatch):
        pytest.importorskip("datasketches")
        run("detect", "fit", archive, "--stream")
        given = {}

        def export_detector(detector, path, **options):
            given.update(options)
            raise ValueError("enough")

        monkeypatch.setattr("aezoo.export.export_detector", export_detector)
        run("detect", "export", "--data", archive)
        assert len(given["calibration_data"]) == 1500
