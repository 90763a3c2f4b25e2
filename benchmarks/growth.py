"""How does the cost of a training grow? Seconds and memory by samples, pixels and size of the code.

    python benchmarks/growth.py         # a quarter of an hour, and 1.3 GB of disk

Each measurement is a process of its own: seconds of an epoch, the second of two, of generated
samples, and the most memory that the process takes, above that of one that only imports. Slopes are
those of a line through logarithms: 1 is twice the cost for twice as much, 0 the same cost. Only
points are taken for the line from where the epoch takes a fifth of a second: what is below is the
cost of starting.
"""

import argparse
import json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=10**7, help="samples, at most")
    parser.add_argument("--one", nargs=3, metavar=("LINE", "SIZE", "FOLDER"), help="for itself")
    parser.add_argument("--output", default=HERE / "growth.json", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        line, size, folder = arguments.one
        print(json.dumps(measure(line, int(size), Path(folder))))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        idle = measured("nothing", 0, folder, script=__file__)["memory"]
        for line, sizes in LINES.items():
            rows = []
            for size in sizes:
                if line.startswith("samples") and size > arguments.most:
                    continue
                row = {"size": size, **measured(line, size, folder, script=__file__)}
                rows.append({**row, "memory": row["memory"] - idle})
                print(line, rows[-1], flush=True)
            found[line] = {"rows": rows, "slopes": slopes(rows)}
    found["idle"] = idle
    arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found).savefig(arguments.output.with_suffix(".png"), dpi=120)
    show(found)


def measure(line, size, folder):
    """What a training costs, in this process."""
    if line == "nothing":
        return {"seconds": 0.0, "memory": peak()}
    rng = np.random.default_rng(0)
    if line.startswith("samples"):
        file = folder / f"{size}.npy"
        if not file.exists():
            written = np.lib.format.open_memmap(file, "w+", "float32", (size, COLUMNS))
            for begin in range(0, size, 10**5):
                part = written[begin : begin + 10**5]
                part[:] = rng.normal(size=part.shape)
            del written, part  # its pages count as memory of this process
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
    for line in LINES:
        rows, found_slopes = found[line]["rows"], found[line]["slopes"]
        first, last = rows[0], rows[-1]
        told = ["-" if s is None else f"{s:.2f}" for s in found_slopes.values()]
        table.add_row(
            *(line, f"{first['size']:,}", f"{last['size']:,}"),
            *(f"{first['seconds']:.2f} to {last['seconds']:.2f}", told[0]),
            *(f"{first['memory'] / 2**20:,.0f} to {last['memory'] / 2**20:,.0f}", told[1]),
        )
    Console().print(table)
    rows = found["samples, as a stream"]["rows"]
    row = rows[-1]["seconds"] / rows[-1]["size"]
    hours = 1e9 * row / 3600
    Console().print(f"A billion rows of {COLUMNS} numbers: {hours:.1f} hours an epoch here.")


if __name__ == "__main__":
    main()
