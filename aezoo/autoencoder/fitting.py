"""How a model that learns its own input is fed, trained and judged by Keras."""

import contextlib
import math
import threading
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder.bar import with_bar
from aezoo.checks import count, number, positive
from aezoo.data import feeding, shares
from aezoo.data.inputs import NO_TARGET, Door, is_dataset, refuse_endless
from aezoo.layers.initialization import start_at_mean
from aezoo.layers.linear_path import awaits_start, start_at_pca
from aezoo.layers.objectives import Objective, terms_of
from aezoo.layers.output import BOUNDED, ending

EVALUATED = 0  # seed of the draws that evaluation makes: the same ones each time


class SelfSupervised(keras.Model):
    """A Keras model whose target is its input, where no other is given.

    Everything that comes in passes `self.door`. The loss is taken from one forward pass, which
    `call` leaves with `_pass`: it is `compile`'s loss between target and output, in the units of
    the network, and the terms of `self.objectives`. Those of the bottleneck are among `losses`, so
    that training loops of users and models around this one have them, too.
    """

    def _prepare(self, loss, objectives):
        """Compiles the model, with its terms of the loss."""
        self.extra_objectives = list(objectives)
        self._passed = threading.local()
        names = [name for objective in self.objectives for name in objective.term_names]
        if len({"loss", *names}) <= len(names):
            raise ValueError(f"Every term of the loss needs a name of its own. Received: {names}")
        self.term_metrics = [keras.metrics.Mean(name=name) for name in names]
        # XLA keeps to one device
        possible = getattr(self.corruption, "supports_jit", True) and copies_of(self) == 1
        self.compile(
            optimizer=keras.optimizers.Adam(2e-3),
            loss=loss,
            # "auto" is XLA on accelerators: on CPUs it slows convolutions down threefold
            jit_compile=True if ending(self.decoder).xla and possible else "auto",
            steps_per_execution=20,
        )
        if self.extra_objectives:  # those with weights make them now, of a symbol: nothing runs
            loss = keras.layers.Lambda(lambda x: self.compute_loss(x, training=False))
            loss(keras.Input(batch_shape=(2, *self.input_shape[1:])))
        self.optimizer.build(self.trainable_variables)  # an untrained model can be saved, too

    @property
    def objectives(self) -> list[Objective]:
        """Sequence of `aezoo.layers.objectives.Objective`, which add terms to the loss."""
        return [self.bottleneck, *self.extra_objectives]

    @property
    def door(self) -> Door:
        """`aezoo.data.inputs.Door`, what the model takes."""
        bounded = ending(self.decoder).activation in BOUNDED
        return Door(self.input_shape[1:], self.normalization is not None, bounded)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        super().compile(*args, **kwargs)
        self._executions = self.steps_per_execution

    def compile_from_config(self, config: dict) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        *,
        sample_weight: Any = None,
        validation_data: Any = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains the model to reproduce its input, or to map `x` to `y`.

        Before its first update the output starts at the mean of the targets, see
        `aezoo.layers.initialization`, a normalization without statistics learns them, and a linear
        path is set to the principal components of the targets, see `aezoo.layers.linear_path`.
        Models come compiled with `steps_per_execution=20`, so callbacks see batches in twenties at
        most; compile with 1 to see each.

        Args:
            x: Array of shape `(n, *input_shape)`, or a dataset of such batches, of pairs of them
                or of triples with weights (`tf.data.Dataset`, `keras.utils.PyDataset`, a
                generator). Arrays are checked for what cannot be learned; of a dataset the first
                batches are.
            y: Array of the shape of `x`, the target. Defaults to `x`; for denoising give `fit(
                noisy, clean)`.
            batch_size, epochs, verbose, callbacks: As in `keras.Model.fit`.
            sample_weight: Array of shape `(n,)`, 0 or more, the weight of each sample in the
                reconstruction's part of the loss. Terms, such as a KL, are of the whole batch.
            validation_data: An array, a pair `(x, y)`, a triple with weights, in which `y` may be
                `None`, or a dataset.
            **kwargs: Further arguments of `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: For empty or non-finite data, a shape that does not fit, a target that is
                not of the input's shape, integers that are not scaled, values outside [0, 1] for a
                sigmoid output, or a dataset without end and without `steps_per_epoch`.

        Example:

        >>> import aezoo, numpy as np
        >>> ae = aezoo.build("deep", input_shape=4, latent_dim=2)
        >>> history = ae.fit(np.random.rand(64, 4), epochs=2, verbose=0)
        >>> sorted(history.history)
        ['loss']
        """
        _check_no_classes(kwargs.get("class_weight"))
        _check_batch_size(batch_size)
        count("epochs", epochs)
        number("validation_split", kwargs.get("validation_split", 0.0), least=0, below=1)
        x, y, sample_weight = self.door.fed(x, y, sample_weight)
        validation_data = self.door.validation(validation_data)
        streamed = is_dataset(x)
        if streamed and not kwargs.get("steps_per_epoch"):
            refuse_endless(x)
        if self.normalization and not self.normalization.adapted:
            self.adapt(x if y is None else y)
        first, x = self.door.first_targets(x, y)
        mean = first.mean(axis=0, dtype="float64").astype("float32")
        if self._awaits_start(kwargs.get("initial_epoch", 0)):
            self._start_at_pca(self._all_targets(x, first, kwargs))
        start_at_mean(self.decoder, ops.convert_to_numpy(self._scale(mean[None]))[0])
        own = {"validation_split", "steps_per_epoch"}  # of arrays; Keras knows what they mean
        first_epoch = kwargs.get("initial_epoch", 0)
        if shares.together():
            how = batch_size or kwargs.get("validation_batch_size") or 32, first_epoch
            x, validation_data = shares.of_fit((x, y, sample_weight), validation_data, *how)
            y = batch_size = sample_weight = None
        elif not streamed and not own & kwargs.keys() and feeding.worthwhile(self):
            kwargs.setdefault("validation_batch_size", batch_size)
            arrays = (x, y, sample_weight)
            x = feeding.batches(arrays, batch_size or 32, kwargs.pop("shuffle", True), first_epoch)
            y = batch_size = sample_weight = None
        if is_dataset(x):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot shuffle a dataset
        steps = kwargs.get("steps_per_epoch"), kwargs.get("validation_steps")
        if self._divide_executions(self._executions, *steps):
            self.train_function = self.test_function = self.predict_function = None
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=with_bar(callbacks, verbose),
            sample_weight=sample_weight,
            validation_data=validation_data,
            **kwargs,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        judging = contextlib.nullcontext()
        if not kwargs.get("_use_cached_eval_dataset"):  # the validation of fit, which is through
            self._require_statistics()
            _check_batch_size(batch_size)
            x, y, sample_weight = self.door.fed(x, y, sample_weight)
            callbacks = with_bar(callbacks, verbose)
            judging = self._judging(steps)
        with judging:
            rest = (batch_size, verbose, sample_weight, steps, callbacks, return_dict)
            return super().evaluate(x, y, *rest, **kwargs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        self._require_statistics()
        _check_batch_size(batch_size)
        x = self.door.read(x)
        with self._judging(steps):
            rest = (batch_size, verbose, steps, with_bar(callbacks, verbose))
            outputs = super().predict(x, *rest)
        self._passed.stages = None
        return outputs

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, **kwargs
    ) -> Any:
        _check_no_classes(class_weight)
        self._require_statistics()
        return super().train_on_batch(*self.door.fed(x, y, sample_weight), **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs) -> Any:
        self._require_statistics()
        return super().test_on_batch(*self.door.fed(x, y, sample_weight), **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        forward, weight, found = self._taken(x, y_pred, training)
        target = forward.x if y is None else self._scale(self._checked_target(y))
        forward = forward._replace(target=ops.cast(target, "float32"))
        changed = y is not None and self.bottleneck.has_prior  # its terms were of another target
        if not training:
            drawn = self.bottleneck.draw(forward.features, seed=EVALUATED)
            if drawn is not None:  # as while training, or it would be another loss
                output = ops.cast(self.decoder(drawn), "float32")
                forward, changed = forward._replace(code=drawn, output=output), True
        losses = []
        if changed:
            terms = terms_of(self.bottleneck, forward._replace(again=True))
            both = [(found[name].loss, term.loss) for name, term in terms.items()]
            losses = [after - before for before, after in both if after is not None]
            found = {**found, **terms}
        y, y_pred, weights = forward.target, forward.output, sample_weight
        if weights is not None:  # (B,) or (B, 1) -> (B, 1, ..., 1), one axis less than the target
            weights = ops.reshape(weights, (-1,) + (1,) * (len(y.shape) - 2))
        super().compute_metrics(x, y, y_pred, weights)
        self._passed.judged = True
        if weight is not None:  # of each value: a mean over an axis of one leaves them apart
            y, y_pred = ops.expand_dims(y, -1), ops.expand_dims(y_pred, -1)
            weights = weight if weights is None else weight * ops.expand_dims(weights, -1)
        for objective in self.extra_objectives:
            terms = terms_of(objective, forward)
            found = {**found, **terms}
            losses += [term.loss for term in terms.values() if term.loss is not None]
        if self.loss is None:  # the terms are all there is
            losses += self.losses
        losses = [self._aggregate_additional_loss(loss) for loss in losses]  # over replicas
        if self.loss is not None:  # with what the forward pass has added
            losses.append(super().compute_loss(x, y, y_pred, weights, training=training))
        for metric in self.term_metrics:
            metric.update_state(found[metric.name].value, sample_weight=ops.shape(x)[0])
        return sum(losses[:-1], start=losses[-1])

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if getattr(self._passed, "judged", False):
            # by compute_loss, which has the statistics of the normalization on JAX, too
            return self.get_metrics_result()
        y = y_pred if y is None else y
        return super().compute_metrics(x, self._scale(y), self._scale(y_pred), sample_weight)

    def _pass(self, reconstruction, forward, weight):
        """Leaves a forward pass for its loss, and adds the bottleneck's terms to that."""
        terms = terms_of(self.bottleneck, forward)
        for term in terms.values():
            if term.loss is not None:
                self.bottleneck.add_loss(term.loss)
        # a replica of a strategy has a thread of its own
        self._passed.stages = (reconstruction, forward, weight, terms)
        self._passed.judged = False
        return reconstruction

    def _taken(self, x, y_pred, training):
        """The forward pass of an output, the weights of its errors, and the bottleneck's terms."""
        left = getattr(self._passed, "stages", None)
        if left is None or left[0] is not y_pred:  # it was made elsewhere
            self(x, training=training)
            left = self._passed.stages
            if y_pred is not None:
                left = (y_pred, left[1]._replace(output=self._scale(y_pred)), *left[2:])
        self._passed.stages = None
        return left[1:]

    def _all_targets(self, x, first, options):
        """The targets that are trained for, or the first ones of what can be read only once."""
        if not is_dataset(x):  # Keras takes the last for validation
            return first[: math.floor(len(first) * (1 - options.get("validation_split", 0.0)))]
        steps = options.get("steps_per_epoch")
        return first if iter(x) is x else self.door.targets(x, steps)

    def _awaits_start(self, first_epoch):
        return awaits_start(self.encoder, self.decoder)

    def _start_at_pca(self, targets):
        if self.normalization:
            whole = hasattr(targets, "shape")
            targets = self.normalize(targets) if whole else map(self.normalize, targets)
        start_at_pca(self.encoder, self.decoder, targets)

    def _checked_target(self, y):
        shape = self.input_shape[1:]
        known = shape if getattr(y.shape, "rank", 1) is None else tuple(y.shape[1:])
        if len(known) != len(shape) or any(
            a not in (None, b) for a, b in zip(known, shape, strict=True)
        ):
            raise ValueError(NO_TARGET.format(expected=shape, received=known))
        return y

    def _require_statistics(self):
        if self.normalization and not self.normalization.adapted:
            raise ValueError("The normalization has no statistics yet: call adapt(x) or fit(x).")

    def _divide_executions(self, executions, *steps):
        """Lets whole executions make up the steps asked for: Keras only stops between them."""
        before = self.steps_per_execution
        self.steps_per_execution = math.gcd(executions, *(n for n in steps if n))
        return self.steps_per_execution != before

    @contextlib.contextmanager
    def _judging(self, steps):
        """As `_divide_executions`, for a while in which a training may be going on."""
        before = self.steps_per_execution
        changed = self._divide_executions(before, steps)
        if changed:
            self.test_function = self.predict_function = None
        try:
            yield
        finally:
            if changed:
                self.steps_per_execution = before
                self.test_function = self.predict_function = None


def copies_of(model: keras.Model) -> int:
    """How many devices have a copy of a model, under a strategy of `tf.distribute` or on JAX."""
    if keras.backend.backend() == "jax" and model.weights:
        return len(model.weights[0].value.sharding.device_set)
    strategy = getattr(model, "distribute_strategy", None)
    return getattr(strategy, "num_replicas_in_sync", 1)


def _check_no_classes(class_weight):
    if class_weight:
        raise ValueError("An autoencoder knows no classes: use sample_weight, not class_weight.")


def _check_batch_size(batch_size):
    if batch_size is not None:
        positive("batch_size", batch_size)
