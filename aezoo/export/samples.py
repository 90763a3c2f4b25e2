"""The samples that an export is calibrated and judged on."""

import logging

import keras
import numpy as np

from aezoo.data.inputs import checked_array
from aezoo.data.streams import Stream, sample_of
from aezoo.layers.bottleneck import bottleneck_of

CALIBRATION = 300  # samples that set the ranges of int8; more did not change the error
CHECKED = 1000  # samples that parity is measured on
ENOUGH = 200  # samples from which on an estimate is taken as it is
HEADROOM = 2.0  # of int16, which has the steps for it; in eight bits it would cost one of them
FEWEST = 20  # samples below which a loss of precision cannot be judged at all

log = logging.getLogger("aezoo")


def checked_model(ae: keras.Model) -> None:
    """Refuses what cannot be exported.

    Args:
        ae: `aezoo.Autoencoder`.

    Raises:
        ValueError: If it is something else, in another precision or backend, or its normalization
            has no statistics.
    """
    if not (hasattr(ae, "encoder") and hasattr(ae, "latent_shape")):
        raise ValueError(f"Expected an aezoo.Autoencoder. Received: {type(ae).__name__}")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export needs the TensorFlow backend: save the model, and load it in a process with "
            "KERAS_BACKEND=tensorflow."
        )
    if ae.compute_dtype != "float32":
        raise ValueError(
            "Export needs a model in float32: build it with keras.config.set_dtype_policy("
            "'float32') and load the weights."
        )
    if ae.normalization is not None and ae.normalization.statistics is None:
        raise ValueError("The normalization has no statistics yet: call adapt(x) or fit(x).")


def checked_samples(
    ae: keras.Model, x: np.ndarray | Stream | None, *, what: str = "samples", exact: bool = True
) -> np.ndarray:
    """Samples to measure on, or to calibrate with.

    Args:
        ae: `aezoo.Autoencoder`.
        x: Array of shape `(n, *input_shape)`, a stream, of which its random sample is taken, or
            `None` for decoded random codes.
        what: String, what to call them in errors.
        exact: Boolean, whether the export computes in float32, which two samples can show. What a
            lower precision loses takes at least 20.

    Returns:
        float32 array of shape `(m, *input_shape)`, at most 1,000 of them, evenly from first to
        last.

    Raises:
        ValueError: If they do not fit the model, are too few, or all alike.
    """
    if x is None:
        codes = np.random.default_rng(0).normal(size=(ENOUGH, *ae.latent_shape))
        return ae.decode(codes.astype("float32"))
    x = checked_array(sample_of(x), ae.input_shape[1:], what, raw=ae.normalization is not None)
    least = 2 if exact else FEWEST
    if len(x) < least:
        raise ValueError(
            f"{least} {what} or more are needed to compare on, {ENOUGH} or more to be sure. "
            f"Received: {len(x)}"
        )
    x = spread(x, CHECKED)
    if (x == x[0]).all():
        raise ValueError(
            f"The {what} must differ: errors and ranks of one sample say nothing. Received: "
            f"{len(x)} times the same."
        )
    return x


def as_seen(ae: keras.Model, x: np.ndarray) -> np.ndarray:
    """Samples as a model meets them in use: without a narrow code it is there to clean them.

    Args:
        ae: `aezoo.Autoencoder`.
        x: float32 array of shape `(n, *input_shape)`.

    Returns:
        float32 array of that shape: with the model's own noise, if its code is the whole sample.
    """
    whole = ae.corruption is not None and not bottleneck_of(ae.encoder).narrow
    return ae.corrupt(x) if whole else x


def spread(x: np.ndarray, count: int) -> np.ndarray:
    """At most so many samples, evenly from first to last: data are often sorted by class."""
    return x[np.linspace(0, len(x) - 1, min(count, len(x))).astype(int)]


def calibration_of(
    ae: keras.Model, x: np.ndarray, *, wide: bool = False, indices: bool = False
) -> dict[str, np.ndarray]:
    """Typical inputs of each part, which set the ranges of integers.

    Args:
        ae: `aezoo.Autoencoder`.
        x: float32 array of shape `(n, *input_shape)`.
        wide: Boolean, whether activations are int16, whose ranges may be larger than what was seen:
            what is cut off of a few samples is most of the error of exact models.
        indices: Boolean, whether codes are given as places in the codebook.

    Returns:
        Dictionary: `x`, normalized samples, and `code`, their codes and as many from the prior,
        where there is one: a model that draws new samples decodes other codes than it encodes. If
        wide, each is followed by all of them times 2.
    """
    x = spread(x, CALIBRATION)
    codes = ae.encode_indices(x).astype("int32") if indices else ae.encode(x)
    drawn = prior_codes(ae, len(x), seed=0)
    typical = {
        "x": ae.normalize(x),
        "code": codes if drawn is None else np.concatenate([codes, drawn]),
    }
    if wide:
        return {key: np.concatenate([a, HEADROOM * a]) for key, a in typical.items()}
    return typical


def prior_codes(ae: keras.Model, n: int, seed: int) -> np.ndarray | None:
    """Codes from the prior of a model, or `None` where it has none that samples have not.

    Codes from a codebook are those of samples, wherever they come from.

    Args:
        ae: `aezoo.Autoencoder`.
        n: Positive integer.
        seed: Integer.

    Returns:
        float32 array of shape `(n, *latent_shape)`, or `None`.
    """
    bottleneck = bottleneck_of(ae.encoder)
    others = bottleneck.has_prior and not bottleneck.discrete
    return bottleneck.prior(n, ae.latent_shape, seed) if others else None


def remark(precision: str, samples: np.ndarray, calibration: np.ndarray | None) -> None:
    """Warns of a judgement on few samples, or on those that the ranges were set by.

    Args:
        precision: String, `"float16"`, `"dynamic"`, `"int4"`, `"int8"` or `"int16x8"`.
        samples: Array, what the export is judged on.
        calibration: Array, what its ranges were set by, or `None`.
    """
    if len(samples) < ENOUGH:
        log.warning(
            "The export in %s is judged on %d samples, so that only what is surely beyond its "
            "bound is refused: give %d or more.",
            *(precision, len(samples), ENOUGH),
        )
    if calibration is None:
        return
    if len(calibration) < ENOUGH:
        log.warning(
            "The ranges of %s are set by %d samples, and what is beyond them is cut off: give "
            "some hundred from all over the training data as calibration_data.",
            *(precision, len(calibration)),
        )
    if np.array_equal(samples, calibration):
        log.warning(
            "The export in %s is judged on the samples that set its ranges: give others as "
            "samples, such as a test split.",
            precision,
        )
