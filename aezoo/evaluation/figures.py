"""The metrics of a model as people read them: names, and numbers beside those of PCA."""

from collections.abc import Mapping

ERRORS = (("mse", "mean squared error", 5), ("psnr", "PSNR (dB)", 2), ("ssim", "SSIM", 4))
BITS = 32  # of a number in a code


def figures(metrics: Mapping[str, float]) -> tuple[list[str], list[list[tuple[str, ...]]]]:
    """Metrics as a table.

    Args:
        metrics: Dictionary from `aezoo.evaluate`, with baselines. What earlier versions did not
            measure is left out.

    Returns:
        A pair: the names of the columns with numbers, the model's and, where a code is smaller than
        a sample, PCA's; and two sections, lists of rows, each a name and a number or two.

    Example:

    >>> from aezoo.evaluation.figures import figures
    >>> columns, sections = figures({"mse": 0.1, "pca_mse": 0.2, "compression_ratio": 4.0})
    >>> sections[0][0]
    ('mean squared error', '0.10000', '0.20000')
    """
    smaller = metrics["compression_ratio"] > 1  # or PCA is exact, and tells nothing
    quality: list[tuple[str, ...]] = []
    for key, label, digits in ERRORS:
        if key in metrics:
            keys = (key, f"pca_{key}")[: 1 + smaller]
            both = (f"{metrics[k]:.{digits}f}" for k in keys if k in metrics)
            quality.append((label, *both))
    if smaller and "relative_mse" in metrics:  # not where PCA is exact
        quality.append(("MSE relative to PCA", f"{metrics['relative_mse']:.2f}", "1.00"))
    if "noisy_mse" in metrics:
        quality.append(("MSE of corrupted samples", f"{metrics['noisy_mse']:.5f}"))
        quality.append(("... after denoising", f"{metrics['denoised_mse']:.5f}"))
    size: list[tuple[str, ...]] = []
    if "mean_mse" in metrics:
        size.append(("MSE of predicting the mean", f"{metrics['mean_mse']:.5f}"))
    keys = ("latent_size", "pca_components")[: 1 + smaller]
    numbers = [metrics[key] for key in keys if key in metrics]
    if numbers:
        size.append(("numbers in a code", *(f"{number:,}" for number in numbers)))
        bits = metrics.get("code_bits", BITS * numbers[0])
        if bits != BITS * numbers[0]:  # indices, or rounded
            beside = (f"{BITS * number:,.0f}" for number in numbers[1:])
            size.append(("bits in a code", f"{bits:,.0f}", *beside))
    size.append(("compression ratio", f"{metrics['compression_ratio']:.1f}"))
    if "parameters" in metrics:
        size.append(("parameters", f"{metrics['parameters']:,}"))
    return ["model", "PCA, same code size"][: 1 + smaller], [quality, size]
