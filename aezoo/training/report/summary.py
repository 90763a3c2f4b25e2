"""How good a model of a run is, and how it came to be."""

from collections.abc import Iterator
from pathlib import Path

from aezoo.autoencoder import Autoencoder
from aezoo.evaluation import remarks
from aezoo.evaluation.figures import figures
from aezoo.plots.markup import Element, element
from aezoo.training.folder import stopped_early
from aezoo.training.records import Told
from aezoo.training.report.parts import FILE, facts, section, table


def summary(told: Told, ae: Autoencoder) -> Iterator[Element]:
    """How good the model is, and how it came to be.

    Args:
        told: `Told`.
        ae: `aezoo.Autoencoder`.

    Yields:
        `Element`, those of the page's head, and the section.
    """
    record, training = told.record, told.record["training"]
    metrics = record["metrics"]
    yield element("h1", f"{record['model']} on {_short(record['data']['source'])}")
    yield element("p", f"Run {told.name}", class_="quiet")
    for remark in _remarks(training, metrics, ae):
        yield element("p", remark, class_="remark")
    yield element("dl", _tiles(record, training, metrics), class_="tiles")
    columns, parts = figures(metrics)
    rows = [(name, values) for part in parts for name, *values in part]
    measured = table(("on the test split", *columns), rows)
    made = facts(_training(record, training))
    yield section("Summary", element("div", measured, made, class_="two"))


def foot(told: Told) -> Element:
    """With what it was made, and the other files.

    Args:
        told: `Told`.

    Returns:
        `Element`.
    """
    versions = ", ".join(f"{name} {version}" for name, version in told.record["versions"].items())
    files = sorted(path.name for path in told.folder.iterdir() if not path.name.startswith("."))
    files = [name for name in files if name != FILE]
    return element(
        "footer",
        element("p", f"Beside this page: {', '.join(files)}."),
        element("p", f"Trained with {versions}.") if versions else None,
        class_="quiet",
    )


def _remarks(training, metrics, ae):
    if training.get("interrupted"):
        yield "The training was interrupted: its best weights until then were kept."
    if {"mean_mse", "pca_mse"} <= metrics.keys():
        known = {"interrupted", "epochs", "epochs_run"} <= training.keys()
        early = known and stopped_early(training)
        yield from remarks(metrics, stopped_early=early, has_prior=ae.bottleneck.has_prior)


def _tiles(record, training, metrics):
    tiles = [("mean squared error on test samples", f"{metrics['mse']:.5f}")]
    if "denoised_mse" in metrics:
        shown = f"{metrics['noisy_mse']:.4f} → {metrics['denoised_mse']:.4f}"
        tiles.append(("of noisy samples, before and after", shown))
    if "relative_mse" in metrics and metrics["compression_ratio"] > 1:
        shown = f"{100 * metrics['relative_mse']:.0f} %"
        tiles.append(("of PCA's error, with codes of the same size", shown))
    if "psnr" in metrics:
        tiles.append(("signal to noise", f"{metrics['psnr']:.1f} dB"))
    if metrics["compression_ratio"] > 1:
        shown = f"{metrics['compression_ratio']:.1f} : 1"
        tiles.append((f"from a sample to its code, {metrics['latent_size']:,} numbers", shown))
    if "parameters" in metrics:
        tiles.append(("parameters", f"{metrics['parameters']:,}"))
    if "seconds" in training:
        epochs = training.get("epochs_run", 0)
        name = f"of training, {epochs:,} epoch{'s' * (epochs != 1)}"
        tiles.append((name, _time(training["seconds"])))
    # the name comes first for those who hear it; the style turns them round
    return [element("div", element("dt", name), element("dd", value)) for name, value in tiles]


def _training(record, training):
    """Names and values."""
    data = record["data"]
    yield "data", data["source"]
    for key in ("size", "color", "window", "stride", "stream"):
        if data.get(key):
            yield key, "yes" if data[key] is True else data[key]
    parts = ("train", "validation", "test")
    yield "samples", ", ".join(f"{data[key]:,} {key}" for key in parts if key in data)
    yield "shape of a sample", " x ".join(map(str, record.get("input_shape", ())))
    options = (f"{name}={value!r}" for name, value in record["options"].items())
    yield "options", ", ".join(options)
    done, planned = training.get("epochs_run"), training.get("epochs")
    yield "epochs", done if done == planned or planned is None else f"{done} of {planned}"
    told = {"best_epoch": "best epoch", "batch_size": "batch size"}
    told |= {"max_shift": "shifted by up to", "quantize_aware": "epochs for int8"}
    told |= {"precision": "precision", "distribute": "distributed", "seed": "seed"}
    for key, name in told.items():
        if training.get(key) is not None and (training[key] or key == "seed"):
            yield name, training[key]
    if isinstance(training.get("learning_rate"), float):
        yield "learning rate", f"{training['learning_rate']:.3g}"
    yield "chosen from the data", "; ".join(training.get("chosen", ()))


def _short(source):
    """A name, or the last part of a path."""
    path = Path(source)
    return path.name if path.is_absolute() else source


def _time(seconds):
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
