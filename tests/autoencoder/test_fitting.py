import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import aezoo
from aezoo.layers.objectives import Forward, Objective, Term, reversed_gradient


def small(objectives_of=None, **options):
    options = {"hidden_units": (6,), **options}
    ae = aezoo.deep(5, 2, **options)
    if objectives_of is None:
        return ae
    objectives = objectives_of if isinstance(objectives_of, list) else [objectives_of]
    return aezoo.Autoencoder(ae.encoder, ae.decoder, objectives=objectives)


@pytest.fixture
def x(rng):
    return rng.random((40, 5)).astype("float32")


@pytest.mark.slow
def test_all_forms_of_the_same_data_train_alike(x):
    def fit(*args, **kwargs):
        keras.utils.set_random_seed(1)
        ae = small()
        ae.fit(*args, epochs=2, batch_size=40, shuffle=False, verbose=0, **kwargs)
        return ae.get_weights()

    expected = fit(x)
    images = tf.data.Dataset.from_tensor_slices(x).batch(40)
    for weights in (
        fit(x, x),
        fit(images),
        fit(images.map(lambda b: (b, b))),
        fit(x, sample_weight=np.ones(40)),
        fit(x.astype("float64")),
        fit(x.tolist()),
    ):
        for a, b in zip(weights, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_target_is_what_is_learned(x):
    ae = small()
    loss = ae.evaluate(x, np.zeros_like(x), verbose=0)
    assert loss == pytest.approx(np.mean(ae.reconstruct(x) ** 2), rel=1e-5)


@pytest.mark.parametrize("shape", [(5,), (6, 5, 2), (3, 3, 3)])
def test_sample_weight_weighs_samples(shape, rng):
    x = rng.random((shape[0] * 2, *shape)).astype("float32")
    ae = aezoo.deep(shape, 2, hidden_units=())
    weights = rng.random(len(x))
    log = ae.fit(
        x, sample_weight=weights, validation_data=(x, x, weights), batch_size=64, verbose=0
    )
    # validation comes after the only update
    expected = np.mean(weights * ae.reconstruction_error(x))
    assert log.history["val_loss"][0] == pytest.approx(expected, rel=1e-4)


def one_step(ae, *args, **kwargs):
    """The gradients of the loss: what one step of plain descent with rate 1 subtracts."""
    ae.compile(keras.optimizers.SGD(1.0), loss="mse")
    before = ae.get_weights()
    ae.fit(*args, epochs=1, shuffle=False, verbose=0, **kwargs)
    return [a - b for a, b in zip(before, ae.get_weights(), strict=True)]


def test_noisy_to_clean_is_what_is_trained(x, rng):
    noisy = x + rng.normal(size=x.shape).astype("float32")
    ae = small()
    ae.fit(x, epochs=1, verbose=0)  # so that the output bias is set
    start = ae.get_weights()
    bias = 2 * np.mean(ae.reconstruct(noisy) - x, axis=0) / x.shape[1]
    wrong = 2 * np.mean(ae.reconstruct(noisy) - noisy, axis=0) / x.shape[1]
    pairs = tf.data.Dataset.from_tensor_slices((noisy, x)).batch(40)
    for args, kwargs in (((noisy, x), {"batch_size": 40}), ((pairs,), {})):
        ae.set_weights(start)
        gradient = one_step(ae, *args, **kwargs)[-1]
        np.testing.assert_allclose(gradient, bias, atol=1e-5)
        assert np.abs(gradient - wrong).max() > 1e-3


def test_sample_weight_weighs_gradients(x):
    ae = small()
    ae.fit(x, epochs=1, verbose=0)
    start = ae.get_weights()
    weights = np.zeros(40)
    weights[:10] = 4.0
    weighted = one_step(ae, x, sample_weight=weights, batch_size=40)
    ae.set_weights(start)
    alone = one_step(ae, x[:10], batch_size=40)
    for a, b in zip(weighted, alone, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("steps", [3, 20, 25])
def test_steps_are_counted_exactly(x, steps):
    ae = small()
    endless = tf.data.Dataset.from_tensor_slices(x).batch(8).repeat()
    ae.fit(endless, steps_per_epoch=steps, epochs=2, verbose=0)
    assert int(ae.optimizer.iterations.numpy()) == 2 * steps
    loss = ae.evaluate(endless, steps=2, verbose=0)
    assert loss == pytest.approx(ae.reconstruction_error(x[:16]).mean(), rel=1e-4)


def test_py_dataset(x):
    class Halves(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return x[20 * i : 20 * i + 20]

    ae = small(normalization="minmax")
    ae.fit(Halves(), epochs=1, verbose=0)
    np.testing.assert_allclose(ae.encode(Halves()), ae.encode(x), atol=1e-6)


def test_shapes_that_are_not_known_before(rng):
    x = rng.random((8, 8, 8, 1)).astype("float32")
    ae = aezoo.conv((8, 8, 1), 2, filters=(4,))
    dataset = tf.data.Dataset.from_generator(
        lambda: iter([x, x]), output_signature=tf.TensorSpec((None, None, None, 1))
    ).apply(tf.data.experimental.assert_cardinality(2))
    assert ae.fit(dataset, verbose=0).history["loss"][0] > 0


def test_mixed_precision_scales_in_float32(x):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        ae = small(normalization="standard")
    finally:
        keras.config.set_dtype_policy("float32")
    raw = 1e6 * (x + 1)  # beyond float16
    log = ae.fit(raw, epochs=3, verbose=0).history["loss"]
    assert np.isfinite(log).all()
    assert np.abs(ae.reconstruct(raw) / raw - 1).max() < 1


@pytest.mark.parametrize("loss", ["mae", keras.losses.LogCosh(), keras.losses.mean_absolute_error])
def test_loss_is_kept(x, loss, tmp_path):
    encoder, decoder = aezoo.backbones.build("dense", x.shape[1:], 2, hidden_units=(4,))
    ae = aezoo.Autoencoder(encoder, decoder, loss=loss)
    expected = ae.evaluate(x, verbose=0)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, verbose=0) == pytest.approx(expected, rel=1e-5)
    again = aezoo.Autoencoder.from_config(ae.get_config())
    again.set_weights(ae.get_weights())
    assert again.evaluate(x, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_validation_forms(x):
    dataset = tf.data.Dataset.from_tensor_slices(x[:8]).batch(4)
    for kwargs in (
        {"validation_data": x[:8]},
        {"validation_data": (x[:8], x[:8])},
        {"validation_data": dataset},
    ):
        ae = small()
        log = ae.fit(x, verbose=0, **kwargs).history
        assert log["val_loss"][0] == pytest.approx(ae.reconstruction_error(x[:8]).mean(), rel=1e-4)
    assert "val_loss" in small().fit(x, validation_split=0.25, verbose=0).history


def test_compile_again_is_kept(x, tmp_path):
    ae = small()
    ae.compile(keras.optimizers.SGD(0.01), loss="mae", metrics=["mse"])
    log = ae.fit(x, validation_data=x, verbose=0).history
    assert log["val_mse"][0] == pytest.approx(ae.reconstruction_error(x).mean(), rel=1e-4)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.SGD)


class TestWeightsOfANormalization:
    """Its statistics are among the weights, and nowhere else."""

    @pytest.fixture
    def pair(self, x):
        ae = small(normalization="standard")
        ae.fit(1000 * x + 5, epochs=2, verbose=0)
        return ae, small(normalization="standard"), 1000 * x + 5

    def test_weights_that_are_set_bring_them(self, pair):
        ae, other, raw = pair
        other.set_weights(ae.get_weights())
        assert other.normalization.adapted
        np.testing.assert_array_equal(other.reconstruct(raw), ae.reconstruct(raw))
        before = other.normalization.statistics
        other.fit(raw * 9, verbose=0)  # which keeps them
        np.testing.assert_array_equal(other.normalization.statistics, before)

    @pytest.mark.parametrize("way", ["set_weights", "load_weights", "adapt"])
    def test_the_loss_follows(self, pair, way, tmp_path):
        ae, other, raw = pair
        other.fit(raw / 7, validation_data=raw, verbose=0)
        if way == "set_weights":
            other.set_weights(ae.get_weights())
        elif way == "load_weights":
            ae.save_weights(tmp_path / "a.weights.h5")
            other.load_weights(tmp_path / "a.weights.h5")
        else:
            other.adapt(10 * raw)
        expected = other.reconstruction_error(raw).mean()
        assert other.evaluate(raw, verbose=0) == pytest.approx(expected, rel=1e-4)

    def test_weights_can_be_averaged(self, pair):
        ae, other, raw = pair
        other.adapt(3 * raw)
        other.set_weights(
            [(a + b) / 2 for a, b in zip(ae.get_weights(), other.get_weights(), strict=True)]
        )
        offset = other.normalization.statistics[0]
        np.testing.assert_allclose(offset, 2 * raw.mean(axis=0), rtol=1e-4)

    def test_metrics_are_in_the_units_of_the_loss(self, x):
        ae = small(normalization="standard")
        ae.compile("adam", "mae", metrics=["mse"])
        log = ae.fit(1000 * x, validation_data=1000 * x, verbose=0).history
        expected = ae.reconstruction_error(1000 * x).mean()
        assert log["val_mse"][0] == pytest.approx(expected, rel=1e-4)
        assert 0 < log["mse"][0] < 10

    def test_the_loss_is_exact_far_from_zero(self, rng):
        """Taken before the outputs are brought back to raw units, where float32 is too coarse."""
        raw = (1e6 + rng.normal(size=(200, 5))).astype("float32")
        ae = small(normalization="standard")
        ae.fit(raw, epochs=5, verbose=0)
        assert ae.evaluate(raw, verbose=0) == pytest.approx(
            ae.reconstruction_error(raw).mean(), rel=1e-4
        )


class TestWeightsOfSamples:
    @pytest.fixture
    def weights(self, rng):
        return rng.random(40)

    def test_in_evaluation(self, x, weights):
        ae = small()
        expected = np.mean(weights * ae.reconstruction_error(x))
        for given in (weights, weights[:, None]):
            assert ae.evaluate(x, sample_weight=given, verbose=0) == pytest.approx(expected)
        assert ae.test_on_batch(x, sample_weight=weights) == pytest.approx(expected)
        data = tf.data.Dataset.from_tensor_slices((x, x, weights)).batch(40)
        assert ae.evaluate(data, verbose=0) == pytest.approx(expected)

    @pytest.mark.parametrize("target", [True, False])
    def test_in_validation(self, x, weights, target):
        ae = small()
        data = (x, x if target else None, weights)
        log = ae.fit(x, validation_data=data, batch_size=40, verbose=0).history
        expected = np.mean(weights * ae.reconstruction_error(x))
        assert log["val_loss"][0] == pytest.approx(expected, rel=1e-4)

    def test_of_one_entry_for_images(self, rng):
        x = rng.random((8, 6, 5, 2)).astype("float32")
        ae = aezoo.deep((6, 5, 2), 2, hidden_units=())
        weights = rng.random((8, 1))
        expected = np.mean(weights[:, 0] * ae.reconstruction_error(x))
        assert ae.evaluate(x, sample_weight=weights, verbose=0) == pytest.approx(expected)
        assert ae.fit(x, sample_weight=weights, verbose=0)


class TestSteps:
    @pytest.fixture
    def endless(self, x):
        return tf.data.Dataset.from_tensor_slices(x).batch(8).repeat()

    def test_of_prediction(self, x, endless):
        ae = small()
        np.testing.assert_allclose(
            ae.predict(endless, steps=3, verbose=0), ae.reconstruct(x[:24]), atol=1e-6
        )

    def test_of_validation(self, x, endless):
        ae = small()
        log = ae.fit(x, epochs=3, validation_data=endless, validation_steps=2, verbose=0).history
        expected = ae.reconstruction_error(x[:16]).mean()
        assert log["val_loss"][-1] == pytest.approx(expected, rel=1e-4)

    def test_by_position(self, x, endless):
        ae = small()
        expected = ae.reconstruction_error(x[:24]).mean()
        found = ae.evaluate(endless, None, None, 0, None, 3)
        assert found == pytest.approx(expected, rel=1e-4)

    def test_an_execution_is_what_was_compiled_again(self, x, endless):
        ae = small()
        ae.fit(endless, steps_per_epoch=1, verbose=0)
        assert ae.steps_per_execution == 1
        ae.fit(x, batch_size=4, verbose=0)
        assert ae.steps_per_execution == 20
        ae.compile("adam", "mse", steps_per_execution=4)
        found = ae.evaluate(endless, steps=6, verbose=0)
        assert found == pytest.approx(
            ae.reconstruction_error(np.concatenate([x, x[:8]])).mean(), rel=1e-4
        )
        assert ae.steps_per_execution == 4

    def test_callbacks_may_predict_and_evaluate(self, x, endless):
        found = []

        class Ask(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                expected = self.model.reconstruction_error(x[:24]).mean()
                found.append(self.model.evaluate(endless, steps=3, verbose=0) / expected)
                found.append(len(self.model.predict(endless, steps=2, verbose=0)) / 16)

        for given in ({"steps_per_epoch": 2}, {}, {"validation_steps": 2}):
            data = endless if "steps_per_epoch" in given else x
            validation = {"validation_data": endless} if "validation_steps" in given else {}
            ae = small()
            log = ae.fit(
                data, epochs=2, batch_size=None if data is endless else 4, verbose=0,
                callbacks=[Ask()], **given, **validation,
            ).history  # fmt: skip
            assert len(log["loss"]) == 2
        np.testing.assert_allclose(found, 1, rtol=1e-4)


class TestSeam:
    """One forward pass, and every term is taken from it."""

    def test_the_encoder_runs_once_a_step(self, x, monkeypatch):
        ae = aezoo.vector_quantized(5, 2, hidden_units=(4,), num_codes=2, num_embeddings=4)
        layer = ae.encoder.get_layer("dense_1")
        calls, real = [], layer.call
        monkeypatch.setattr(layer, "call", lambda *a, **k: calls.append(1) or real(*a, **k))
        ae.compile("adam", "mse", run_eagerly=True)
        ae.fit(x, batch_size=10, epochs=1, verbose=0)
        assert len(calls) == 4
        ae.evaluate(x, batch_size=10, verbose=0)
        assert len(calls) == 8

    @pytest.mark.slow
    def test_a_kernel_distance_between_codes_and_prior(self, x):
        """The objective of a Wasserstein autoencoder, Tolstikhin et al., arXiv:1711.01558."""

        def distance(codes):
            ae = small(objectives_of=KernelDistance(0.0))
            drawn = np.asarray(codes)
            terms = ae.objectives[1].terms(Forward(*[None] * 3, drawn, *[None] * 2, True))
            return float(terms["mmd"].value)

        rng = np.random.default_rng(0)
        near, far = rng.normal(size=(2, 400, 2)).astype("float32")
        assert distance(near) < 0.1 * distance(far + 3)
        logs = []
        for weight in (0.0, 10.0):
            keras.utils.set_random_seed(0)
            ae = small(objectives_of=KernelDistance(weight))
            ae.compile(keras.optimizers.Adam(0.02), loss="mse")
            logs.append(ae.fit(x, epochs=60, batch_size=40, verbose=0).history)
        assert logs[1]["mmd"][-1] < 0.7 * logs[0]["mmd"][-1]
        found = ae.evaluate(x, verbose=0, return_dict=True)
        error = ae.reconstruction_error(x).mean()
        assert found["loss"] == pytest.approx(error + 10 * found["mmd"], rel=1e-3)

    def test_an_adversary_in_one_fit(self, x, tmp_path):
        """A discriminator with weights of its own, behind a reversed gradient; saved with it."""
        ae = small(objectives_of=Adversary())
        before = ae.objectives[1].judge.get_weights()
        log = ae.fit(x, epochs=5, batch_size=20, validation_data=x, verbose=0).history
        assert log["adversary"][-1] > 0
        moved = [
            np.abs(a - b).max()
            for a, b in zip(before, ae.objectives[1].judge.get_weights(), strict=True)
        ]
        assert max(moved) > 1e-4
        ae.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        expected = ae.objectives[1].judge.get_weights()
        for a, b in zip(loaded.objectives[1].judge.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(a, b)
        # what lowers the discriminator's loss raises the encoder's
        z = tf.Variable(ae.encode(x))
        with tf.GradientTape(persistent=True) as tape:
            direct = ae.objectives[1].loss_of(z)
            turned = ae.objectives[1].loss_of(reversed_gradient(z, 2.0))
        np.testing.assert_allclose(
            tape.gradient(turned, z), -2 * tape.gradient(direct, z), rtol=1e-4
        )

    def test_several_draws_through_the_decoder(self, x):
        """A bound by several draws, Burda et al., arXiv:1509.00519: tighter than by one."""
        losses = []
        for draws in (1, 10):
            keras.utils.set_random_seed(0)
            ae = aezoo.variational(5, 2, hidden_units=(6,))
            bound = Draws(draws)
            ae = aezoo.Autoencoder(ae.encoder, ae.decoder, loss=None, objectives=[bound])
            log = ae.fit(x, batch_size=40, verbose=0).history
            losses.append(log["bound"][0])
            assert set(log) == {"loss", "bound", "kl"}
        assert losses[1] < losses[0]

    def test_names_are_given_once(self):
        with pytest.raises(ValueError, match="a name of its own"):
            small(objectives_of=[KernelDistance(1.0), KernelDistance(1.0)])

    def test_making_a_model_trains_nothing(self):
        """An objective may need a batch to make its weights; the rest of the model does not."""
        made = aezoo.vector_quantized(12, 3, num_codes=2, num_embeddings=8, hidden_units=(4,))
        before = made.get_weights()
        again = type(made)(
            made.encoder, made.decoder, normalization="standard", objectives=[KernelDistance(1.0)]
        )
        for a, b in zip(before, made.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert not again.normalization.adapted
        assert float(again.term_metrics[-1].result()) == 0

    def test_models_around_this_one_have_the_terms(self, x):
        ae = aezoo.sparse(5, 4, weight=3.0, hidden_units=())
        penalty = 3 * np.abs(ae.encode(x)).mean()
        rebuilt = ae(x, training=True)
        assert float(sum(ae.losses)) == pytest.approx(penalty, rel=1e-4)
        inputs = keras.Input((5,))
        outer = keras.Model(inputs, ae(inputs))
        outer.compile("adam", "mse")
        expected = np.mean((rebuilt - x) ** 2) + penalty
        assert outer.evaluate(x, x, verbose=0) == pytest.approx(expected, rel=1e-4)

    def test_an_output_of_ones_own_is_judged(self, x):
        ae = small(normalization="standard")
        ae.adapt(100 * x)
        assert float(ae.compute_loss(100 * x, y_pred=tf.constant(100 * x))) < 1e-6
        expected = ae.reconstruction_error(100 * x).mean()
        assert float(ae.compute_loss(100 * x)) == pytest.approx(expected, rel=1e-4)

    def test_a_step_of_ones_own_has_metrics(self, x):
        class Own(aezoo.Autoencoder):
            def train_step(self, data):
                y_pred = self(data[0], training=True)
                return self.compute_metrics(data[0], data[0], y_pred)

        ae = small()
        own = Own(ae.encoder, ae.decoder, normalization="standard")
        own.compile("adam", "mse", metrics=["mse"])
        log = own.fit(100 * x, verbose=0).history
        expected = own.reconstruction_error(100 * x).mean()
        assert log["mse"][0] == pytest.approx(expected, rel=1e-4)

    @pytest.mark.slow
    def test_replicas_weigh_terms_once(self):
        """Two replicas of a batch give the loss of the batch. In a process of its own: devices."""
        run = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2000:]


REPLICAS = """
import contextlib, aezoo, keras, numpy as np, tensorflow as tf
from aezoo.layers.objectives import Objective, Term
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
class Size(Objective):
    term_names = ("size",)
    def terms(self, forward):
        size = keras.ops.mean(forward.code ** 2)
        return {"size": Term(size, 2.0 * size)}
x = np.random.default_rng(0).random((64, 12)).astype("float32")
once = tf.distribute.ReductionToOneDevice()
for loss in ("mse", None):
    found = []
    for strategy in (None, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], once)):
        with strategy.scope() if strategy else contextlib.nullcontext():
            keras.utils.set_random_seed(0)
            parts = aezoo.sparse(12, 4, weight=1.0, hidden_units=())
            ae = aezoo.Autoencoder(parts.encoder, parts.decoder, loss=loss, objectives=[Size()])
            metrics = ["mae"] if loss else None
            ae.compile(keras.optimizers.SGD(1.0), loss, metrics=metrics, jit_compile=False)
            log = ae.fit(x, batch_size=64, shuffle=False, verbose=0).history
            found.append([log["loss"][0], log["sparsity"][0], *np.concatenate(
                [w.ravel() for w in ae.get_weights()])])
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-5)
"""


@keras.saving.register_keras_serializable("tests")
class KernelDistance(Objective):
    term_names = ("mmd",)

    def __init__(self, weight, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight
        self.seed_generator = keras.random.SeedGenerator(0)

    def terms(self, forward):
        z = forward.code
        prior = keras.random.normal(ops.shape(z), seed=self.seed_generator)

        def kernel(a, b):  # inverse multiquadratic, (B, D) twice -> ()
            squares = ops.sum(ops.square(a[:, None] - b[None]), axis=-1)
            return ops.mean(2.0 / (2.0 + squares))

        found = kernel(z, z) + kernel(prior, prior) - 2 * kernel(z, prior)
        return {"mmd": Term(found, self.weight * found)}


@keras.saving.register_keras_serializable("tests")
class Adversary(Objective):
    term_names = ("adversary",)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.judge = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])

    def loss_of(self, z):
        logits = self.judge(ops.concatenate([z, keras.random.normal(ops.shape(z), seed=1)]))
        real = ops.concatenate([ops.zeros_like(z[:, :1]), ops.ones_like(z[:, :1])])
        return ops.mean(ops.binary_crossentropy(real, logits, from_logits=True))

    def terms(self, forward):
        loss = self.loss_of(reversed_gradient(forward.code))
        return {"adversary": Term(loss, loss)}


class Draws(Objective):
    term_names = ("bound",)

    def __init__(self, draws):
        super().__init__()
        self.draws = draws

    def terms(self, forward):
        half = forward.features.shape[-1] // 2
        mean, spread = forward.features[:, :half], ops.exp(0.5 * forward.features[:, half:])
        each = []
        for seed in range(self.draws):
            noise = keras.random.normal(ops.shape(mean), seed=seed)
            z = mean + spread * noise
            error = ops.sum(ops.square(forward.decoder(z) - forward.target), axis=-1)
            prior, code = (0.5 * ops.sum(ops.square(a), axis=-1) for a in (z, noise))
            each.append(-error - prior + code + ops.sum(ops.log(spread), axis=-1))
        bound = -ops.mean(ops.logsumexp(ops.stack(each), axis=0) - np.log(self.draws))
        return {"bound": Term(bound, bound)}


def test_nothing_runs_for_the_weights_of_objectives():
    ran = []

    @keras.saving.register_keras_serializable("tests")
    class Watched(keras.layers.Layer):
        def call(self, inputs):
            ran.append(hasattr(inputs, "numpy"))  # symbols have no values
            return inputs

    class Weighted(Objective):
        term_names = ("weighted",)

        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def terms(self, forward):
            value = keras.ops.mean(self.dense(forward.code))
            return {"weighted": Term(value, value)}

    encoder = keras.Sequential([keras.Input((4,)), Watched(), keras.layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    ae = aezoo.Autoencoder(encoder, decoder, objectives=[Weighted()])
    assert ae.extra_objectives[0].dense.kernel.shape == (2, 1)
    assert not any(ran)
    assert int(ae.term_metrics[-1].count) == 0
