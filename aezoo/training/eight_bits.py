"""Training on, as int8 computes: for a model that is to be exported in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from aezoo.autoencoder import Autoencoder
from aezoo.data import augmentation
from aezoo.export.fine_tuning import Simulation
from aezoo.export.samples import CHECKED, spread
from aezoo.layers.bottleneck import Bottleneck
from aezoo.training.best_epoch import fit_to_best
from aezoo.training.plan import Plan

LOG = "log-int8.csv"
SLOWER = 0.5  # times the learning rate of the training before


def refuse_untrainable(ae: Autoencoder) -> None:
    """Says of a model that it cannot be trained on in eight bits, if so.

    Args:
        ae: `aezoo.Autoencoder`. Its batch normalizations are folded.

    Raises:
        ValueError: If its training is for more than reconstruction, or if it has a layer of which
            it is not known where TFLite rounds.
    """
    if type(ae.bottleneck) is not Bottleneck or ae.extra_objectives or ae.corruption:
        raise ValueError(
            "quantize_aware is for models that are trained for reconstruction alone, such as "
            "deep, conv and residual: leave it out, and give fine_tune to the export."
        )
    Simulation(ae)


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
    they have one scale. The weights of the epoch with the least validation loss in int8 are kept.

    Args:
        ae: `aezoo.Autoencoder`, trained. Its batch normalizations are folded.
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
        with the best ranges for the weights as they were, and with those that are kept.

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, section 3.
    """
    x, held_out = ae.normalize(x), ae.normalize(held_out)
    calibration = spread(x, CHECKED)
    simulation = Simulation(ae, per_unit=True)
    standardize_codes(ae, calibration)
    simulation.calibrate(calibration)
    simulation.narrow(calibration)
    model = keras.Model(simulation.model.inputs, simulation.model.outputs[1])
    rate = SLOWER * (learning_rate or 1e-3)
    model.compile(keras.optimizers.Adam(rate), ae.loss, jit_compile=False)
    before = model.evaluate(held_out, held_out, batch_size=batch_size, verbose=0)
    fed = {"x": x, "y": x, "batch_size": batch_size}
    if plan.varied:
        varied = augmentation.shifted(x, batch_size, plan.max_shift, seed, plan.flip)
        fed = {"x": varied.map(lambda batch: (batch, batch)), "validation_batch_size": batch_size}
    weights = ae.get_weights()
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
    if not after < before:  # NaN is not, either
        ae.set_weights(weights)
        after = before
    plan.reasons.append(f"trained on as int8 computes: there {before:.5f} -> {after:.5f}")
    return {**outcome, "val_loss": [before, after]}


def standardize_codes(ae: Autoencoder, x: np.ndarray) -> None:
    """Brings each unit of the code to a mean of 0 and a standard deviation of 1, in place.

    What is decoded from it stays the same: the layers that read it undo that. Where a code does not
    come from dense layers without an activation, or is not read by dense layers, it is left alone.

    Args:
        ae: `aezoo.Autoencoder`.
        x: float32 array of shape `(n, *input_shape)`, normalized.
    """
    made = _makers(ae.encoder.outputs[0])
    read = [one for one in ae.decoder.layers[1:] if one.input is ae.decoder.inputs[0]]
    if not all(_is_linear(one) for one in made) or not all(_is_dense(one) for one in read):
        return
    codes = ae.encoder.predict(x, verbose=0)
    mean, deviation = codes.mean(0), np.maximum(codes.std(0), keras.config.epsilon())
    made[0].bias.assign(made[0].bias - mean)
    for layer in made:
        layer.kernel.assign(layer.kernel / deviation)
        layer.bias.assign(layer.bias / deviation)
    for layer in read:
        layer.bias.assign(layer.bias + keras.ops.matmul(mean, layer.kernel))
        layer.kernel.assign(layer.kernel * deviation[:, np.newaxis])


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


def _is_dense(layer):
    return isinstance(layer, layers.Dense) and layer.use_bias


def _is_linear(layer):
    return _is_dense(layer) and layer.activation.__name__ == "linear"
