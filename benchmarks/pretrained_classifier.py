"""Trains the small classifier whose features compare images, and writes its folder and card.

    python benchmarks/pretrained_classifier.py saved_models/classifier-mnist     # two minutes

Two strided convolutions and a dense layer of 64 features, on the 60,000 training images of MNIST,
moved by a pixel or none; measured on the 10,000 test images.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

import aezoo
from aezoo.evaluation.features import CARD, FILE, LAYER
from aezoo.registry.weights import sha256

EPOCHS = 10
README = """\
# Features of digits

```python
from aezoo.evaluation import class_features, likeness
likeness(class_features(test_images), class_features(generated_images))
```

A small convolutional classifier of MNIST (LeCun, Cortes, Burges; CC BY-SA 3.0): what its last
hidden layer, of {features} features, makes of images of 28 x 28 pixels in [0, 1]. It is there to
compare generated digits with real ones, as Inception's features do for photographs; distances in
other features are others, so compare only figures that were measured with these.

| measured on 10,000 test images | |
| --- | --- |
| accuracy | {accuracy:.4f} |

{parameters:,} parameters, {epochs} epochs on 60,000 training images, seed 0. Made by
`benchmarks/pretrained_classifier.py`; `classifier.json` has the hash of the model.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    train, test = (aezoo.load_dataset("mnist", split) for split in ("train", "test"))
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant"),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu", name=LAYER),
            layers.Dense(10),
        ]
    )
    updates = EPOCHS * -(-len(train.x) // 128)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, updates)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    model.fit(train.x, train.y, epochs=EPOCHS, batch_size=128, verbose=2)
    accuracy = model.evaluate(test.x, test.y, verbose=0)[1]

    folder.mkdir(parents=True, exist_ok=True)
    kept = keras.Sequential([keras.Input((28, 28, 1)), *model.layers[1:]])  # nothing random
    kept.save(folder / FILE)
    card = {
        "data": "mnist",
        "input_shape": [28, 28, 1],
        "features": 64,
        "metrics": {"accuracy": round(accuracy, 4)},
        "files": {FILE: sha256(folder / FILE)},
    }
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    told = {"features": 64, "accuracy": accuracy, "epochs": EPOCHS}
    told["parameters"] = kept.count_params()
    (folder / "README.md").write_text(README.format(**told), encoding="utf-8")
    print(f"accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
