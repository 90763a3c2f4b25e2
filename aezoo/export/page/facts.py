"""What is known of a model, in words, and without the paths of the machine it comes from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEPT = ("model", "input_shape", "latent_dim", "options", "metrics", "versions", "noise")


def public_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a card, or of a run's record, that a page shows to anybody.

    Args:
        card: Mapping, or an empty one.

    Returns:
        Dictionary. Data are named by the last part of where they were.

    Example:

    >>> public_card({"model": "conv", "data": {"source": "/home/me/photos", "data_dir": "/data"}})
    {'model': 'conv', 'data': 'photos'}
    """
    data = card.get("data")
    source = data.get("source") if isinstance(data, Mapping) else data
    named = {"data": Path(source).name} if isinstance(source, str) else {}
    return {**{key: card[key] for key in KEPT if key in card}, **named}


def facts(
    path: Path, size: int, report: Mapping[str, Any], card: Mapping[str, Any]
) -> list[list[str]]:
    """What the page says of the model: pairs of a name and a value.

    Args:
        path: `pathlib.Path` of the file that was given.
        size: Integer, its bytes.
        report: Mapping, the report of its export, or an empty one.
        card: Mapping, see `public_card`.

    Returns:
        List of pairs of strings.
    """
    told = [("family", card.get("model")), ("trained on", card.get("data"))]
    told += [("file", f"{path.name}, {size:,} bytes"), ("precision", report.get("precision"))]
    metrics = card.get("metrics") or {}
    metrics = {key: value for key, value in metrics.items() if value is not None}
    if "mse" in metrics:
        smaller = metrics.get("compression_ratio", 1) > 1  # or PCA is exact
        beside = f", PCA with as many numbers {metrics['pca_mse']:.5f}" if smaller else ""
        told.append(("mean squared error, test", f"{metrics['mse']:.5f}{beside}"))
    if "denoised_mse" in metrics:
        noisy, clean = metrics["noisy_mse"], metrics["denoised_mse"]
        told.append(("error with noise, and cleaned", f"{noisy:.5f}, {clean:.5f}"))
    if "psnr" in metrics:
        told.append(("PSNR, test", f"{metrics['psnr']:.2f} dB"))
    if "parameters" in metrics:
        told.append(("parameters", f"{metrics['parameters']:,}"))
    parity = report.get("parity") or {}
    if parity.get("mse_export") is not None:
        before, after, count = (parity[key] for key in ("mse_keras", "mse_export", "samples"))
        told.append(
            ("error in Keras, and exported", f"{before:.6f}, {after:.6f} ({count} samples)")
        )
    found = report.get("detector") or {}
    if "threshold" in found:
        told.append(("threshold", f"{found['threshold']:.6g}"))
        told.append(("false alarms, normal samples", f"{found['false_alarms']:.2%}"))
    return [[name, str(value)] for name, value in told if value is not None]
