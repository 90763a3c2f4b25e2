"""How likely are test images? Nats of binarized MNIST by the importance-weighted bound.

    python benchmarks/likelihoods.py                      # 20 minutes a seed

Codes of 16 numbers. Images are binarized anew in every epoch, each pixel with its brightness as the
probability of a one, and the rate falls from 1e-3 to 0 by half a cosine. The bound is that of Burda
et al., arXiv:1509.00519, with 200 draws for each of 1,000 test images: the mean of
-log (1/k) sum_i p(x, z_i) / q(z_i | x), of which less is better.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from keras import ops
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.special import logsumexp

import aezoo
from aezoo.layers.gaussian import log_normal

HERE = Path(__file__).parent
LATENT, BATCH, DRAWS, IMAGES, RATE = 16, 128, 200, 1000, 1e-3
NETWORK = {"backbone": "conv", "filters": (32, 64), "hidden_units": (256,)}
FAMILIES = {"variational": {}, "importance_weighted": {"draws": 5}, "vamp": {"pseudo_inputs": 200}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--output", default=HERE / "likelihoods.json", type=Path)
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    file = arguments.output
    rows = json.loads(file.read_text()) if file.is_file() else []
    for seed in range(arguments.seeds):
        for family in arguments.families:
            begin = time.perf_counter()
            ae = trained(family, train, arguments.epochs, seed)
            seconds = time.perf_counter() - begin
            row = {
                "family": family,
                "seed": seed,
                "epochs": arguments.epochs,
                "nats": bound(ae, binarized(test[:IMAGES], np.random.default_rng(0))),
                "parameters": ae.count_params(),
                "seconds": seconds,
            }
            rows = [old for old in rows if any(old[key] != row[key] for key in ("family", "seed"))]
            rows.append(row)
            print(row, flush=True)
            file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows)


def binarized(x, rng):
    return (rng.random(x.shape, "float32") < x).astype("float32")


def trained(family, x, epochs, seed):
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    how = {**NETWORK, **FAMILIES[family]}
    ae = aezoo.build(family, x.shape[1:], LATENT, likelihood="bernoulli", **how)
    for epoch in track(range(epochs), family):
        ae.optimizer.learning_rate = RATE * (1 + np.cos(np.pi * epoch / epochs)) / 2
        ae.fit(binarized(x, rng), batch_size=BATCH, verbose=0)
    return ae


def bound(ae, x):
    """The mean of log (1/k) sum_i p(x, z_i) / q(z_i | x), with the sign changed."""
    rng = np.random.default_rng(0)
    mean, log_var = ae.encode_distribution(x)
    log_prior = getattr(ae.bottleneck, "log_prior", lambda z: ops.sum(log_normal(z), axis=1))
    terms = np.empty((DRAWS, len(x)))
    for i in range(DRAWS):
        z = (mean + np.exp(log_var / 2) * rng.normal(size=mean.shape)).astype("float32")
        p = np.clip(ae.decode(z), 1e-7, 1 - 1e-7)
        log_likelihood = np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2, 3))
        log_q = ops.sum(log_normal(z, mean, log_var), axis=1)
        terms[i] = log_likelihood + ops.convert_to_numpy(log_prior(z) - log_q)
    return float(-np.mean(logsumexp(terms, axis=0) - np.log(DRAWS)))


def show(rows):
    table = Table("family", "nats", "seeds", "epochs", "parameters", "seconds")
    for family in FAMILIES:
        own = [row for row in rows if row["family"] == family]
        if own:
            table.add_row(
                family,
                f"{np.mean([row['nats'] for row in own]):.2f}",
                str(len(own)),
                str(own[0]["epochs"]),
                f"{own[0]['parameters']:,}",
                f"{np.mean([row['seconds'] for row in own]):.0f}",
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
