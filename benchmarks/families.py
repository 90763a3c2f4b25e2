"""How well does each family reconstruct? Trains all of them, prints a table, writes it as JSON.

    python benchmarks/families.py                 # MNIST, as TFDS finds it on disk
    python benchmarks/families.py --models conv residual --output none

Every deterministic family has a code of 16 numbers and 10 epochs, all else as `aezoo.build` gives
it. The variational one is trained on images binarized anew in every epoch and measured in nats by
the importance-weighted bound; the vector-quantized one has 7x7 codes out of 128.

Two are not below half of PCA's error, and cannot be: the decoder of `vanilla` is linear but for the
output's sigmoid, and `masked` is never trained on what it sees, only on what is hidden from it.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.special import logsumexp

import aezoo
from aezoo.evaluation import evaluate

LATENT = 16
EPOCHS = 10
BATCH = 128
HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=aezoo.list_models())
    parser.add_argument("--output", default=str(HERE / "families.json"), help="or none")
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    file = Path(arguments.output)
    rows = {row["model"]: row for row in json.loads(file.read_text())} if file.is_file() else {}
    for name in arguments.models:
        rows[name] = measure(name, train, test)
        if arguments.output != "none":  # each as it comes: all of them take most of an hour
            file.write_text(json.dumps(sorted(rows.values(), key=lambda r: r["model"]), indent=2))
    show(rows.values())


def measure(name, train, test):
    keras.utils.set_random_seed(0)
    begin = time.perf_counter()
    if name == "variational":
        ae, found = variational(train, test)
    elif name == "vector_quantized":
        ae, found = vector_quantized(train, test)
    else:
        ae = aezoo.build(name, (28, 28, 1), LATENT)
        fit(ae, train, EPOCHS)
        metrics = evaluate(ae, test, train)
        found = {"mse": metrics["mse"], "of_pca": metrics["mse"] / metrics["pca_mse"]}
    seconds = time.perf_counter() - begin
    command = f"python benchmarks/families.py --models {name}"
    row = {
        "model": name,
        "command": command,
        **found,
        "parameters": ae.count_params(),
        "seconds": round(seconds),
    }
    print(row, flush=True)
    return row


def fit(ae, x, epochs, rate=2e-3, max_shift=0):
    """Trains with a rate that falls to 0 by half a cosine."""
    steps = epochs * -(-len(x) // BATCH)
    ae.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    if max_shift:
        ae.fit(aezoo.augmentation.shifted(x, BATCH, max_shift), epochs=epochs, verbose=0)
    else:
        ae.fit(x, epochs=epochs, batch_size=BATCH, verbose=0)


def variational(train, test, epochs=40, samples=200, images=1000):
    """The mean of log (1/k) sum_i p(x, z_i) / q(z_i | x), Burda et al., arXiv:1509.00519."""
    ae = aezoo.variational(
        (28, 28, 1),
        LATENT,
        backbone="dense",
        hidden_units=(512, 512),
        likelihood="bernoulli",
    )
    rng = np.random.default_rng(0)
    rate = 1e-3
    for epoch in track(range(epochs), "variational"):
        ae.optimizer.learning_rate = rate * (1 + np.cos(np.pi * epoch / epochs)) / 2
        binary = (rng.random(train.shape) < train).astype("float32")
        ae.fit(binary, batch_size=BATCH, verbose=0)
    x = (rng.random(test[:images].shape) < test[:images]).astype("float32")
    mean, log_var = ae.encode_distribution(x)
    terms = np.empty((samples, images))
    for i in range(samples):
        noise = rng.normal(size=mean.shape)
        z = mean + np.exp(log_var / 2) * noise
        p = np.clip(ae.decode(z.astype("float32")), 1e-7, 1 - 1e-7)
        log_likelihood = np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2, 3))
        # log p(z) - log q(z | x); the constants of both densities are equal
        log_prior = -0.5 * np.sum(z**2, axis=1)
        log_q = -0.5 * np.sum(noise**2 + log_var, axis=1)
        terms[i] = log_likelihood + log_prior - log_q
    bound = np.mean(logsumexp(terms, axis=0) - np.log(samples))
    return ae, {"nats": float(-bound)}


def vector_quantized(train, test):
    ae = aezoo.vector_quantized((28, 28, 1), LATENT, num_embeddings=128)
    fit(ae, train, EPOCHS)
    used = len(np.unique(ae.encode_indices(test)))
    mse = float(ae.reconstruction_error(test).mean())
    return ae, {"mse": mse, "codes_used": used / 128}


def show(rows):
    table = Table("model", "test MSE", "of PCA's", "nats", "codes used", "parameters", "seconds")
    for row in rows:
        table.add_row(
            row["model"],
            *(f"{row[key]:{form}}" if key in row else "" for key, form in (
                ("mse", ".5f"), ("of_pca", ".2f"), ("nats", ".2f"), ("codes_used", ".0%"),
            )),
            f"{row['parameters']:,}",
            str(row["seconds"]),
        )  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
