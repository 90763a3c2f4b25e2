"""How fast are archives scored, on one process and on Ray, and is every row there once?

    python benchmarks/scoring.py                    # ten minutes, and 5 GB of disk
    python benchmarks/scoring.py --rows 1000000

Generated rows of 30 numbers, as 40 Parquet files, are scored with a dense network, by Keras and as
a .tflite file by LiteRT: by one process, by two local workers of Ray, and by two of which one is
killed (SIGKILL) when a third of the rows is done. Each is a process of its own. The rate is of all
rows over the whole call, with the start of Ray and of its workers; that of the work is from the
first file that is done to the last. One process has all cores, a worker has one.

Every row must then be there once: in each file the rows are counted from 0 on, and their errors
are those that one process has found.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from scale import peak

import aezoo

HERE = Path(__file__).parent
COLUMNS, RANK, FILES = 30, 8, 40
KILLED = 1 / 3  # of the rows are done when a worker is
MODELS = {"keras": "model.keras", "tflite": "model.tflite"}
WAYS = ("one process", "2 workers", "2 workers, one killed")
CLOSE = 1e-5  # of an error: batches of other sizes are rounded otherwise


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--one", nargs=3, metavar=("WAY", "MODEL", "FOLDER"), help="for itself")
    parser.add_argument("--output", default=HERE / "scoring.json", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        way, model, folder = arguments.one
        print(json.dumps(scored(way, MODELS[model], Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), arguments.rows)
    text = json.dumps(found, indent=1)
    arguments.output.write_text(text + "\n", encoding="utf-8")
    show(found)


def measured(folder, rows):
    """The figures of all ways, each checked as soon as it is done."""
    made = make(folder, rows)
    found = {"rows": rows, "columns": COLUMNS, "files": FILES, "cores": os.cpu_count(), **made}
    found["runs"] = {}
    for model in MODELS:
        for way in WAYS:
            command = [sys.executable, __file__, "--one", way, model, str(folder)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            row = json.loads(done.stdout.splitlines()[-1])
            row["wrong rows"] = wrong(folder, way)
            found["runs"][f"{model}, {way}"] = row
            print(model, way, row, flush=True)
    return found


def make(folder, rows):
    """Writes the archive and the models, and says how large it is."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(RANK, COLUMNS)).astype("float32")
    (folder / "archive").mkdir()
    names = [f"sensor_{i}" for i in range(COLUMNS)]
    for i, part in enumerate(np.array_split(np.arange(rows), FILES)):
        x = rng.standard_normal((len(part), RANK), dtype="float32") @ mixing
        x += rng.standard_normal(x.shape, dtype="float32")
        table = pa.table(dict(zip(names, x.T.copy(), strict=True)))
        pq.write_table(table, folder / f"archive/{i:03d}.parquet", row_group_size=2**17)
    ae = aezoo.deep(COLUMNS, RANK, hidden_units=(64,), normalization="standard")
    x = x[:20_000]
    ae.fit(x, epochs=3, batch_size=256, verbose=0)
    ae.save(folder / MODELS["keras"])
    aezoo.export_tflite(ae, folder / MODELS["tflite"], samples=x[:500])
    taken = sum(file.stat().st_size for file in (folder / "archive").iterdir())
    return {"gigabytes": taken / 1e9}


def scored(way, model, folder):
    """Scores the archive in this process, or from it."""
    done = []
    killed = []

    def progress(rows, total):
        done.append((time.perf_counter(), rows))
        if way.endswith("killed") and not killed and rows >= KILLED * total:
            killed.append(kill_a_worker())

    how = {} if way == WAYS[0] else {"on": "ray", "address": "local", "workers": 2}
    output = folder / way
    result = aezoo.scale.score(
        folder / "archive", folder / model, output, threshold=0.1, progress=progress, **how
    )
    (begin, before), (end, after) = done[0], done[-1]
    return {
        "seconds": result.seconds,
        "rows_per_second": result.rows_per_second,
        "of_the_work": (after - before) / (end - begin),
        "flagged": result.flagged,
        "killed": len(killed),
        **({"peak": peak()} if not how else {}),
    }


def kill_a_worker():
    """Kills one of the workers below this process, and gives its number."""
    below = psutil.Process().children(recursive=True)
    workers = [one for one in below if "".join(one.cmdline()[:1]).startswith("ray::Worker")]
    os.kill(workers[0].pid, signal.SIGKILL)
    return workers[0].pid


def wrong(folder, way):
    """How many rows are lost, doubled, or have another error than one process has found."""
    count = 0
    for file in sorted((folder / "archive").iterdir()):
        rows = pq.read_metadata(file).num_rows
        found, expected = (pq.read_table(folder / name / file.name) for name in (way, WAYS[0]))
        once = np.array_equal(found["row"].to_numpy(), np.arange(rows))
        errors = [one["reconstruction_error"].to_numpy() for one in (found, expected)]
        same = len(errors[0]) == rows and np.isclose(*errors, rtol=CLOSE, atol=CLOSE)
        count += rows - int(np.sum(same)) if once else rows
    if way == WAYS[-1]:  # the next model writes there
        for name in WAYS:
            subprocess.run(["rm", "-r", folder / name], check=True)
    return count


def show(found):
    title = f"{found['rows']:,} rows of {COLUMNS} numbers, {found['gigabytes']:.1f} GB"
    table = Table("", "seconds", "rows a second", "... of the work", "peak, MiB", "wrong rows")
    table.title = f"{title}, {found['cores']} cores"
    for name, row in found["runs"].items():
        figures = (f"{row[key]:,.0f}" for key in ("seconds", "rows_per_second", "of_the_work"))
        memory = f"{row['peak'] / 2**20:,.0f}" if "peak" in row else ""
        table.add_row(name, *figures, memory, f"{row['wrong rows']:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
