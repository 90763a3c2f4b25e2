import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers import corruptions

IMAGE = (8, 8, 1)


@pytest.mark.parametrize(
    ("options", "kind", "attributes"),
    [
        ({}, corruptions.GaussianNoise, {"stddev": 0.3, "clip": (0, 1)}),
        ({"stddev": 0.7}, corruptions.GaussianNoise, {"stddev": 0.7}),
        ({"output_activation": "linear"}, corruptions.GaussianNoise, {"clip": None}),
        ({"corruption": "masking"}, corruptions.MaskingNoise, {"rate": 0.3}),
        ({"corruption": "salt_and_pepper", "rate": 0.2}, corruptions.SaltAndPepper, {"rate": 0.2}),
        ({"corruption": keras.layers.Dropout(0.1)}, keras.layers.Dropout, {"rate": 0.1}),
    ],
)
def test_corruption(options, kind, attributes):
    ae = aezoo.denoising(IMAGE, 4, **options)
    assert type(ae.corruption) is kind
    assert {name: getattr(ae.corruption, name) for name in attributes} == attributes


def test_backbone():
    assert hasattr(aezoo.denoising(IMAGE, 4).encoder.layers[1], "filters")
    assert not hasattr(aezoo.denoising(IMAGE, 4, backbone="dense").encoder.layers[2], "filters")
    assert aezoo.denoising(30, 4).latent_shape == (4,)


def test_noise_is_in_training_only():
    ae = aezoo.denoising(IMAGE, 4, stddev=5.0)
    x = np.full((20, *IMAGE), 0.5, "float32")
    np.testing.assert_array_equal(ae.reconstruct(x), ae.reconstruct(x))
    assert ae.corrupt(x).std() > 0.3
    quiet, loud = ae(x, training=False), ae(x, training=True)
    np.testing.assert_allclose(ae.reconstruct(x), quiet, atol=1e-6)
    assert np.abs(keras.ops.convert_to_numpy(loud - quiet)).max() > 1e-3


@pytest.mark.slow
def test_learns_to_denoise():
    digits = aezoo.load_dataset("digits", "all").x
    ae = aezoo.denoising(IMAGE, 16, backbone="dense", hidden_units=(64,), corruption="masking")
    ae.compile(keras.optimizers.Adam(0.005), loss="mse", jit_compile=True, steps_per_execution=20)
    ae.fit(digits, epochs=25, verbose=0)
    noisy = ae.corrupt(digits)
    before = np.mean((noisy - digits) ** 2)
    after = np.mean((ae.reconstruct(noisy) - digits) ** 2)
    assert after < before / 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corruption": "blur"}, "'blur'"),
        ({"corruption": "masking", "stddev": 0.1}, "no option 'stddev'"),
        ({"rate": 0.1}, "no option 'rate'"),
        ({"stddev": -1}, "stddev.*-1"),
        ({"backbone": "cnn"}, "'cnn'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.denoising(IMAGE, 4, **options)


def test_salt_and_pepper_are_the_ends_of_what_there_is(rng):
    """Of each feature, where the output has no range of its own."""
    x = (rng.normal(size=(500, 2)) * [1, 100] + [0, 1000]).astype("float32")
    ae = aezoo.denoising(2, 1, corruption="salt_and_pepper", rate=0.5)
    spoiled = ae.corrupt(x[:200])
    for column, before in zip(spoiled.T, x[:200].T, strict=True):
        changed = column[column != before]
        assert set(changed) == {before.min(), before.max()}
        assert 0.3 < len(changed) / 200 < 0.7
    images = aezoo.denoising(IMAGE, 1, corruption="salt_and_pepper", rate=0.5)
    assert set(np.unique(images.corrupt(np.full((9, *IMAGE), 0.5)))) == {0, 0.5, 1}


def test_noise_is_cut_off_where_the_output_is():
    clips = {
        "conv": aezoo.denoising((8, 8, 1), 2).corruption.clip,
        "unet": aezoo.denoising((8, 8, 1), backbone="unet").corruption.clip,
        "asked": aezoo.denoising((8, 8, 1), backbone="unet", clip=True).corruption.clip,
        "not": aezoo.denoising((8, 8, 1), 2, clip=False).corruption.clip,
        "linear": aezoo.denoising(8, 2).corruption.clip,
    }
    assert clips == {"conv": (0, 1), "unet": None, "asked": (0, 1), "not": None, "linear": None}
    for options, message in (
        ({"input_shape": 8, "clip": True}, "clip is for an output"),
        ({"clip": "yes"}, "clip must be True or False"),
        ({"clip": True, "corruption": "masking"}, "'masking' corruption has no option 'clip'"),
    ):
        with pytest.raises(ValueError, match=message):
            aezoo.denoising(**options)
