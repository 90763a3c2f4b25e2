"""What `aezoo train` makes of data that people bring: test errors beside PCA's.

    python benchmarks/own_data.py                               # all: hours, on two cores
    python benchmarks/own_data.py --data digits ecg-300 --models deep conv --seeds 0
    python benchmarks/own_data.py --only time                   # against a plain fit

Every model is trained with nothing said but its name. Data are digits, MNIST, Fashion-MNIST and
CIFAR-10 (few samples and some), the normal beats of ECG5000, the normal rows of tables of ADBench,
and pieces of photographs; `--folder` has them, see the README beside this file. Those that are not
there are left out, and said to be. Tables and photographs that come with scikit-learn were not
looked at until all was chosen.

Each result is written as it comes, and lines that are not asked for are kept.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import sklearn.datasets
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import train_test_split

import aezoo

HERE = Path(__file__).parent
TESTED = 2000  # test images of the large sets
PIECE = 64  # pixels, of photographs
MODELS = {  # name: the most that its error may be, over PCA's
    **dict.fromkeys(("deep", "conv", "residual"), 1.0),
    **dict.fromkeys(("vanilla", "denoising", "contractive", "sparse", "variational"), 1.1),
}
STRONG = ("deep", "conv", "residual")  # whose median counts
PLAIN = {"linear_path": False, "dropout": 0.0, "max_shift": 0, "flip": False, "learning_rate": 2e-3}
TIMED = ("digits", "digits-200", "ecg-300", "photos-300", "cifar10-500", "6_cardio")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("errors", "time"))
    parser.add_argument("--data", nargs="*", help="default: all")
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--folder", default=os.environ.get("AEZOO_TEST_DATA", "data"), type=Path)
    parser.add_argument("--output", default=str(HERE / "own_data.json"), type=Path)
    arguments = parser.parse_args()
    logging.getLogger("aezoo").setLevel(logging.ERROR)
    sources = every(arguments.folder)
    for name in arguments.data or sources:
        if name not in sources:
            parser.error(f"--data takes {', '.join(sources)}. Received: {name}")
    found = json.loads(arguments.output.read_text()) if arguments.output.is_file() else {}

    def keep(part, name, value):
        found.setdefault(part, {})[name] = value
        print(part, name, value, flush=True)
        text = json.dumps(found, indent=1, sort_keys=True) + "\n"
        arguments.output.write_text(text, encoding="utf-8")

    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.data or sources:
            try:
                x_train, x_test = sources[name]()
            except FileNotFoundError as error:
                print(f"{name} is left out: {error}")
                continue
            file = Path(folder) / f"{name}.npz"
            np.savez(file, x_train=x_train, x_test=x_test)
            for seed in arguments.seeds if arguments.only != "time" else ():
                for model in arguments.models:
                    if model != "conv" or x_train.ndim > 2:
                        keep("errors", f"{name} {model} {seed}", trained(model, file, seed))
            if arguments.only != "errors" and name in TIMED:
                for model in STRONG[: 1 + (x_train.ndim > 2)]:
                    keep("time", f"{name} {model}", pair(model, file))
            file.unlink()
    show(found)


def every(folder):
    """Names of data, to functions that return training and test samples."""

    def images(name, count):
        def load():
            x = aezoo.load_dataset(name, "train").x
            chosen = np.random.default_rng(0).permutation(len(x))[:count]
            return x[chosen], aezoo.load_dataset(name, "test").x[:TESTED]

        return load

    def beats(count):
        def load():
            with np.load(folder / "ecg5000.npz") as file:
                x = file["x"][file["anomaly"] == 0]
            return halves(x, count)

        return load

    def photographs(count):
        return lambda: (
            pieces(folder / "photos/train400", count, 0),
            pieces(folder / "photos/bsd68", 680, 1),
        )

    def table(file):
        def load():
            with np.load(file) as content:
                x = content["X"][content["y"] == 0]
            return halves(x.astype("float32"))

        return load

    digits = aezoo.load_dataset("digits", "train").x, aezoo.load_dataset("digits", "test").x
    sources = {"digits": lambda: digits, "digits-200": lambda: (digits[0][:200], digits[1])}
    for name in ("mnist", "fashion_mnist", "cifar10"):
        sources |= {f"{name}-{count}": images(name, count) for count in (500, 5000)}
    sources |= {"ecg-300": beats(300), "ecg": beats(None)}
    sources |= {f"photos-{count}": photographs(count) for count in (300, 3000)}
    sources |= {file.stem: table(file) for file in sorted(folder.glob("adbench/*.npz"))}
    for name in ("breast_cancer", "diabetes", "wine"):
        loaded = getattr(sklearn.datasets, f"load_{name}")
        sources[name] = lambda loaded=loaded: halves(loaded().data.astype("float32"))
    return sources | {"colour-200": colours}


def colours():
    """200 pieces out of the left of two photographs, to be tested on their right."""
    images = [image / np.float32(255) for image in sklearn.datasets.load_sample_images().images]
    middle = images[0].shape[1] // 2
    left, right = ([image[:, part] for image in images] for part in np.s_[:middle, middle:])
    return squares(left, 200, 0), squares(right, 200, 1)


def halves(x, count=None):
    """Four fifths to train on, or so many of them, and a fifth to test with."""
    x_train, x_test = train_test_split(x, test_size=0.2, random_state=0)
    return x_train[:count], x_test


def pieces(folder, count, seed):
    """Squares out of the images of a folder."""
    files = sorted(folder.glob("*.png"))
    if not files:
        raise FileNotFoundError(f"there is no image in {folder}")
    return squares([aezoo.data.images.read_image(file) for file in files[:count]], count, seed)


def squares(images, count, seed):
    """Squares at random out of images, in turns."""
    generator = np.random.default_rng(seed)
    found = []
    for i in range(count):
        image = images[i % len(images)]
        top, left = (generator.integers(n - PIECE + 1) for n in image.shape[:2])
        found.append(image[top : top + PIECE, left : left + PIECE])
    return np.stack(found)


def trained(model, file, seed, **options):
    """Trains as the command does, and returns errors, seconds and what was chosen."""
    keras.backend.clear_session()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run = aezoo.train(model, file, seed=seed, output=Path(folder) / "run", **options)
        training = json.loads((run.folder / "metrics.json").read_text())["training"]
    return {
        "mse": run.metrics["mse"],
        "pca": run.metrics["pca_mse"],
        "ratio": round(run.metrics["mse"] / run.metrics["pca_mse"], 4),
        "fit": training["seconds"],
        "seconds": round(time.perf_counter() - begin, 1),
        "chosen": run.chosen,
    }


def pair(model, file):
    """Seconds of a run with what is chosen, choosing included, and of a plain one, in turns."""
    rows = [(trained(model, file, seed), trained(model, file, seed, **PLAIN)) for seed in (0, 1)]
    chosen, plain = (statistics.median(row[i]["seconds"] for row in rows) for i in (0, 1))
    return {"chosen": chosen, "plain": plain, "ratio": round(chosen / plain, 2)}


def show(found):
    console = Console(width=120)
    errors = {tuple(key.split()): row["ratio"] for key, row in found.get("errors", {}).items()}
    names = list(dict.fromkeys(name for name, _, _ in errors))
    table = Table("test MSE over PCA's", *MODELS, title="The worse of the seeds")
    for name in names:
        cells = []
        for model in MODELS:
            ratios = [ratio for key, ratio in errors.items() if key[:2] == (name, model)]
            missed = "" if not ratios or max(ratios) <= MODELS[model] else " !"
            cells.append(f"{max(ratios):.3f}{missed}" if ratios else "")
        table.add_row(name, *cells)
    console.print(table)
    for model in MODELS:
        ratios = [ratio for key, ratio in errors.items() if key[1] == model]
        if ratios:
            above = sum(ratio > MODELS[model] for ratio in ratios)
            console.print(
                f"{model}: median {statistics.median(ratios):.3f}, most {max(ratios):.3f}, "
                f"{above} of {len(ratios)} above {MODELS[model]:.2f}"
            )
    strong = [ratio for key, ratio in errors.items() if key[1] in STRONG]
    if strong:
        console.print(f"{', '.join(STRONG)} together: median {statistics.median(strong):.3f}")
    for name, row in found.get("time", {}).items():
        console.print(f"{name}: {row['chosen']:.1f} s, plain {row['plain']:.1f} s: {row['ratio']}")


if __name__ == "__main__":
    main()
