"""What every autoencoder has, whatever its family."""

import functools
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo import sampling
from aezoo.autoencoder.fitting import SelfSupervised
from aezoo.data.inputs import Door
from aezoo.layers.bottleneck import Bottleneck, bottleneck_of
from aezoo.layers.normalization import Normalization
from aezoo.layers.objectives import Forward
from aezoo.layers.output import BOUNDED, ending

BATCH = 256


@keras.saving.register_keras_serializable("aezoo")
class Autoencoder(SelfSupervised):
    """A network that learns to reproduce its input through a narrow code.

    The model is `normalization? -> corruption? -> encoder -> decoder -> inverse normalization?`.
    It is a functional Keras model, compiled when made (Adam and mean squared error; `compile` it
    again as you like), trained with `fit`, saved with `save("model.keras")` and loaded with
    `keras.saving.load_model`, after which every method below still works.

    Args:
        encoder: `keras.Model`, `(B, *input_shape) -> (B, *latent_shape)`. Its last layer is the
            bottleneck, see `aezoo.layers.bottleneck.Bottleneck`.
        decoder: `keras.Model`, `(B, *latent_shape) -> (B, *input_shape)`.
        normalization: `None`, `"minmax"` or `"standard"`: scale each feature (the last axis)
            inside the model. Inputs and reconstructions are then in raw units, the loss, metrics
            and errors in normalized ones. The first `fit` learns the statistics, or `adapt` does.
        corruption: `None` or a Keras layer that changes its input while training only. It may
            return a pair, the changed input and a weight for each value, with which its part of
            the loss is multiplied while training; metrics are of all values.
        loss: String or Keras loss, the reconstruction's part of the objective, a mean over all
            values.
        objectives: Sequence of `aezoo.layers.objectives.Objective`, further terms of the loss.
        name: String, the model's name.

    Raises:
        ValueError: If encoder and decoder do not fit together, or a sigmoid output is asked to
            produce standardized values.

    Example:

    >>> import aezoo, keras, numpy as np
    >>> encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    >>> ae = aezoo.Autoencoder(encoder, decoder)
    >>> ae.encode(np.zeros((3, 4))).shape
    (3, 2)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        normalization: str | None = None,
        corruption: keras.layers.Layer | None = None,
        loss: Any = "mse",
        objectives: Any = (),
        name: str = "autoencoder",
        **kwargs: Any,
    ):
        for what, part in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(part, keras.Model):
                raise ValueError(f"The {what} must be a keras.Model. Received: {part!r}")
        shape = encoder.input_shape[1:]
        for what, expected, received in (
            ("take the encoder's codes", encoder.output_shape, decoder.input_shape),
            ("return the input's shape", encoder.input_shape, decoder.output_shape),
        ):
            if expected != received:
                raise ValueError(f"The decoder must {what}, {expected}. Received: {received}")
        scaling = normalization and Normalization(
            normalization, name="normalization", dtype="float32"
        )
        if normalization == "standard" and ending(decoder).activation in BOUNDED:
            raise ValueError(
                "A sigmoid or clipped output, which stays in [0, 1], cannot produce standardized "
                "values. Use output_activation='linear' or normalization='minmax'."
            )

        inputs = keras.Input(shape, name="input")
        seen = scaling(inputs) if scaling else inputs
        seen = corruption(seen) if corruption else seen
        decoded = decoder(encoder(seen[0] if isinstance(seen, (tuple, list)) else seen))
        outputs = scaling(decoded, inverse=True) if scaling else decoded
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.normalization = scaling or None
        self.corruption = corruption
        self.loss_config = loss
        self._prepare(loss, objectives)

    def call(self, inputs, training=None, mask=None):
        (inputs,) = keras.tree.flatten(inputs)
        phase = {"training": training}  # on JAX `fit` comes here without telling Keras's layers
        scaled = self._scale(ops.convert_to_tensor(inputs, self.inputs[0].dtype))
        seen = self.corruption(scaled, **phase) if self.corruption else scaled
        seen, weight = seen if isinstance(seen, (tuple, list)) else (seen, None)
        features = self._before_bottleneck(seen, **phase)
        code = self.encoder.layers[-1](features, **phase)
        output = self.decoder(code, **phase)
        stages = (ops.cast(part, "float32") for part in (scaled, scaled, features, code, output))
        forward = Forward(*stages, self.decoder, bool(training))
        return self._pass(self._scale(output, inverse=True), forward, weight if training else None)

    @functools.cached_property
    def bottleneck(self) -> Bottleneck:
        """`aezoo.layers.bottleneck.Bottleneck`, what makes the code, and says what it is."""
        return bottleneck_of(self.encoder)

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Tuple, the shape of one code."""
        return self.decoder.input_shape[1:]

    def adapt(self, x: Any) -> None:
        """Learns the statistics of the normalization.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches that can be read again;
                of pairs the second counts, the target.

        Raises:
            ValueError: If the model has no normalization, or the data cannot be used.
        """
        if self.normalization is None:
            raise ValueError(
                "This model has no normalization to adapt. "
                "Build it with normalization='minmax' or 'standard'."
            )
        self.normalization.adapt(self.door.targets(x))

    def encode(self, x: Any) -> np.ndarray:
        """Codes of samples.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *latent_shape)`.
        """
        return self._batched(lambda b: self.encoder(self._scale(b)), x)

    def decode(self, z: Any) -> np.ndarray:
        """Outputs for codes, in the units of the input.

        Args:
            z: Array of shape `(n, *latent_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        door = Door(self.latent_shape, raw=True)
        return self._batched(lambda b: self._scale(self.decoder(b), inverse=True), z, door)

    def reconstruct(self, x: Any) -> np.ndarray:
        """Samples after a trip through the code, in the units of the input.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(
            lambda b: self._scale(self.decoder(self.encoder(self._scale(b))), inverse=True), x
        )

    def reconstruction_error(self, x: Any) -> np.ndarray:
        """Mean squared error of each sample's reconstruction, in normalized units.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n,)`.
        """

        def error(batch):
            scaled = self._scale(batch)
            difference = scaled - ops.cast(self.decoder(self.encoder(scaled)), scaled.dtype)
            return ops.mean(ops.square(difference), axis=range(1, len(scaled.shape)))  # -> (B,)

        return self._batched(error, x)

    def corrupt(self, x: Any) -> np.ndarray:
        """Samples as the corruption spoils them in training, in the units of the input.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`, equal to `x` without a corruption.
        """

        def spoil(batch):
            scaled = self._scale(batch)
            spoiled = self.corruption(scaled, training=True) if self.corruption else scaled
            spoiled = spoiled[0] if isinstance(spoiled, (tuple, list)) else spoiled
            return self._scale(spoiled, inverse=True)

        return self._batched(spoil, x)

    def normalize(self, x: Any) -> np.ndarray:
        """Samples as the encoder sees them: scaled, if the model has a normalization.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(self._scale, x)

    def denormalize(self, x: Any) -> np.ndarray:
        """The inverse of `normalize`: from the decoder's units to those of the input.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(lambda b: self._scale(b, inverse=True), x)

    def interpolate(self, a: Any, b: Any, steps: int = 10) -> np.ndarray:
        """Outputs on the straight line between the codes of two samples.

        Args:
            a, b: Arrays of shape `input_shape`.
            steps: Integer, 2 or more, how many outputs, with those of both ends.

        Returns:
            NumPy array of shape `(steps, *input_shape)`.

        Raises:
            ValueError: If the codes of the model are discrete, or the samples do not fit.
        """
        return sampling.interpolate(self, a, b, steps)

    def sample(
        self, n: int, sampler: str | None = None, x: Any = None, seed: int | None = None
    ) -> np.ndarray:
        """Draws new samples: codes from a distribution, decoded.

        Args:
            n: Positive integer.
            sampler: `"normal"`, the prior of models that have one and their default, of others a
                normal distribution fitted to the codes of `x`; `"gaussian_mixture"`, fitted to
                those, the default of others; `"kernel_density"`, codes of `x` moved by a normal
                kernel, whose width suits codes held out best; `"normalizing_flow"`, a network
                that is trained for it, which takes minutes where there are thousands of samples;
                or `"autoregressive"`, likewise, for models with a codebook; `gumbel` has its prior
                by default. Draws of those that are fitted are brought onto what the encoder gives.
            x: Array of shape `(m, *input_shape)`, training samples, for all but a prior.
            seed: Integer, for samples that can be drawn again.

        Returns:
            NumPy array of shape `(n, *input_shape)`.

        Raises:
            ValueError: For a sampler that is not for the model's codes, or without samples to fit
                it to.
        """
        return sampling.sample(self, n, sampler, x, seed)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "normalization": self.normalization and self.normalization.mode,
            "corruption": self.corruption and serialize(self.corruption),
            "loss": serialize(self.loss_config),
            "objectives": [serialize(objective) for objective in self.extra_objectives],
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = keras.saving.deserialize_keras_object(config, custom_objects)
        # earlier versions saved every family as an Autoencoder
        return (bottleneck_of(parts["encoder"]).autoencoder or cls)(**parts)

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        for i, state in enumerate(self._random_states):
            store[f"random_{i}"] = state

    def load_own_variables(self, store: Any) -> None:
        values = {name: store[name] for name in store.keys()}  # noqa: SIM118, Keras's own mapping
        saved = {name: values.pop(name) for name in list(values) if name.startswith("random_")}
        for i, state in enumerate(self._random_states):
            if f"random_{i}" in saved:  # files of earlier versions have none
                state.assign(saved[f"random_{i}"])
        super().load_own_variables(values)

    @property
    def _random_states(self):
        """The states of the layers' random generators, which Keras does not save."""
        weights = {id(variable) for variable in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]

    @functools.cached_property  # which Keras does not track: these layers belong to the encoder
    def _before_bottleneck(self):
        return keras.Model(self.encoder.inputs[0], self.encoder.layers[-1].input)

    def _scale(self, x, inverse=False):
        return self.normalization(x, inverse=inverse) if self.normalization else x

    def _features(self, x):
        return self._before_bottleneck(self._scale(x), training=False)

    def _batched(self, function, x, door=None):
        self._require_statistics()
        batches = (door or self.door).batches(x, BATCH)
        outputs = (function(ops.convert_to_tensor(b)) for b in batches)
        return np.concatenate([ops.convert_to_numpy(_in_float32(output)) for output in outputs])


def _in_float32(x):
    """What NumPy can work with: of mixed precision it has no type, or a coarse one."""
    halves = ("bfloat16", "float16")
    return ops.cast(x, "float32") if keras.backend.standardize_dtype(x.dtype) in halves else x
