"""Does one unit say one thing? The mutual information gap on images of which all is known.

    python benchmarks/disentangling.py                    # 20 minutes

10,000 images of 32x32, each a long box: its place across and down,
its size and its angle are one of ten values each, all drawn alike. Codes of six numbers, the same
dense network, training and seeds for every family; its weight of the total correlation is the
family's default. Gaps are those of `aezoo.evaluation.mutual_information_gap`, of the means of codes
of other images than those trained on, as a mean over the four factors.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.evaluation import mutual_information_gap

HERE = Path(__file__).parent
FAMILIES = ("variational", "total_correlation", "factor", "disentangled")
SIZE, VALUES, LATENT, EPOCHS, BATCH = 32, 10, 6, 40, 128
FACTORS = ("across", "down", "size", "angle")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", default=HERE / "disentangling.json", type=Path)
    arguments = parser.parse_args()
    (train, _), (test, factors) = drawn(10_000, seed=0), drawn(5_000, seed=1)
    file = arguments.output
    rows = json.loads(file.read_text()) if file.is_file() else []
    for seed in range(arguments.seeds):
        for family in arguments.families:
            row = {"family": family, "seed": seed, **measured(family, seed, train, test, factors)}
            rows = [old for old in rows if any(old[key] != row[key] for key in ("family", "seed"))]
            rows.append(row)
            print(row, flush=True)
            file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows)


def drawn(n, seed):
    """Images of `(n, SIZE, SIZE, 1)` in [0, 1], and the number of each factor's value."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(VALUES, size=(n, len(FACTORS)))
    across, down, size, angle = (factors.T / (VALUES - 1))[:, :, None, None]
    y, x = np.mgrid[:SIZE, :SIZE][:, None]
    x, y = x - (9 + 13 * across), y - (9 + 13 * down)
    turned = np.pi * angle * (VALUES - 1) / VALUES  # a long box is the same after half a turn
    long = x * np.cos(turned) + y * np.sin(turned)
    short = y * np.cos(turned) - x * np.sin(turned)
    half = 3 + 4 * size
    # the distance from the edge, so that what lies between two pixels is seen
    inside = np.minimum(half - np.abs(long), half / 2.5 - np.abs(short))
    return np.clip(inside + 0.5, 0, 1)[..., None].astype("float32"), factors


def measured(family, seed, train, test, factors):
    keras.utils.set_random_seed(seed)
    begin = time.perf_counter()
    ae = aezoo.build(
        family,
        train.shape[1:],
        LATENT,
        backbone="dense",
        hidden_units=(256, 256),
        likelihood="bernoulli",
    )
    ae.optimizer.learning_rate = 1e-3
    ae.fit(train, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    seconds = time.perf_counter() - begin
    gaps = mutual_information_gap(ae.encode(test), factors)
    error = float(ae.reconstruction_error(test).mean())
    by_factor = dict(zip(FACTORS, map(float, gaps), strict=True))
    return {"gap": float(gaps.mean()), **by_factor, "mse": error, "seconds": seconds}


def show(rows):
    table = Table("family", "gap", "over variational's", *FACTORS, "MSE", "seconds")
    means = {}
    for family in FAMILIES:
        own = [row for row in rows if row["family"] == family]
        if own:
            means[family] = {
                key: np.mean([row[key] for row in own]) for key in own[0] if key != "family"
            }
            spread = np.std([row["gap"] for row in own])
            mean = means[family]
            ratio = mean["gap"] / means["variational"]["gap"] if "variational" in means else np.nan
            table.add_row(
                family,
                f"{mean['gap']:.3f} +- {spread:.3f}",
                f"{ratio:.2f}",
                *(f"{mean[key]:.2f}" for key in FACTORS),
                f"{mean['mse']:.4f}",
                f"{mean['seconds']:.0f}",
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
