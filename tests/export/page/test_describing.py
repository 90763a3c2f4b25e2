import numpy as np
import pytest

import aezoo
from aezoo.edge import inspect
from aezoo.export.page import describing
from aezoo.export.page.describing import chosen, described, made_up
from aezoo.export.page.store import Store, restored
from aezoo.layers.gaussian import NormalPrior


@pytest.fixture
def lite(files):
    return aezoo.LiteModel(files / "float32.tflite")


def test_each_label_has_a_sample():
    labels = np.repeat(np.arange(10), 30)
    assert sorted(labels[chosen(labels[:, None], labels)][:10]) == list(range(10))
    assert len(chosen(labels[:, None], labels)) == 12
    mixed = np.array([None, "a", 1] * 5, dtype=object)  # which have no order
    assert len({mixed[i] for i in chosen(np.zeros((15, 1)), mixed, 3)}) == 3
    assert chosen(np.zeros((5, 1)), None).tolist() == [0, 1, 2, 3, 4]
    assert len(set(chosen(np.zeros((100, 1)), None))) == 12


def test_components_are_those_of_the_codes(lite, digits):
    store = Store()
    found, shown = described(lite, digits[1], None, {}, None, store)
    assert found["kind"] == "image"
    assert (found["low"], found["high"]) == (0, 1)
    np.testing.assert_array_equal(restored(store.content, found["samples"]), shown)
    codes = lite.encode(digits[1])
    parts = found["code"]["components"]
    mean, directions = (restored(store.content, parts[key]) for key in ("mean", "directions"))
    np.testing.assert_allclose(directions @ directions.T, np.eye(len(directions)), atol=1e-3)
    scores = (codes - mean) @ directions.T
    np.testing.assert_allclose(scores.std(axis=0), parts["spread"], rtol=1e-3)
    assert sum(parts["share"]) == pytest.approx(1, rel=0.01)  # all eight of eight
    np.testing.assert_array_equal(restored(store.content, found["code"]["high"]), codes.max(axis=0))


def test_what_is_made_up_is_like_samples(lite, files):
    x = made_up(lite, inspect(files / "float32.tflite")["signatures"])
    assert x.shape[1:] == (8, 8, 1)
    assert x.std() > 0.05
    np.testing.assert_array_equal(x, made_up(lite, inspect(files / "int8.tflite")["signatures"]))


@pytest.mark.parametrize(
    ("card", "noise", "prior"),
    [
        ({"model": "conv"}, None, None),
        ({"model": "variational"}, None, "normal"),
        (
            {"model": "denoising", "options": {"stddev": 0.5}},
            {"kind": "gaussian", "trained": 0.5, "clip": True},
            None,
        ),
        (
            {"model": "denoising", "options": {"stddev": [0.04, 0.2], "backbone": "unet"}},
            {"kind": "gaussian", "trained": 0.2, "clip": False},
            None,
        ),
        (
            {"model": "denoising", "options": {"corruption": "masking"}},
            {"kind": "masking", "trained": 0.3, "clip": True},
            None,
        ),
        ({"model": "denoising", "options": {"corruption": "affine"}}, None, None),
        ({"model": "denoising", "options": {"corruption": {"class_name": "X"}}}, None, None),
    ],
)
def test_what_a_family_adds(lite, digits, card, noise, prior):
    found, _ = described(lite, digits[1][:20], None, card, None, Store())
    assert found["noise"] == noise
    assert found["prior"] == prior


@pytest.mark.parametrize(("shape", "kind"), [((4,), "bars"), ((100,), "lines"), ((12, 2), "lines")])
def test_tables_and_signals(shape, kind, rng, tmp_path):
    x = rng.normal(size=(30, *shape)).astype("float32") + 5
    ae = aezoo.vanilla(shape, 2, normalization="standard")
    ae.adapt(x)
    aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    store = Store()
    found, shown = described(
        aezoo.LiteModel(tmp_path / "model.tflite"), x, np.arange(30), {}, None, store
    )
    assert found["kind"] == kind
    np.testing.assert_array_equal(shown, x[[int(label) for label in found["labels"]]])
    assert found["normalization"]["inside"]
    scale = restored(store.content, found["normalization"]["scale"])
    assert scale.shape == shape
    np.testing.assert_allclose(
        (shown - restored(store.content, found["normalization"]["offset"])) / scale,
        ae.normalize(shown),
        atol=1e-4,
    )


@pytest.mark.slow
def test_families_whose_prior_is_normal():
    """Which a page knows by name, since a file does not say it."""
    found = []
    for family in aezoo.list_models():
        bottleneck = aezoo.build(family, (8, 8, 1), 4).bottleneck
        if bottleneck.has_prior and type(bottleneck).prior is NormalPrior.prior:
            found.append(family)
    assert sorted(found) == sorted(describing.NORMAL_PRIOR)
