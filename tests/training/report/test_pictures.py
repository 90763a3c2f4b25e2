import base64
import json

import numpy as np
import pytest

import aezoo
from aezoo.data.datasets import Dataset
from aezoo.plots.markup import text_of
from aezoo.training.report import pictures


def data_of(found):
    (script,) = found.iter("script")
    return json.loads(script.text)


@pytest.fixture(scope="module")
def seen():
    """Digits as a model that has learned nothing sees them."""
    digits = aezoo.load_dataset("digits")
    ae = aezoo.vanilla((8, 8, 1), 4)
    return ae, digits, pictures.seen_by(ae, digits)


def test_some_samples_of_all_and_their_errors(seen):
    ae, digits, found = seen
    assert len(found.places) == len(set(found.places.tolist())) == pictures.MOST < len(digits.x)
    np.testing.assert_array_equal(found.x, digits.x[found.places])
    np.testing.assert_array_equal(found.labels, digits.y[found.places])
    np.testing.assert_allclose(found.rebuilt, ae.reconstruct(found.x), atol=1e-6)
    np.testing.assert_allclose(found.errors, ae.reconstruction_error(found.x), rtol=1e-4)


def test_what_is_rebuilt_is_what_is_shown_as_corrupted():
    digits = aezoo.load_dataset("digits")
    ae = aezoo.denoising((8, 8, 1), 4, corruption="gaussian", stddev=0.5)
    found = pictures.seen_by(ae, digits)
    assert np.square(found.corrupted - found.x).mean() > 0.05
    np.testing.assert_allclose(found.rebuilt, ae.reconstruct(found.corrupted), atol=1e-5)
    expected = np.square(found.rebuilt - found.x).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found.errors, expected, rtol=1e-4)


def test_the_worst_come_with_what_they_are(seen):
    _, _, found = seen
    told = pictures.reconstructions(found)
    captions = ["".join(figure.itertext()).strip() for figure in told.iter("figure")]
    worst = np.argsort(-found.errors)[: pictures.WORST]
    assert captions[pictures.FIRST :] == [
        f"error {found.errors[i]:.3g}sample {found.places[i]}, label {found.labels[i]}"
        for i in worst
    ]
    images = [image.get("alt") for image in told.iter("img")]
    name = f"sample {found.places[0]}"
    assert images[:3] == [f"{name}, original", f"{name}, reconstruction", f"{name}, error"]
    assert len(images) == 3 * (pictures.FIRST + pictures.WORST)


def test_samples_behind_points(seen):
    _, _, found = seen
    data = data_of(pictures.codes(found))
    count = len(data["points"])
    assert count == len(data["numbers"]) == len(data["labels"]) == len(data["errors"])
    assert data["numbers"] == found.places[np.linspace(0, 999, count).round().astype(int)].tolist()
    assert data["shape"] == [8, 8, 1]
    bits = np.frombuffer(base64.b64decode(data["original"]), "uint8").reshape(count, 8, 8, 1)
    np.testing.assert_allclose(bits[5] / 255, found.x[5], atol=0.002)


@pytest.mark.parametrize(
    ("shape", "model", "options"),
    [
        ((40,), "vanilla", {}),
        ((300, 5), "conv", {"filters": (4,)}),
        ((96, 64, 3), "conv", {"filters": (4, 4)}),
        ((8, 8, 8, 1), "vanilla", {}),
        ((12, 12, 2), "vanilla", {}),
        ((16,), "vector_quantized", {}),
        ((16, 16, 1), "denoising", {"backbone": "unet"}),
    ],
)
def test_all_kinds_of_samples(shape, model, options, rng):
    x = rng.random((60, *shape), "float32")
    ae = aezoo.build(model, shape, 2, **options)
    found = pictures.seen_by(ae, Dataset(x, None, "x"))
    drawn = pictures.reconstructions(found)
    codes = pictures.codes(found)
    assert len(list(drawn.iter("figure"))) == pictures.FIRST + pictures.WORST
    text = text_of(drawn) + text_of(codes)
    assert len(text) < 2_000_000
    assert not any("nan" in line.get("points") for line in drawn.iter("polyline"))
    data = data_of(codes)
    bits = base64.b64decode(data["rebuilt"])
    assert len(bits) == len(data["points"]) * np.prod(data["shape"])
    assert (found.corrupted is not None) == ("corrupted" in text) == (model == "denoising")
    assert ("entries of the codebook" in text) == (model == "vector_quantized")


def test_large_samples_are_fewer_and_smaller(rng):
    x = np.zeros((900, 70, 50, 3), "float32")
    places = np.arange(900)
    zeros = np.zeros(900)
    seen = pictures.Seen(places, x, x, None, zeros, rng.random((900, 2)), None, "", "")
    found = pictures.codes(seen)
    data = data_of(found)
    assert data["shape"] == [24, 17, 3]
    assert 2 * len(data["points"]) * 24 * 17 * 3 <= pictures.MAP_BYTES
    assert (data["numbers"][0], data["numbers"][-1]) == (0, 899)


def test_what_is_not_finite_is_said(seen):
    _, _, found = seen
    broken = found._replace(errors=np.full(len(found.errors), np.nan))
    for draw in (pictures.reconstructions, pictures.codes):
        assert "not finite" in text_of(draw(broken))
    codes = found._replace(codes=np.full(found.codes.shape, np.inf))
    assert "not finite" in text_of(pictures.codes(codes))
    assert "not finite" not in text_of(pictures.reconstructions(codes))


def test_constant_samples_and_one_alone():
    ae = aezoo.vanilla(6, 3)
    for count in (1, 5):
        found = pictures.seen_by(ae, Dataset(np.ones((count, 6), "float32"), None, "x"))
        assert len(data_of(pictures.codes(found))["points"]) == count
        text_of(pictures.reconstructions(found))
