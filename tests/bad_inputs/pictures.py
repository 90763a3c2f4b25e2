"""What people give to plots by mistake."""

import numpy as np

from aezoo import plots
from tests.bad_inputs.fitting import IMAGES, X

ODD = np.arange(40) % 2
SCORES = X[:, 0]
PLOTS = {
    "no samples": (lambda: plots.reconstructions(X[:0], X[:0]), "Expected samples to draw"),
    "none": (lambda: plots.reconstructions(None, X), "Expected samples to draw"),
    "none of them": (lambda: plots.reconstructions(X, X, n=0), "n must be.*0"),
    "fewer than none": (lambda: plots.reconstructions(X, X, n=-1), "n must be.*-1"),
    "two shapes": (lambda: plots.reconstructions(X, X[:3]), "one shape"),
    "codes with gaps": (lambda: plots.latent(X * np.nan), "finite codes"),
    "no codes": (lambda: plots.latent(X[:0]), "finite codes"),
    "too few labels": (lambda: plots.latent(X, [1]), "one for each code"),
    "a method that is none": (lambda: plots.latent(X, method="tsnee"), "method.*tsnee"),
    "codes in words": (lambda: plots.latent("codes"), "codes"),
    "texts to draw": (lambda: plots.reconstructions([["a"]], [["a"]]), "numbers"),
    "a history of nothing": (lambda: plots.history({}), "loss"),
    "a history of text": (lambda: plots.history("loss"), "loss"),
    "a history of losses in words": (lambda: plots.history({"loss": ["a"]}), "loss"),
    "an elbow of nothing": (lambda: plots.elbow({}), "errors"),
    "an elbow of one number": (lambda: plots.elbow({"conv": 3}), "errors|conv"),
    "scores with gaps": (lambda: plots.score_histogram(SCORES * np.nan), "scores.*finite"),
    "scores in words": (lambda: plots.score_histogram(["a"]), "scores.*a"),
    "no scores": (lambda: plots.score_histogram([]), "scores"),
    "a threshold in words": (lambda: plots.score_histogram(SCORES, "high"), "threshold.*high"),
    "labels of predict": (lambda: plots.score_histogram(SCORES, 1, ODD * 2 - 1), "labels == -1"),
    "parts of two samples": (lambda: plots.contributions(X), r"values.*\(40, 5\)"),
    "one name": (lambda: plots.contributions(X[0], ["a"]), "names.*5"),
    "none of the largest": (lambda: plots.contributions(X[0], n=0), "n must.*0"),
    "another sample": (lambda: plots.contributions(X[0], sample=[1]), "sample.*5"),
    "one class": (lambda: plots.roc(ODD * 0, SCORES), "labels must have both"),
    "no detector": (lambda: plots.roc(ODD, {}), "scores"),
    "labels of three": (lambda: plots.roc(ODD[:3], SCORES), "scores"),
    "scores of three": (lambda: plots.precision_recall(ODD, SCORES[:3]), "scores.*3"),
    "labels in words": (lambda: plots.precision_recall(["a"] * 40, SCORES), "labels"),
    "a map of two shapes": (lambda: plots.error_map(IMAGES[0], X[0]), "contributions"),
    "a map of nothing": (lambda: plots.error_map(None, None), "x must"),
    "events without scores": (lambda: plots.events([], 1), "scores"),
    "events above words": (lambda: plots.events(SCORES, "high"), "threshold.*high"),
    "events of other values": (lambda: plots.events(SCORES, 1, values=X[:3]), "values"),
    "before and after": (lambda: plots.before_after(IMAGES[0], X), "shape"),
    "before nothing": (lambda: plots.before_after(None, None), "before"),
    "no zoom": (lambda: plots.before_after(IMAGES[0], IMAGES[0], zoom=0), "zoom.*0"),
    "a grid of nothing": (lambda: plots.sample_grid([]), "samples"),
    "a grid with two names": (lambda: plots.sample_grid(IMAGES[None, :3], ["a", "b"]), "names"),
    "units of nothing": (lambda: plots.units([], [[]], []), "deviation"),
    "units that do not fit": (lambda: plots.units([1, 2], [[1]], [0, 0]), "correlation"),
    "costs of nothing": (lambda: plots.pareto([1.0], {}, ["a"]), "one cost or more"),
    "costs of two": (lambda: plots.pareto([1.0], {"kB": [1, 2]}, ["a"]), "kB"),
    "errors in words": (lambda: plots.pareto(["a"], {"kB": [1]}, ["a"]), "errors"),
    "no codecs": (lambda: plots.rate_distortion({}), "one curve or more"),
    "a codec of one number": (lambda: plots.rate_distortion({"jpeg": [1]}), "jpeg"),
    "no bits": (lambda: plots.rate_distortion({"jpeg": [[0, 1]]}), "jpeg|bits"),
    "no rows": (lambda: plots.label_efficiency([]), "one row or more"),
    "rows of something": (lambda: plots.label_efficiency([{"a": 1}]), "rows|features|labels"),
    "a page of two shapes": (lambda: plots.hover_page(X[:, :2], X, X[:3]), "shape|rebuilt"),
    "a page of five": (lambda: plots.hover_page(X, X, X), r"points.*\(n, 2\)"),
}


def calls():
    """All of them."""
    return {f"plots: {name}": case for name, case in PLOTS.items()}
