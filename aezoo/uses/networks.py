"""The autoencoders that detectors are made of: built to fit the data, and trained on them."""

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.streams import Stream
from aezoo.edge import LiteModel
from aezoo.registry import build

BATCH = 64
UPDATES = 600  # what the benchmarks' tables need; more of them learn the anomalies, too
RATE = 3e-3
DECAY = 1e-4
HIDDEN = (64, 32)
CODE = 8
NOISE = 0.1  # standard deviations of each feature
IMAGE_CODE = 32
PIECE = 2**24  # values that a network is given at a time


def trained(
    model: Any,
    x: np.ndarray,
    untrained: Callable[[tuple[int, ...], bool], Autoencoder],
    *,
    kinds: tuple[type, ...] = (Autoencoder,),
    seen: np.ndarray | None = None,
    epochs: int | None,
    seed: int,
    verbose: Any,
) -> Any:
    """The model of an estimator: the one that it was given, or one that is trained on samples.

    Args:
        model: What the estimator was given: a trained model, the name of a family, or `None`.
        x: float32 array of shape `(n, *input_shape)`.
        untrained: Function of the shape of a sample and of whether all values are within [0, 1],
            which builds the model to train.
        kinds: Tuple of the classes of trained models that are taken as they are.
        seen: Boolean array of shape `(n,)`, the samples to train on; the statistics of the
            normalization are then those of all. Default: all are trained on.
        epochs, seed, verbose: As in `train`.

    Returns:
        An instance of one of `kinds`.

    Raises:
        ValueError: If the model is none of these, there is no such family, or it takes no such
            samples.
    """
    if _is_trained(model, kinds):
        return model
    with seeded(seed):
        built = untrained(x.shape[1:], x.min() >= 0 and x.max() <= 1)
        if seen is not None and built.normalization:
            built.adapt(x)  # the anomalies' too: without them their features would outweigh all
        train(built, x if seen is None else x[seen], epochs=epochs, seed=seed, verbose=verbose)
    return built


def trained_on_stream(
    model: Any,
    stream: Stream,
    seen: Stream,
    *,
    trusts: Callable[[np.ndarray], np.ndarray],
    kinds: tuple[type, ...],
    epochs: int | None,
    seed: int,
    verbose: Any,
) -> Any:
    """What `trained` does, with samples that are larger than memory.

    Args:
        model, kinds, epochs, seed, verbose: As of `trained`.
        stream: `aezoo.Stream`, whose statistics the normalization has.
        seen: `aezoo.Stream`, the samples to train on.
        trusts: Function of an array of samples, which says which of them are trained on.

    Returns:
        An instance of one of `kinds`.

    Raises:
        ValueError: As `trained`.
    """
    if _is_trained(model, kinds):
        return model
    with seeded(seed):
        built = suitable(model, stream.shape, stream.range[0] >= 0 and stream.range[1] <= 1)
        if built.normalization:
            built.normalization.adapt(stream.arrays())
        train(built, seen, epochs=epochs, seed=seed, verbose=verbose, trusts=trusts)
    return built


def suitable(
    name: str | None, shape: tuple[int, ...], bounded: bool, latent_dim: int | None = None
) -> Autoencoder:
    """An untrained model for samples of a shape.

    Args:
        name: String, a family; or `None` for one that is trained with noise, so that it learns
            what values go together also where its code has as many numbers as a sample: a small
            dense network for tables and signals, convolutions for images and volumes.
        shape: Tuple of integers: `(features,)`, `(steps, channels)`, `(height, width, channels)`
            or a volume's.
        bounded: Boolean, whether all values are within [0, 1].
        latent_dim: Positive integer, or `None` for 8, of images and volumes 32.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: If there is no such family, or it takes no such samples.
    """
    images = len(shape) > 2
    options: dict[str, Any] = {}
    if name is None:
        name, options = "denoising", {"stddev": NOISE}
        options |= {} if images else {"backbone": "dense", "hidden_units": HIDDEN}
    if not (images and bounded):
        options |= {"normalization": "standard"}
        options |= {"output_activation": "linear"} if images else {}
    return build(name, shape, latent_dim or (IMAGE_CODE if images else CODE), **options)


def train(
    model: Autoencoder,
    x: np.ndarray | Stream,
    *,
    epochs: int | None,
    seed: int,
    verbose: Any,
    trusts: Callable[[np.ndarray], np.ndarray] | None = None,
) -> None:
    """Trains a model on all samples, with a rate that falls along a half cosine.

    Args:
        model: `aezoo.Autoencoder`, whose optimizer is replaced.
        x: float32 array of shape `(n, *input_shape)`, or `aezoo.Stream` of such samples.
        epochs: Positive integer, or `None` for 600 updates, however few the samples.
        seed: Integer, which decides on the order of the samples.
        verbose: As in `keras.Model.fit`.
        trusts: Function of an array of samples, which says which of a stream are trained on, or
            `None` for all.
    """
    batch = min(BATCH, len(x))
    updates = UPDATES if epochs is None else max(1, epochs * len(x) // batch)
    falling = keras.optimizers.schedules.CosineDecay(RATE, updates)
    model.compile(
        optimizer=keras.optimizers.AdamW(falling, weight_decay=DECAY),
        loss=model.loss,
        jit_compile=False,  # which takes longer than the training
        steps_per_execution=20,
    )
    model.optimizer.build(model.trainable_variables)  # else the step is traced twice
    # one epoch of Keras: each of its own takes as long as fifty updates
    if isinstance(x, Stream):
        with x.errors():
            model.fit(_streamed(x, batch, updates, seed, trusts), epochs=1, verbose=verbose)
    else:
        model.fit(_Drawn(x, batch, updates, seed), epochs=1, verbose=verbose)
    model.compile(optimizer="adam", loss=model.loss)  # this one's state is of no use any more
    model.optimizer.build(model.trainable_variables)


def outputs(model: Autoencoder | LiteModel, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples and their reconstructions, in normalized units.

    Args:
        model: `aezoo.Autoencoder` or `aezoo.LiteModel`.
        x: float32 array of shape `(n, *input_shape)`.

    Returns:
        Two float32 arrays of that shape.
    """
    z = model.normalize(x)
    if isinstance(model, LiteModel):
        return z, model.normalize(model.reconstruct(x))
    rows = _rows_of(z.shape[1:])
    rebuilt = [
        keras.ops.convert_to_numpy(model.decoder(model.encoder(z[i : i + rows])))
        for i in range(0, len(z), rows)
    ]
    return z, np.concatenate(rebuilt)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Keras's seed set, and Python's and NumPy's as they were afterwards."""
    before = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def _is_trained(model, kinds):
    """Whether a model is to be taken as it is; or raises if it is nothing to train, either."""
    if isinstance(model, kinds):
        return True
    if not isinstance(model, (str, type(None))):
        known = " or ".join(f"aezoo.{kind.__name__}" for kind in kinds)
        raise ValueError(
            f"model must be None, the name of a family or a trained {known}. Received: {model!r}"
        )
    return False


def _rows_of(shape):
    """How many samples a network is given at a time."""
    return max(1, PIECE // max(1, 64 * math.prod(shape)))


def _streamed(stream, batch, updates, seed, trusts):
    """So many batches of a stream's samples in random order, again and again."""
    import tensorflow as tf

    def kept(rows):
        chosen = tf.numpy_function(trusts, [rows], tf.bool)
        return tf.boolean_mask(rows, tf.ensure_shape(chosen, [None]))

    data = stream.batches(max(batch, _rows_of(stream.shape)), seed=seed).repeat()
    if trusts is not None:
        data = data.map(kept)
    data = data.rebatch(batch).take(updates)
    return data.apply(tf.data.experimental.assert_cardinality(updates))


class _Drawn(keras.utils.PyDataset):
    """Batches of all samples in turn, in a new order each time that all have been drawn."""

    def __init__(self, x, batch, updates, seed):
        super().__init__()
        self.x, self.batch, self.updates = x, batch, updates
        rng = np.random.default_rng(seed)
        turns = -(-updates * batch // len(x))
        self.order = np.concatenate([rng.permutation(len(x)) for _ in range(turns)])

    def __len__(self):
        return self.updates

    def __getitem__(self, i):
        return (self.x[self.order[i * self.batch : (i + 1) * self.batch]],)
