"""How like real digits are those that samplers draw? Frechet distances of a classifier's features.

    python benchmarks/generation.py                     # ten minutes

10,000 test images of MNIST, beside as many from each pretrained model and sampler, in the 64
features of a small classifier's last hidden layer, which is trained here on the training split.
Distances depend on how many samples there are; as many training images are the floor. What
`variational` draws from its prior is what others are compared with. Mixtures and kernels are
fitted to the codes of the training images.
"""

import argparse
import json
from pathlib import Path

import keras
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.evaluation import likeness, nearest
from aezoo.registry import weights

HERE = Path(__file__).parent
MODELS = ("variational-mnist", "conv-mnist", "deep-mnist", "residual-mnist")
SAMPLERS = ("normal", "gaussian_mixture", "kernel_density")
FITTED = 20_000  # training images whose codes samplers are fitted to
EPOCHS = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=MODELS, choices=weights.names())
    parser.add_argument("--output", default=HERE / "generation.json", type=Path)
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split) for split in ("train", "test"))
    features, accuracy = classifier(train, test)
    real = features(test.x)
    found = {"accuracy": accuracy, "rows": []}

    def add(name, sampler, x):
        row = {"model": name, "sampler": sampler, **likeness(real, features(x))._asdict()}
        row["nearest"] = float(nearest(x[:500], train.x)[1].mean())
        found["rows"].append(row)
        arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    add("training images", "", train.x[: len(test.x)])
    for name in arguments.models:
        card = weights.read_card(weights.folder() / name)
        ae = aezoo.build(card["model"], weights=weights.folder() / name)
        add(name, "reconstructed", ae.reconstruct(test.x))
        for sampler in SAMPLERS:
            add(name, sampler, ae.sample(len(test.x), sampler, x=train.x[:FITTED], seed=0))
    show(found)


def classifier(train, test):
    """The last hidden layer of a small convolutional network, and its accuracy."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
        ]
    )
    whole = keras.Sequential([hidden, layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile("adam", loss, metrics=["accuracy"])
    whole.fit(train.x, train.y, epochs=EPOCHS, batch_size=128, verbose=0)
    accuracy = whole.evaluate(test.x, test.y, verbose=0)[1]
    return lambda x: hidden.predict(x, batch_size=500, verbose=0), accuracy


def show(found):
    console = Console()
    columns = ("frechet", "precision", "recall", "density", "coverage")
    table = Table("model", "sampler", *columns, "MSE to the nearest training image")
    for row in found["rows"]:
        cells = (f"{row[key]:.2f}" for key in columns)
        table.add_row(row["model"], row["sampler"], *cells, f"{row['nearest']:.4f}")
    console.print(table)
    console.print(f"The classifier has an accuracy of {found['accuracy']:.4f}.")


if __name__ == "__main__":
    main()
