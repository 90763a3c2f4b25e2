"""What does data larger than memory cost? The memory of a training, and its time beside an array.

    python benchmarks/scale.py                  # an hour, and 21 GB of disk
    python benchmarks/scale.py --only speed     # ten minutes
    python benchmarks/scale.py --only thresholds    # two minutes, and 1 GB of disk

Memory: the greatest resident size of a process that trains a dense network for an epoch on shards
of generated rows of 256 numbers, with the reading that goes before and the figures after it.

Speed: seconds an epoch on MNIST, as seven `.npy` files that are streamed and as one array in
memory, each a process of its own, in turns: medians over epochs but the first, then over turns.
MNIST takes less than the 256 MiB that a stream keeps. So it is measured again where it keeps
nothing.

Thresholds: a detector is fitted to 2,000,000 generated rows as a stream, and its threshold set
anew by the scores of all of them. What share of these lies above it, by all scores in memory,
beside what was asked for and the bound of the sketch; and the greatest resident size of the
process until then.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.data.streams import Stream

HERE = Path(__file__).parent
COLUMNS, RANK = 256, 16
FILE = 2**28  # bytes of a generated shard
JUDGED, WIDTH = 2_000_000, 128  # rows and columns that thresholds are of
RATES = (0.1, 0.01, 0.001)  # of false alarms
EPOCHS = 4
NETWORKS = {
    "784-512-256-128": ("deep", {"hidden_units": (512, 256), "latent_dim": 128}),
    "conv 32-64": ("conv", {"latent_dim": 32}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", nargs="*", type=float, default=(1, 5, 20))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", choices=("memory", "speed", "thresholds"))
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "NAME", "FOLDER"), help="for itself")
    parser.add_argument("--output", default=HERE / "scale.json", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        what, name, folder = arguments.one
        if what == "thresholds":
            print(json.dumps(judged(folder)))
        else:
            print(json.dumps(train(folder) if what == "memory" else epochs(what, name, folder)))
        return
    output = arguments.output
    found = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {}
    if arguments.only in (None, "memory"):
        found["memory"] = memory(arguments.gigabytes)
    if arguments.only in (None, "speed"):
        found["speed"] = speed(arguments.turns)
    if arguments.only in (None, "thresholds"):
        found["thresholds"] = thresholds()
    output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


def memory(sizes):
    """The figures of trainings on shards, which are made larger from one to the next."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(RANK, COLUMNS)).astype("float32")
    rows, rowed = FILE // (4 * COLUMNS), []
    with tempfile.TemporaryDirectory() as folder:
        written = 0
        for size in sizes:
            while written * FILE < size * 1e9:
                x = rng.normal(size=(rows, RANK)).astype("float32") @ mixing
                x += rng.normal(size=x.shape).astype("float32")
                np.save(f"{folder}/{written:04d}.npy", x)
                written += 1
            rowed.append({"gigabytes": written * FILE / 1e9, **measured("memory", "deep", folder)})
            print(rowed[-1], flush=True)
    return rowed


def train(folder):
    with tempfile.TemporaryDirectory() as runs:
        begin = time.perf_counter()
        how = {"epochs": 1, "batch_size": 4096, "stream": True, "output": f"{runs}/run"}
        run = aezoo.train("deep", folder, hidden_units=(128, 64), latent_dim=RANK, **how)
        seconds = time.perf_counter() - begin
        record = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    return {
        "rows": record["data"]["train"],
        "peak": peak(),
        "seconds": round(seconds),
        "epoch": record["training"]["seconds"],
        "reading": record["training"]["reading_seconds"],
        "mse": run.metrics["mse"],
        "pca_mse": run.metrics["pca_mse"],
    }


def thresholds():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(RANK, WIDTH)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        for i in range(8):
            x = rng.normal(size=(JUDGED // 8, RANK)).astype("float32") @ mixing
            x += rng.standard_t(4, size=x.shape).astype("float32")
            np.save(f"{folder}/{i}.npy", x)
        return measured("thresholds", "detector", folder)


def judged(folder):
    begin = time.perf_counter()
    stream = aezoo.load_dataset(folder, "all", stream=True)
    detector = aezoo.AnomalyDetector(contamination=0, scoring="error", random_state=0)
    detector.fit(stream)
    found = []
    for rate in RATES:
        detector.calibrate(stream, false_alarm_rate=rate, method="percentile")
        found.append({"rate": rate, "threshold": detector.threshold_})
    most, seconds = peak(), time.perf_counter() - begin
    scores = detector.anomaly_score(stream)
    for row in found:
        row["share"] = float(np.mean(scores > row["threshold"]))
    return {
        "rows": len(stream),
        "gigabytes": 4 * WIDTH * len(stream) / 1e9,
        "error": detector.threshold_error_,
        "kept": len(detector.calibration_scores_),
        "rates": found,
        "peak": most,
        "seconds": round(seconds),
    }


def peak():
    """The greatest resident size of this process in bytes; `getrusage` has that of its parent."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def speed(turns):
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        x = np.concatenate([aezoo.load_dataset("mnist", split).x for split in ("train", "test")])
        for i, part in enumerate(np.split(np.round(255 * x).astype("uint8"), 7)):
            np.save(f"{folder}/{i}.npy", part)
        for name in NETWORKS:
            runs = {"stream": [], "stream, nothing kept": [], "array": []}
            for _ in range(turns):
                for what, own in runs.items():
                    own.append(measured(what, name, folder)["seconds"])
            medians = {what: [statistics.median(run) for run in own] for what, own in runs.items()}
            seconds = {what: statistics.median(own) for what, own in medians.items()}
            ratios = {
                what: [a / b for a, b in zip(own, medians["array"], strict=True)]
                for what, own in medians.items()
            }
            found[name] = {"seconds": seconds, "ratios": ratios}
            print(name, found[name], flush=True)
    return found


def epochs(what, name, folder):
    """Seconds of each epoch but the first, of as many samples either way."""
    family, options = NETWORKS[name]
    stream = aezoo.load_dataset(folder, stream=True)
    if what.startswith("stream"):
        Stream._fits = Stream._fits if what == "stream" else False
        data, batches = {"x": stream.batches(128)}, len(stream) / 128
    else:
        x = np.concatenate(list(stream.batches(1000).as_numpy_iterator()))
        data, batches = {"x": x, "batch_size": 128}, len(x) / 128
        del stream
    ae = aezoo.build(family, (28, 28, 1), **options)
    clock = Clock()
    ae.fit(**data, epochs=1 + EPOCHS, verbose=0, callbacks=[clock])
    return {"seconds": clock.seconds[1:], "batches": batches}


class Clock(keras.callbacks.Callback):
    """Seconds an epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.begin)


def measured(*one, script=__file__):
    """What a script finds in a process of its own."""
    command = [sys.executable, script, "--one", *map(str, one)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def show(found):
    if "memory" in found:
        table = Table("GB of shards", "rows", "peak, MiB", "seconds", "reading", "MSE", "PCA's")
        for row in found["memory"]:
            share = f"{row['reading'] / row['epoch']:.0%}"
            table.add_row(
                *(f"{row['gigabytes']:.1f}", f"{row['rows']:,}", f"{row['peak'] / 2**20:,.0f}"),
                *(f"{row['seconds']:,}", share, f"{row['mse']:.5f}", f"{row['pca_mse']:.5f}"),
            )
        Console().print(table)
    if "speed" in found:
        table = Table("network", "from", "s an epoch", "to an array's (turns)")
        for name, row in found["speed"].items():
            for what, seconds in row["seconds"].items():
                ratios = row["ratios"][what]
                told = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                table.add_row(name, what, f"{seconds:.2f}", told)
        Console().print(table)
    if "thresholds" in found:
        told = found["thresholds"]
        table = Table("asked for", "above the threshold", "off by", "bound")
        for row in told["rates"]:
            off = abs(row["share"] - row["rate"])
            table.add_row(
                *(f"{row['rate']:.1%}", f"{row['share']:.4%}", f"{off:.4%}"),
                f"{told['error']:.4%}",
            )
        Console().print(table)
        print(f"{told['rows']:,} rows, {told['peak'] / 2**20:,.0f} MiB, {told['seconds']} s")


if __name__ == "__main__":
    main()
