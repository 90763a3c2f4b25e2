import aezoo
from aezoo.evaluation.figures import figures

METRICS = {
    "mse": 0.25, "mean_mse": 1.0, "pca_mse": 0.5, "relative_mse": 0.5, "compression_ratio": 4.0,
    "latent_size": 2, "pca_components": 3, "code_bits": 64.0, "parameters": 1234,
}  # fmt: skip


def test_beside_pca():
    columns, (quality, size) = figures(METRICS)
    assert columns == ["model", "PCA, same code size"]
    assert quality == [
        ("mean squared error", "0.25000", "0.50000"), ("MSE relative to PCA", "0.50", "1.00")
    ]  # fmt: skip
    assert size == [
        ("MSE of predicting the mean", "1.00000"),
        ("numbers in a code", "2", "3"),
        ("compression ratio", "4.0"),
        ("parameters", "1,234"),
    ]


def test_alone_where_nothing_is_compressed():
    columns, (quality, size) = figures(
        {**METRICS, "compression_ratio": 0.5, "denoised_mse": 0.125, "noisy_mse": 0.75}
    )
    assert columns == ["model"]
    assert quality == [
        ("mean squared error", "0.25000"),
        ("MSE of corrupted samples", "0.75000"),
        ("... after denoising", "0.12500"),
    ]
    assert ("numbers in a code", "2") in size


def test_bits_of_indices():
    _, (_, size) = figures({**METRICS, "code_bits": 14.0})
    assert ("bits in a code", "14", "96") in size


def test_of_a_model_and_of_an_earlier_version(rng):
    x = rng.random((20, 8))
    ae = aezoo.vanilla(8, 2)
    _, (quality, _) = figures(aezoo.evaluate(ae, x, x))
    assert quality[0][0] == "mean squared error"
    old = {key: METRICS[key] for key in ("mse", "pca_mse", "compression_ratio", "latent_size")}
    assert figures(old)[1][1] == [("numbers in a code", "2"), ("compression ratio", "4.0")]
