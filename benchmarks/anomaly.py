"""How well are anomalies found? Beside PyOD's and scikit-learn's detectors, with one default.

    python benchmarks/anomaly.py                 # all; about 25 minutes on two cores
    python benchmarks/anomaly.py --only tables   # or ecg, conformal, memory

Reads ADBench's tables (Han et al. 2022, arXiv:2206.09426; `.npz` files of `X` and `y`) and
`ecg5000.npz` from the folder that AEZOO_TEST_DATA names. Needs the extra `bench`.

tables     70 % of the normal rows train, standardized by them; the others and the anomalies test.
           "Contaminated": 70 % of the anomalies train, too, without being marked, and the rest
           test. Seeds 0 and 1; mean AUROC over 16 tables. aezoo's detector is told which of the
           two it is (`contamination=0` or `0.15`, whatever the true share, which is 2 to 36 %), or
           nothing (its default). All others have their defaults. Seconds are of fitting and
           scoring, all tables, both seeds.
ecg        80 % of ECG5000's normal beats, as signals of one channel, train; the others and all
           anomalous ones test, by AUROC and, at the thresholds that the detector sets without
           labels for 1 % and 2 % of false alarms, by accuracy.
conformal  A detector of ECG5000 and of `30_satellite`, fitted to 40 % of the normal rows. Of the
           others, one half sets a conformal threshold at 1 %, the other is flagged by it, in 200
           random splits; in Keras, and in int8 by `aezoo.edge.Detector`, whose scores are also
           compared by rank with Keras's, on the test rows of all 16 tables.
memory     10 million rows of 30 columns, in a `.npy` file, scored by a process of its own: the
           most memory that it held, and rows a second beside those of others on 200,000.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

import aezoo

HERE = Path(__file__).parent
DATA = Path(os.environ.get("AEZOO_TEST_DATA", "data"))
TOLD = {"clean": 0, "contaminated": 0.15}
SPLITS = 200
RATE = 0.01
ROWS, COLUMNS = 10_000_000, 30
SOME = 200_000  # rows that opponents are timed on


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--output", default=str(HERE / "anomaly.json"), help="or none")
    parser.add_argument("--score", help=argparse.SUPPRESS)  # a folder: what `memory` runs
    arguments = parser.parse_args()
    if arguments.score:
        return score_file(Path(arguments.score))
    warnings.simplefilter("ignore")
    path = Path(arguments.output)
    found = json.loads(path.read_text()) if path.is_file() else {}
    for name in [arguments.only] if arguments.only else PARTS:
        found[name] = PARTS[name]()
        if arguments.output != "none":
            path.write_text(json.dumps(found, indent=2) + "\n")
    return None


def tables():
    """Mean AUROC by detector, and seconds."""
    aurocs, seconds = defaultdict(list), defaultdict(float)
    each = defaultdict(dict)
    for name, seed, kind, x_train, x_test, y_test in splits():
        for detector, made in contenders(seed, kind).items():
            begin = time.perf_counter()
            scores = made(x_train, x_test)
            seconds[detector, kind] += time.perf_counter() - begin
            auroc = float(roc_auc_score(y_test, scores))
            aurocs[detector, kind].append(auroc)
            each[f"{name}, {kind}, seed {seed}"][detector] = round(auroc, 4)
    table = Table("16 tables, mean AUROC", *(f"{k}{u}" for k in TOLD for u in ("", ", seconds")))
    rows = {}
    for detector in {name: None for name, _ in aurocs}:
        rows[detector] = {
            kind: {
                "auroc": float(np.mean(aurocs[detector, kind])),
                "seconds": seconds[detector, kind],
            }
            for kind in TOLD
        }
        cells = [rows[detector][kind] for kind in TOLD]
        table.add_row(
            detector, *(t for c in cells for t in (f"{c['auroc']:.4f}", f"{c['seconds']:.0f}"))
        )
    Console().print(table)
    return {"mean": rows, "each": each}


def contenders(seed, kind):
    """Functions of training and test rows that return scores."""
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.pca import PCA

    def pyod(model):
        return lambda x, new: np.nan_to_num(model.fit(x).decision_function(new), posinf=1e300)

    def ours(contamination):
        detector = aezoo.AnomalyDetector(contamination=contamination, random_state=seed)
        return lambda x, new: detector.fit(x).anomaly_score(new)

    return {
        "aezoo, told": ours(TOLD[kind]),
        "aezoo, told nothing": ours("auto"),
        "PyOD AutoEncoder": pyod(AutoEncoder(verbose=0, random_state=seed)),
        "PyOD k nearest neighbours": pyod(KNN()),
        "PyOD isolation forest": pyod(IForest(random_state=seed)),
        "PyOD PCA": lambda x, new: pca_scores(PCA(random_state=seed), x, new),
    }


def pca_scores(model, x, new):
    """PyOD's PCA divides by its variances, of which columns without one make zeros."""
    varied = x.std(axis=0) > 0
    return np.nan_to_num(model.fit(x[:, varied]).decision_function(new[:, varied]), posinf=1e300)


def splits(seeds=(0, 1), kinds=tuple(TOLD)):
    """Name, seed, kind, training rows, test rows and their labels."""
    files = sorted((DATA / "adbench").glob("*.npz"))
    if not files:
        sys.exit(f"There are no tables in {DATA / 'adbench'}: set AEZOO_TEST_DATA.")
    for file in files:
        with np.load(file) as arrays:
            x, y = arrays["X"].astype("float64"), arrays["y"]
        for seed in seeds:
            for kind in kinds:
                rng = np.random.default_rng(seed)
                normal = rng.permutation(np.flatnonzero(y == 0))
                odd = rng.permutation(np.flatnonzero(y == 1))
                cut, odd_cut = int(0.7 * len(normal)), int(0.7 * len(odd)) * (kind != "clean")
                train = rng.permutation(np.concatenate([normal[:cut], odd[:odd_cut]]))
                test = np.concatenate([normal[cut:], odd[odd_cut:]])
                scaler = StandardScaler().fit(x[train])
                yield (
                    file.stem,
                    seed,
                    kind,
                    scaler.transform(x[train]),
                    scaler.transform(x[test]),
                    y[test],
                )


def ecg():
    """AUROC and accuracy on ECG5000."""
    from pyod.models.knn import KNN

    with np.load(DATA / "ecg5000.npz") as arrays:
        x, y = arrays["x"][..., np.newaxis], arrays["anomaly"]
    found = defaultdict(list)
    for seed in range(3):
        normal = np.random.default_rng(seed).permutation(np.flatnonzero(y == 0))
        cut = int(0.8 * len(normal))
        train, test = normal[:cut], np.concatenate([normal[cut:], np.flatnonzero(y == 1)])
        for rate in (0.01, 0.02):
            detector = aezoo.AnomalyDetector(
                contamination=0, false_alarm_rate=rate, random_state=seed
            ).fit(x[train])
            flags = detector.predict(x[test]) == -1
            found[f"accuracy, {rate:.0%} asked"].append(np.mean(flags == y[test]))
            found[f"false alarms, {rate:.0%} asked"].append(np.mean(flags[y[test] == 0]))
        found["AUROC"].append(roc_auc_score(y[test], detector.anomaly_score(x[test])))
        nearest = KNN().fit(x[train, :, 0]).decision_function(x[test, :, 0])
        found["AUROC of PyOD's k nearest"].append(roc_auc_score(y[test], nearest))
    table = Table("ECG5000, three seeds", "mean", "lowest", "highest")
    for name, values in found.items():
        table.add_row(name, *(f"{f(values):.4f}" for f in (np.mean, np.min, np.max)))
    Console().print(table)
    return {name: np.mean(values).item() for name, values in found.items()}


def conformal():
    """False-alarm rates of conformal thresholds, and ranks of int8 scores."""
    rates = {}
    for name, x in normal_rows().items():
        rng = np.random.default_rng(0)
        x = x[rng.permutation(len(x))]
        fitted, rest = np.split(x, [int(0.4 * len(x))])
        detector = aezoo.AnomalyDetector(contamination=0, random_state=0).fit(fitted)
        with tempfile.TemporaryDirectory() as folder:
            detector.export(f"{folder}/d.tflite", quantize="int8", calibration_data=fitted)
            edge = aezoo.edge.Detector(f"{folder}/d.tflite")
        for kind, scores in (
            ("Keras", detector.anomaly_score(rest)),
            ("int8", edge.anomaly_score(rest)),
        ):
            alarms = []
            for split in range(SPLITS):
                order = np.random.default_rng(split).permutation(len(scores))
                half = len(scores) // 2
                threshold = aezoo.uses.thresholds.conformal(scores[order[:half]], RATE)
                alarms.append(np.mean(scores[order[half:]] > threshold))
            error = np.std(alarms) / np.sqrt(SPLITS)
            rates[f"{name}, {kind}"] = {"mean": float(np.mean(alarms)), "error": float(error)}
    table = Table(f"false alarms at {RATE:.0%}, {SPLITS} splits", "mean", "Monte Carlo error")
    for name, rate in rates.items():
        table.add_row(name, f"{rate['mean']:.4f}", f"{rate['error']:.4f}")
    Console().print(table)

    ranks = {}
    for name, _, _, x_train, x_test, y in splits(seeds=(0,), kinds=("clean",)):
        detector = aezoo.AnomalyDetector(contamination=0, random_state=0).fit(x_train)
        with tempfile.TemporaryDirectory() as folder:
            detector.export(f"{folder}/d.tflite", quantize="int8", calibration_data=x_train)
            edge = aezoo.edge.Detector(f"{folder}/d.tflite")
        keras, int8 = detector.anomaly_score(x_test), edge.anomaly_score(x_test)
        ranks[name] = {
            "correlation": float(spearmanr(keras, int8).statistic),
            "auroc": float(roc_auc_score(y, keras)),
            "auroc_int8": float(roc_auc_score(y, int8)),
        }
    table = Table("int8 beside Keras", "rank correlation", "AUROC", "AUROC in int8")
    for name, found in ranks.items():
        table.add_row(name, *(f"{value:.4f}" for value in found.values()))
    Console().print(table)
    return {"rates": rates, "ranks": ranks}


def normal_rows():
    with np.load(DATA / "ecg5000.npz") as ecg, np.load(DATA / "adbench/30_satellite.npz") as table:
        return {
            "ECG5000": ecg["x"][ecg["anomaly"] == 0, :, None],
            "satellite": table["X"][table["y"] == 0],
        }


def memory():
    """Peak memory of scoring a file, and rows a second."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(COLUMNS, COLUMNS))
    train = np.float32(rng.normal(size=(10_000, COLUMNS)) @ mixing)
    with tempfile.TemporaryDirectory() as folder:
        aezoo.AnomalyDetector(contamination=0, random_state=0).fit(train).save(f"{folder}/detector")
        file = np.lib.format.open_memmap(
            f"{folder}/x.npy", "w+", dtype="float32", shape=(ROWS, COLUMNS)
        )
        for begin in range(0, ROWS, 500_000):
            file[begin : begin + 500_000] = rng.normal(size=(500_000, COLUMNS)) @ mixing
        del file
        run = subprocess.run(
            [sys.executable, __file__, "--score", folder],
            capture_output=True,
            text=True,
            check=True,
        )
        found = {"aezoo": json.loads(run.stdout)}
    new = np.float32(rng.normal(size=(SOME, COLUMNS)) @ mixing)
    for name, score in rivals(train).items():
        begin = time.perf_counter()
        score(new)
        found[name] = {"rows_per_second": SOME / (time.perf_counter() - begin)}
    table = Table("scoring", "GiB", "rows a second")
    for name, row in found.items():
        table.add_row(
            name, f"{row['gib']:.2f}" if "gib" in row else "", f"{row['rows_per_second']:,.0f}"
        )
    Console().print(table)
    return found


def rivals(train):
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.knn import KNN

    return {
        "PyOD AutoEncoder": AutoEncoder(verbose=0).fit(train).decision_function,
        "PyOD k nearest neighbours": KNN().fit(train[:4096]).decision_function,
        "scikit-learn isolation forest": IsolationForest(random_state=0).fit(train).score_samples,
    }


def score_file(folder):
    """Scores the rows of a file, in pieces."""
    from aezoo.data.chunks import chunks

    detector = aezoo.AnomalyDetector.load(folder / "detector")
    begin = time.perf_counter()
    count = sum(len(detector.anomaly_score(piece)) for piece in chunks(folder / "x.npy"))
    seconds = time.perf_counter() - begin
    # of this process alone: ru_maxrss begins with what the one held that it was started by
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    gib = int(peak[1]) / 2**20
    print(json.dumps({"rows": count, "gib": gib, "rows_per_second": count / seconds}))


PARTS = {"tables": tables, "ecg": ecg, "conformal": conformal, "memory": memory}

if __name__ == "__main__":
    main()
