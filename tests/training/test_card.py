import aezoo
from aezoo.training.card import readme

RECORD = {
    "model": "denoising",
    "input_shape": [16, 16, 1],
    "data": {"source": "photographs", "test": 12},
    "training": {"seed": 3},
}


def test_what_a_narrow_code_and_none_is_measured_by(rng):
    x = rng.random((20, 16, 16, 1), "float32")
    told = {}
    for backbone in ("conv", "unet"):
        ae = aezoo.denoising((16, 16, 1), 8, backbone=backbone, filters=(4,), stddev=0.1)
        record = {**RECORD, "metrics": aezoo.evaluate(ae, x, x)}
        rest = ("aezoo rebuild it", "It loses little.", "", ae.bottleneck)
        told[backbone] = readme(record, "denoising-photos", *rest)
        assert 'weights="photos"' in told[backbone]
        assert "It loses little." in told[backbone]
        assert "`aezoo rebuild it`" in told[backbone]
        assert "{" not in told[backbone]
        metrics = record["metrics"]
    assert "code of 8 numbers" in told["conv"]
    assert "PCA, same code size" in told["conv"]
    assert "PCA" not in told["unet"]
    row = f"| mean squared error | {metrics['noisy_mse']:.5f} | {metrics['denoised_mse']:.5f} |"
    assert row in told["unet"]


def test_codes_that_are_rounded_are_told_by_their_bits(rng):
    x = rng.random((20, 8, 8, 1), "float32")
    ae = aezoo.compressive((8, 8, 1), 8)
    metrics = aezoo.evaluate(ae, x, x)
    record = {**RECORD, "model": "compressive", "metrics": metrics}
    told = readme(record, "compressive-photos", "", "", "", ae.bottleneck)
    assert "with codes of 8 numbers, rounded," in told
    assert f"| bits of a sample | {metrics['code_bits']:,.0f} |" in told
    assert "aezoo.compress(ae, x)" in told
