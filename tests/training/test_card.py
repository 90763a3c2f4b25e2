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
        rest = ("aezoo rebuild it", "It loses little.", "", ae.bottleneck.narrow)
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
