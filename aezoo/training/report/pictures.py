"""What a page shows of a model: samples with their reconstructions, and codes in a plane."""

from typing import NamedTuple

import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.datasets import Dataset
from aezoo.data.streams import Stream
from aezoo.plots.codes import in_plane
from aezoo.plots.markup import Element, element
from aezoo.plots.page import TOLD, label_of, sample_map
from aezoo.plots.thumbnails import heat, in_bytes, lines, picture, shrunk, viewed
from aezoo.training.report.parts import section

MOST = 1000  # codes in the plane
MAP_BYTES = 900_000  # of all samples behind them, before they are written in Base64
MAP_SIDE = {1: 32, 3: 24}  # pixels of a sample behind a point, by its channels
LINE = 256  # values of one
CARD_SIDE = 64  # pixels of a sample beside its reconstruction
FIRST, WORST = 6, 6
NOT_FINITE = "There are {} that are not finite: none is drawn."
IMAGES_ERROR = (
    "in place of the reconstruction, from black, which is none, to yellow, the largest of these"
)
LINES_ERROR = "as a third line, from none at the bottom to the largest of these at the top"


class Seen(NamedTuple):
    """Samples of the test split, and what the model makes of them.

    Attributes:
        places: Integer array of shape `(n,)`, which of the split these are.
        x, rebuilt: Arrays of shape `(n, ...)`, as `aezoo.plots.thumbnails.viewed` gives them.
        corrupted: Array of that shape, what was rebuilt where that is not `x`, or `None`.
        errors: Array of shape `(n,)`, mean squared errors in normalized units.
        codes: Array of shape `(n, ...)`.
        labels: Array of shape `(n,)` or `None`.
        said: String, what of samples is not shown.
        usage: String, how much of a codebook is used, or `""`.
    """

    places: np.ndarray
    x: np.ndarray
    rebuilt: np.ndarray
    corrupted: np.ndarray | None
    errors: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    said: str
    usage: str


def seen_by(ae: Autoencoder, test: Dataset | Stream) -> Seen:
    """Runs a model on some of the test samples.

    Args:
        ae: `aezoo.Autoencoder`.
        test: `aezoo.Dataset` or `aezoo.Stream`, the test split.

    Returns:
        `Seen`, of at most 1,000.
    """
    count = min(MOST, len(test.x))
    places = np.sort(np.random.default_rng(0).choice(len(test.x), count, replace=False))
    x = test.x[places]
    corrupted = ae.corrupt(x) if ae.corruption else None
    rebuilt = ae.reconstruct(x if corrupted is None else corrupted)
    errors = np.square(ae.normalize(rebuilt) - ae.normalize(x)).reshape(count, -1).mean(axis=1)
    shown, said = viewed(x)
    return Seen(
        places,
        shown,
        viewed(rebuilt)[0],
        None if corrupted is None else viewed(corrupted)[0],
        errors,
        ae.encode(x),
        None if test.y is None else np.asarray(test.y)[places],
        said,
        _usage(ae, x),
    )


def reconstructions(seen: Seen) -> Element:
    """Some samples, and those that are rebuilt worst; under the pointer, where they differ.

    Args:
        seen: `Seen`.

    Returns:
        `Element`.
    """
    if not np.isfinite(seen.errors).all():
        return section("Reconstructions", element("p", NOT_FINITE.format("reconstructions")))
    order = np.argsort(-seen.errors, kind="stable")
    first = np.arange(min(FIRST, len(order)))
    worst = order[:WORST]
    chosen = np.concatenate([first, worst])
    images = seen.x.ndim == 4
    what = IMAGES_ERROR if images else LINES_ERROR
    box = element("input", type="checkbox", class_="errors")
    how = element("label", box, f" Show the absolute error {what}. The pointer shows it, too")
    cards = _images(seen, chosen) if images else _lines(seen, chosen)
    found: list[Element | None] = [element("p", seen.said, class_="quiet") if seen.said else None]
    noisy = " of the corrupted ones" if seen.corrupted is not None else ""
    wide = "cards" if seen.corrupted is None else "cards of-three"
    found += [
        element("h3", "Some test samples"),
        element("div", cards[: len(first)], class_=wide),
        element("h3", f"Rebuilt worst, of {len(order):,}"),
        element("div", cards[len(first) :], class_=wide),
    ]
    legend = _legend(seen) if not images else None
    told = f"Test samples beside reconstructions{noisy}; each error is a mean squared error"
    note = element("p", f"{told} in the model's units.", class_="quiet")
    return section("Reconstructions", note, element("p", how), legend, found)


def codes(seen: Seen) -> Element:
    """Codes as points of a plane, each with its sample.

    Args:
        seen: `Seen`.

    Returns:
        `Element`.
    """
    if not (np.isfinite(seen.codes).all() and np.isfinite(seen.errors).all()):
        return section("Codes", element("p", NOT_FINITE.format("codes or reconstructions")))
    channels = seen.x.shape[-1]
    side = MAP_SIDE[channels] if seen.x.ndim == 4 else LINE
    low, high = _range(seen)
    pair = [_small(array, low, high, side) for array in (seen.x, seen.rebuilt)]
    count = min(len(seen.x), max(1, MAP_BYTES // (2 * pair[0][0].size)))
    some = np.linspace(0, len(seen.x) - 1, count).round().astype(int)
    points, axes = in_plane(seen.codes[some])
    found = sample_map(
        points,
        *(array[some] for array in pair),
        seen.errors[some],
        None if seen.labels is None else seen.labels[some],
        numbers=seen.places[some].tolist(),
    )
    told = f"Codes of {count:,} test samples. Across: {axes[0]}; up: {axes[1]}. {TOLD}"
    return section("Codes", element("p", f"{told} {seen.usage}".strip(), class_="quiet"), found)


def _usage(ae, x):
    """How much of a codebook the samples use."""
    if not ae.bottleneck.discrete:
        return ""
    counts = np.bincount(ae.encode_indices(x).ravel(), minlength=ae.bottleneck.num_embeddings)
    shares = counts[counts > 0] / counts.sum()
    perplexity = np.exp(-np.sum(shares * np.log(shares)))
    return (
        f"Of {len(counts):,} entries of the codebook they use {len(shares):,}, as unevenly as "
        f"{perplexity:.1f} that are used alike (perplexity)."
    )


def _range(seen):
    """From where to where samples reach: of images in [0, 1] that."""
    low, high = float(seen.x.min()), float(seen.x.max())
    return (0.0, 1.0) if seen.x.ndim == 4 and low >= 0 and high <= 1 else (low, high)


def _small(array, low, high, side):
    """Samples as bytes, small enough for a point."""
    if array.ndim == 4:
        return shrunk(in_bytes(array, low, high), side)
    return in_bytes(shrunk(array[..., :3], side), low, high)


def _images(seen, chosen):
    """A card for each: (n, H, W, C)."""
    low, high = _range(seen)
    rows = {"original": seen.x, "corrupted": seen.corrupted, "reconstruction": seen.rebuilt}
    found = {
        key: shrunk(in_bytes(array[chosen], low, high), CARD_SIDE)
        for key, array in rows.items()
        if array is not None
    }
    # (n, H, W, C) -> (n, H, W)
    error = np.abs(seen.x[chosen].astype("float64") - seen.rebuilt[chosen]).mean(axis=-1)
    most = float(error.max())
    hot = shrunk(np.stack([heat(one, most) for one in error]), CARD_SIDE)
    cards = []
    for i, sample in enumerate(chosen):
        name = f"sample {seen.places[sample]}"
        *pictures, last = (picture(array[i], f"{name}, {key}") for key, array in found.items())
        pair = element("span", last, picture(hot[i], f"{name}, error"), class_="over")
        cards.append(_card(seen, sample, element("div", pictures, pair, class_="row")))
    return cards


def _lines(seen, chosen):
    """A card for each: (n, N, C)."""
    rows = {"original": seen.x, "corrupted": seen.corrupted, "reconstruction": seen.rebuilt}
    few = {
        key: shrunk(array[chosen][..., :3], LINE)
        for key, array in rows.items()
        if array is not None
    }
    error = np.abs(few["reconstruction"] - few["original"])
    error = error / (error.max() or 1.0)
    cards = []
    for i, sample in enumerate(chosen):
        own = {key: array[i] for key, array in few.items()}
        values = np.concatenate(list(own.values()))
        low, high = float(values.min()), float(values.max())
        own["error"] = low + (high - low) * error[i]
        said = f"sample {seen.places[sample]} and its reconstruction"
        cards.append(_card(seen, sample, lines(own, low, high, said)))
    return cards


def _card(seen, sample, drawn):
    label = "" if seen.labels is None else f", label {label_of(seen.labels[sample])}"
    name = f"sample {seen.places[sample]}{label}"
    said = (f"error {seen.errors[sample]:.3g}", element("br"), name)
    return element("figure", drawn, element("figcaption", said))


def _legend(seen):
    names = ["original", *["corrupted"] * (seen.corrupted is not None), "reconstruction", "error"]
    lines = (element("li", element("i", class_=name), name) for name in names)
    return element("ul", lines, class_="classes lines")
