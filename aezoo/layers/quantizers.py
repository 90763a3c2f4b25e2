"""Bottlenecks with a codebook."""

import math

import keras
import numpy as np
from keras import ops

from aezoo.checks import number, positive, sequence
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term

GAIN = 4.0  # untrained features are around 0.3: without it all of them would round to one code
MOST_CODES = 2**16  # the largest codebook in the paper on finite scalar quantization
ABOVE = 100  # of what closeness reaches, a part that is some of its 255 steps


class Codebook(Bottleneck):
    """What bottlenecks with a codebook share; they have `indices` and `lookup`.

    Attributes:
        num_embeddings: Integer, how many codes there are.
    """

    discrete = True
    term_names = ("perplexity",)

    def code_size(self, latent_shape):
        return math.prod(latent_shape[:-1])

    def code_bits(self, latent_shape):
        return self.code_size(latent_shape) * math.log2(self.num_embeddings)

    def terms(self, forward):
        indices = ops.reshape(self.indices(forward.features), (-1,))
        return {"perplexity": Term(_perplexity(indices, self.num_embeddings))}


@keras.saving.register_keras_serializable("aezoo")
class VectorQuantizer(Codebook):
    """Replaces each vector by the nearest of a codebook; gradients pass straight through.

    A code that takes less than `restart_below` of the average use is dead: a moving average is
    moved to a vector of the batch, a learned codebook pulled towards one by its loss.

    Args:
        num_embeddings, commitment_cost: See `aezoo.vector_quantized`.
        decay: Float in (0, 1), of the moving average; `None` for a codebook learned by gradient.
        restart_below: Float in [0, 1).
        seed: Integer or `None`, for repeatable restarts.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., D)`.
    """

    term_names = ("perplexity", "commitment")

    def __init__(
        self,
        num_embeddings=128,
        commitment_cost=0.25,
        decay=0.99,
        restart_below=0.05,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positive("num_embeddings", num_embeddings) < 2:
            raise ValueError("num_embeddings must be at least 2. Received: 1")
        self.num_embeddings = num_embeddings
        self.commitment_cost = number("commitment_cost", commitment_cost, least=0)
        self.decay = decay if decay is None else number("decay", decay, above=0, below=1)
        self.restart_below = number("restart_below", restart_below, least=0, below=1)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        k, d = self.num_embeddings, input_shape[-1]
        uniform = keras.initializers.RandomUniform(-1 / k, 1 / k, seed=self.seed)
        learned = self.decay is None
        weight = {"dtype": "float32", "trainable": False}
        self.embeddings = self.add_weight(
            name="embeddings", shape=(k, d), initializer=uniform, trainable=learned
        )
        # Starts at 0, so that codes count as dead until they are used: the first batches place
        # the codebook among the data.
        self.uses = self.add_weight(name="uses", shape=(k,), initializer="zeros", **weight)
        if not learned:
            self.sums = self.add_weight(name="sums", shape=(k, d), initializer="zeros", **weight)

    def call(self, inputs, training=False):
        chosen = self.lookup(self.indices(inputs))
        return inputs + ops.stop_gradient(chosen - inputs) if training else chosen

    def terms(self, forward):
        features, fixed = forward.features, ops.stop_gradient
        indices = self.indices(features)
        chosen = self.lookup(indices)
        distance = ops.mean(ops.square(features - fixed(chosen)))
        loss = self.commitment_cost * distance
        if self.decay is None:
            loss = loss + ops.mean(ops.square(chosen - fixed(features)))
        indices = ops.reshape(indices, (-1,))  # (B, ...) -> (N,)
        if forward.training and self.trainable:
            flat = ops.reshape(features, (-1, features.shape[-1]))  # (B, ..., D) -> (N, D)
            loss = loss + self._learn(fixed(flat), indices)
        perplexity = _perplexity(indices, self.num_embeddings)
        return {"perplexity": Term(perplexity), "commitment": Term(distance, loss)}

    def indices(self, inputs):
        """Places in the codebook: `(B, ..., D) -> (B, ...)`."""
        flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
        return ops.reshape(self._nearest(flat), ops.shape(inputs)[:-1])

    def lookup(self, indices):
        """Code vectors: `(B, ...) -> (B, ..., D)`."""
        return ops.take(self.embeddings, indices, axis=0)

    def closeness(self):
        """A dense layer with ReLU whose largest unit is the nearest code, for eight bits.

        With c, the code in the middle, `|z - c|^2 - |z - e|^2 = 2 z (e - c) + |c|^2 - |e|^2` is
        largest for the nearest e, and never below 0 there, since c itself has 0: all steps can go
        to what is above. A little is added to each, so that c, where it wins, is above the others.

        Returns:
            A pair of float32 NumPy arrays: the kernel of shape `(D, K)`, the bias `(K,)`.
        """
        codes = ops.convert_to_numpy(self.embeddings)
        squares = np.square(codes - np.median(codes, axis=0)).sum(axis=1)
        middle = codes[np.argmin(squares)]
        reach = np.square(codes - middle).sum(axis=1).max()  # about the most that there can be
        bias = np.square(middle).sum() - np.square(codes).sum(axis=1) + reach / ABOVE
        return 2 * (codes - middle).T, bias

    def _nearest(self, flat):
        # ||z - e||^2 = ||z||^2 - 2 z e + ||e||^2, of which the first is the same for every e
        norms = ops.sum(ops.square(self.embeddings), axis=1)  # (K, D) -> (K,)
        closeness = 2 * ops.matmul(flat, ops.transpose(self.embeddings)) - norms
        return ops.top_k(closeness, 1)[1][:, 0]  # argmax has bitwise steps that TFLite has not

    def _learn(self, flat, nearest):
        """Counts uses, moves the codebook, and returns the loss that revives dead codes."""
        decay = 0.99 if self.decay is None else self.decay
        chosen = ops.one_hot(nearest, self.num_embeddings)  # (N,) -> (N, K)
        uses = decay * self.uses + (1 - decay) * ops.sum(chosen, axis=0)
        dead = (uses < self.restart_below * ops.mean(uses))[:, None]
        k = self.num_embeddings
        rows = keras.random.uniform((k,), 0, 1, seed=self.seed_generator)
        rows = ops.cast(rows * ops.cast(ops.shape(flat)[0], "float32"), "int32")
        others = ops.take(flat, rows, axis=0)  # (N, D) -> (K, D)
        if self.decay is None:
            self.uses.assign(uses)
            return ops.mean(ops.square(ops.where(dead, self.embeddings - others, 0.0)))
        sums = decay * self.sums + (1 - decay) * ops.matmul(ops.transpose(chosen), flat)
        once = ops.mean(uses)  # a code that restarts counts as used like the others
        uses = ops.where(dead[:, 0], once, uses)
        sums = ops.where(dead, others * once, sums)
        self.uses.assign(uses)
        self.sums.assign(sums)
        used = uses[:, None] > 0
        moved = sums / ops.where(used, uses[:, None], 1.0)
        self.embeddings.assign(ops.where(used, moved, ops.convert_to_tensor(self.embeddings)))
        return 0.0

    def get_config(self):
        names = ("num_embeddings", "commitment_cost", "decay", "restart_below", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("aezoo")
class ScalarQuantizer(Codebook):
    """Rounds each number of a vector to one of a few levels, evenly from -1 to 1.

    Args:
        levels: Sequence of integers, 3 or more, one for each number.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, ..., D)`.
    """

    def __init__(self, levels, **kwargs):
        super().__init__(**kwargs)
        self.levels = [positive("levels", level) for level in sequence("levels", levels)]
        if not self.levels or min(self.levels) < 3:
            raise ValueError(f"levels must be integers of at least 3. Received: {levels}")
        self.num_embeddings = math.prod(self.levels)
        if self.num_embeddings > MOST_CODES:
            raise ValueError(
                f"levels make {self.num_embeddings:,} codes, at most {MOST_CODES:,} are of use: "
                f"take a latent_dim of 3 to 6, or fewer levels. Received: {self.levels}"
            )

    def build(self, input_shape):
        if input_shape[-1] != len(self.levels):
            raise ValueError(
                f"levels must have latent_dim = {input_shape[-1]} numbers. Received: {self.levels}"
            )

    def call(self, inputs, training=False):
        bounded = self._bounded(inputs)
        rounded = ops.round(bounded)
        if training:
            rounded = bounded + ops.stop_gradient(rounded - bounded)
        return (rounded + self._offset()) / self._half()

    def indices(self, inputs):
        """Numbers in the mixed radix of the levels: `(B, ..., D) -> (B, ...)`."""
        steps = ops.round(self._bounded(inputs)) + self._offset() + self._half()
        return ops.cast(ops.sum(ops.round(steps) * self._places(), axis=-1), "int32")

    def lookup(self, indices):
        """Code vectors: `(B, ...) -> (B, ..., D)`."""
        places = ops.cast(self._places(), "int32")
        steps = ops.expand_dims(ops.cast(indices, "int32"), -1) // places
        steps = steps % ops.convert_to_tensor(self.levels, "int32")
        return ops.cast(steps, "float32") / self._half() - 1.0

    def _half(self):
        return (ops.convert_to_tensor(self.levels, "float32") - 1) / 2

    def _offset(self):
        """An even number of levels lies between the integers."""
        return ops.convert_to_tensor([0.0 if level % 2 else 0.5 for level in self.levels])

    def _places(self):
        places = [float(math.prod(self.levels[:i])) for i in range(len(self.levels))]
        return ops.convert_to_tensor(places, "float32")

    def _bounded(self, inputs):
        """Within the levels, so that rounding gives as many integers as there are levels."""
        half = self._half()
        half = half + ops.minimum(1e-3 * half, 0.4)  # less than half a step beyond the last level
        return ops.tanh(GAIN * inputs + ops.arctanh(self._offset() / half)) * half - self._offset()

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


def _perplexity(indices, size):
    counts = ops.segment_sum(ops.ones_like(indices, "float32"), indices, num_segments=size)
    frequencies = counts / ops.sum(counts)
    entropy = -ops.sum(frequencies * ops.log(frequencies + 1e-10))
    return ops.exp(entropy)
