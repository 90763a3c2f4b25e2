import logging

import numpy as np
import pytest

import aezoo
from aezoo.export import samples
from aezoo.export.samples import as_seen, calibration_of, checked_samples, prior_codes, spread
from aezoo.layers.bottleneck import Bottleneck


class Uniform(Bottleneck):
    """Codes with a prior of their own."""

    has_prior = True

    def call(self, inputs):
        return inputs

    def prior(self, n, latent_shape, seed=None):
        return np.random.default_rng(seed).uniform(5, 6, (n, *latent_shape)).astype("float32")


@pytest.fixture(scope="module")
def drawing():
    encoder, decoder = aezoo.backbones.build("dense", 4, 2, hidden_units=(4,))
    return aezoo.Autoencoder(aezoo.backbones.with_bottleneck(encoder, Uniform()), decoder)


def test_samples_are_spread_over_all():
    """Data are often sorted by class: the first ones are of one alone."""
    x = np.arange(1437)
    few = spread(x, 300)
    assert len(few) == 300
    assert few[0] == 0
    assert few[-1] == 1436
    np.testing.assert_allclose(np.diff(few), 1436 / 299, atol=1)
    assert spread(x[:20], 300).tolist() == list(range(20))


def test_few_and_equal_samples_are_refused(drawing, rng):
    x = rng.random((30, 4)).astype("float32")
    with pytest.raises(ValueError, match="2 samples or more .* 200 or more .* Received: 1"):
        checked_samples(drawing, x[:1])
    assert len(checked_samples(drawing, x[:2])) == 2
    with pytest.raises(ValueError, match="20 calibration_data or more .* Received: 19"):
        checked_samples(drawing, x[:19], what="calibration_data", exact=False)
    assert len(checked_samples(drawing, x[:20], exact=False)) == 20
    with pytest.raises(ValueError, match="must differ.* Received: 30 times the same"):
        checked_samples(drawing, np.repeat(x[:1], 30, axis=0))
    assert checked_samples(drawing, None).shape == (200, 4)


def test_a_prior_is_calibrated_for(drawing, trained, rng):
    x = rng.random((400, 4)).astype("float32")
    found = calibration_of(drawing, x)
    assert found["x"].shape == (300, 4)
    np.testing.assert_array_equal(found["code"][:300], drawing.encode(spread(x, 300)))
    drawn = found["code"][300:]
    assert drawn.shape == (300, 2)
    assert drawn.min() >= 5
    assert not np.isin(drawn, prior_codes(drawing, 300, seed=1)).any()
    plain = aezoo.deep(4, 2, hidden_units=(4,))
    assert prior_codes(plain, 10, seed=0) is None
    assert calibration_of(plain, x)["code"].shape == (300, 2)


def test_codes_may_be_indices(rng):
    ae = aezoo.vector_quantized(4, 2, num_codes=3, num_embeddings=8, hidden_units=(4,))
    x = rng.random((40, 4)).astype("float32")
    found = calibration_of(ae, x, indices=True)["code"]
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, ae.encode_indices(x))


def test_int16_is_calibrated_for_twice_what_was_seen(drawing, rng):
    x = rng.random((40, 4)).astype("float32")
    plain, wide = calibration_of(drawing, x), calibration_of(drawing, x, wide=True)
    for key in ("x", "code"):
        np.testing.assert_array_equal(wide[key], np.concatenate([plain[key], 2 * plain[key]]))


@pytest.mark.parametrize(
    ("judged", "calibrated", "expected"),
    [
        (slice(200), None, []),
        (slice(199), None, ["judged on 199 samples"]),
        (slice(200), slice(200, 400), []),
        (slice(200), slice(200), ["samples that set its ranges"]),
        (slice(200), slice(100, 150), ["set by 50 samples"]),
    ],
)
def test_remarks(caplog, judged, calibrated, expected):
    x = np.arange(400)
    with caplog.at_level(logging.WARNING, "aezoo"):
        samples.remark("int8", x[judged], None if calibrated is None else x[calibrated])
    assert len(caplog.messages) == len(expected)
    assert all(text in said for text, said in zip(expected, caplog.messages, strict=True))


def test_networks_without_a_narrow_code_see_noise(rng):
    x = rng.random((30, 8, 8, 1), "float32")
    for backbone, noise in (("unet", 0.2), ("conv", 0)):
        ae = aezoo.denoising((8, 8, 1), 4, backbone=backbone, filters=(2,), stddev=0.2)
        assert (as_seen(ae, x) - x).std() == pytest.approx(noise, rel=0.1)
    parts = aezoo.backbones.unet((8, 8, 1), 1, filters=(2,))
    assert as_seen(aezoo.Autoencoder(*parts), x) is x


def test_of_a_stream_its_sample_is_taken(tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.random((3000, 4), "float32"))
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    found = checked_samples(aezoo.deep(4, 2), stream)
    np.testing.assert_array_equal(found, spread(stream.x, samples.CHECKED))
