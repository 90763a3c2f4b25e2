import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

import aezoo
from aezoo.export import parity
from aezoo.export.bounds import check, is_near, refusal
from aezoo.export.report import ExportError, ExportReport
from aezoo.registry import weights

FINE = ExportReport(
    path="a.tflite",
    format="tflite",
    precision="int8",
    size=10,
    contents={"ops": {"ADD": 2}, "float_ops": {}, "foreign_ops": {}, "signatures": {}},
    parity={
        "samples": 200,
        "max_difference": 1e-5,
        "mse_keras": 0.01,
        "mse_export": 0.0101,
        "mse_uncertainty": 1e-4,
        "rank_correlation": 0.999,
        "encode_difference": 0.3,
        "encode_noise": 0.03,
        "decode_difference": 0.3,
        "mse_decode": 0.0101,
        "mse_decode_uncertainty": 1e-4,
        "prior_noise": 0.03,
    },
    latency={"median_us": 1.0, "p95_us": 2.0, "compiled_us": 2.5, "predict_us": 3.0},
)
NAN = float("nan")


def changed(precision, **parity):
    return replace(FINE, precision=precision, parity={**FINE.parity, **parity})


@pytest.mark.parametrize(
    "good",
    [
        changed("int8"),
        changed("int8", rank_correlation=None),
        changed("int8", rank_correlation=0.98, encode_differing=0.1),
        changed("int8", mse_decode=0.0102, encode_noise=0.1, prior_noise=0.1),
        changed("int16x8", mse_export=0.010059, mse_decode=0.010059),
        changed("int4", mse_export=0.0104, mse_decode=0.0104),
        changed("float16", mse_export=0.010049, mse_decode=0.010049, rank_correlation=0.9),
        changed("dynamic", mse_export=0.0102, rank_correlation=0.9),
        changed("float32", max_of_allowed=1.0, encode_of_allowed=0.5, decode_of_allowed=0),
    ],
)
def test_within_bounds(good):
    check(good)


def test_a_tolerance_in_place_of_the_bound():
    for key in ("mse_export", "mse_decode"):
        coarse = changed("int8", **{key: 0.0109})
        assert refusal(coarse)
        check(coarse, tolerance=0.1)
        with pytest.raises(ExportError, match="10.0% more"):
            check(changed("int8", **{key: 0.0111}), tolerance=0.1)
    with pytest.raises(ExportError, match="rank"):
        check(changed("int8", rank_correlation=0.9), tolerance=0.1)
    with pytest.raises(ExportError, match="0.1% more"):
        check(changed("int8", mse_export=0.0101), tolerance=0.001)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (changed("int8", mse_export=0.0103), "reconstructs worse .* MSE 0.0103 after 0.01"),
        (changed("int8", mse_export=NAN), "reconstructs worse .* MSE nan"),
        (changed("int8", mse_decode=0.0103), "decodes worse"),
        (changed("int8", mse_decode=NAN), "decodes worse"),
        (changed("int8", encode_noise=0.11), "codes that differ .* 0.11 of their spread"),
        (changed("dynamic", encode_noise=NAN), "codes that differ"),
        (changed("float16", mse_decode=0.01, mse_export=0.01, prior_noise=0.2), "from the prior"),
        (changed("int8", rank_correlation=0.99), "rank correlation of scores 0.99, at least 0.995"),
        (changed("int8", rank_correlation=0.979, encode_differing=0.1), "at least 0.98 is"),
        (changed("int8", rank_correlation=NAN), "ranks samples unlike"),
        (changed("int8", rank_correlation=0.994997), "0.994997, at least 0.995"),
        (changed("float16", mse_export=0.01006), "at most 0.01005 is right .0.5% more"),
        (changed("dynamic", mse_export=0.0103), "in dynamic"),
        (changed("int4", mse_export=0.0106), "in int4 .*5.0% more"),
        (changed("int4", rank_correlation=0.99), "in int4 ranks"),
        (changed("int16x8", mse_export=0.01007, mse_decode=0.01), "in int16x8 .*0.6% more"),
        (changed("int16x8", mse_export=0.01, mse_decode=0.01, rank_correlation=0.99), "ranks"),
        (changed("float32", max_of_allowed=2.0), "reconstructs with .* 1e-05, 2 times"),
        (changed("float32", encode_of_allowed=1.1), "encodes with .* 0.3, 1.1 times"),
        (changed("float32", decode_of_allowed=1.00001), "decodes with .* 1.00001 times"),
        (changed("float32", max_of_allowed=NAN), "nan times"),
    ],
)
def test_beyond_bounds(bad, said):
    with pytest.raises(ExportError, match=said) as error:
        check(bad)
    assert error.value.report is bad


def test_rounding_to_the_output_step_is_allowed_for():
    end = {"outputs": {"reconstruction": {"scale": 0.1}}}
    contents = {**FINE.contents, "signatures": {"reconstruct": end, "decode": end}}
    after = {"mse_export": 8e-4, "mse_decode": 8e-4}
    tiny = replace(changed("int8", mse_keras=1e-5, **after), contents=contents)
    check(tiny)  # 0.1 ** 2 / 12 = 8.3e-4
    for key in after:
        with pytest.raises(ExportError):
            check(replace(tiny, parity={**tiny.parity, key: 9e-4}))


def test_few_samples_are_refused_for_what_is_sure():
    beyond = changed("int8", mse_export=0.0103, mse_uncertainty=1e-4)
    assert refusal(beyond) is not None
    few = replace(beyond, parity={**beyond.parity, "samples": 20})
    assert refusal(few) is None  # 0.0001 too much, by chance up to 1.73 times as much
    surely = replace(few, parity={**few.parity, "mse_uncertainty": 1e-4 / 1.75})
    assert "beyond doubt" in refusal(surely)
    assert refusal(changed("int8", rank_correlation=0.969, samples=20)) is None
    assert "beyond doubt" in refusal(changed("int8", rank_correlation=0.965, samples=20))
    assert refusal(changed("int8", rank_correlation=0.969, samples=199)) is not None
    assert refusal(changed("int8", rank_correlation=0.994, samples=199)) is None


@pytest.mark.parametrize("n", [20, 60, 199])
def test_ranks_at_the_bound_are_refused_as_seldom_as_is_said(n, rng):
    """Normal scores whose rank correlation is the bound: five in a hundred draws at most."""
    r = 2 * np.sin(np.pi / 6 * 0.995)  # Pearson's of such scores
    ours, noise = rng.normal(size=(2, 1000, n))
    ranks = [rankdata(a, axis=1) for a in (ours, r * ours + np.sqrt(1 - r**2) * noise)]
    ours, theirs = (a - a.mean(axis=1, keepdims=True) for a in ranks)
    found = (ours * theirs).sum(axis=1) / np.sqrt((ours**2).sum(axis=1) * (theirs**2).sum(axis=1))
    refused = [refusal(changed("int8", rank_correlation=f, samples=n)) is not None for f in found]
    assert 0.01 < np.mean(refused) < 0.065


def test_a_good_export_is_good_on_few_samples(digits):
    """What all test samples prove right is not refused for the ones that are drawn of them."""
    ae = aezoo.build("deep", weights="digits")
    lite = aezoo.LiteModel(weights.folder() / "deep-digits" / "model-int8.tflite")
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(20):
        x = digits[1][rng.choice(len(digits[1]), 20, replace=False)]
        found = replace(FINE, parity=parity.parity(ae, lite, x))
        refused += refusal(found) is not None
    assert refused <= 2


@pytest.mark.parametrize(
    ("precision", "calibrated", "helps", "does_not"),
    [
        ("int8", 300, ["quantize='dynamic' or 'float16'", "activation='relu'"], "calibration"),
        ("int8", 40, ["Give 300 calibration samples from all over .*.40 were given"], "None"),
        ("int8", 40, ["dynamic"], "None"),
        ("int8", 300, ["quantize='int16x8'"], "calibration"),
        ("int16x8", 300, ["Export with quantize='float16'", "'relu'"], "dynamic"),
        ("int4", 300, ["Give fine_tune=x_train, or export with quantize='int8'"], "relu"),
        ("dynamic", None, ["Export with quantize='float16'"], "calibration"),
        ("float16", None, ["Export in float32"], "calibration"),
    ],
)
def test_advice_is_of_what_helps(precision, calibrated, helps, does_not):
    said = refusal(changed(precision, mse_export=0.02), calibrated).split(". ", 1)[1]
    assert all(re.search(text, said) for text in helps)
    assert does_not not in said


def test_what_is_fine_tuned_is_not_advised_to_be():
    bad = changed("int8", mse_export=0.02)
    assert "fine_tune" in refusal(bad, 300)
    assert "fine_tune" in refusal(replace(bad, fine_tuning={"epochs": 0}), 300)  # ranges alone
    tuned = refusal(replace(bad, fine_tuning={"epochs": 2}), 300)
    assert "fine_tune" not in tuned
    assert "quantize='int16x8'" in tuned


def test_microcontrollers_are_not_advised_to_use_floats():
    micro = replace(changed("int8", mse_export=0.02), format="micro")
    assert "float16" not in refusal(micro, 300)
    assert "quantize='int16x8'" in refusal(micro, 300)
    picked = replace(micro, parity={**micro.parity, "encode_differing": 0.1})
    assert "int16x8" not in refusal(picked, 300)  # which has no argmax
    assert "fine_tune" in refusal(micro, 300)
    assert "fine_tune" not in refusal(picked, 300)  # which a codebook is refused
    assert "float16" not in refusal(replace(micro, precision="int16x8"), 300)
    plain = refusal(replace(micro, format="c"), 300)
    assert "fine_tune" in plain
    assert "int16x8" not in plain


@pytest.mark.parametrize(
    ("report", "near"),
    [
        (changed("int8", mse_export=0.010099), True),
        (changed("int8", mse_export=0.010102), False),
        (changed("int8", mse_export=0.01, rank_correlation=0.9979), False),
        (changed("int8", mse_export=0.01, rank_correlation=None), True),
        (changed("int8", mse_export=0.01, encode_noise=0.11), False),  # it is refused
        (changed("int16x8", mse_export=0.01005, mse_decode=0.01, rank_correlation=0.996), True),
        (changed("dynamic", mse_export=0.0102, rank_correlation=0.9), True),
        (changed("dynamic", mse_export=0.0103), False),
    ],
)
def test_near_is_what_needs_nothing_better(report, near):
    assert is_near(report) == near
