"""How fast is training? Beside PyTorch, Keras as tutorials compile it, NumPy by hand, and pythae.

    pip install -e ".[bench]" && python benchmarks/training_speed.py

Each measurement is a process of its own, with MNIST in memory and batches of 128. Seconds an epoch
are of networks with the same layers, in turns: medians over epochs, without the first, which
compiles, and then over turns. The first is reported beside them, and how all of them compare, the
first counted, which is what a training of four epochs takes. All train with Adam but NumPy,
with plain gradient descent. PyTorch stands there twice: eagerly, as most people run it, and
compiled (`torch.compile`) with its fused Adam.

Times to an error count everything but imports and reading the data: building, compiling and every
epoch, not the tests between them. They compare what a user gets, not equal settings: aezoo's `deep`
as built, with a rate that falls from 2e-3; NumPy's plain gradient descent; pythae's default network
and trainer with its default optimizer, Adam, and a rate of 1e-3, ten times its default.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from from_scratch import Network
from rich.console import Console
from rich.table import Table

BATCH = 128
EPOCHS = 3  # timed ones, after the first
UNITS = (784, 512, 256, 128, 256, 512, 784)
FILTERS = (16, 32, 64)  # the last one those of the code
GOAL = 0.0040  # test error
SGD_RATE = 0.05  # for NumPy; 0.02, 0.1 and 0.2 were no better after 8 epochs
HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", choices=("epochs", "errors"), help="one half of it")
    parser.add_argument("--one", choices=sorted(CONTENDERS), help="one measurement, as JSON")
    parser.add_argument("--output", default=str(HERE / "training_speed.json"), help="or none")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(CONTENDERS[arguments.one]()))
        return
    file = Path(arguments.output)
    found = json.loads(file.read_text()) if file.is_file() else {}
    if arguments.only != "errors":
        found["epochs"] = epochs(arguments.turns)
    if arguments.only != "epochs":
        found["errors"] = {name: measured(name) for name in BY_ERROR}
    if arguments.output != "none":
        file.write_text(json.dumps(found, indent=2) + "\n")
    show(found)


def epochs(turns):
    """Seconds an epoch of each contender, with the ratio of aezoo's to it."""
    runs = {name: [] for name in BY_EPOCH}
    for _ in range(turns):
        for name in BY_EPOCH:
            runs[name].append(measured(name))
    sizes = {name.split("-")[0]: set() for name in BY_EPOCH}
    for name in BY_EPOCH:
        sizes[name.split("-")[0]].add(runs[name][0]["parameters"])
    if any(len(parameters) > 1 for parameters in sizes.values()):
        raise ValueError(f"The contenders' networks differ: {sizes}")
    seconds = {name: [statistics.median(run["seconds"]) for run in runs[name]] for name in BY_EPOCH}
    whole = {name: [run["first"] + sum(run["seconds"]) for run in runs[name]] for name in BY_EPOCH}
    found = {}
    for name in BY_EPOCH:
        own = name.split("-")[0] + "-aezoo"
        ratios = [a / b for a, b in zip(seconds[own], seconds[name], strict=True)]
        counted = [a / b for a, b in zip(whole[own], whole[name], strict=True)]
        found[name] = {
            "seconds": statistics.median(seconds[name]),
            "first": statistics.median(run["first"] for run in runs[name]),
            "ratio": statistics.median(ratios),
            "ratios": ratios,
            "counted": statistics.median(counted),
            "parameters": runs[name][0]["parameters"],
        }
    return found


def measured(name):
    command = [sys.executable, __file__, "--one", name]
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(process.stdout.splitlines()[-1])
    print(name, result, flush=True)
    return result


def mnist(split="train"):
    import aezoo

    return aezoo.load_dataset("mnist", split).x


def timed_fit(model, x, batch=BATCH, epochs=EPOCHS + 1):
    """Seconds of each epoch of a Keras model."""
    import keras

    marks = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            marks.append(time.perf_counter())

    target = {} if hasattr(model, "encode") else {"y": x}
    model.fit(x, **target, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
    return result(np.diff([*marks, time.perf_counter()]), model.count_params())


def timed_torch(model, x, compiled):
    """Seconds of each epoch of a PyTorch model, trained from a tensor in memory."""
    import torch

    x = torch.from_numpy(x)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, fused=compiled)
    model = torch.compile(model) if compiled else model
    loss_function = torch.nn.MSELoss()
    seconds = []
    for _ in range(EPOCHS + 1):
        begin = time.perf_counter()
        for batch in torch.randperm(len(x)).split(BATCH):
            samples = x[batch]
            loss = loss_function(model(samples), samples)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return result(seconds, sum(weights.numel() for weights in model.parameters()))


def result(seconds, parameters):
    first, *rest = (float(s) for s in seconds)
    return {"first": first, "seconds": rest, "parameters": parameters}


def dense_aezoo():
    return timed_fit(dense_zoo(), mnist())


def dense_zoo():
    import aezoo

    units = {"hidden_units": UNITS[1:3], "activation": "relu", "latent_activation": "relu"}
    return aezoo.deep((28, 28, 1), UNITS[3], **units)


def dense_keras():
    model = dense_layers()
    model.compile("adam", "mse")
    return timed_fit(model, mnist().reshape(-1, 784))


def dense_layers():
    import keras

    model = keras.Sequential([keras.Input((784,))])
    for unit in UNITS[1:-1]:
        model.add(keras.layers.Dense(unit, activation="relu"))
    model.add(keras.layers.Dense(784, activation="sigmoid"))
    return model


def dense_pytorch(compiled=False):
    return timed_torch(dense_modules(), mnist().reshape(-1, 784), compiled)


def dense_modules():
    from torch import nn

    layers = []
    for fan_in, fan_out in itertools.pairwise(UNITS):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


def dense_numpy():
    x = mnist().reshape(-1, 784)
    network = Network(UNITS)
    seconds = []
    for epoch in range(EPOCHS + 1):
        begin = time.perf_counter()
        network.fit(x, SGD_RATE, BATCH, seed=epoch)
        seconds.append(time.perf_counter() - begin)
    weights = (*network.kernels, *network.biases)
    return result(seconds, sum(array.size for array in weights))


def conv_aezoo():
    return timed_fit(conv_zoo(), mnist())


def conv_zoo(shape=(28, 28, 1), filters=FILTERS):
    import aezoo

    return aezoo.conv(shape, filters[-1], filters=filters[:-1], bottleneck="conv")


def conv_keras():
    model = conv_layers()
    model.compile("adam", "mse")
    return timed_fit(model, mnist())


def conv_layers(shape=(28, 28, 1), filters=FILTERS):
    """Strided convolutions, one over all that is left of the image, and the way back."""
    import keras
    from keras import layers

    strided = {"strides": 2, "padding": "same", "activation": "relu"}
    *outer, code = filters
    side = shape[0] >> len(outer)
    back = [
        *(layers.Conv2DTranspose(count, 3, **strided) for count in outer[-2::-1]),
        layers.Conv2DTranspose(shape[-1], 3, **{**strided, "activation": "sigmoid"}),
    ]
    return keras.Sequential(
        [
            keras.Input(shape),
            *(layers.Conv2D(count, 3, **strided) for count in outer),
            layers.Conv2D(code, side),
            layers.Conv2DTranspose(outer[-1], side, activation="relu"),
            *back,
        ]
    )


def conv_pytorch(compiled=False):
    return timed_torch(conv_modules(), mnist().transpose(0, 3, 1, 2).copy(), compiled)


def conv_modules(shape=(28, 28, 1), filters=FILTERS):
    """The same for PyTorch."""
    from torch import nn

    strided = {"stride": 2, "padding": 1}
    *outer, code = filters
    side = shape[0] >> len(outer)
    there = itertools.pairwise((shape[-1], *outer))
    back = itertools.pairwise((*outer[::-1], shape[-1]))
    layers = [nn.Conv2d(outer[-1], code, side), nn.ConvTranspose2d(code, outer[-1], side)]
    for before, after in back:
        layers += [nn.ReLU(), nn.ConvTranspose2d(before, after, 3, output_padding=1, **strided)]
    down = [(nn.Conv2d(before, after, 3, **strided), nn.ReLU()) for before, after in there]
    return nn.Sequential(*itertools.chain(*down), *layers, nn.Sigmoid())


def dense_numpy_to_goal(most=200):
    """Plain gradient descent, epoch after epoch, until the test error is at the goal."""
    x, test = (mnist(split).reshape(-1, 784) for split in ("train", "test"))
    begin = time.perf_counter()
    network = Network(UNITS)
    seconds = time.perf_counter() - begin
    for epoch in range(1, most + 1):
        begin = time.perf_counter()
        network.fit(x, SGD_RATE, BATCH, seed=epoch)
        seconds += time.perf_counter() - begin
        error = network.error(test)
        if error <= GOAL:
            break
    return {"seconds": seconds, "epochs": epoch, "mse": error}


def dense_aezoo_to_goal(epochs=5):
    import aezoo

    return trained(lambda: aezoo.deep((28, 28, 1), UNITS[3], hidden_units=UNITS[1:3]), epochs)


def code16_pythae_to_end(epochs=5):
    """The default network and trainer of pythae, with a rate of 1e-3 (its default is 1e-4)."""
    import torch
    from pythae.models import AE, AEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    x, test = (mnist(split).transpose(0, 3, 1, 2).copy() for split in ("train", "test"))
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        model = AE(AEConfig(input_dim=(1, 28, 28), latent_dim=16))
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            learning_rate=1e-3,
            per_device_train_batch_size=BATCH,
        )
        dataset = [{"data": sample} for sample in torch.from_numpy(x)]
        BaseTrainer(model, dataset, training_config=config).train()
        seconds = time.perf_counter() - begin
    with torch.no_grad():
        rebuilt = model.eval()({"data": torch.from_numpy(test)}).recon_x.numpy()
    mse = float(np.mean(np.square(rebuilt.reshape(test.shape) - test)))
    return {"seconds": seconds, "epochs": epochs, "mse": mse}


def code16_aezoo_to_end(epochs=6):
    import aezoo

    return trained(lambda: aezoo.deep((28, 28, 1), 16), epochs)


def trained(make, epochs):
    """A model trained with a rate that falls to 0, as `aezoo.train` does."""
    import keras
    from families import fit

    keras.utils.set_random_seed(0)
    x, test = mnist(), mnist("test")
    begin = time.perf_counter()
    ae = make()
    fit(ae, x, epochs)
    seconds = time.perf_counter() - begin
    mse = float(ae.reconstruction_error(test).mean())
    return {"seconds": seconds, "epochs": epochs, "mse": mse}


def show(found):
    table = Table("network", "by", "s an epoch", "the first", "aezoo's to it", "the first counted")
    for name, row in found.get("epochs", {}).items():
        table.add_row(
            *name.split("-"),
            *(f"{row[key]:.2f}" for key in ("seconds", "first", "ratio", "counted") if key in row),
        )
    Console().print(table)
    table = Table("training", "epochs", "seconds", "test MSE")
    for name, row in found.get("errors", {}).items():
        table.add_row(name, str(row["epochs"]), f"{row['seconds']:.1f}", f"{row['mse']:.5f}")
    Console().print(table)


BY_EPOCH = {
    "dense-aezoo": dense_aezoo,
    "dense-pytorch": dense_pytorch,
    "dense-compiled": partial(dense_pytorch, compiled=True),
    "dense-keras": dense_keras,
    "dense-numpy": dense_numpy,
    "conv-aezoo": conv_aezoo,
    "conv-pytorch": conv_pytorch,
    "conv-compiled": partial(conv_pytorch, compiled=True),
    "conv-keras": conv_keras,
}
BY_ERROR = {
    "128-numbers-to-goal-aezoo": dense_aezoo_to_goal,
    "128-numbers-to-goal-numpy": dense_numpy_to_goal,
    "16-numbers-to-end-aezoo": code16_aezoo_to_end,
    "16-numbers-to-end-pythae": code16_pythae_to_end,
}
CONTENDERS = BY_EPOCH | BY_ERROR

if __name__ == "__main__":
    main()
