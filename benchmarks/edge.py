"""What does a model cost on a device? Size, error and latency by precision, and what int8 loses.

    python benchmarks/edge.py                                   # all: hours, on two cores
    python benchmarks/edge.py --only precisions --models conv deep
    python benchmarks/edge.py --only int8 --models masked --samples 2000 --epochs 1

`precisions`: each pretrained model is exported here in every precision, checked on the test split
and timed on this machine, one sample at a time on one thread, the median of many. Beside it stand
Keras's `predict` and the conversion that tutorials show, `TFLiteConverter.from_keras_model`, which
quantizes weights alone and has no `encode`.

`int8`: every family, pretrained on MNIST or else trained on it as `aezoo train` does, exported in
int8, in int8 after fine-tuning and in int16x8. Errors and ranks are those that the gate decides by,
of 1,000 images from all over the test split. An export that is refused is measured just so, and
marked.

Each result is written as it comes, and lines that are not asked for are kept.
"""

import argparse
import contextlib
import io
import json
import logging
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.edge import microseconds
from aezoo.system.quiet import native_output_discarded

MODELS = ("conv", "deep", "residual")  # whose precisions are compared
PRECISIONS = (None, "float16", "dynamic", "int8")
INTEGERS = {  # how each is exported, and by how much its error may be larger than in float
    "int8": ("int8", 0.02),
    "fine-tuned int8": ("int8", 0.01),
    "int16x8": ("int16x8", 0.006),
}
RANKS = 0.998  # the rank correlation of scores that is asked for
HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("precisions", "int8"))
    parser.add_argument("--models", nargs="*", choices=aezoo.list_models(), help="default: all")
    parser.add_argument("--epochs", type=int, default=10, help="of families not pretrained")
    parser.add_argument("--samples", type=int, help="training images, default: all")
    parser.add_argument("--output", default=str(HERE / "edge.json"), help="or none")
    arguments = parser.parse_args()
    logging.getLogger("aezoo").setLevel(logging.ERROR)
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    train = train[np.random.default_rng(0).permutation(len(train))[: arguments.samples]]
    file = Path(arguments.output)
    found = json.loads(file.read_text()) if file.is_file() else {}

    def keep(part, row):
        found.setdefault(part, {})[f"{row['model']}, {row['form']}"] = row
        print(part, row, flush=True)
        if arguments.output != "none":
            file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")

    if arguments.only != "int8":
        known = aezoo.list_models(weights="mnist")
        for name in [name for name in arguments.models or MODELS if name in known]:
            for row in precisions(name, train, test):
                keep("precisions", row)
    if arguments.only != "precisions":
        for name in arguments.models or aezoo.list_models():
            ae = trained(name, train, test, arguments.epochs)
            for form in INTEGERS:
                keep("int8", {"model": name, "form": form, **measured(ae, form, train, test)})
    show(found)


def precisions(name, train, test):
    ae = aezoo.build(name, weights="mnist")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for precision in PRECISIONS:
            row = {"model": name, "form": precision or "float32"}
            try:
                with native_output_discarded():
                    report = aezoo.export_tflite(
                        ae,
                        f"{folder}/{precision}.tflite",
                        quantize=precision,
                        calibration_data=train,
                        samples=test,
                    )
            except aezoo.ExportError as error:
                print(error)
                row["refused"] = True
            else:
                row["bytes"] = report.size
                row["mse"] = float(aezoo.LiteModel(report.path).score(test).mean())
                row["microseconds"] = report.latency["median_us"]
            rows.append(row)
        mse = float(ae.reconstruction_error(test).mean())
        for form, key in (("Keras's predict", "predict_us"), ("Keras, compiled", "compiled_us")):
            row = {"model": name, "form": form, "mse": mse}
            rows.append({**row, "microseconds": report.latency[key]})
        rows += [{"model": name, "form": "as in tutorials", **tutorial(ae, test)}]
    return rows


def tutorial(ae, test, runs=1000):
    """Size, error and latency of the conversion with weights in eight bits and no more."""
    plain = keras.Model(ae.inputs, ae.outputs)
    with native_output_discarded():
        converter = tf.lite.TFLiteConverter.from_keras_model(plain)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        content = converter.convert()
    interpreter = Interpreter(model_content=content, num_threads=1)

    def rebuilt(x):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    def prepare(count):
        interpreter.resize_tensor_input(
            interpreter.get_input_details()[0]["index"], (count, *test.shape[1:])
        )
        interpreter.allocate_tensors()

    prepare(len(test))
    mse = float(np.mean(np.square(rebuilt(test) - test)))
    prepare(1)
    times = microseconds(lambda: rebuilt(test[:1]), runs)
    return {"bytes": len(content), "mse": mse, "microseconds": float(np.median(times))}


def trained(name, train, test, epochs):
    """A model that is pretrained on MNIST, or is trained as the command does."""
    if name in aezoo.list_models(weights="mnist"):
        return aezoo.build(name, weights="mnist")
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        file = Path(folder) / "mnist.npz"
        np.savez(file, x_train=train, x_test=test)
        return aezoo.train(name, file, epochs=epochs, output=Path(folder) / "run").model


def measured(ae, form, train, test):
    """What an export in integers loses, also of one that is beyond its bound."""
    quantize, _ = INTEGERS[form]
    refused = None
    with tempfile.TemporaryDirectory() as folder, native_output_discarded():
        try:
            report = aezoo.export_tflite(
                ae,
                f"{folder}/model.tflite",
                quantize=quantize,
                calibration_data=train,
                samples=test,
                fine_tune=train if form.startswith("fine-tuned") else None,
            )
        except aezoo.ExportError as error:
            report, refused = error.report, str(error)
        except ValueError as error:  # of what cannot be fine-tuned
            report, refused = None, str(error)
    if report is None:
        return {"refused": refused}
    parity = report.parity
    return {
        "bytes": report.size,
        "mse_float": parity["mse_keras"],
        "mse": parity["mse_export"],
        "increase": round(parity["mse_export"] / parity["mse_keras"] - 1, 5),
        "ranks": parity["rank_correlation"],
        "refused": refused,
    }


def show(found):
    console = Console(width=120)
    if "precisions" in found:
        table = Table("model", "form", "kB", "test MSE", "µs a sample")
        for row in found["precisions"].values():
            table.add_row(
                row["model"],
                row["form"] + (": refused" if row.get("refused") else ""),
                f"{row['bytes'] / 1e3:,.0f}" if "bytes" in row else "",
                f"{row['mse']:.5f}" if "mse" in row else "",
                f"{row['microseconds']:,.0f}" if "mse" in row else "",
            )
        console.print(table)
    rows = found.get("int8", {})
    if rows:
        asked = [f"{form}, at most {most:+.1%}" for form, (_, most) in INTEGERS.items()]
        table = Table(
            *("model", "test MSE", *asked),
            title=f"Error over that of float; rank correlation, at least {RANKS}. !: beyond that",
        )
        for name in dict.fromkeys(row["model"] for row in rows.values()):
            cells = [told(form, rows.get(f"{name}, {form}")) for form in INTEGERS]
            errors = [
                row["mse_float"] for row in rows.values() if row["model"] == name and "mse" in row
            ]
            table.add_row(name, f"{errors[0]:.5f}" if errors else "", *cells)
        console.print(table)
        for key, row in rows.items():
            if row["refused"]:
                console.print(f"{key}: {row['refused']}", soft_wrap=True)


def told(form, row):
    """What a table says of an export."""
    if row is None or "mse" not in row:
        return "" if row is None else "none"
    missed = row["increase"] > INTEGERS[form][1], row["ranks"] < RANKS
    error, ranks = (" !" if beyond else "" for beyond in missed)
    refused = ", refused" if row["refused"] else ""
    return f"{row['increase']:+.2%}{error}; {row['ranks']:.4f}{ranks}{refused}"


if __name__ == "__main__":
    main()
