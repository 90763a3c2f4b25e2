"""Training that gets a model used to int8, so that it loses less there."""

import math
import time
from typing import Any

import keras
import numpy as np

from aezoo.checks import count
from aezoo.data.inputs import checked_array
from aezoo.export.fake_quantization import (
    TRANSPOSED,
    Rounded,
    fake_quantized,
    fold,
    rounding_layers,
)
from aezoo.export.report import Exported
from aezoo.export.samples import CHECKED, FEWEST, as_seen, checked_model, prior_codes, spread
from aezoo.layers.bottleneck import bottleneck_of

BATCH = 64
BATCHED = 250  # samples that are judged together
UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 2, 200
LEARNING_RATE = 1e-4  # where a half cosine begins: the model is trained already
HELD_OUT = 10  # one sample in so many decides which weights are best
NARROWER = (0.8, 0.6, 0.45, 0.3, 0.2)  # parts of a range that are tried


def quantize_aware(ae: keras.Model, x: np.ndarray, epochs: int | None = None) -> keras.Model:
    """A copy of a model, trained with the roundings of int8, so that it loses less by them.

    While training, weights and values are rounded where TensorFlow Lite rounds them, and gradients
    pass as if they were not. What is learned is to give the codes and reconstructions of the model
    as it was: the copy stays what any family made of it, and may take the other's codes. Of the
    weights after each epoch and those before, the ones are kept whose reconstructions in int8 are
    nearest to the model's own, on a tenth of the samples.

    `aezoo.export_tflite(ae, path, quantize="int8", fine_tune=x)` does the same, and gives the file
    the ranges of values, too, that the model was trained with.

    Args:
        ae: `aezoo.Autoencoder`, trained. It is left as it is.
        x: Array of shape `(n, *input_shape)`, n at least 20: training samples. A model without a
            narrow code sees them with its own noise.
        epochs: Integer, 0 or more, how often they are gone through. Default: as often as makes
            2,000 updates, at least twice and at most 200 times.

    Returns:
        `aezoo.Autoencoder`. A batch normalization is folded into the layer before it, and leaves
        values as they are.

    Raises:
        ValueError: If the samples do not fit the model, or the model has a codebook, or a layer of
            which it is not known where TFLite rounds.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.default_rng(0).random((100, 6), "float32")
    >>> ae = aezoo.vanilla(6, 2)
    >>> aezoo.quantize_aware(ae, x, epochs=1).encode(x).shape
    (100, 2)

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877; gradients: Bengio et al.,
        arXiv:1308.3432.
    """
    checked_model(ae)
    copy = copied(ae)
    copy.set_weights(fine_tuned(ae, x, epochs).trained.get_weights())
    return copy


def fine_tuned(
    ae: keras.Model,
    x: np.ndarray,
    epochs: int | None,
    calibration: np.ndarray | None = None,
    per_unit: bool = False,
    bits: int = 8,
) -> "Simulation":
    """As `quantize_aware`, with the ranges.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`.
        epochs: Integer, 0 or more, or `None`.
        calibration: Array of shape `(m, *input_shape)`, of which 1,000 set the ranges and decide
            how they are narrowed: of fewer, too much is cut off. Default: `x`, as it is seen.
        per_unit: As in `aezoo.export.conversion.convert`.
        bits: Integer, 4 or 8, of the weights that `aezoo.export.four_bits.in_four_bits` rounds.

    Returns:
        `Simulation`.

    Raises:
        ValueError: See `quantize_aware`.
    """
    start = time.perf_counter()
    checked_model(ae)
    if epochs is not None:
        epochs = count("epochs", epochs)
    if bottleneck_of(ae.encoder).discrete:
        raise ValueError("A model with a codebook cannot be fine-tuned for int8: leave it out.")
    x = checked_array(x, ae.input_shape[1:], "fine_tune", raw=ae.normalization is not None)
    if len(x) < FEWEST:
        raise ValueError(f"fine_tune must have {FEWEST} samples or more. Received: {len(x)}")
    clean, x = x, as_seen(ae, x)
    calibration = spread(x if calibration is None else calibration, CHECKED)
    left_out = np.arange(len(x)) % HELD_OUT == HELD_OUT - 1
    held_out, aim = (spread(part[left_out], CHECKED) for part in (x, clean))
    x, aim = x[~left_out], ae.normalize(aim)

    def outputs(samples):
        return ae.normalize(ae.reconstruct(samples))

    targets, judged = [ae.encode(x), outputs(x)], (ae.normalize(held_out), outputs(held_out))
    deciding = ae.normalize(calibration), outputs(calibration)
    x = ae.normalize(x)

    found = Simulation(copied(ae), per_unit, bits)
    found.calibrate(deciding[0])
    errors = {"mse_keras": _mean_square(judged[1] - aim)}
    errors["mse_before"] = found.error(judged[0], aim)
    best = found.error(*judged), found.model.get_weights()

    def keep_better():
        nonlocal best
        apart = found.error(*judged)
        if apart < best[0]:
            best = apart, found.model.get_weights()

    found.narrow(*deciding)
    keep_better()
    found.model.set_weights(best[1])
    errors["mse_ranges"] = found.error(judged[0], aim)
    updates = math.ceil(len(x) / BATCH)  # an epoch
    if epochs is None:
        epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(UPDATES / updates)))
    if epochs:
        _compile(found.model, x, targets, epochs * updates)
        for _ in range(epochs):
            found.model.fit(x, targets, batch_size=BATCH, verbose=0)
            keep_better()
        found.model.set_weights(best[1])
        found.calibrate(deciding[0])
        found.narrow(*deciding)
        keep_better()
        found.model.set_weights(best[1])
    if bits < 8:
        found.round_weights()
    found.told = {
        "samples": len(x),
        "epochs": epochs,
        "held_out": len(held_out),
        **errors,
        "mse_after": found.error(judged[0], aim),
        "seconds": time.perf_counter() - start,
    }
    return found


def _compile(model, x, targets, updates):
    """Codes as far off as they are spread count as much as the model's own error."""
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, updates)
    spread_of_codes = float(np.mean(np.var(targets[0], axis=0)))
    weight = _mean_square(targets[1] - x) / max(spread_of_codes, keras.config.epsilon())
    model.compile(
        keras.optimizers.Adam(schedule),
        ["mse", "mse"],
        loss_weights=[weight, 1.0],
        jit_compile=False,
    )


def _mean_square(x):
    return float(np.mean(np.square(x), dtype="float64"))


class Simulation:
    """A model as it computes in int8, with the parts of an autoencoder that exports ask for.

    Args:
        ae: `aezoo.Autoencoder`, whose layers it shares, and whose batch normalizations it folds.
        per_unit: As in `aezoo.export.conversion.convert`.
        bits: As in `fine_tuned`.

    Attributes:
        trained: `aezoo.Autoencoder`, the one given.
        model: `keras.Model`, from normalized samples to codes and reconstructions.
        told: Dictionary of what the fine-tuning did.
    """

    def __init__(self, ae: keras.Model, per_unit: bool = False, bits: int = 8):
        self.trained = ae
        self.normalization, self.latent_shape = ae.normalization, ae.latent_shape
        self.input_shape = ae.input_shape
        self.told: dict[str, Any] = {}
        for part in (ae.encoder, ae.decoder):
            fold(part)
        code = Rounded(name="rounded_code")  # of both parts, for the same steps
        inputs = keras.Input(ae.input_shape[1:], name="x")
        coded = code(fake_quantized(ae.encoder, open_end=True)(Rounded()(inputs)))
        self._encoder = keras.Model(inputs, coded, name="encoder")
        codes = keras.Input(ae.latent_shape, name="code")
        self._decoder = keras.Model(codes, fake_quantized(ae.decoder)(code(codes)), name="decoder")
        inputs = keras.Input(ae.input_shape[1:])
        codes = self._encoder(inputs)
        self.model = keras.Model(inputs, [codes, self._decoder(codes)])
        self.values, self.weights = rounding_layers(self._encoder, self._decoder)
        for layer in self.weights:
            layer.per_unit = per_unit
            if not isinstance(layer.layer, TRANSPOSED):
                layer.most = 2 ** (bits - 1) - 1

    def encoder(self, x, training=False):
        """Codes, by weights that are left for the converter to round."""
        return self._with_exact_weights(self._encoder, x)

    def decoder(self, code, training=False):
        """Outputs, by weights that are left for the converter to round."""
        return self._with_exact_weights(self._decoder, code)

    def calibrate(self, x: np.ndarray) -> None:
        """Sets all ranges to those of samples, and of codes from the prior where there is one.

        Args:
            x: float32 array of shape `(n, *input_shape)`, normalized.
        """
        drawn = prior_codes(self.trained, len(x), seed=0)
        for layer in self.values:
            layer.seen = []
        for i in range(0, len(x), BATCH):
            self.decoder(self.encoder(x[i : i + BATCH]))
            if drawn is not None:
                self.decoder(drawn[i : i + BATCH])
        for layer in self.values:
            layer.settle()

    def narrow(self, x: np.ndarray, y: np.ndarray | None = None) -> None:
        """Narrows ranges, one after the other, where finer steps are worth what is cut off.

        Args:
            x, y: As in `error`, which decides.
        """
        least = self.error(x, y)
        for layer in self.values:
            low, high = (float(end.value) for end in (layer.low, layer.high))
            for part in NARROWER if layer.ends is None else ():
                kept = float(layer.low.value), float(layer.high.value)
                layer.low.assign(low * part)
                layer.high.assign(high * part)
                error = self.error(x, y)
                if error >= least:
                    layer.low.assign(kept[0])
                    layer.high.assign(kept[1])
                    break
                least = error

    def round_weights(self) -> None:
        """Gives weights the values of their steps: eight bits and then four would be others."""
        for rounded in self.weights:
            kernel = rounded.layer.kernel
            kernel.assign(rounded.in_steps(kernel.value))

    def compared(self, exported: Exported, x: np.ndarray) -> dict[str, Any]:
        """What the fine-tuning did, and how a file differs from the simulation.

        Args:
            exported: Object with the method `reconstruct`.
            x: Array of shape `(n, *input_shape)`.

        Returns:
            Dictionary, see `aezoo.ExportReport`.
        """
        ours = self._outputs(self.trained.normalize(x))
        apart = np.abs(self.trained.normalize(exported.reconstruct(x)) - ours)
        last = rounding_layers(self._decoder)[0][-1]
        low, high = (float(end) for end in last.range())
        step = (high - low) / 255
        steps = np.round(apart / step)
        return {
            **self.told,
            "outputs_apart": float(np.mean(steps > 0)),
            "most_steps": int(steps.max()),
        }

    def error(self, x: np.ndarray, y: np.ndarray | None = None) -> float:
        """The mean squared error of reconstructions in int8.

        Args:
            x: float32 array of shape `(n, *input_shape)`, normalized.
            y: float32 array of that shape, what they should be. Default: `x`.

        Returns:
            Float.
        """
        return _mean_square(self._outputs(x) - (x if y is None else y))

    def _outputs(self, x):
        batches = (x[i : i + BATCHED] for i in range(0, len(x), BATCHED))
        return np.concatenate([self.model.predict_on_batch(batch)[1] for batch in batches])

    def _with_exact_weights(self, model, x):
        for layer in self.weights:
            layer.exact = True
        try:
            return model(x, training=False)
        finally:
            for layer in self.weights:
                layer.exact = False


def copied(ae: keras.Model) -> keras.Model:
    """A model of its own with the same weights."""
    copy = type(ae).from_config(ae.get_config())
    copy.set_weights(ae.get_weights())
    return copy
