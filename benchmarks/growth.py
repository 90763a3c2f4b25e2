"""How does the cost of a training grow? Seconds and memory by samples, pixels, code and processes.

    python benchmarks/growth.py                     # twenty minutes, and 1.3 GB of disk
    python benchmarks/growth.py --only workers      # by processes that train together
    python benchmarks/growth.py --only paper        # what follows from what was measured

Each measurement is a process of its own: seconds of an epoch, the second of two, of generated
samples, and the most memory that the process takes, above that of one that only imports. Slopes are
those of a line through logarithms: 1 is twice the cost for twice as much, 0 the same cost. Only
points are taken for the line from where the epoch takes a fifth of a second: what is below is the
cost of starting.

Workers: 1, 2 and 4 processes of `--distribute multihost` train one network on an array, with the
same batches of all together. All are on this machine and share its cores, so this is what sharing
costs, not what it gains: seconds of the last of three epochs with its validation, of the slowest
process, and the most memory of one. Each holds all samples.

On paper: an epoch of a billion rows, and images that come a thousand a second.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.table import Table
from scale import Clock, measured, peak

import aezoo

HERE = Path(__file__).parent
COLUMNS = 32
STARTING = 0.2  # seconds of an epoch
LINES = {  # name: the family, its options, what grows, and from where to where
    "samples, in memory": (10**3, 10**4, 10**5, 10**6, 10**7),
    "samples, as a stream": (10**3, 10**4, 10**5, 10**6, 10**7),
    "pixels of an image": (16**2, 32**2, 64**2, 128**2),
    "numbers in a code": (2, 8, 32, 128, 512),
}
ROW_BATCH, IMAGE_BATCH = 1024, 32
IMAGES, FLAT = 512, 20_000
WORKERS, SHARED = (1, 2, 4), 10**6  # processes, and rows that they share
ROWS, A_SECOND = 10**9, 1000  # on paper


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=10**7, help="samples, at most")
    parser.add_argument("--only", choices=("lines", "workers", "paper"), help="a part of it")
    parser.add_argument("--one", nargs=3, metavar=("LINE", "SIZE", "FOLDER"), help="for itself")
    parser.add_argument("--output", default=HERE / "growth.json", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        line, size, folder = arguments.one
        folder = Path(folder)
        row = worker(folder) if line == "worker" else measure(line, int(size), folder)
        print(json.dumps(row))
        return
    output = arguments.output
    found = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only in (None, "lines"):
            found |= grown(arguments.most, folder)
        if arguments.only in (None, "workers"):
            found["workers"] = workers(min(SHARED, arguments.most), folder)
    if arguments.only != "paper":
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.only in (None, "lines"):
        draw(found).savefig(output.with_suffix(".png"), dpi=120)
    show(found)


def grown(most, folder):
    """The costs of each line, and the memory of a process that only imports."""
    found = {"idle": measured("nothing", 0, folder, script=__file__)["memory"]}
    for line, sizes in LINES.items():
        rows = []
        for size in sizes:
            if line.startswith("samples") and size > most:
                continue
            row = {"size": size, **measured(line, size, folder, script=__file__)}
            rows.append({**row, "memory": row["memory"] - found["idle"]})
            print(line, rows[-1], flush=True)
        found[line] = {"rows": rows, "slopes": slopes(rows)}
    return found


def measure(line, size, folder):
    """What a training costs, in this process."""
    if line == "nothing":
        return {"seconds": 0.0, "memory": peak()}
    rng = np.random.default_rng(0)
    if line.startswith("samples"):
        file = folder / f"{size}.npy"
        if not file.exists():
            write(file, size)  # its pages count as memory of this process
            return measured(line, size, folder, script=__file__)
        ae = aezoo.deep(COLUMNS, 8, hidden_units=(64,))
        if line.endswith("stream"):
            fed = {"x": aezoo.load_dataset(file, "all", stream=True).batches(ROW_BATCH)}
        else:
            fed = {"x": aezoo.load_dataset(file, "all").x, "batch_size": ROW_BATCH}
    elif line.startswith("pixels"):
        side = round(size**0.5)
        ae = aezoo.conv((side, side, 1), 32)
        fed = {"x": rng.random((IMAGES, side, side, 1), "float32"), "batch_size": IMAGE_BATCH}
    else:
        ae = aezoo.deep((28, 28, 1), size)
        fed = {"x": rng.random((FLAT, 28, 28, 1), "float32"), "batch_size": 128}
    clock = Clock()
    ae.fit(**fed, epochs=2, verbose=0, callbacks=[clock])
    return {"seconds": clock.seconds[-1], "memory": peak()}


def write(file, size):
    rng = np.random.default_rng(0)
    written = np.lib.format.open_memmap(file, "w+", "float32", (size, COLUMNS))
    for begin in range(0, size, 10**5):
        part = written[begin : begin + 10**5]
        part[:] = rng.normal(size=part.shape)


def workers(size, folder):
    """What an epoch costs by processes, which share this machine."""
    write(Path(folder, "shared.npy"), size)
    rows = []
    for count in WORKERS:
        with socket.create_server(("127.0.0.1", 0)) as server:
            where = f"127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, __file__, "--one", "worker", "0", folder]
        told = {**os.environ, "KERAS_BACKEND": "jax", "JAX_COORDINATOR_ADDRESS": where}
        told["JAX_NUM_PROCESSES"] = str(count)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started = [
            subprocess.Popen(command, env={**told, "JAX_PROCESS_ID": str(rank)}, **pipes)
            for rank in range(count)
        ]
        said = [process.communicate() for process in started]
        if any(process.returncode for process in started):
            raise SystemExit("".join(errors for _, errors in said))
        ended = [json.loads(text.splitlines()[-1]) for text, _ in said]
        most = {key: max(one[key] for one in ended) for key in ("seconds", "memory")}
        rows.append({"size": count, "samples": size, "cores": os.cpu_count(), **most})
        print("workers", rows[-1], flush=True)
    return rows


def worker(folder):
    """What one process of several costs, until its training ends."""
    clock = Clock()
    clock.on_train_end = lambda logs=None: setattr(clock, "memory", peak())
    with tempfile.TemporaryDirectory() as runs:
        how = {"epochs": 3, "batch_size": ROW_BATCH, "stream": False, "output": f"{runs}/run"}
        network = {"latent_dim": 8, "hidden_units": (64,), "linear_path": False}
        file = folder / "shared.npy"
        aezoo.train("deep", file, distribute="multihost", callbacks=[clock], **how, **network)
    return {"seconds": clock.seconds[-1], "memory": clock.memory}


def slopes(rows):
    """Of the lines through logarithms of seconds and of memory."""
    told = [row for row in rows if row["seconds"] >= STARTING]
    if len(told) < 2:
        return {"seconds": None, "memory": None}
    sizes = np.log([row["size"] for row in told])
    return {
        what: float(np.polyfit(sizes, np.log([max(row[what], 1e-9) for row in told]), 1)[0])
        for what in ("seconds", "memory")
    }


def draw(found):
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for line in LINES:
        rows = found[line]["rows"]
        sizes = [row["size"] for row in rows]
        axes[0].loglog(sizes, [row["seconds"] for row in rows], "o-", label=line)
        axes[1].loglog(sizes, [row["memory"] / 2**20 for row in rows], "o-", label=line)
    axes[0].set(xlabel="how many", ylabel="seconds an epoch")
    axes[1].set(xlabel="how many", ylabel="MiB above an import")
    axes[0].legend(frameon=False, fontsize="small")
    return figure


def show(found):
    table = Table("what grows", "from", "to", "seconds an epoch", "slope", "MiB", "slope")
    known = [line for line in LINES if line in found]
    for line in known:
        rows, found_slopes = found[line]["rows"], found[line]["slopes"]
        first, last = rows[0], rows[-1]
        told = ["-" if s is None else f"{s:.2f}" for s in found_slopes.values()]
        table.add_row(
            *(line, f"{first['size']:,}", f"{last['size']:,}"),
            *(f"{first['seconds']:.2f} to {last['seconds']:.2f}", told[0]),
            *(f"{first['memory'] / 2**20:,.0f} to {last['memory'] / 2**20:,.0f}", told[1]),
        )
    Console().print(table)
    if "workers" in found:
        cores = found["workers"][0]["cores"]
        title = f"processes that share {cores} cores: what sharing costs, not what it gains"
        table = Table("processes", "rows", "s an epoch", "of one's", "MiB, each", title=title)
        for row in found["workers"]:
            part = row["seconds"] / found["workers"][0]["seconds"]
            table.add_row(
                *(str(row["size"]), f"{row['samples']:,}", f"{row['seconds']:.2f}"),
                *(f"{part:.2f}", f"{row['memory'] / 2**20:,.0f}"),
            )
        Console().print(table)
    for sentence in on_paper(found) if known else ():
        Console().print(sentence)


def on_paper(found):
    """What follows from the slopes, for sizes that were not measured."""

    def beyond(line, size, what):
        last = found[line]["rows"][-1]
        return last[what] * (size / last["size"]) ** found[line]["slopes"][what]

    line = "samples, as a stream"
    hours, memory = beyond(line, ROWS, "seconds") / 3600, beyond(line, ROWS, "memory")
    line = "pixels of an image"
    slope, largest = found[line]["slopes"]["seconds"], found[line]["rows"][-1]
    rate = IMAGES / largest["seconds"]
    kept = largest["size"] * (rate / A_SECOND) ** (1 / slope)
    return (
        f"{ROWS:,} rows of {COLUMNS} numbers, {4e-9 * COLUMNS * ROWS:.0f} GB, as a stream: "
        f"{hours:.1f} hours an epoch and {memory / 2**20:,.0f} MiB above an import on this "
        "machine, for a dense network of 64 units, if the disk gives what it gave.",
        f"{A_SECOND:,} images a second: this machine trains a convolutional network on {rate:,.0f} "
        f"of {largest['size']:,} pixels, so {A_SECOND / rate:.1f} such machines would be needed, "
        f"if they shared the work without loss; one keeps up with images of {kept:,.0f} pixels.",
    )


if __name__ == "__main__":
    main()
