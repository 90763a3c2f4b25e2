"""What do the codes of the pretrained models know of classes, beside raw samples and PCA?

    python benchmarks/features.py                       # a quarter of an hour
    python benchmarks/features.py --models conv-mnist

A linear classifier and the nearest neighbours, see `aezoo.probe`, with 100 and 1,000 labels in ten
draws, and with all of them; accuracies on the test split.
"""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.registry import weights

HERE = Path(__file__).parent
LABELS = (100, 1000, None)
MODELS = ("conv-mnist", "denoising-mnist-affine", "conv-fashion_mnist")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=MODELS, choices=weights.names())
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--output", default=HERE / "features.json", type=Path)
    arguments = parser.parse_args()
    output = arguments.output
    found = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {}
    for name in arguments.models:
        card = weights.read_card(weights.folder() / name)
        ae = aezoo.build(card["model"], weights=weights.folder() / name)
        train, test = (aezoo.load_dataset(card["data"], split) for split in ("train", "test"))
        parts = (train.x, train.y, test.x, test.y)
        rows = aezoo.probe(ae, *parts, labels=LABELS, draws=arguments.draws)
        found[name] = {"latent_size": card["metrics"]["latent_size"], "rows": rows}
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


def show(found):
    table = Table("model", "code", "classifier", "labels", "codes", "raw", "PCA")
    for name, part in found.items():
        rows = part["rows"]
        for labels, classifier in dict.fromkeys((r["labels"], r["classifier"]) for r in rows):
            own = [r for r in rows if (r["labels"], r["classifier"]) == (labels, classifier)]
            cells = (f"{r['accuracy']:.3f} ± {r['spread']:.3f}" for r in own)
            table.add_row(name, str(part["latent_size"]), classifier, f"{labels:,}", *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
