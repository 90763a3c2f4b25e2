"""Does the main job keep its promises? Prints each figure beside its bound.

    python benchmarks/spine.py            # everything; MNIST if TFDS finds it on disk
    python benchmarks/spine.py --no-mnist

Every command runs in a process of its own. Times depend on the machine; the errors do not.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

MIB = 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-mnist", action="store_true", help="leave MNIST out")
    arguments = parser.parse_args()

    table = Table("what", "figure", "bound", title="The main job")

    def row(what, figure, bound, unit="", digits=2):
        ok = "" if figure <= bound else "  MISSED"
        table.add_row(what, f"{figure:.{digits}f}{unit}{ok}", f"{bound:g}{unit}")

    bare = median_seconds([sys.executable, "-c", "pass"])
    light = median_seconds([sys.executable, "-c", "import aezoo"])
    row("import aezoo, beyond starting Python", light - bare, 0.2, " s")
    row("aezoo --help", median_seconds(["aezoo", "--help"]), 0.6, " s")

    with tempfile.TemporaryDirectory() as folder:
        metrics, seconds, _ = train(f"{folder}/digits", "conv")
        row("aezoo train conv: wall time", seconds, 60, " s", 0)
        row("  test MSE relative to PCA's", metrics["mse"] / metrics["pca_mse"], 0.5)
        if not arguments.no_mnist:
            options = ["--data", "mnist", "--latent-dim", "32", "--epochs", "5"]
            metrics, seconds, memory = train(f"{folder}/mnist", "conv", *options)
            table.add_section()
            row(f"aezoo train conv {' '.join(options)}: test MSE", metrics["mse"], 0.006, "", 5)
            table.add_row("  PCA's on the same split", f"{metrics['pca_mse']:.5f}", "")
            table.add_row("  wall time", f"{seconds:.0f} s", "")
            row("  peak memory", memory / MIB, 2048, " MiB", 0)
    Console().print(table)


def median_seconds(command, runs=7):
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def train(folder, *arguments):
    """Runs `aezoo train`. Returns its metrics, wall time in seconds and peak memory in bytes."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        ["aezoo", "train", *arguments, "-o", folder], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        sys.exit(f"aezoo train {' '.join(arguments)} failed")
    metrics = json.loads(Path(folder, "metrics.json").read_text())["metrics"]
    return metrics, seconds, usage.ru_maxrss * 1024  # Linux counts in KiB


if __name__ == "__main__":
    main()
