"""What do exports cost? Trains a model of each family, exports it in every form, prints a table.

    python benchmarks/export.py --data mnist --epochs 5       # as TFDS finds it on disk
    python benchmarks/export.py --data table.csv --models deep

Every line is measured on the test split against the Keras model in the same process: reconstruction
error before and after, rank correlation of the scores, size, and latency of one sample beside that
of a compiled call of Keras; for microcontrollers the most int8 steps between LiteRT and TensorFlow
Lite Micro in reconstruct, encode and decode. `over` marks what is beyond the bound that
`aezoo.export_tflite` enforces, `refused` what it cannot convert.
"""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.training import EXPORTS, export_to


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--models", nargs="*", default=None, help="default: all of the zoo")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--latent-dim", type=int, default=None)
    arguments = parser.parse_args()

    table = Table(
        *("model", "export", "bytes", "of float32", "largest difference"),
        *("MSE", "change", "ranks", "µs", "compiled Keras", "Micro"),
        title=f"Exports of models trained on {arguments.data}",
    )
    train, test = (aezoo.load_dataset(arguments.data, split) for split in ("train", "test"))
    for name in arguments.models or aezoo.list_models():
        with tempfile.TemporaryDirectory() as folder:
            run = aezoo.train(
                name,
                arguments.data,
                epochs=arguments.epochs,
                latent_dim=arguments.latent_dim,
                output=f"{folder}/run",
            )
            sizes = {}
            for kind in EXPORTS:
                report, verdict = measured(run, kind, train.x, test.x)
                if report is None:
                    table.add_row(name, kind, "refused")
                    print(f"{name}, {kind}: {verdict}")
                    continue
                sizes[kind] = report.size
                add_row(table, name, kind, report, sizes.get("float32"), verdict)
        table.add_section()
    Console(width=132).print(table)


def measured(run, kind, x_train, x_test):
    """The report of an export, also of one that is beyond its bound, and the verdict."""
    try:
        return export_to(Path(run.folder), run.model, kind, x_train, x_test), ""
    except aezoo.ExportError as error:
        return (error.report, " over") if error.report else (None, str(error))


def add_row(table, name, kind, report, float_size, verdict):
    parity, latency = report.parity, report.latency
    change = parity["mse_export"] / parity["mse_keras"] - 1
    table.add_row(
        name,
        kind,
        f"{report.size:,}",
        f"{report.size / float_size:.1%}" if float_size else "",
        f"{parity['max_difference']:.1e}",
        f"{parity['mse_export']:.5f}",
        f"{change:+.2%}{verdict}",
        f"{parity['rank_correlation']:.4f}",
        f"{latency['median_us']:.0f}",
        f"{latency['compiled_us']:.0f}",
        ", ".join(f"{name[0]} {part['difference']}" for name, part in report.micro.items()),
    )


if __name__ == "__main__":
    main()
