import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo


def small(**options):
    options = {"hidden_units": (6,), **options}
    return aezoo.deep(5, 2, **options)


@pytest.fixture
def x(rng):
    return rng.random((40, 5)).astype("float32")


def test_endless_datasets_are_refused_where_an_end_is_needed(x):
    endless = tf.data.Dataset.from_tensor_slices(x).batch(8).repeat()
    for use in (small().encode, small(normalization="minmax").adapt):
        with pytest.raises(ValueError, match="without end"):
            use(endless)
    with pytest.raises(ValueError, match="empty dataset"):
        small().encode(tf.data.Dataset.from_tensor_slices(x).batch(8).take(0))


def test_methods_agree_with_each_other_on_arrays_and_datasets(x):
    ae = small()
    codes = ae.encode(x)
    rebuilt = ae.reconstruct(x)
    assert codes.shape == (40, 2)
    np.testing.assert_allclose(ae.decode(codes), rebuilt, atol=1e-6)
    np.testing.assert_allclose(
        ae.reconstruction_error(x), np.mean((x - rebuilt) ** 2, axis=1), rtol=1e-4
    )
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(40))).batch(7)
    np.testing.assert_allclose(ae.encode(dataset), codes, atol=1e-6)
    np.testing.assert_allclose(ae.reconstruct(dataset), rebuilt, atol=1e-6)


def test_more_samples_than_one_batch(rng):
    x = rng.random((600, 5)).astype("float32")
    ae = small()
    np.testing.assert_allclose(ae.encode(x)[-3:], ae.encode(x[-3:]), atol=1e-6)


@pytest.mark.parametrize("normalization", [None, "minmax", "standard"])
def test_methods_survive_saving(x, tmp_path, normalization):
    ae = small(normalization=normalization)
    ae.fit(100 * x, verbose=0)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is aezoo.Autoencoder
    for method in ("encode", "reconstruct", "reconstruction_error"):
        np.testing.assert_allclose(
            getattr(loaded, method)(100 * x), getattr(ae, method)(100 * x), rtol=1e-6
        )
    z = ae.encode(100 * x)
    np.testing.assert_allclose(loaded.decode(z), ae.decode(z), rtol=1e-6)
    assert loaded.optimizer.iterations.numpy() == ae.optimizer.iterations.numpy()
    loaded.fit(100 * x, verbose=0)


@pytest.mark.parametrize("imports", ["import aezoo, keras", "import keras, aezoo"])
def test_import_is_enough_to_load(x, tmp_path, imports):
    small().save(tmp_path / "model.keras")
    code = f"{imports}; ae = keras.saving.load_model({str(tmp_path / 'model.keras')!r}); ae.encode"
    subprocess.run([sys.executable, "-c", code], check=True)


class TestNormalization:
    units = np.array([1e-3, 1.0, 50.0, 1e4, 1e6], "float32")

    @pytest.mark.parametrize("normalization", ["minmax", "standard"])
    def test_raw_values_in_and_out(self, x, normalization):
        raw = (x + 2) * self.units
        ae = small(normalization=normalization, activation="tanh")
        ae.compile(keras.optimizers.Adam(0.03), loss="mse")
        log = ae.fit(raw, epochs=80, batch_size=40, verbose=0).history["loss"]
        assert log[-1] < log[0] / 2
        rebuilt = ae.reconstruct(raw)
        relative = np.std(rebuilt - raw, axis=0) / np.std(raw, axis=0)
        assert relative.max() < 1.1  # every unit is learned alike, none dominates
        center = raw.min(axis=0) if normalization == "minmax" else raw.mean(axis=0)
        scale = np.ptp(raw, axis=0) if normalization == "minmax" else raw.std(axis=0)
        np.testing.assert_allclose(ae.normalize(raw), (raw - center) / scale, atol=1e-4)
        np.testing.assert_allclose(ae.denormalize(ae.normalize(raw)), raw, rtol=1e-5)
        expected = np.mean(((rebuilt - raw) / scale) ** 2, axis=1)
        np.testing.assert_allclose(ae.reconstruction_error(raw), expected, rtol=1e-3)
        assert ae.evaluate(raw, verbose=0) == pytest.approx(expected.mean(), rel=1e-3)

    def test_adapt_is_kept_by_fit(self, x):
        ae = small(normalization="minmax")
        ae.adapt(np.concatenate([x, x + 9]))
        ae.fit(x, verbose=0)
        assert ae.normalize(x).max() < 0.2

    def test_dataset_is_adapted_to(self, x):
        dataset = tf.data.Dataset.from_tensor_slices(5 * x).batch(7)
        ae = small(normalization="minmax")
        ae.fit(dataset, verbose=0)
        assert ae.normalize(5 * x).max() == pytest.approx(1)

    def test_clean_targets_set_the_scale(self, x):
        ae = small(normalization="minmax")
        pairs = tf.data.Dataset.from_tensor_slices((x + 100, x)).batch(40)
        for args in ((x + 100, x), (pairs,)):
            ae = small(normalization="minmax")
            ae.fit(*args, verbose=0)
            assert ae.normalize(x).max() == pytest.approx(1)

    def test_without_statistics(self, x):
        with pytest.raises(ValueError, match=r"call adapt\(x\) or fit\(x\)"):
            small(normalization="minmax").encode(x)
        with pytest.raises(ValueError, match="no normalization to adapt"):
            small().adapt(x)
        with pytest.raises(ValueError, match="read only once"):
            small(normalization="minmax").fit((x for _ in range(2)), steps_per_epoch=2)


class TestBadInput:
    def test_labels_are_no_target(self, x):
        labels = np.arange(40)
        dataset = tf.data.Dataset.from_tensor_slices((x, labels)).batch(10)
        for args in ((x, labels), (dataset,)):
            with pytest.raises(ValueError, match=r"(?i)label"):
                small().fit(*args, verbose=0)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (np.zeros((0, 5)), "at least one sample"),
            (np.full((3, 5), np.nan), "15 NaN or infinite"),
            (np.array([[1, 2, 3, 4, np.inf]]), "1 NaN or infinite"),
            (np.zeros((3, 4)), r"\(n, 5\).*\(3, 4\).*input_shape"),
            (np.zeros(5), r"batch axis"),
            (np.full((3, 5), "a"), "Expected real numbers"),
            (np.full((3, 5), 255, "uint8"), "uint8 from 255 to 255.*divide by 255"),
        ],
    )
    def test_arrays(self, values, message):
        with pytest.raises(ValueError, match=message):
            small().fit(values)

    def test_methods_check_too(self):
        ae = small()
        with pytest.raises(ValueError, match="1 NaN or infinite"):
            ae.encode(np.array([[1, 2, 3, 4, np.nan]]))
        with pytest.raises(ValueError, match="divide by 255"):
            ae.reconstruct(np.full((3, 5), 255))
        with pytest.raises(ValueError, match=r"\(n, 2\).*\(3, 5\)"):
            ae.decode(np.zeros((3, 5)))

    def test_integer_dataset(self):
        images = tf.data.Dataset.from_tensors(np.full((4, 5), 255, "uint8"))
        with pytest.raises(ValueError, match="divide by 255"):
            small().fit(images, verbose=0)

    def test_datasets_are_looked_at(self, x):
        for bad, message in ((x * np.nan, "NaN"), (x * 300, "sigmoid output")):
            with pytest.raises(ValueError, match=message):
                small(output_activation="sigmoid").fit(
                    tf.data.Dataset.from_tensors(bad.astype("float32")), verbose=0
                )

    def test_zeros_and_ones_of_any_type_are_welcome(self, x):
        for dtype in (bool, int, "uint8"):
            small(output_activation="sigmoid").fit((x > 0.5).astype(dtype), verbose=0)

    def test_classes_are_unknown(self, x):
        with pytest.raises(ValueError, match="sample_weight"):
            small().fit(x, class_weight={0: 1.0})

    def test_channels_axis_is_hinted(self):
        with pytest.raises(ValueError, match=r"x\[..., np.newaxis\]"):
            aezoo.vanilla().fit(np.zeros((3, 28, 28)))
        with pytest.raises(ValueError, match=r"x.reshape\(-1, 784\)"):
            aezoo.vanilla(784).encode(np.zeros((3, 28, 28)))

    def test_sigmoid_cannot_leave_its_range(self, x):
        with pytest.raises(ValueError, match=r"in \[0, 1\].*to 2"):
            small(output_activation="sigmoid").fit(np.full((3, 5), 2.0))
        with pytest.raises(ValueError, match=r"in \[0, 1\]"):
            small(output_activation="sigmoid").fit(x, x - 1)
        with pytest.raises(ValueError, match="standardized"):
            small(output_activation="sigmoid", normalization="standard")
        small(output_activation="sigmoid", normalization="minmax").fit(2 * x, verbose=0)

    def test_parts_that_do_not_fit(self):
        encoder, decoder = aezoo.backbones.build("dense", (5,), 2)
        other = aezoo.backbones.build("dense", (6,), 2)[1]
        deeper = aezoo.backbones.build("dense", (5,), 3)[1]
        with pytest.raises(ValueError, match="input's shape"):
            aezoo.Autoencoder(encoder, other)
        with pytest.raises(ValueError, match="encoder's codes"):
            aezoo.Autoencoder(encoder, deeper)
        with pytest.raises(ValueError, match="normalization"):
            aezoo.Autoencoder(encoder, decoder, normalization="max")
