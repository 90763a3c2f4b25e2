import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.local import coarsest_step, reach
from aezoo.uses.denoising import denoise, resized


def network(shape, filters=(4, 8), **options):
    """A unet that changes what it sees, by weights of chance."""
    ae = aezoo.denoising(shape, backbone="unet", filters=filters, stddev=0.1, **options)
    rng = np.random.default_rng(1)
    ae.set_weights([w + rng.normal(0, 0.1, w.shape) for w in ae.get_weights()])
    return ae


@pytest.fixture(scope="module")
def grey():
    return network((16, 16, 1))


@pytest.fixture(scope="module")
def coloured():
    return network((15, 17, 3))


@pytest.fixture(scope="module")
def waves():
    return network((32, 2), output_activation="linear")


@pytest.mark.slow
def test_tiles_leave_no_seams(grey, rng):
    x = rng.random((70, 61), "float32")
    whole = denoise(grey, x, tile=100)
    assert np.abs(whole - x).max() > 0.1
    for tile in (1, 13, 32):
        np.testing.assert_allclose(denoise(grey, x, tile=tile), whole, atol=1e-6)
    # and with less than what the network sees there are some
    assert np.abs(denoise(grey, x, tile=16, margin=0) - whole).max() > 1e-3


def test_the_network_sees_no_further(grey, rng):
    x = rng.random((1, 64, 64, 1), "float32")
    ae = resized(grey, 64)
    before = ae.reconstruct(x)
    x[0, 32, 32] += 0.5
    moved = np.argwhere(np.abs(ae.reconstruct(x) - before)[0, ..., 0] > 0)
    far = np.abs(moved - 32).max()
    assert far <= reach(grey.encoder)
    assert far >= reach(grey.encoder) - 4  # by rounding up half kernels of two pixels


def eight(clean, x):
    """The mean over all positions, of the whole at once."""
    made = []
    for turn in range(4):
        upright = np.rot90(x, turn)
        made.append(np.rot90(clean(upright), -turn))
        made.append(np.rot90(clean(upright[:, ::-1])[:, ::-1], -turn))
    assert len(made) == 8
    return np.mean(made, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(41, 67), (64, 64)])
def test_an_ensemble_is_the_mean_over_eight_positions(grey, rng, size):
    x = rng.random(size, "float32")
    found = denoise(grey, x, ensemble=True)
    expected = eight(lambda y: denoise(grey, np.ascontiguousarray(y)), x)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(found - denoise(grey, x)).max() > 1e-3
    np.testing.assert_allclose(denoise(grey, x, ensemble=True, tile=16), found, atol=1e-6)


def test_an_ensemble_of_colours_and_whole_numbers(coloured, rng):
    x = rng.integers(0, 256, (40, 24, 3), dtype="uint8")
    found = denoise(coloured, x, ensemble=True)
    assert (found.dtype, found.shape) == (x.dtype, x.shape)
    exact = denoise(coloured, x / np.float32(255), ensemble=True)
    np.testing.assert_allclose(found, np.clip(exact, 0, 1) * 255, atol=0.5001)


def test_only_photographs_are_turned(waves, rng):
    with pytest.raises(ValueError, match="Only photographs can be turned"):
        denoise(waves, rng.random((64, 2)), ensemble=True)
    with pytest.raises(ValueError, match="ensemble must be True or False. Received: 'no'"):
        denoise(waves, rng.random((64, 2)), ensemble="no")


def test_the_middle_is_what_the_model_makes_of_it(grey, rng):
    x = rng.random((96, 96), "float32")
    middle = denoise(grey, x)[40:56, 40:56]
    expected = resized(grey, 96).reconstruct(x[None, ..., None])[0, 40:56, 40:56, 0]
    np.testing.assert_allclose(middle, expected, atol=1e-6)


def test_edges_are_mirrored(grey, rng):
    x = rng.random((40, 30), "float32")
    mirrored = np.pad(x, 48, mode="reflect")
    np.testing.assert_allclose(denoise(grey, x), denoise(grey, mirrored)[48:-48, 48:-48], atol=1e-6)


def test_channels_of_a_grey_model(grey, rng):
    x = rng.random((20, 30, 3), "float32")
    each = [denoise(grey, x[..., i]) for i in range(3)]
    np.testing.assert_allclose(denoise(grey, x), np.stack(each, axis=-1), atol=1e-6)
    assert denoise(grey, x[..., :1]).shape == (20, 30, 1)


def test_colours_and_recordings(coloured, waves, rng):
    assert denoise(coloured, rng.random((21, 34, 3))).shape == (21, 34, 3)
    x = rng.normal(size=(500, 2)).astype("float32")
    np.testing.assert_allclose(denoise(waves, x, tile=64), denoise(waves, x), atol=1e-5)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_photographs_keep_their_depth(grey, kind, rng):
    x = rng.integers(0, np.iinfo(kind).max, (20, 30), kind)
    found = denoise(grey, x)
    assert found.dtype == kind
    expected = denoise(grey, x.astype("float32") / np.iinfo(kind).max)
    np.testing.assert_allclose(found / np.iinfo(kind).max, expected, atol=0.6 / np.iinfo(kind).max)


def test_recordings_keep_their_depth(waves, rng):
    x = rng.integers(-32768, 32767, (100, 2), "int16")
    found = denoise(waves, x)
    assert found.dtype == np.int16
    expected = np.clip(denoise(waves, x / 32768), -1, 1)
    np.testing.assert_allclose(found / 32768, expected, atol=1e-4)


def test_a_normalization_is_applied(rng):
    ae = network((32, 1), output_activation="linear", normalization="standard")
    x = rng.normal(50, 7, (64, 32, 1)).astype("float32")
    ae.adapt(x)
    recording = x.ravel()
    found = denoise(ae, recording)
    assert found.mean() == pytest.approx(50, abs=5)
    inner = resized(ae, 128).reconstruct(recording[None, :128, None])[0, 48:80, 0]
    np.testing.assert_allclose(found[48:80], inner, rtol=1e-4)


def test_resized_has_weights_of_its_own(coloured):
    ae = resized(coloured, (32, 64))
    assert ae.input_shape == (None, 32, 64, 3)
    assert type(ae) is aezoo.Autoencoder
    for ours, theirs in zip(ae.get_weights(), coloured.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    before = coloured.get_weights()[0].copy()
    ae.set_weights([0 * w for w in ae.get_weights()])
    np.testing.assert_array_equal(coloured.get_weights()[0], before)
    with pytest.raises(ValueError, match="multiples of 4"):
        resized(coloured, 30)
    with pytest.raises(ValueError, match="size must be 2 multiples"):
        resized(coloured, (32, 32, 32))


def test_it_survives_saving(grey, tmp_path, rng):
    grey.save(tmp_path / "unet.keras")
    again = keras.saving.load_model(tmp_path / "unet.keras")
    x = rng.random((33, 41), "float32")
    np.testing.assert_array_equal(denoise(again, x), denoise(grey, x))


@pytest.mark.parametrize(("size", "margin"), [(48, 12), (72, 16), (80, 16)])
def test_a_file_is_the_tile(size, margin, tmp_path, rng):
    """Its tiles begin where the coarsest features do: 72 less twice a quarter would not."""
    ae = network((8, 8, 1), (4, 4) if size == 48 else (2, 2, 4))
    x = rng.random((2, size, size, 1), "float32")
    report = aezoo.export_tflite(resized(ae, size), tmp_path / "tile.tflite", samples=x)
    assert report.contents["signatures"].keys() == {"reconstruct"}
    lite = aezoo.LiteModel(tmp_path / "tile.tflite")
    assert lite.input_shape == (size, size, 1)
    assert lite.tiles == (coarsest_step(ae.encoder), reach(ae.encoder))
    photo = rng.random((100, 70), "float32")
    expected = denoise(ae, photo)
    assert np.abs(expected - photo).max() > 0.1
    np.testing.assert_allclose(
        denoise(lite, photo), denoise(ae, photo, tile=size - 2 * margin, margin=margin), atol=1e-5
    )
    with pytest.raises(ValueError, match="tile of a LiteModel is its input"):
        denoise(lite, photo, tile=32)
    with pytest.raises(ValueError, match=r"margin of \d+ leaves nothing"):
        denoise(lite, photo, margin=size // 2)
    with pytest.raises(ValueError, match="A file is for the tiles"):
        resized(lite, 16)


@pytest.mark.slow
def test_in_integers(tmp_path, rng):
    """It is judged by what it leaves of the model's noise."""
    ae = aezoo.denoising((16, 16, 1), backbone="unet", filters=(4,), stddev=0.2)
    x = rng.random((60, 16, 16, 1), "float32")
    how = {"calibration_data": x[:30], "samples": x[30:], "tolerance": 0.1}
    report = aezoo.export_tflite(ae, tmp_path / "int8.tflite", quantize="int8", **how)
    # a network that was not trained returns what it sees, cut off at 0 and 1
    assert report.parity["mse_keras"] == pytest.approx(0.034, rel=0.1)
    assert report.parity["rank_correlation"] is None
    lite = aezoo.LiteModel(tmp_path / "int8.tflite")
    noisy = ae.corrupt(x)
    assert np.abs(lite.reconstruct(noisy) - ae.reconstruct(noisy)).max() < 0.02
    tuned = aezoo.export_tflite(
        *(ae, tmp_path / "tuned.tflite"),
        quantize="int8",
        fine_tune=x[:30],
        fine_tune_epochs=0,
        **how,
    )
    assert tuned.fine_tuning["mse_keras"] == pytest.approx(0.034, rel=0.2)


def test_a_file_of_a_narrow_model(tmp_path, rng):
    ae = aezoo.conv((8, 8, 1), 2, filters=(2,))
    aezoo.export_tflite(ae, tmp_path / "conv.tflite", signatures="reconstruct")
    with pytest.raises(ValueError, match="backbone='unet'.*Received: LiteModel"):
        denoise(aezoo.LiteModel(tmp_path / "conv.tflite"), np.zeros((20, 20)))


UNUSABLE = {
    "too small": (np.zeros((3, 20)), {}, "Expected 4 pixels or steps along each axis"),
    "a batch": (np.zeros((2, 20, 20, 1)), {}, r"photograph, \(height, width, channels\)"),
    "empty": (np.zeros((0, 20)), {}, "Expected a photograph"),
    "text": (np.full((20, 20), "a"), {}, "Expected a photograph"),
    "missing value": (np.full((20, 20), np.nan), {}, "must be finite"),
    "signed": (np.zeros((20, 20), "int16"), {}, "no known range: give uint8, uint16 or floats"),
    "too large": (np.full((20, 20), 1e39), {}, "must be finite in float32"),
    "no tile": (np.zeros((20, 20)), {"tile": 0}, "tile must be made of positive integers"),
    "negative margin": (np.zeros((20, 20)), {"margin": -1}, "margin must be an integer, 0 or"),
}


@pytest.mark.parametrize(("x", "options", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable(grey, x, options, message):
    with pytest.raises(ValueError, match=message):
        denoise(grey, x, **options)


@pytest.mark.parametrize("kind", ["uint16", "int64", "uint32"])
def test_sound_of_no_known_range(waves, kind):
    with pytest.raises(ValueError, match="give uint8, int16, int32 or floats"):
        denoise(waves, np.zeros((50, 2), kind))


def test_either_order_of_bytes(grey, rng):
    x = rng.integers(0, 65536, (20, 30), np.uint16)
    np.testing.assert_array_equal(denoise(grey, x.astype(">u2")), denoise(grey, x))


def test_colours_that_the_model_has_not(coloured):
    for shape in ((20, 20), (20, 20, 4)):
        with pytest.raises(ValueError, match="The model is for 3 channels"):
            denoise(coloured, np.zeros(shape))


def test_models_with_a_narrow_code(rng):
    ae, x = aezoo.denoising((8, 8, 1), 4), rng.random((30, 8, 8, 1), "float32")
    unet = network((8, 8, 1), (2,))
    for use in (lambda: aezoo.compress(unet, x), lambda: unet.sample(3, x=x)):
        with pytest.raises(ValueError, match="no narrow code"):
            use()
    for give in (denoise, resized):
        with pytest.raises(ValueError, match=r"backbone='unet'.*Received: denoising"):
            give(ae, np.zeros((20, 20)) if give is denoise else 16)


def test_levels_make_the_coarsest_step():
    assert coarsest_step(network((16, 1), (2, 2, 2)).encoder) == 8
    assert coarsest_step(network((16, 16, 1), (2,)).encoder) == 2
