"""Training on, as int8 computes: for a model that is to be exported in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from aezoo.autoencoder import Autoencoder
from aezoo.data import augmentation
from aezoo.export.fine_tuning import Simulation, copied
from aezoo.export.samples import CHECKED, spread
from aezoo.layers.bottleneck import Bottleneck
from aezoo.training.best_epoch import fit_to_best
from aezoo.training.plan import Plan

LOG = "log-int8.csv"
SLOWER = 0.5  # times the learning rate of the training before
LEAST = 1e-3  # of the largest deviation of a code's units, below which one is taken to be idle
ROUNDING = 1e-3  # of the deviation of outputs, that they may change by


def refuse_untrainable(ae: Autoencoder) -> None:
    """Says of a model that it cannot be trained on in eight bits, if so.

    Args:
        ae: `aezoo.Autoencoder`, which is left as it is.

    Raises:
        ValueError: If it is not trained, or for more than reconstruction, or if it has a layer of
            which it is not known where TFLite rounds.
    """
    more = type(ae.bottleneck) is not Bottleneck or ae.extra_objectives or ae.corruption
    if more or not ae.trainable_variables:
        raise ValueError(
            "quantize_aware is for models that are trained for reconstruction alone, such as "
            "deep, conv and residual: leave it out, and give fine_tune to the export."
        )
    Simulation(copied(ae))


def train_on(
    ae: Autoencoder,
    x: np.ndarray,
    held_out: np.ndarray,
    plan: Plan,
    seed: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float | None,
    patience: int,
    folder: Path,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, Any]:
    """Trains a model further with the roundings of int8, in place.

    Weights and values are rounded where TensorFlow Lite rounds them, the latter over ranges that
    are trained, too; gradients pass as if they were not. Before that each unit of the code is
    brought to a mean of 0 and a standard deviation of 1, which changes no reconstruction: in int8
    they have one scale. The weights of the epoch with the least validation loss in int8 are kept;
    where none is better than what was there, the model stays as it was.

    Args:
        ae: `aezoo.Autoencoder`, trained. Batch normalizations are folded into the layers before.
        x: Array of shape `(n, *input_shape)`, samples to train on.
        held_out: Array of shape `(m, *input_shape)`, samples for validation.
        plan: `Plan`, by which samples are varied, and whose reasons are told what came of it.
        seed: Integer, of the order and the variation of samples.
        epochs: Positive integer.
        batch_size: Positive integer.
        learning_rate: Positive float, that of the training before, of which this one starts with
            half; or `None` for half of Adam's in Keras.
        patience: Positive integer, see `fit_to_best`.
        folder: `pathlib.Path`, where `log-int8.csv` is written.
        callbacks: Sequence of `keras.callbacks.Callback`.

    Returns:
        Dictionary: `epochs_run`, `best_epoch`, `interrupted`, and `val_loss`, a pair: that in int8
        for the weights as they were, and for those that are kept. It is that of the simulation; an
        export sets ranges anew.

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, section 3.
    """
    x, held_out = ae.normalize(x), ae.normalize(held_out)
    copy = copied(ae)  # so that an error leaves the model as it was
    try:
        model = _simulated(copy, spread(x, CHECKED))
    except KeyboardInterrupt:
        return {"epochs_run": 0, "best_epoch": None, "interrupted": True, "val_loss": []}
    rate = SLOWER * (learning_rate or 1e-3)
    model.compile(keras.optimizers.Adam(rate), ae.loss, jit_compile=False)
    before = model.evaluate(held_out, held_out, batch_size=batch_size, verbose=0)
    fed = {"x": x, "y": x, "batch_size": batch_size}
    if plan.varied:
        varied = augmentation.shifted(*(x, batch_size, plan.max_shift, seed, plan.flip, plan.turn))
        fed = {"x": varied.map(lambda batch: (batch, batch)), "shuffle": False}
        fed["validation_batch_size"] = batch_size
    history, outcome = fit_to_best(
        model,
        fed,
        validation_data=(held_out, held_out),
        log_file=folder / LOG,
        callbacks=callbacks,
        epochs=epochs,
        learning_rate=rate,
        patience=patience,
    )
    after = min(history.get("val_loss", []), default=before)
    if after < before:
        ae.set_weights(copy.get_weights())
    else:  # NaN, too
        after, outcome["best_epoch"] = before, None
    plan.reasons.append(f"trained on as int8 computes: there {before:.5f} -> {after:.5f}")
    return {**outcome, "val_loss": [before, after]}


def _simulated(ae, x):
    """The model from normalized samples to reconstructions in int8, of the same weights."""
    standardize_codes(ae, x)
    simulation = Simulation(ae, per_unit=True)
    simulation.calibrate(x)
    simulation.narrow(x)
    return keras.Model(simulation.model.inputs, simulation.model.outputs[1])


def standardize_codes(ae: Autoencoder, x: np.ndarray) -> None:
    """Brings each unit of the code to a mean of 0 and a standard deviation of 1, in place.

    What is decoded from it stays the same: the layers that read it undo that. A unit that hardly
    varies keeps its scale. Where a code does not come from dense layers without an activation, or
    is not read by dense layers alone, it is left alone.

    Args:
        ae: `aezoo.Autoencoder`.
        x: float32 array of shape `(n, *input_shape)`, normalized.
    """
    made = _makers(ae.encoder.outputs[0])
    read = [one for one in ae.decoder.layers if _reads(one, ae.decoder.inputs[0])]
    dense = all(map(_is_linear, made)) and read and all(map(_is_dense, read))
    if not dense or len({*made, *read}) < len(made) + len(read) or len(ae.latent_shape) > 1:
        return
    weights, codes = ae.get_weights(), ae.encoder.predict(x, verbose=0)
    before = ae.decoder.predict(codes, verbose=0)
    mean, deviation = codes.mean(0), codes.std(0)
    deviation = np.where(deviation > LEAST * deviation.max(), deviation, 1.0)
    made[0].bias.assign(made[0].bias - mean)
    for layer in made:
        layer.kernel.assign(layer.kernel / deviation)
        layer.bias.assign(layer.bias / deviation)
    for layer in read:
        layer.bias.assign(layer.bias + keras.ops.matmul(mean, layer.kernel))
        layer.kernel.assign(layer.kernel * deviation[:, np.newaxis])
    after = ae.decoder.predict(ae.encoder.predict(x, verbose=0), verbose=0)
    if np.abs(after - before).max() > ROUNDING * before.std():
        ae.set_weights(weights)  # something else reads one of these layers


def _makers(tensor):
    """The layers whose sum a tensor is."""
    layer = tensor._keras_history.operation
    if isinstance(layer, Bottleneck):
        return _makers(layer.input)
    if isinstance(layer, layers.Activation) and layer.activation.__name__ == "linear":
        return _makers(layer.input)
    if isinstance(layer, layers.Add):
        return [maker for part in layer.input for maker in _makers(part)]
    return [layer]


def _reads(layer, tensor):
    return any(given is tensor for node in layer._inbound_nodes for given in node.input_tensors)


def _is_dense(layer):
    return isinstance(layer, layers.Dense) and layer.use_bias


def _is_linear(layer):
    return _is_dense(layer) and layer.activation.__name__ == "linear"
