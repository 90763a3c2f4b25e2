"""How like real digits are those that samplers draw? Frechet distances of a classifier's features.

    python benchmarks/generation.py                     # 15 minutes

10,000 test images of MNIST, beside as many from each pretrained model and sampler, in the 64
features of the zoo's classifier, see `aezoo.evaluation.class_features`. Distances depend on how
many samples there are; as many training images are the floor. What `variational` draws from its
prior is what others are compared with. Samplers are fitted to the codes of 20,000 training images.
A model with a codebook is trained here.
"""

import argparse
import json
from pathlib import Path

import keras
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.evaluation import class_features, likeness, nearest
from aezoo.registry import weights
from aezoo.sampling import SAMPLERS

HERE = Path(__file__).parent
MODELS = ("variational-mnist", "conv-mnist", "deep-mnist", "residual-mnist")
FITTED = 20_000  # training images whose codes samplers are fitted to
EPOCHS = 5  # of the model with a codebook


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=MODELS, choices=weights.names())
    parser.add_argument("--output", default=HERE / "generation.json", type=Path)
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split) for split in ("train", "test"))
    real = class_features(test.x)
    found = {"rows": []}

    def add(name, sampler, x):
        row = {"model": name, "sampler": sampler, **likeness(real, class_features(x))._asdict()}
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
    ae = codebook(train.x)
    add(ae.name, "reconstructed", ae.reconstruct(test.x))
    add(ae.name, "autoregressive", ae.sample(len(test.x), x=train.x[:FITTED], seed=0))
    show(found)


def codebook(x):
    """An autoencoder with a codebook, 7 x 7 places of 64 levels."""
    keras.utils.set_random_seed(0)
    ae = aezoo.build("vector_quantized", (28, 28, 1), 8, num_embeddings=64)
    ae.fit(x, epochs=EPOCHS, batch_size=128, verbose=0)
    return ae


def show(found):
    console = Console()
    columns = ("frechet", "precision", "recall", "density", "coverage")
    table = Table("model", "sampler", *columns, "MSE to the nearest training image")
    for row in found["rows"]:
        cells = (f"{row[key]:.2f}" for key in columns)
        table.add_row(row["model"], row["sampler"], *cells, f"{row['nearest']:.4f}")
    console.print(table)


if __name__ == "__main__":
    main()
