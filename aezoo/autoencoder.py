"""The one model class: a functional Keras model made from an encoder and a decoder."""

import functools
import math

import keras
import numpy as np
from keras import ops

from aezoo import sampling
from aezoo.data import feeding
from aezoo.data.inputs import checked_array, inputs_of, is_dataset, refuse_endless, targets_of
from aezoo.layers.initialization import flat_layers, output_activation, start_at_mean
from aezoo.layers.normalization import Normalization

BATCH = 256
DENSE = (
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.InputLayer,
    keras.layers.Reshape,
)


@keras.saving.register_keras_serializable("aezoo")
class Autoencoder(keras.Model):
    """A network that learns to reproduce its input through a narrow code.

    The model is `normalization? -> corruption? -> encoder -> decoder -> inverse normalization?`.
    It is a functional Keras model, compiled when made (Adam and mean squared error; `compile` it
    again as you like), trained with `fit`, saved with `save("model.keras")` and loaded with
    `keras.saving.load_model`, after which every method below still works.

    Args:
        encoder: `keras.Model`, `(B, *input_shape) -> (B, *latent_shape)`.
        decoder: `keras.Model`, `(B, *latent_shape) -> (B, *input_shape)`.
        normalization: `None`, `"minmax"` or `"standard"`: scale each feature (the last axis)
            inside the model. Inputs and reconstructions are then in raw units, the loss and the
            errors in normalized ones. The first `fit` learns the statistics, or `adapt` does.
        corruption: `None` or a Keras layer that changes its input while training only. It may
            return a pair, the changed input and a weight for each value: the squared error of a
            value is then multiplied by its weight while training, and the target is the input.
        loss: String or Keras loss, the reconstruction's part of the objective, a mean over all
            values.
        name: String, the model's name.

    The last layer of the encoder is the bottleneck. What it adds with `add_loss` is a part of the
    loss; if it has `log_names`, a sequence of strings, its method `log(features)`, from its input
    to a dictionary of scalars with these names, is a part of the training log.

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
        encoder,
        decoder,
        normalization=None,
        corruption=None,
        loss="mse",
        name="autoencoder",
        **kwargs,
    ):
        shape = encoder.input_shape[1:]
        for what, expected, received in (
            ("take the encoder's codes", encoder.output_shape, decoder.input_shape),
            ("return the input's shape", encoder.input_shape, decoder.output_shape),
        ):
            if expected != received:
                raise ValueError(f"The decoder must {what}, {expected}. Received: {received}")
        scaling = (
            Normalization(normalization, name="normalization", dtype="float32")
            if normalization
            else None
        )
        if normalization == "standard" and output_activation(decoder) == "sigmoid":
            raise ValueError(
                "A sigmoid output, which stays in [0, 1], cannot produce standardized values. "
                "Use output_activation='linear' or normalization='minmax'."
            )

        inputs = keras.Input(shape, name="input")
        normalized = scaling(inputs) if scaling else inputs
        spoiled = corruption(normalized) if corruption else normalized
        weighted = isinstance(spoiled, (tuple, list))
        decoded = decoder(encoder(spoiled[0] if weighted else spoiled))
        if weighted:  # of squared errors, from the input
            decoded = WeightedErrors(name="weighted_errors")([normalized, decoded, spoiled[1]])
        outputs = scaling(decoded, inverse=True) if scaling else decoded
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.normalization = scaling
        self.corruption = corruption
        self.weighs_errors = weighted
        # XLA speeds dense networks up on every device; other ones only on accelerators, which is
        # what "auto" means: on CPUs it slows convolutions down threefold.
        dense = all(
            isinstance(layer, DENSE) or type(layer).__module__.startswith("aezoo.")
            for layer in (*flat_layers(encoder), *flat_layers(decoder))
        )
        names = getattr(self.bottleneck, "log_names", ())
        self.trackers = [keras.metrics.Mean(name=name) for name in names]
        self.loss_config = loss
        self.compile(
            optimizer=keras.optimizers.Adam(2e-3),
            loss=loss,
            jit_compile=True if dense else "auto",
            steps_per_execution=20,
        )
        self.optimizer.build(self.trainable_variables)  # an untrained model can be saved, too

    @property
    def bottleneck(self):
        """Keras layer, the last of the encoder: what makes the code."""
        return self.encoder.layers[-1]

    @property
    def latent_shape(self):
        """Tuple, the shape of one code."""
        return self.decoder.input_shape[1:]

    def fit(
        self,
        x,
        y=None,
        batch_size=None,
        epochs=1,
        *,
        sample_weight=None,
        validation_data=None,
        **kwargs,
    ):
        """Trains the model to reproduce its input, or to map `x` to `y`.

        Before its first update the output starts at the mean of the targets, see
        `aezoo.initialization`, and a normalization without statistics learns them. Models come
        compiled with `steps_per_execution=20`, so callbacks see batches in twenties at most;
        compile with 1 to see each.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of such batches or of pairs of
                them (`tf.data.Dataset`, `keras.utils.PyDataset`, a generator of tuples). Arrays
                are checked for what cannot be learned; of a dataset the first batch is.
            y: Array of the shape of `x`, the target. Defaults to `x`; for denoising give `fit(
                noisy, clean)`.
            batch_size, epochs: As in `keras.Model.fit`.
            sample_weight: Array of shape `(n,)`, the weight of each sample in the loss.
            validation_data: An array, a pair `(x, y)`, a triple with weights, or a dataset.
            **kwargs: Further arguments of `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: For empty or non-finite data, a shape that does not fit, a target that is
                not of the input's shape, integers that are not scaled, or values outside [0, 1]
                for a sigmoid output.

        Example:

        >>> import aezoo, numpy as np
        >>> ae = aezoo.build("deep", input_shape=4, latent_dim=2)
        >>> history = ae.fit(np.random.rand(64, 4), epochs=2, verbose=0)
        >>> sorted(history.history)
        ['loss']
        """
        if kwargs.get("class_weight"):
            raise ValueError(
                "An autoencoder knows no classes: use sample_weight, not class_weight."
            )
        x = self._checked(x, reproduced=y is None)
        y = self._checked(y, "target", reproduced=True)
        if sample_weight is not None and y is None:
            y = x  # Keras drops the weights of samples without a target
        if validation_data is not None and not is_dataset(validation_data):
            parts = validation_data if isinstance(validation_data, tuple) else (validation_data,)
            names = ("validation input", "validation target")
            checked = [self._checked(*pair) for pair in zip(parts, names, strict=False)]
            validation_data = (*checked, *parts[2:]) if len(parts) > 1 else checked[0]
        target = x if y is None else y
        if self.normalization and not self.normalization.adapted:
            self.adapt(target)
        self._start_at_mean(target)
        own = {"validation_split", "steps_per_epoch"}  # of arrays; Keras knows what they mean
        if not is_dataset(x) and not own & kwargs.keys() and feeding.worthwhile(self):
            arrays = (x, y, sample_weight)
            kwargs.setdefault("validation_batch_size", batch_size)
            x = feeding.batches(arrays, batch_size or 32, kwargs.pop("shuffle", True))
            y = batch_size = sample_weight = None
        if is_dataset(x):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot shuffle a dataset
        self._divide_executions(kwargs.get("steps_per_epoch"), kwargs.get("validation_steps"))
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            sample_weight=sample_weight,
            validation_data=validation_data,
            **kwargs,
        )

    def evaluate(self, x=None, y=None, *args, **kwargs):
        self._divide_executions(kwargs.get("steps"))
        return super().evaluate(x, y, *args, **kwargs)

    def adapt(self, x):
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
        if is_dataset(x):
            if iter(x) is x:
                raise ValueError(
                    "A generator can be read only once: call adapt with an array or a "
                    "tf.data.Dataset before fit."
                )
            refuse_endless(x)
            shape = self.input_shape[1:]
            targets = targets_of(x, shape)
            self.normalization.adapt(checked_array(batch, shape, raw=True) for batch in targets)
        else:
            self.normalization.adapt(self._checked(x))
        self.train_function = self.test_function = None  # they hold the earlier statistics

    def encode(self, x):
        """Codes of samples.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *latent_shape)`.
        """
        return self._batched(lambda b: self.encoder(self._scale(b)), x, self.input_shape[1:])

    def decode(self, z):
        """Outputs for codes, in the units of the input.

        Args:
            z: Array of shape `(n, *latent_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(
            lambda b: self._scale(self.decoder(b), inverse=True), z, self.latent_shape
        )

    def reconstruct(self, x):
        """Samples after a trip through the code, in the units of the input.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(self, x, self.input_shape[1:])

    def reconstruction_error(self, x):
        """Mean squared error of each sample's reconstruction, in normalized units.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n,)`.
        """
        return self._batched(self._error, x, self.input_shape[1:])

    def corrupt(self, x):
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

        return self._batched(spoil, x, self.input_shape[1:])

    def normalize(self, x):
        """Samples as the encoder sees them: scaled, if the model has a normalization.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        if self.normalization is None and not is_dataset(x):
            return self._checked(x)
        return self._batched(self._scale, x, self.input_shape[1:])

    def denormalize(self, x):
        """The inverse of `normalize`: from the decoder's units to those of the input.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *input_shape)`.
        """
        return self._batched(lambda b: self._scale(b, inverse=True), x, self.input_shape[1:])

    def encode_distribution(self, x):
        """Distributions of codes, of a variational model.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            A pair of NumPy arrays of shape `(n, *latent_shape)`: `z_mean` and `z_log_var`, mean
            and logarithm of the variance.

        Raises:
            ValueError: If the model is not variational.
        """
        split = self._ability("split", "has no distribution of codes")

        def both(batch):  # (B, ..., D) twice -> (B, ..., 2 * D)
            return ops.concatenate(split(self._features(batch)), axis=-1)

        return tuple(np.split(self._batched(both, x, self.input_shape[1:]), 2, axis=-1))

    def kl_divergence(self, x):
        """KL divergence of each dimension's distribution from the prior, of a variational model.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            NumPy array of shape `(n, *latent_shape)`, nats; a sample's sum is its total.

        Raises:
            ValueError: If the model is not variational.
        """
        divergence = self._ability("divergence", "has no distribution of codes")
        return self._batched(lambda b: divergence(self._features(b)), x, self.input_shape[1:])

    def encode_indices(self, x):
        """Codes as indices into the codebook, of a model with one.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of batches.

        Returns:
            Integer NumPy array of shape `(n, *latent_shape[:-1])`.

        Raises:
            ValueError: If the model has no codebook.
        """
        indices = self._ability("indices", "has no codebook")
        return self._batched(lambda b: indices(self._features(b)), x, self.input_shape[1:])

    def decode_indices(self, indices):
        """Outputs for indices into the codebook, in the units of the input.

        Args:
            indices: Integer array of shape `(n, *latent_shape[:-1])`.

        Returns:
            NumPy array of shape `(n, *input_shape)`.

        Raises:
            ValueError: If the model has no codebook, or an index is outside of it.
        """
        lookup = self._ability("lookup", "has no codebook")
        indices = np.asarray(indices)
        if not indices.size:
            raise ValueError("Expected at least one code. Received: none")
        size = self.bottleneck.num_embeddings
        if (
            not np.issubdtype(indices.dtype, np.integer)
            or indices.min() < 0
            or indices.max() >= size
        ):
            raise ValueError(
                f"Indices must be integers from 0 to {size - 1}. Received: {indices.dtype} from "
                f"{indices.min()} to {indices.max()}"
            )
        return self.decode(ops.convert_to_numpy(lookup(ops.convert_to_tensor(indices))))

    def interpolate(self, a, b, steps=10):
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

    def sample(self, n, sampler=None, x=None, seed=None):
        """Draws new samples: codes from a distribution, decoded.

        Args:
            n: Positive integer.
            sampler: `"normal"`, the standard normal distribution, the prior of variational
                models and their default; or `"gaussian_mixture"`, fitted to the codes of `x`, the
                default of others.
            x: Array of shape `(m, *input_shape)`, training samples, for the mixture.
            seed: Integer, for samples that can be drawn again.

        Returns:
            NumPy array of shape `(n, *input_shape)`.

        Raises:
            ValueError: If the codes of the model are discrete, or the mixture has no samples.

        Reference:
            Ghosh et al., "From Variational to Deterministic Autoencoders", ICLR 2020,
            arXiv:1903.12436, section 4, for the mixture.
        """
        return sampling.sample(self, n, sampler, x, seed)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if training and self.weighs_errors and y is not None and sample_weight is None:
            raise ValueError(
                f"A model of the family {self.name} learns to rebuild its input, and takes no "
                "other target: leave it out."
            )
        loss = super().compute_loss(
            x, *self._in_loss_units(x, y, y_pred, sample_weight), training=training
        )
        if self.trackers:
            logged = self.bottleneck.log(self._features(x))
            for tracker in self.trackers:
                tracker.update_state(logged[tracker.name], sample_weight=ops.shape(x)[0])
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, *self._in_loss_units(x, y, y_pred, sample_weight))

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "normalization": self.normalization and self.normalization.mode,
            "corruption": self.corruption and serialize(self.corruption),
            "loss": serialize(self.loss_config),
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("encoder", "decoder", "corruption", "loss")
            if isinstance(config.get(key), dict)
        }
        return cls(**{**config, **parts})

    def _features(self, x):
        """What comes into the bottleneck."""
        return self._before_bottleneck(self._scale(x), training=False)

    @functools.cached_property  # which Keras does not track: these layers belong to the encoder
    def _before_bottleneck(self):
        return keras.Model(self.encoder.inputs[0], self.bottleneck.input)

    def _ability(self, name, lack):
        if not hasattr(self.bottleneck, name):
            raise ValueError(f"A model of the family {self.name} {lack}.")
        return getattr(self.bottleneck, name)

    def _in_loss_units(self, x, y, y_pred, sample_weight):
        """The target, which defaults to the input, the prediction and the weights for the loss."""
        y = x if y is None else y
        shape = self.input_shape[1:]
        known = shape if getattr(y.shape, "rank", 1) is None else tuple(y.shape[1:])
        if len(known) != len(shape) or any(
            a not in (None, b) for a, b in zip(known, shape, strict=True)
        ):
            raise ValueError(
                f"An autoencoder's target has the shape of its input, {shape}. Received a target "
                f"of shape {known}. If it holds labels (as_supervised=True), leave them "
                "out: dataset.map(lambda x, y: x)."
            )
        y = ops.cast(y, y_pred.dtype)
        if self.normalization:
            y, y_pred = self.normalization.normalized(y), self.normalization.normalized(y_pred)
        if sample_weight is not None and len(sample_weight.shape) == 1:
            # (B,) -> (B, 1, ..., 1), one axis less than the target
            sample_weight = ops.reshape(sample_weight, (-1,) + (1,) * (len(shape) - 1))
        return y, y_pred, sample_weight

    def _start_at_mean(self, x):
        if is_dataset(x):
            if iter(x) is x:  # a generator, which a look would consume
                return
            x = next(targets_of(x, self.input_shape[1:]))
            if x.shape[1:] != self.input_shape[1:]:
                return  # the loss says what is wrong
            x = self._checked(x, "first batch", reproduced=True)
        mean = np.mean(x, axis=0, dtype="float64").astype("float32")
        scale = self.normalization.normalized if self.normalization else np.asarray
        start_at_mean(self.decoder, scale(mean))

    def _divide_executions(self, *steps):
        """Lets whole executions make up the steps asked for: Keras only stops between them."""
        divided = math.gcd(self.steps_per_execution, *(n for n in steps if n))
        if divided != self.steps_per_execution:
            self.steps_per_execution = divided
            self.train_function = self.test_function = None

    def _batched(self, function, x, shape):
        """Applies a function of tensors batch by batch; NumPy out."""
        if self.normalization and not self.normalization.adapted:
            raise ValueError("The normalization has no statistics yet: call adapt(x) or fit(x).")
        raw = self.normalization is not None
        if is_dataset(x):
            refuse_endless(x)
            batches = (checked_array(batch, shape, raw=raw) for batch in inputs_of(x))
        else:
            x = checked_array(x, shape, raw=raw)
            batches = (x[i : i + BATCH] for i in range(0, len(x), BATCH))
        outputs = [ops.convert_to_numpy(function(ops.convert_to_tensor(b))) for b in batches]
        if not outputs:
            raise ValueError("Expected at least one sample. Received: an empty dataset")
        return np.concatenate(outputs)

    def _scale(self, x, inverse=False):
        return self.normalization(x, inverse=inverse) if self.normalization else x

    def _error(self, x):
        x = self._scale(x)
        difference = x - self.decoder(self.encoder(x))
        return ops.mean(ops.square(difference), axis=range(1, len(x.shape)))  # (B, ...) -> (B,)

    def _checked(self, x, what="input", reproduced=False):
        """Arrays checked, as NumPy; datasets as they are."""
        if x is None or is_dataset(x):
            return x
        raw = self.normalization is not None or not reproduced
        x = checked_array(x, self.input_shape[1:], what, raw)
        if not raw and output_activation(self.decoder) == "sigmoid":
            low, high = x.min(), x.max()
            if low < 0 or high > 1:
                raise ValueError(
                    "A sigmoid output can only reproduce values in [0, 1]. Received values from "
                    f"{low:g} to {high:g}. Scale the data, or build the model with "
                    "normalization='minmax' or output_activation='linear'."
                )
        return x


@keras.saving.register_keras_serializable("aezoo")
class WeightedErrors(keras.layers.Layer):
    """Multiplies the squared error of each value by a weight while training.

    An output of x + (decoded - x) sqrt(weight) has the error weight * (decoded - x)^2, and the
    gradient that goes with it.
    """

    def call(self, inputs, training=False):
        x, decoded, weight = inputs
        return x + (decoded - x) * ops.sqrt(weight) if training else decoded

    def compute_output_shape(self, input_shape):
        return input_shape[1]
