import json
from dataclasses import replace

import numpy as np
import pytest

import aezoo
from aezoo.export import report
from aezoo.export.report import ExportError, ExportReport, check, parity

FINE = ExportReport(
    path="a.tflite",
    format="tflite",
    precision="int8",
    size=10,
    contents={"ops": {"ADD": 2}, "float_ops": {}, "foreign_ops": {}, "signatures": {}},
    parity={
        "samples": 5,
        "max_difference": 1e-5,
        "mean_difference": 1e-6,
        "mse_keras": 0.01,
        "mse_export": 0.0101,
        "psnr": 50.0,
        "rank_correlation": 0.999,
    },
    latency={"median_us": 1.0, "p95_us": 2.0, "predict_us": 3.0},
)


def changed(precision, **parity):
    return replace(FINE, precision=precision, parity={**FINE.parity, **parity})


class Shifted:
    """An export that is wrong by a known amount."""

    def __init__(self, ae, by):
        self.ae, self.by = ae, by
        self.parts = ("reconstruct", "encode", "score")

    def reconstruct(self, x):
        return self.ae.reconstruct(x) + self.by

    def encode(self, x):
        return self.ae.encode(x) + 2 * self.by

    def score(self, x):
        return -self.ae.reconstruction_error(x)


def test_parity_measures_what_was_changed(rng):
    x = rng.normal(5, 10, (40, 3)).astype("float32")
    ae = aezoo.deep(3, 1, normalization="standard")
    ae.adapt(x)
    by = np.array([0.1, 0.2, -0.3], "float32")
    found = parity(ae, Shifted(ae, 0.0), x)
    assert found["max_difference"] == found["mean_difference"] == 0
    assert found["mse_export"] == found["mse_keras"]
    assert found["rank_correlation"] == pytest.approx(-1)
    assert "decode_difference" not in found

    shifted = Shifted(ae, 0.0)
    shifted.reconstruct = lambda x: ae.reconstruct(x) + by
    found = parity(ae, shifted, x)
    normalized = np.abs(by / x.std(axis=0))
    assert found["max_difference"] == pytest.approx(normalized.max(), rel=1e-3)
    assert found["mean_difference"] == pytest.approx(normalized.mean(), rel=1e-3)
    assert found["mse_keras"] == pytest.approx(ae.reconstruction_error(x).mean(), rel=1e-4)
    peak = np.ptp(ae.normalize(ae.reconstruct(x)))
    expected = 10 * np.log10(peak**2 / np.mean(normalized**2))
    assert found["psnr"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "good",
    [
        changed("int8"),
        changed("float16", mse_export=0.010049),
        changed("dynamic", mse_export=0.0102),
        changed("float32", max_difference=9e-5),
    ],
)
def test_within_bounds(good):
    check(good)


@pytest.mark.parametrize(
    "bad",
    [
        changed("int8", mse_export=0.0103),
        changed("int8", mse_export=float("nan")),
        changed("int8", rank_correlation=0.99),
        changed("float16", mse_export=0.01006),
        changed("float32", max_difference=2e-4),
        changed("float32", encode_difference=2e-4),
        changed("float32", max_difference=float("nan")),
    ],
)
def test_beyond_bounds(bad):
    with pytest.raises(ExportError):
        check(bad)


def test_rounding_to_the_output_step_is_allowed_for():
    signatures = {"reconstruct": {"outputs": {"reconstruction": {"scale": 0.1}}}}
    contents = {**FINE.contents, "signatures": signatures}
    tiny = replace(changed("int8", mse_keras=1e-5, mse_export=8e-4), contents=contents)
    check(tiny)  # 0.1 ** 2 / 12 = 8.3e-4
    with pytest.raises(ExportError):
        check(replace(tiny, parity={**tiny.parity, "mse_export": 9e-4}))


def test_saved_and_printed(tmp_path):
    FINE.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["parity"] == FINE.parity
    assert "2 ADD" in str(FINE)
    assert "0.99900" in str(FINE)
    assert "float ops" not in str(FINE)


def test_latency_counts_runs(monkeypatch, rng):
    monkeypatch.setattr(report, "RUNS", 7)
    monkeypatch.setattr(report, "PREDICT_RUNS", 1)
    ae = aezoo.vanilla(3, 1)
    calls = []
    shifted = Shifted(ae, 0.0)
    shifted.reconstruct = lambda x: calls.append(len(x))
    found = report.latency(ae, shifted, rng.random((5, 3)))
    assert calls == [1] * 8
    assert 0 < found["median_us"] <= found["p95_us"] < found["predict_us"]
