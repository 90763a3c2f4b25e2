"""Does a search find more than one makes by hand, in the same time? MNIST in 50, 100 and 250 kB.

    python benchmarks/search.py                                 # two hours
    python benchmarks/search.py --budgets 100 --minutes 5 --hand-minutes 5
    python benchmarks/search.py --budgets 100 --only search     # beside what by hand had before

By hand means the default convolutional network, with its filters halved until the int8 file fits;
where four filters are still too many, without the linear path. It is trained as `aezoo train conv
--minutes` does, for as long as the search takes. Code sizes: that by hand has 32 numbers, as is the
default; the search chooses its own, or with `--latent-dim 32` has the same.

Errors are of the int8 files on the test split, which decided nothing.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.training.candidates import Space
from aezoo.training.exporting import export_to
from aezoo.training.trials import COARSE

HERE = Path(__file__).parent
SHAPE, CODE = (28, 28, 1), 32


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", nargs="*", type=float, default=[50, 100, 250], help="kB")
    parser.add_argument("--only", choices=("by_hand", "search"), help="keep the other's results")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--hand-minutes", type=float, help="default: those of the search")
    parser.add_argument("--latent-dim", type=int, help="default: the search chooses")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=str(HERE / "search.json"), type=Path)
    arguments = parser.parse_args()
    test = aezoo.load_dataset("mnist", "test").x
    file = arguments.output
    rows = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    known = {row["max_kb"]: row for row in rows}
    for max_kb in arguments.budgets:
        row = known.setdefault(max_kb, {"max_kb": max_kb})
        with tempfile.TemporaryDirectory() as folder:
            if arguments.only != "search":
                minutes = arguments.hand_minutes or arguments.minutes
                row["by_hand"] = by_hand(max_kb, minutes, arguments.seed, folder, test)
            if arguments.only != "by_hand":
                how = (arguments.seed, folder, arguments.latent_dim)
                row["search"] = searched(max_kb, arguments.minutes, *how)
        if {"by_hand", "search"} <= set(row):
            row["ratio"] = row["search"]["mse"] / row["by_hand"]["mse"]
        print(row, flush=True)
        rows = [known[size] for size in sorted(known)]
        file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows)


def by_hand(max_kb, minutes, seed, folder, test):
    """The largest of the halved ones whose file fits, trained for so long."""
    space = Space(SHAPE, CODE)
    begin = time.perf_counter()
    for number, parameters in enumerate(space.by_hand()):
        candidate = space.candidate(parameters)
        how = {"latent_dim": CODE, "seed": seed, **candidate.options}
        if candidate.costs(SHAPE).size > 1100 * max_kb:  # far too large to be exported for it
            continue
        short = Path(folder) / f"size-{number}"  # it has the size that the trained one will have
        tried = aezoo.train(candidate.model, "mnist", epochs=1, output=short, **how)
        if exported(tried, test).size > 1000 * max_kb:
            continue
        whole = Path(folder) / f"hand-{number}"
        run = aezoo.train(candidate.model, "mnist", minutes=minutes, output=whole, **how)
        report = exported(run, test)
        return {
            "options": candidate.options,
            "latent_size": candidate.latent_dim,
            "kb": report.size / 1000,
            "us": report.latency["median_us"],
            "mse": float(aezoo.LiteModel(report.path).score(test).mean()),
            "seconds": round(time.perf_counter() - begin),
        }
    raise ValueError(f"no network by hand fits in {max_kb} kB")


def exported(run, test):
    """The int8 file of a run, taken as the search takes its own: by its error, a hair or not."""
    x = aezoo.load_dataset("mnist").x
    return export_to(run.folder, run.model, "int8", x, test, tolerance=COARSE)


def searched(max_kb, minutes, seed, folder, latent_dim):
    begin = time.perf_counter()
    found = aezoo.search(
        "mnist",
        max_kb=max_kb,
        minutes=minutes,
        seed=seed,
        output=Path(folder) / "search",
        latent_dim=latent_dim,
        progress=lambda said: print(said, flush=True),
    )
    best = found.best
    return {
        "model": best.model,
        "options": best.options,
        "latent_size": best.latent_size,
        "kb": best.kb,
        "us": best.us,
        "mse": best.test_error,
        "seconds": round(time.perf_counter() - begin),
        "tried": found.tried,
        "front": [[point.model, point.kb, point.us, point.test_error] for point in found.front],
    }


def show(rows):
    table = Table("budget, kB", "by", "model", "code", "kB", "µs", "test MSE", "of by hand's")
    for row in rows:
        for by in (key for key in ("by_hand", "search") if key in row):
            one = row[by]
            table.add_row(
                f"{row['max_kb']:g}",
                by.replace("_", " "),
                f"{one.get('model', 'conv')} {one['options']}",
                str(one["latent_size"]),
                f"{one['kb']:.1f}",
                f"{one['us']:.0f}",
                f"{one['mse']:.5f}",
                f"{row['ratio']:.2f}" if by == "search" and "ratio" in row else "",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
