"""What does a pretrained model cost on a device? Size, error and latency by precision.

    python benchmarks/edge.py

Each model is exported here in every precision, checked on the test split and timed on this
machine, one sample at a time on one thread, the median of many. Beside it stand Keras's `predict`
and the conversion that tutorials show, `TFLiteConverter.from_keras_model`, which quantizes weights
alone and has no `encode`.
"""

import argparse
import json
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

MODELS = ("conv", "deep", "residual")
PRECISIONS = (None, "float16", "dynamic", "int8")
HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--output", default=str(HERE / "edge.json"), help="or none")
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    rows = []
    for name in arguments.models:
        rows += measure(name, train, test)
    if arguments.output != "none":
        Path(arguments.output).write_text(json.dumps(rows, indent=2) + "\n")
    show(rows)


def measure(name, train, test):
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
                row["form"] += ": refused"
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
    for row in rows:
        print(row, flush=True)
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


def show(rows):
    table = Table("model", "form", "kB", "test MSE", "µs a sample")
    for row in rows:
        table.add_row(
            row["model"],
            row["form"],
            f"{row['bytes'] / 1e3:,.0f}" if "bytes" in row else "",
            f"{row['mse']:.5f}" if "mse" in row else "",
            f"{row['microseconds']:,.0f}" if "mse" in row else "",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
