from dataclasses import replace

import keras
import numpy as np
import pytest

import aezoo
from aezoo.data.samples import DataError
from aezoo.uses.compressed import unpacked
from aezoo.uses.rounding import numbers_of, symbols_of

X = aezoo.load_dataset("digits").x
TEST = aezoo.load_dataset("digits", "test").x


@pytest.fixture(scope="module")
def deep():
    ae = aezoo.deep((8, 8, 1), 8, hidden_units=(32,))
    ae.fit(X, epochs=3, verbose=0)
    return ae


@pytest.fixture(scope="module")
def places():
    ae = aezoo.vector_quantized((8, 8, 1), 4, num_embeddings=16)
    ae.fit(X, epochs=2, verbose=0)
    return ae


def mse(a, b):
    return np.square(a - b).mean()


def test_the_error_grows_by_one_per_cent(deep):
    data = aezoo.compress(deep, TEST)
    ratio = mse(aezoo.decompress(data, deep), TEST) / mse(deep.reconstruct(TEST), TEST)
    assert 0.99 < ratio < 1.02
    assert len(data) < deep.encode(TEST).nbytes / 4


def test_just_the_rounded_codes_are_decoded(deep):
    data = aezoo.compress(deep, TEST, step=0.3)
    head = unpacked(data)
    codes = deep.encode(TEST)
    rounded = numbers_of(symbols_of(codes, head.step, head.widths), head.step, head.widths)
    np.testing.assert_array_equal(aezoo.decompress(data, deep), deep.decode(rounded))
    assert head.step == np.float32(0.3)


def test_steps_fit_what_units_do():
    """Whitened codes, as of PCA: the last components need not be as fine as the first."""
    ae = aezoo.deep((8, 8, 1), 16, hidden_units=(), linear_path=True)
    ae.fit(X, epochs=1, verbose=0)
    data = aezoo.compress(ae, TEST)
    widths = unpacked(data).widths
    assert widths[:4].mean() < widths[-4:].mean() - 4
    rebuilt = ae.reconstruct(TEST)
    added = mse(aezoo.decompress(data, ae), rebuilt) / mse(rebuilt, TEST)
    assert 0.005 < added <= 0.01


@pytest.mark.parametrize("bits", [0.2, 0.4])
def test_bits_per_pixel(deep, bits):
    data = aezoo.compress(deep, TEST, bits_per_pixel=bits)
    assert 0.85 * bits < 8 * len(data) / TEST.size <= bits


def test_more_bits_are_better(deep):
    errors = []
    for bits in (0.05, 0.1, 0.2):
        data = aezoo.compress(deep, TEST, bits_per_pixel=bits)
        errors.append(mse(aezoo.decompress(data, deep), TEST))
    assert errors[0] > 1.02 * errors[1] > errors[2]


def test_codebooks_lose_nothing_more(places):
    data = aezoo.compress(places, TEST)
    np.testing.assert_allclose(aezoo.decompress(data, places), places.reconstruct(TEST), atol=1e-5)
    assert 8 * len(data) <= np.log2(16) * places.encode_indices(TEST).size + 8 * 60


@pytest.mark.parametrize("size", [(1, 1), (8, 9), (20, 13)])
def test_images_of_any_size(deep, places, size, rng):
    x = rng.random((2, *size, 1), dtype="float32")
    for ae in (deep, places):
        assert aezoo.decompress(aezoo.compress(ae, x), ae).shape == x.shape
    tile = rng.random((1, 8, 8, 1), dtype="float32")
    row = np.tile(tile, (1, 1, 3, 1))
    data = aezoo.compress(places, row)
    again = aezoo.decompress(data, places)
    np.testing.assert_allclose(again, np.tile(places.reconstruct(tile), (1, 1, 3, 1)), atol=1e-5)


@pytest.mark.parametrize("name", aezoo.list_models())
@pytest.mark.parametrize("shape", [(8, 8, 1), (24, 2), (9,)], ids=str)
def test_every_family(name, shape, rng):
    if name == "conv" and len(shape) == 1:
        pytest.skip("for images and signals")
    ae = aezoo.build(name, shape, 3)
    x = rng.random((40, *shape), dtype="float32")
    y = aezoo.decompress(aezoo.compress(ae, x, **STEP.get(name, {"step": 1e-3})), ae)
    np.testing.assert_allclose(y, ae.reconstruct(x), atol=1e-3)


STEP = {"gumbel": {}, "vector_quantized": {}}


@pytest.mark.slow
def test_round_trips_of_random_shapes_steps_and_types(rng):
    for _ in range(60):
        shape = tuple(rng.integers(1, 7, rng.integers(1, 4)))
        ae = aezoo.vanilla(shape, int(rng.integers(1, 9)), normalization="minmax")
        dtype = rng.choice(["float16", "float32", "float64", "int8", "uint8", "int32"])
        x = rng.normal(0, 50, (rng.integers(1, 60), *shape)).astype(dtype)
        ae.adapt(x)
        step = float(np.exp(rng.uniform(-6, 3)))
        head = unpacked(aezoo.compress(ae, x, step=step))
        widths = np.zeros(ae.latent_shape, int) if head.widths is None else head.widths
        codes = ae.encode(x)
        expected = ae.decode(numbers_of(symbols_of(codes, head.step, widths), head.step, widths))
        found = aezoo.decompress(head.packed(), ae)
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, expected)


def test_constant_codes(deep):
    x = np.repeat(TEST[:1], 50, axis=0)
    rebuilt, found = deep.reconstruct(x), aezoo.decompress(aezoo.compress(deep, x), deep)
    assert mse(found, rebuilt) <= 0.01 * mse(rebuilt, x)


def test_an_exact_model():
    encoder, decoder = (
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="identity")])
        for _ in range(2)
    )
    ae = aezoo.Autoencoder(encoder, decoder)
    x = np.random.default_rng(0).normal(size=(100, 3)).astype("float32")
    np.testing.assert_allclose(aezoo.decompress(aezoo.compress(ae, x), ae), x, atol=1e-2)


def test_the_error_of_an_exact_model_has_a_floor(rng):
    """A millionth of the variance is as good as exact, and takes far fewer bytes."""
    parts = [
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="identity")])
        for _ in range(2)
    ]
    ae, x = aezoo.Autoencoder(*parts), rng.normal(size=(200, 3)).astype("float32")
    found = aezoo.decompress(aezoo.compress(ae, x), ae)
    assert 1e-9 < mse(found, x) / x.var() <= 1e-8
    np.testing.assert_allclose(aezoo.decompress(aezoo.compress(ae, x[:1]), ae), x[:1], atol=1e-3)


def test_what_recurs_does_not_deceive(deep):
    """Of samples that are empty every other time, the others are judged, too."""
    x = np.zeros((1200, 8, 8, 1), "float32")
    x[1::2] = TEST[np.arange(600) % 360]
    rebuilt = deep.reconstruct(x)
    added = mse(aezoo.decompress(aezoo.compress(deep, x), deep), rebuilt)
    assert added < 0.012 * mse(rebuilt, x)


@pytest.mark.slow
def test_steps_of_a_model_with_a_normalization_are_by_normalized_errors(rng):
    """In raw units the second column would be nearly all of the error, and the first one lost."""
    ae = aezoo.vanilla(2, 2, normalization="standard", output_activation="linear")
    x = rng.normal(size=(300, 2)) * [1, 1000]
    ae.fit(x, epochs=150, batch_size=32, verbose=0)
    rebuilt = ae.normalize(ae.reconstruct(x))
    added = ae.normalize(aezoo.decompress(aezoo.compress(ae, x), ae)) - rebuilt
    assert np.square(added).mean() <= 0.0101 * max(mse(rebuilt, ae.normalize(x)), 1e-6)


def test_few_samples_keep_no_widths(deep):
    few, more = (unpacked(aezoo.compress(deep, TEST[:n], step=0.3)) for n in (31, 32))
    assert few.widths is None
    assert more.widths is not None


def test_units_that_lie_apart(rng):
    parts = [
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
        for _ in range(2)
    ]
    ae = aezoo.Autoencoder(*parts)
    x = rng.normal([0, 1e6], 1, (500, 2)).astype("float32")
    with pytest.raises(ValueError, match="too far apart"):
        aezoo.compress(ae, x)
    with pytest.raises(ValueError, match="at least"):
        aezoo.compress(ae, x[:5], step=2e-4)


def test_claims_that_do_not_fit_the_model(deep, places):
    good = unpacked(aezoo.compress(deep, TEST[:40], step=0.3))
    for change, words in (
        ({"step": 0.0, "widths": None}, "unlike those"),
        ({"widths": np.zeros(5, np.int8)}, "unlike those"),
        ({"shape": (2_000_000, 1, 1, 1)}, "no codes|go on|claim more"),
        ({"shape": (2**26, 1, 1, 1)}, "claim more"),
        ({"shape": (40, 9)}, "have shape"),
        ({"content": good.content[:-8]}, "no codes"),
    ):
        with pytest.raises(DataError, match=words):
            aezoo.decompress(replace(good, **change).packed(), deep)
    held = unpacked(aezoo.compress(places, TEST[:40]))
    with pytest.raises(DataError, match="unlike those"):
        aezoo.decompress(replace(held, step=0.5).packed(), places)


def test_what_is_refused(deep, places):
    data = aezoo.compress(deep, TEST[:40])
    with pytest.raises(ValueError, match="Another model"):
        aezoo.decompress(data, places)
    with pytest.raises(DataError, match="checksum"):
        aezoo.decompress(data[:-1], deep)
    for options, words in (
        ({"step": 0}, "step must be a number above 0"),
        ({"step": -1.0}, "above 0"),
        ({"step": float("nan")}, "above 0"),
        ({"step": 1e-9}, "at least"),
        ({"step": 1e39}, "below"),
        ({"step": "fine"}, "step must be"),
        ({"bits_per_pixel": 0}, "bits_per_pixel must be"),
        ({"bits_per_pixel": 1e-4}, "coarsest"),
        ({"step": 1.0, "bits_per_pixel": 1.0}, "not both"),
    ):
        with pytest.raises(ValueError, match=words):
            aezoo.compress(deep, TEST, **options)
    with pytest.raises(ValueError, match="codebook"):
        aezoo.compress(places, TEST, step=0.1)
    with pytest.raises(ValueError, match=r"aezoo.Autoencoder. Received: ndarray"):
        aezoo.compress(TEST, deep)
    with pytest.raises(ValueError, match=r"aezoo.Autoencoder. Received: bytes"):
        aezoo.decompress(deep, data)
    for wrong in ("text", None, 5, [1]):
        with pytest.raises(DataError, match="Expected bytes"):
            aezoo.decompress(wrong, deep)
    for x, words in (
        (TEST[:0], "at least one sample"),
        (np.full_like(TEST, np.nan), "NaN"),
        (np.zeros((2, 8, 8, 3)), r"\(n, 8, 8, 1\)"),
        (np.full((2, 9, 9, 1), 255, "uint8"), "divide by 255"),
        (np.zeros((2, 0, 8, 1)), r"\(n, 8, 8, 1\)"),
    ):
        with pytest.raises(ValueError, match=words):
            aezoo.compress(deep, x)
