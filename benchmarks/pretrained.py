"""What are the pretrained models worth? Measures each on its test split, beside PCA fitted here.

    python benchmarks/pretrained.py

The summed error is the squared error over all pixels of an image, as older papers give it: 3.00 for
30 numbers on MNIST, Hinton and Salakhutdinov, Science 313, 2006, with 784-1000-500-250-30.
"""

import argparse
import json
import math
from pathlib import Path

from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.data.named import is_named
from aezoo.evaluation import evaluate
from aezoo.registry import weights

HERE = Path(__file__).parent
KEPT = ("mse", "psnr", "ssim", "pca_mse", "latent_size", "parameters")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default=str(HERE / "pretrained.json"), help="or none")
    arguments = parser.parse_args()
    rows = [
        measure(model, name, card)
        for (model, name), card in weights.cards().items()
        # photographs.py and denoising.py measure the others
        if is_named(card["data"]) and card["metrics"]["compression_ratio"] > 1
    ]
    rows.sort(key=lambda row: (row["data"], row["mse"]))
    if arguments.output != "none":
        Path(arguments.output).write_text(json.dumps(rows, indent=2) + "\n")
    show(rows)


def measure(model, name, card):
    train, test = (aezoo.load_dataset(card["data"], split).x for split in ("train", "test"))
    ae = aezoo.build(model, weights=name)
    metrics = evaluate(ae, test, train)
    files = {
        "weights": card["folder"] / weights.FILE,
        "float32": card["folder"] / "model-float32.tflite",
        "int8": card["folder"] / "model-int8.tflite",
    }
    row = {
        "model": model,
        "data": name,
        **{key: metrics[key] for key in KEPT if key in metrics},
        "summed": metrics["mse"] * math.prod(test.shape[1:]),
        "of_pca": metrics["mse"] / metrics["pca_mse"],
        "bytes": {key: path.stat().st_size for key, path in files.items() if path.exists()},
    }
    print(row, flush=True)
    return row


def show(rows):
    table = Table(
        *("data", "model", "code", "test MSE", "summed", "of PCA's", "parameters"),
        *("weights", "float32", "int8 (kB)"),
    )
    for row in rows:
        kilobytes = {key: f"{size / 1e3:,.0f}" for key, size in row["bytes"].items()}
        table.add_row(
            row["data"],
            row["model"],
            str(row["latent_size"]),
            f"{row['mse']:.5f}",
            f"{row['summed']:.2f}",
            f"{row['of_pca']:.2f}",
            f"{row['parameters']:,}",
            *(kilobytes.get(key, "") for key in ("weights", "float32", "int8")),
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
