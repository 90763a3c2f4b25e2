"""What a page is told of its model: shapes, ranges, samples, directions of the code."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from aezoo.edge import LiteModel
from aezoo.edge.criterion import Criterion
from aezoo.export.page.store import Store, restored

SHOWN = 12  # samples to choose from
COMPONENTS, NUMBERS = 8, 4096  # of the code, and numbers in all of them, but of three at least
FINE = 65535  # steps of directions, which sliders cannot tell from all bits
BARS = 64  # features up to which a vector is drawn as bars
MADE_UP = 64  # samples, where none are given
NORMAL_PRIOR = (  # families whose samples are decoded draws of N(0, I)
    *("adversarial", "disentangled", "factor", "importance_weighted", "info"),
    *("total_correlation", "variational", "wasserstein"),
)
STRENGTHS = {
    "gaussian": ("stddev", 0.3),
    "masking": ("rate", 0.3),
    "salt_and_pepper": ("rate", 0.1),
}


def chosen(x: np.ndarray, labels: np.ndarray | None, count: int = SHOWN) -> np.ndarray:
    """Samples to choose from: of each label one, then others, evenly from first to last.

    Args:
        x: Array of shape `(n, ...)`.
        labels: Array of shape `(n,)`, or `None`.
        count: Positive integer.

    Returns:
        Integer array, their places.

    Example:

    >>> chosen(np.zeros((6, 2)), np.array([1, 1, 1, 0, 0, 0]), 4).tolist()
    [3, 0, 1, 5]
    """
    if labels is not None and np.asarray(labels).dtype == object:
        labels = np.asarray([str(label) for label in labels])  # which can be put in an order
    firsts = np.unique(labels, return_index=True)[1] if labels is not None else []
    even = np.linspace(0, len(x) - 1, min(count, len(x))).astype(int)
    places = dict.fromkeys([*map(int, firsts), *map(int, even), *range(min(count, len(x)))])
    return np.array(list(places)[: min(count, len(x))])


def made_up(lite: LiteModel, ends: Mapping[str, Any]) -> np.ndarray:
    """Samples of a model of which none are given: what it rebuilds of noise, or decodes.

    Args:
        lite: `aezoo.LiteModel`.
        ends: Dictionary, the `signatures` of `aezoo.edge.inspect`.

    Returns:
        float32 array of shape `(n, *input_shape)`.
    """
    rng = np.random.default_rng(0)
    code = ends["decode"]["inputs"]["code"] if "decode" in lite.parts else {"dtype": "int32"}
    if code["dtype"] != "int32":  # which are places in a codebook
        return lite.decode(rng.normal(size=(MADE_UP, *code["shape"][1:])).astype("float32"))
    return lite.reconstruct(rng.random((MADE_UP, *lite.input_shape), "float32"))


def described(
    lite: LiteModel,
    x: np.ndarray,
    labels: np.ndarray | None,
    card: Mapping[str, Any],
    criterion: Criterion | None,
    store: Store,
) -> tuple[dict[str, Any], np.ndarray]:
    """What the page needs to show samples and codes.

    Args:
        lite: `aezoo.LiteModel` of the page's own file.
        x: float32 array of shape `(n, *input_shape)`.
        labels: Array of shape `(n,)`, or `None`.
        card: Mapping, a model's card or what its run wrote down, or empty.
        criterion: `aezoo.edge.criterion.Criterion` of a detector, or `None`.
        store: `Store` to write to.

    Returns:
        A pair: a dictionary for JSON, and the samples to choose from as the page will read them.
    """
    shape = lite.input_shape
    image = len(shape) == 3 and shape[2] in (1, 3)
    inside = image and x.min() >= 0 and x.max() <= 1
    places = chosen(x, labels)
    # a table's features differ by more than steps of one range could tell
    place = store.add(x[places], 255 if image else None, (0, 1) if inside else None)
    shown = restored(store.content, place)
    found: dict[str, Any] = {
        "shape": list(shape),
        "kind": "image" if image else "bars" if len(shape) == 1 and shape[0] <= BARS else "lines",
        "low": 0.0 if inside else float(x.min()),
        "high": 1.0 if inside else float(x.max()),
        "parts": list(lite.parts),
        "samples": place,
        "labels": None if labels is None else [str(labels[i]) for i in places],
        "noise": _noise(card),
        "prior": "normal" if card.get("model") in NORMAL_PRIOR else None,
    }
    if lite.normalization is not None:
        offset, scale, in_graph = lite.normalization
        found["normalization"] = {
            "inside": in_graph,
            **{
                key: store.add(np.broadcast_to(values, shape))
                for key, values in (("offset", offset), ("scale", scale))
            },
        }
    if "encode" in lite.parts and "decode" in lite.parts:
        found["code"] = _code(lite.encode(x), store)
    if criterion is not None:
        found["detector"] = _criterion(criterion, store)
    return found, shown


def _code(codes, store):
    """Ranges of a code's entries, and its principal components."""
    found = {"shape": list(codes.shape[1:])}
    flat = codes.reshape(len(codes), -1)  # (n, ...) -> (n, D)
    found["integers"] = bool(np.issubdtype(flat.dtype, np.integer))
    found["low"], found["high"] = (store.add(end) for end in (flat.min(axis=0), flat.max(axis=0)))
    count = min(flat.shape[1], len(flat) - 1, max(3, min(COMPONENTS, NUMBERS // flat.shape[1])))
    if found["integers"] or count < 2:
        return found
    mean = flat.mean(axis=0)
    _, lengths, directions = np.linalg.svd(flat - mean, full_matrices=False)
    spread, total = lengths[:count] / np.sqrt(len(flat)), np.sum(lengths**2) / len(flat)
    found["components"] = {
        "mean": store.add(mean),
        "directions": store.add(directions[:count], FINE),
        "spread": [float(f"{value:.6g}") for value in spread],
        "share": [float(f"{s**2 / max(total, 1e-30):.3g}") for s in spread],
    }
    return found


def _noise(card):
    """The noise that a denoising model was trained to undo."""
    options = card.get("options") or {}
    corruption = options.get("corruption", "gaussian")
    known = isinstance(corruption, str) and corruption in STRENGTHS
    if card.get("model") != "denoising" or not known:
        return None
    name, default = STRENGTHS[corruption]
    strength = float(np.max(options.get(name, default)))
    clipped = options.get("clip", options.get("backbone") != "unet")
    return {"kind": corruption, "trained": strength, "clip": bool(clipped)}


def _criterion(criterion, store):
    """How a detector scores, for the page to do the same."""
    error, references, weights, neighbors = criterion.scoring
    return {
        "threshold": criterion.threshold,
        "rate": criterion.false_alarm_rate,
        "features": criterion.feature_names and list(criterion.feature_names),
        "error": store.add(np.asarray(error)),
        "references": store.add(references),
        "weights": store.add(weights),
        "neighbors": neighbors,
        "steps": criterion.steps,
    }
