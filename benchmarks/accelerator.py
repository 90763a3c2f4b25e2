"""How fast does a GPU train? aezoo on TensorFlow and JAX, beside plain Keras and compiled PyTorch.

    python benchmarks/accelerator.py                    # on a machine with a GPU
    python benchmarks/accelerator.py --only speed --networks large --by aezoo-jax pytorch
    python benchmarks/accelerator.py --quick            # does it run? Also without a GPU

It needs `pip install -e ".[bench]"` and each framework for its GPU: TensorFlow, JAX and PyTorch. If
they do not go together, call it in one environment after the other with `--by`: what was measured
is kept. Where one finds no GPU, nothing is measured but with `--quick` or `--output`, and nothing
is written but with `--output`.

Each measurement is a process of its own. All train with Adam and a rate of 2e-3, in float32, whose
products are TF32 where the GPU has it, and in bfloat16 with weights in float32. aezoo is as
`aezoo.build` and `fit` have it, fed by Keras; `-ahead` is fed by TensorFlow with batches that are
on the GPU before their turn. Keras is the same layers, compiled with XLA; PyTorch is
`torch.compile`, a fused Adam, autocast, and all samples on the GPU.

Speed: images a second on generated ones, the median over epochs but the first, which compiles, and
the share of the GPU's peak: products of a forward and a backward pass, as PyTorch counts them.

Errors: seconds until the test error is at that of the README's tables, of everything but imports
and reading the data. Rates fall to 0 by half a cosine over 5 epochs of MNIST or 10 of CIFAR-10, and
over twice as many, anew, until that is enough. On MNIST all have one network. On CIFAR-10 aezoo has
that of its pretrained `conv` with 128 numbers, which starts as PCA, and others have strided
convolutions to as many numbers: what a user gets, not equal settings.
"""

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

from contenders import GOALS, NETWORKS, PRECISIONS, operations
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
BY = (
    *("aezoo-tensorflow", "aezoo-tensorflow-ahead", "aezoo-jax"),
    *("keras-tensorflow", "keras-jax", "pytorch"),
)
ATTEMPTS = 4
VALUES = 2**27  # of the images of an epoch, at most
# TFLOP/s of products without sparsity, in TF32 and in bfloat16 with sums in float32: NVIDIA's data
# sheets of each, for RTX the white papers of GA102 and Ada; SXM where a name says nothing else
PEAKS = {
    "A10": (62.5, 125),
    "A30": (82, 165),
    "A100": (156, 312),
    "H100": (494.5, 989.5),
    "H100 NVL": (417.5, 835.5),
    "H100 PCIe": (378, 756.5),
    "H200": (494.5, 989.5),
    "H200 NVL": (417.5, 835.5),
    "L4": (60, 121),
    "L40S": (183, 362),
    "RTX 3090": (35.6, 71),
    "RTX 4090": (82.6, 165.2),
}
LESS = {"D", "Laptop", "MIG", "Max"}  # a slower kind, or a part of one


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("speed", "errors"), help="one half of it")
    parser.add_argument("--by", nargs="*", default=BY, choices=BY)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--data", nargs="*", default=list(GOALS), choices=GOALS)
    parser.add_argument("--precisions", nargs="*", default=PRECISIONS, choices=PRECISIONS)
    parser.add_argument("--batch-sizes", nargs="*", type=int, default=(128, 1024))
    parser.add_argument("--peak-tflops", nargs="*", type=float, help="one for each precision")
    parser.add_argument("--quick", action="store_true", help="a tiny run that measures nothing")
    parser.add_argument("--output", type=Path, help="default: accelerator.json, if all is of GPUs")
    arguments = parser.parse_args()
    peaks = arguments.peak_tflops
    if peaks and len(peaks) != len(arguments.precisions):
        parser.error(f"--peak-tflops takes one for each of: {', '.join(arguments.precisions)}")
    if arguments.quick:
        arguments.networks, arguments.data = arguments.networks[:1], arguments.data[:1]
        arguments.batch_sizes = (32,)
    devices = {name: device_of(name) for name in dict.fromkeys(map(framework, arguments.by))}
    without = [name for name, found in devices.items() if found == "CPU"]
    if without:
        print(f"No GPU was found by {', '.join(without)}: it computes on the processor.")
    if without and not (arguments.quick or arguments.output):
        raise SystemExit("Nothing was measured: --quick tries it, --by leaves some out.")
    output = arguments.output or (None if without or arguments.quick else HERE / "accelerator.json")
    found = json.loads(output.read_text()) if output and output.is_file() else {}
    for name, rows in measurements(arguments, devices):
        found[name] = {**found.get(name, {}), **rows}
        if output:  # each as it comes
            output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)
    if output is None:
        print("No table was written: this was no measurement of a GPU.")


def measurements(arguments, devices):
    """Rows by name, one after the other."""
    peaks = dict(zip(arguments.precisions, arguments.peak_tflops or (), strict=False))
    ways = [(by, precision) for by in arguments.by for precision in arguments.precisions]
    if arguments.only != "errors":
        for network in arguments.networks:
            products, sizes = operations(network), set()
            for batch in arguments.batch_sizes:
                for by, precision in ways:
                    key = {"network": network, "precision": precision, "batch": batch}
                    samples = 2 * batch if arguments.quick else count_of(network)
                    row = measured("speed", by, **key, samples=samples)
                    where = devices[framework(by)]
                    row |= {"by": by, **key, "device": where, "operations": products}
                    if "failed" not in row:
                        sizes.add(row["parameters"])
                        images = samples / statistics.median(row["seconds"])
                        peak = peaks.get(precision) or peak_of(where, precision)
                        share = peak and images * products / (peak * 1e12)
                        row |= {"images": images, "peak": peak, "share": share}
                    yield "speed", {f"{network} {by} {precision} {batch}": row}
            if len(sizes) > 1:
                raise ValueError(f"The contenders' networks differ: {network} has {sizes}")
    if arguments.only != "speed":
        for data in arguments.data:
            for by, precision in ways:
                if not by.endswith("ahead"):
                    row = to_goal(by, data, precision, arguments.quick)
                    row |= {"by": by, "data": data, "precision": precision}
                    row["device"] = devices[framework(by)]
                    yield "errors", {f"{data} {by} {precision}": row}


def to_goal(by, data, precision, quick):
    """The shortest of some trainings that ends at the goal, or the longest."""
    goal, _, epochs = GOALS[data]
    if quick:
        return {"goal": goal, **measured("error", by, data=data, precision=precision, epochs=0)}
    for attempt in range(ATTEMPTS):
        how = {"data": data, "precision": precision, "epochs": epochs << attempt}
        row = {"goal": goal, **measured("error", by, **how)}
        if row.get("mse", 0) <= goal:
            break
    return row


def measured(what, by, **how):
    """What a process of its own finds, or why it failed."""
    told = json.dumps({"what": what, "by": by, **how})
    backend = {"KERAS_BACKEND": "jax" if framework(by) == "jax" else "tensorflow"}
    done = subprocess.run(
        [sys.executable, HERE / "contenders.py", told],
        env={**os.environ, **backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    if done.returncode:  # what it costs to measure again is much: others go on
        found = {"failed": (done.stderr.strip().splitlines() or ["?"])[-1]}
    else:
        found = json.loads(done.stdout.splitlines()[-1])
    print(told, found, flush=True)
    return found


def framework(by):
    """What computes: `"pytorch"`, or a backend of Keras."""
    return (by.split("-") * 2)[1]


def device_of(name):
    """What a framework computes on: the name of a GPU, or `"CPU"`."""
    found = measured("device", name)
    if "failed" in found:
        raise SystemExit(f"{name} cannot be used, leave it out with --by: {found['failed']}")
    return found["device"]


def peak_of(name, precision):
    """TFLOP/s of a GPU by its name, or `None` where it is not known."""
    words = set(re.findall(r"\w+", name))
    fitting = [known for known in PEAKS if words.issuperset(known.split())]
    if not fitting or words & LESS:
        return None
    return PEAKS[max(fitting, key=len)][PRECISIONS.index(precision)]


def count_of(network):
    """Images of an epoch: a power of two, which all batches divide."""
    return 2 ** int(math.log2(VALUES / math.prod(NETWORKS[network][0])))


def show(found):
    console = Console(width=120)
    if "speed" in found:
        heads = ("network", "by", "device", "precision", "batch", "first, s", "images a second")
        table = Table(*heads, "of the peak")
        for row in found["speed"].values():
            told = [row[key] for key in ("network", "by", "device", "precision")]
            if "failed" in row:
                table.add_row(*told, str(row["batch"]), "", "failed", row["failed"][:60])
                continue
            share = f"{row['share']:.1%}" if row["share"] else "not known"
            cells = (str(row["batch"]), f"{row['first']:.1f}", f"{row['images']:,.0f}", share)
            table.add_row(*told, *cells)
        console.print(table)
    if "errors" in found:
        table = Table("data", "by", "device", "precision", "epochs", "seconds", "test MSE", "goal")
        for row in found["errors"].values():
            told = [row[key] for key in ("data", "by", "device", "precision")]
            if "failed" in row:
                table.add_row(*told, "", "failed", row["failed"][:60], f"{row['goal']:.4f}")
                continue
            reached = f"{row['goal']:.4f}" + ("" if row["mse"] <= row["goal"] else ", not reached")
            cells = (str(row["epochs"]), f"{row['seconds']:.1f}", f"{row['mse']:.5f}", reached)
            table.add_row(*told, *cells)
        console.print(table)


if __name__ == "__main__":
    main()
