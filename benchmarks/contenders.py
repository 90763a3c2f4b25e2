"""What `accelerator.py` compares, each measured in a process of its own, which prints it as JSON.

python benchmarks/contenders.py '{"what": "device", "by": "pytorch"}'
"""

import json
import sys
import time
from functools import partial

import numpy as np
import training_speed as plain_ones

NETWORKS = {  # the shape of an image, filters of convolutions
    "dense": ((28, 28, 1), None),
    "conv": ((28, 28, 1), plain_ones.FILTERS),
    "large": ((64, 64, 3), (64, 128, 256, 512)),
    "cifar10": ((32, 32, 3), (64, 128, 128)),
}
MAKERS = {
    "aezoo": (plain_ones.dense_zoo, plain_ones.conv_zoo),
    "keras": (plain_ones.dense_layers, plain_ones.conv_layers),
    "pytorch": (plain_ones.dense_modules, plain_ones.conv_modules),
}
PRECISIONS = ("float32", "bfloat16")
RATE = 2e-3
GOALS = {  # test error, the network, epochs of the first attempt
    "mnist": (plain_ones.GOAL, "dense", 5),
    "cifar10": (0.0040, "cifar10", 10),
}


def main():
    told = json.loads(sys.argv[1])
    print(json.dumps(MEASURES[told.pop("what")](**told)))


def device(by):
    """What a framework computes on: the name of a GPU, or `"CPU"`."""
    if by == "pytorch":
        import torch

        return {"device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"}
    if by == "jax":
        import jax

        first = jax.devices()[0]
        return {"device": "CPU" if first.platform == "cpu" else first.device_kind}
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return {"device": details.get("device_name", "GPU") if gpus else "CPU"}


def operations(network, batch=2):
    """Floating-point operations of products, forward and backward, for an image."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    shape = NETWORKS[network][0]
    x = torch.from_numpy(taken("pytorch", network, np.zeros((batch, *shape), "float32")))
    model = made("pytorch", network)
    with FlopCounterMode(display=False) as counter:
        model(x).square().mean().backward()
    return counter.get_total_flops() / batch


def speed(by, network, precision, batch, samples):
    """Seconds of each epoch on generated images."""
    kind, epochs = by.split("-")[0], plain_ones.EPOCHS + 1
    x = np.random.default_rng(0).random((samples, *NETWORKS[network][0]), "float32")
    x = taken(kind, network, x)
    if kind == "pytorch":
        model, seconds = trained_by_torch(made(kind, network), x, precision, batch, epochs)
        return plain_ones.result(seconds, sum(weights.numel() for weights in model.parameters()))
    model = compiled(kind, partial(made, kind, network), precision)
    if by.endswith("ahead"):
        x, batch = ahead(x, batch), None
    return plain_ones.timed_fit(model, x, batch)


def error(by, data, precision, epochs):
    """Seconds of a training and its test error; of no epochs, one on generated images."""
    kind, network = by.split("-")[0], GOALS[data][1]
    if epochs:
        import aezoo

        x, test = (aezoo.load_dataset(data, split).x for split in ("train", "test"))
    else:
        x = test = np.random.default_rng(0).random((256, *NETWORKS[network][0]), "float32")
    x, test = taken(kind, network, x), taken(kind, network, test)
    make = partial(made, kind, network)
    if kind == "aezoo" and data == "cifar10":
        make = pretrained_kind
    begin, epochs, batch = time.perf_counter(), epochs or 1, plain_ones.BATCH
    if kind == "pytorch":
        model, _ = trained_by_torch(make(), x, precision, batch, epochs, falling=True)
        seconds, rebuilt = time.perf_counter() - begin, rebuilt_by_torch(model, test)
    else:
        import keras

        from aezoo.training.precision import plain

        model = compiled(kind, make, precision)
        steps = epochs * -(-len(x) // batch)
        model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
        target = {} if kind == "aezoo" else {"y": x}
        model.fit(x, **target, batch_size=batch, epochs=epochs, verbose=0)
        seconds = time.perf_counter() - begin
        rebuilt = plain(model, make).predict(test, batch_size=1000, verbose=0)
    mse = float(np.mean(np.square(rebuilt - test)))
    return {"seconds": seconds, "epochs": epochs, "mse": mse}


def made(kind, network):
    shape, filters = NETWORKS[network]
    dense, conv = MAKERS[kind]
    return conv(shape, filters) if filters else dense()


def pretrained_kind():
    """The network of the pretrained `conv`, cifar10-128."""
    import aezoo

    return aezoo.conv((32, 32, 3), 128, linear_path=True, refinement=1, filters=())


def taken(kind, network, x):
    """Images as a network takes them."""
    if kind == "aezoo":
        return x
    if NETWORKS[network][1] is None:
        return x.reshape(len(x), -1)
    return x.transpose(0, 3, 1, 2).copy() if kind == "pytorch" else x


def compiled(kind, make, precision):
    import keras

    from aezoo.training.precision import computing_in

    with computing_in(precision):
        model = make()
        if kind == "keras":
            model.compile(keras.optimizers.Adam(RATE), "mse", jit_compile=True)
    return model


def ahead(x, batch):
    """Batches that are on the GPU, where there is one, before their turn."""
    import tensorflow as tf

    from aezoo.data import feeding

    where = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    batches = feeding.batches([x], batch, shuffle=True).map(lambda samples: samples)
    return batches.apply(tf.data.experimental.prefetch_to_device(where, 2))


def trained_by_torch(model, x, precision, batch, epochs, falling=False):
    """A model that was trained, and the seconds of each epoch."""
    import torch

    where = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")  # TF32, as TensorFlow and JAX have it
    model, x, seconds = model.to(where), torch.from_numpy(x).to(where), []
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    faster = torch.compile(model, dynamic=False)  # the last batch is compiled for itself
    for _ in range(epochs):
        begin = time.perf_counter()
        for places in torch.randperm(len(x), device=where).split(batch):
            samples = x[places]
            with torch.autocast(where, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = torch.nn.functional.mse_loss(faster(samples), samples)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if falling:
                schedule.step()
        if where == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    return model, seconds


def rebuilt_by_torch(model, x, batch=1000):
    """In float32, as the others are judged."""
    import torch

    where = next(model.parameters()).device
    with torch.no_grad():
        parts = [model(part.to(where)).cpu() for part in torch.from_numpy(x).split(batch)]
    return torch.cat(parts).numpy()


MEASURES = {"device": device, "speed": speed, "error": error}


if __name__ == "__main__":
    main()
