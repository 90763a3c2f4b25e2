"""How well do codes of each size reconstruct? Every deterministic family beside PCA, on MNIST.

    python benchmarks/quality.py                                # all: two hours
    python benchmarks/quality.py --only sweep --models conv --latent-dims 2 32 --seeds 0
    python benchmarks/quality.py --only networks --networks 784-128-64-12-3

The sweep trains each family on 2,000 images as `aezoo train` does with nothing but the size of the
code said, which keeps what was best on validation images, and draws the elbow. The networks are
well-known ones, trained until they have settled: 784-1000-500-250-30 has 3.00 summed over the image
in Hinton and Salakhutdinov, Science 313, 2006. Activation, rate and shift were chosen by these
errors.

Each result is written as it comes, and lines that are not asked for are kept.
"""

import argparse
import contextlib
import io
import json
import logging
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from families import fit
from rich.console import Console
from rich.table import Table
from sklearn.decomposition import PCA

import aezoo

SIZES = (2, 8, 32)
SAMPLES = 2000  # to train on, for the sweep
MOST = {"contractive": 32}  # the time of its exact Jacobian grows with the code
HERE = Path(__file__).parent
NETWORKS = {  # name: units and size of the code, then epochs, learning rate, shift; most error
    "784-512-256-128": ((512, 256), 128, (40, 1e-3, 1), 0.0020),
    "784-1000-500-250-30": ((1000, 500, 250), 30, (40, 1e-3, 1), 2.8 / 784),
    "784-128-64-12-3": ((128, 64, 12), 3, (100, 4e-3, 0), 0.0290),
}


def main():
    families = [name for name in aezoo.list_models() if deterministic(name)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("sweep", "networks"))
    parser.add_argument("--models", nargs="*", default=families, choices=families)
    parser.add_argument("--latent-dims", nargs="*", type=int, default=SIZES)
    parser.add_argument("--seeds", nargs="*", type=int, default=(0, 1))
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument(
        "--output", default=str(HERE / "quality"), help="without an ending, or none"
    )
    arguments = parser.parse_args()
    logging.getLogger("aezoo").setLevel(logging.ERROR)
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    file = Path(arguments.output + ".json")
    found = json.loads(file.read_text()) if file.is_file() else {"sweep": {}, "networks": {}}

    def keep(part, name, key, value):
        found[part].setdefault(name, {})[key] = value
        print(part, name, key, value, flush=True)
        if arguments.output != "none":
            file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")

    if arguments.only != "networks":
        some = train[np.random.default_rng(0).permutation(len(train))[:SAMPLES]]
        for size, error in pca(some, test, arguments.latent_dims).items():
            keep("sweep", "PCA", str(size), [error])
        with tempfile.TemporaryDirectory() as folder:
            file_of_some = Path(folder) / "mnist.npz"
            np.savez(file_of_some, x_train=some, x_test=test)
            for name in arguments.models:
                for size in (n for n in arguments.latent_dims if n <= MOST.get(name, n)):
                    runs = [as_commanded(name, file_of_some, size, s) for s in arguments.seeds]
                    keep("sweep", name, str(size), runs)
    if arguments.only != "sweep":
        for name in arguments.networks:
            units, size, settings, most = NETWORKS[name]
            keras.utils.set_random_seed(0)
            ae = aezoo.deep((28, 28, 1), size, hidden_units=units, activation="gelu")
            result = trained(ae, train, test, *settings)
            for key, value in {**result, "most": most, **pca(train, test, [size])}.items():
                keep("networks", name, "pca" if key == size else key, value)
    show(found)
    if found["sweep"] and arguments.output != "none":
        aezoo.plots.elbow(means(found["sweep"])).savefig(file.with_suffix(".png"), dpi=120)


def deterministic(name):
    """Whether a family's code is so many numbers, and always the same ones for a sample."""
    bottleneck = aezoo.build(name, (8, 8, 1), 4).bottleneck
    return not hasattr(bottleneck, "split") and not hasattr(bottleneck, "indices")


def pca(train, test, sizes):
    """The test error of PCA with so many components."""
    train, test = (x.reshape(len(x), -1) for x in (train, test))
    model = PCA(max(sizes), svd_solver="covariance_eigh").fit(train)
    scores = model.transform(test)
    rebuilt = {n: scores[:, :n] @ model.components_[:n] + model.mean_ for n in sizes}
    return {n: float(np.mean(np.square(test - x))) for n, x in rebuilt.items()}


def as_commanded(name, file, size, seed):
    """The test error of `aezoo train NAME --data FILE --latent-dim SIZE --seed SEED`."""
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        output = Path(folder) / "run"
        return aezoo.train(name, file, latent_dim=size, seed=seed, output=output).metrics["mse"]


def means(sweep):
    """The errors over the seeds."""
    return {
        name: {size: statistics.mean(errors) for size, errors in row.items()}
        for name, row in sweep.items()
    }


def trained(ae, train, test, epochs, rate, max_shift):
    """Trains a model. Returns its test error, and what that took."""
    begin = time.perf_counter()
    fit(ae, train, epochs, rate, max_shift)
    seconds = time.perf_counter() - begin
    mse = float(ae.reconstruction_error(test).mean())
    return {"mse": mse, "epochs": epochs, "seconds": round(seconds)}


def show(found):
    sweep = means(found["sweep"])
    sizes = sorted({int(size) for row in sweep.values() for size in row})
    table = Table("test MSE", *map(str, sizes), title="By the size of the code")
    for name, row in sweep.items():
        table.add_row(name, *(f"{row[str(n)]:.5f}" if str(n) in row else "" for n in sizes))
    Console(width=110).print(table)
    table = Table("network", "epochs", "test MSE", "at most", "PCA's")
    for name, row in found["networks"].items():
        missed = "" if row["mse"] <= row["most"] else "  MISSED"
        figures = (f"{row[key]:.5f}" for key in ("most", "pca"))
        table.add_row(name, str(row["epochs"]), f"{row['mse']:.5f}{missed}", *figures)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
