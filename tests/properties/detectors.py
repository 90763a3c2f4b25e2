"""What detectors, and what else takes arrays, promise of them."""

import functools

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

import aezoo
from tests.properties.strategies import SAME, known, model_of, samples
from tests.properties.trials import close, holds, samples_of, unchanged

SCORINGS = ("auto", "error", "scaled_error", "mahalanobis", "neighbors")
ARRAYS = [form for form in SAME if "list" not in form]
detected = known(size=12)


@functools.cache
def detector_of(of, scoring):
    x = np.random.default_rng(2).random((40, *of.shape))
    detector = aezoo.AnomalyDetector(model_of(of), scoring=scoring, random_state=0)
    return unchanged(detector.fit, x)


@functools.cache
def series_detector(channels):
    x = np.random.default_rng(3).normal(size=(120, channels)).cumsum(axis=0)
    return unchanged(aezoo.TimeSeriesDetector(6, epochs=1, random_state=0).fit, x)


@holds(8, of=detected, scoring=st.sampled_from(SCORINGS), given=samples())
def detectors(of, scoring, given):
    detector = detector_of(of, scoring)
    x, scores = samples_of(detector.anomaly_score, given, of.shape)
    assert scores.shape == (len(x),)
    form = given.of(of.shape)[1]
    parts = unchanged(detector.contributions, form)
    assert parts.shape == x.shape
    assert (parts >= 0).all()
    close(parts.reshape(len(x), -1).sum(axis=1), scores)
    flags = unchanged(detector.predict, form)
    np.testing.assert_array_equal(flags, np.where(scores > detector.threshold_, -1, 1))
    close(unchanged(detector.score_samples, form), -scores)
    close(unchanged(detector.decision_function, form), detector.threshold_ - scores)
    p_values = unchanged(detector.p_values, form)
    assert p_values.shape == (len(x),)
    assert ((p_values > 0) & (p_values <= 1)).all()
    assert (np.diff(p_values[np.argsort(scores, kind="stable")]) <= 0).all()


@holds(
    0.5,
    of=detected,
    scoring=st.sampled_from(SCORINGS),
    contamination=st.sampled_from(("auto", 0, 0.1)),
    form=st.sampled_from(ARRAYS),
    number=st.integers(0, 2**32 - 1),
)
def fitting_detectors(of, scoring, contamination, form, number):
    x = np.random.default_rng(number).random((30, *of.shape)).astype("float16").astype("float32")
    options = {"scoring": scoring, "contamination": contamination, "random_state": 0}
    plain = aezoo.AnomalyDetector(model_of(of), **options).fit(x)
    other = aezoo.AnomalyDetector(model_of(of), **options)
    unchanged(other.fit, SAME[form](x))
    close(other.anomaly_score(x), plain.anomaly_score(x))
    close(other.threshold_, plain.threshold_)
    fresh = np.random.default_rng(number + 1).random((40, *of.shape))
    unchanged(other.calibrate, fresh, false_alarm_rate=0.1)
    assert (other.predict(fresh) < 0).sum() <= 4


@holds(4, channels=st.integers(1, 3), given=samples(), form=st.sampled_from(ARRAYS))
def series(channels, given, form):
    detector = series_detector(channels)
    x = given.of((channels,))[0]
    scores = unchanged(detector.anomaly_score, SAME[form](x))
    assert scores.shape == (len(x),)
    known = np.isfinite(scores)
    np.testing.assert_array_equal(known, np.arange(len(x)) >= 5)  # the first whole window
    close(detector.anomaly_score(x)[known], scores[known])
    parts = unchanged(detector.contributions, SAME[form](x))
    assert parts.shape == x.shape
    close(parts[known].sum(axis=1), scores[known])
    assert unchanged(detector.predict, SAME[form](x)).shape == (len(x),)
    if len(x) < 10:
        detector.reset()
        close([unchanged(detector.update, step) for step in SAME[form](x)][5:], scores[5:])


@holds(
    0.8,
    size=st.tuples(st.integers(4, 20), st.integers(4, 20)),
    channels=st.sampled_from((None, 1, 3)),
    kind=st.sampled_from(("f2", "f4", "f8", ">f8", "u1", "u2")),
    form=st.sampled_from(ARRAYS),
    number=st.integers(0, 2**32 - 1),
    ensemble=st.booleans(),
)
def denoising(size, channels, kind, form, number, ensemble):
    model = unet()
    shape = size if channels is None else (*size, channels)
    x = np.random.default_rng(number).random(shape)
    kind = np.dtype(kind)
    x = (x * np.iinfo(kind).max if kind.kind == "u" else x).astype(kind)
    expected = unchanged(aezoo.denoise, model, x, ensemble=ensemble)
    assert expected.shape == x.shape
    assert expected.dtype == (kind if kind.kind == "u" else np.float32)
    if form in ("Fortran", "every second", "backwards", "read-only", "unaligned"):
        close(unchanged(aezoo.denoise, model, SAME[form](x), ensemble=ensemble), expected)
    in_tiles = aezoo.denoise(model, x, tile=8, ensemble=ensemble)
    most = 1 if kind.kind == "u" else 1e-5
    np.testing.assert_allclose(in_tiles.astype("f8"), expected.astype("f8"), rtol=0, atol=most)


@functools.cache
def unet():
    return aezoo.denoising((16, 16, 1), backbone="unet", filters=(4, 8), stddev=0.1)


@holds(6, real=samples(12), other=samples(12), width=st.integers(1, 5))
def distances(real, other, width):
    (a, form), (b, other_form) = real.of((width,)), other.of((width,))
    places, errors = unchanged(aezoo.evaluation.nearest, form, other_form)
    every = np.square(a[:, None] - b[None]).mean(axis=2)
    close(errors, every.min(axis=1))
    close(every[np.arange(len(a)), places], errors)
    found = unchanged(aezoo.evaluation.likeness, form, other_form)
    assert all(0 <= value <= 1 for value in (found.precision, found.recall, found.coverage))
    assert (found.real, found.generated) == (len(a), len(b))
    distance = unchanged(aezoo.evaluation.frechet_distance, form, other_form)
    assert 0 <= distance < np.inf
    close(distance, found.frechet)
    close(aezoo.evaluation.frechet_distance(b, a), distance)
    close(aezoo.evaluation.frechet_distance(a, a), 0)


@holds(0.5, given=samples(6), shape=st.sampled_from(((5,), (8, 8, 1), (7, 5, 3), (9, 2))))
def pictures(given, shape):
    x, form = given.of(shape)
    flat = x.reshape(len(x), -1)
    odd = np.arange(len(x)) % 2
    for draw, *arrays in (
        (aezoo.plots.reconstructions, form, form),
        (aezoo.plots.latent, flat, odd),
        (aezoo.plots.error_map, x[0], x[0]),
        (aezoo.plots.contributions, flat[0]),
        (aezoo.plots.score_histogram, flat[:, 0], 0.5, odd),
        (aezoo.plots.roc, odd, flat[:, 0]),
        (aezoo.plots.precision_recall, odd, flat[:, 0]),
        (aezoo.plots.events, flat[:, 0], 0.5),
        (aezoo.plots.before_after, x[0], x[0]),
    ):
        if draw is aezoo.plots.before_after and shape[-1] not in (1, 3):
            continue
        assert isinstance(unchanged(draw, *arrays), Figure)


@holds(0.4, of=known(shapes=((5,), (8, 8, 1))), given=samples(8), number=st.integers(0, 99))
def probing(of, given, number):
    ae = model_of(of)
    x, form = given.of(of.shape)
    y = np.arange(len(x)) % 2
    rows = unchanged(aezoo.probe, ae, form, y, form, y, draws=1, labels=[None], seed=number)
    assert all(0 <= row["accuracy"] <= 1 for row in rows)
    assert rows == aezoo.probe(ae, x, y, x, y, draws=1, labels=[None], seed=number)


@holds(0.5, given=samples(2, ARRAYS), flip=st.booleans(), number=st.integers(0, 99))
def augmentation(given, flip, number):
    x, form = given.of((6, 5, 2))
    more = unchanged(aezoo.augmentation.variants, form, len(x) + 3, max_shift=1, flip=flip)
    assert more.shape == (len(x) + 3, 6, 5, 2)
    close(more[: len(x)], x)
    assert more.dtype == np.float32
    shifted = unchanged(aezoo.augmentation.shifted, x, 4, max_shift=1, seed=number, flip=flip)
    assert sum(len(batch) for batch in shifted) == len(x)
