"""The losses of a run by epoch."""

import math

from aezoo.plots.charts import line_chart
from aezoo.plots.markup import Element, element
from aezoo.training.records import Told
from aezoo.training.report.parts import section, table

ROWS = 30  # epochs in a table of losses, at most
TERMS = 6  # of an objective that have a chart


def curves(told: Told) -> Element:
    """The losses by epoch.

    Args:
        told: `Told`.

    Returns:
        `Element`.
    """
    best = told.record["training"].get("best_epoch")
    found = list(_charts(told.history, best if isinstance(best, int) else None))
    if told.int8:
        found += _charts(told.int8, None, ", trained on with int8's roundings")
    if not found:
        return section("Curves", element("p", "No epoch was finished: there are no losses."))
    marked = "" if best is None else f" The line marks epoch {best}, whose weights were kept."
    how = f"By epoch, on logarithmic axes where values are positive.{marked}"
    numbers = _losses(told.history)
    return section(
        "Curves", element("p", how, class_="quiet"), element("div", found, class_="charts"), numbers
    )


def _charts(history, best, more=""):
    """A chart for the loss, and for each of its terms."""
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    names.sort(key=lambda name: name != "loss")
    for name in names[: 1 + TERMS]:
        pair = {"training": history[name], "validation": history.get(f"val_{name}")}
        curves = {key: values for key, values in pair.items() if values}
        if not any(math.isfinite(value) for values in curves.values() for value in values):
            continue
        legend = element(
            "ul",
            (element("li", element("i", class_=f"curve-{i}"), key) for i, key in enumerate(curves)),
            class_="classes",
        )
        title = element("h3", f"{name.replace('_', ' ')}{more}")
        chart = line_chart(curves, name=name.replace("_", " "), marked=best)
        yield element("div", title, chart, legend, class_="card")


def _losses(history):
    """The losses as a table, of so many epochs that they can be read."""
    names = [name for name in ("loss", "val_loss", "learning_rate") if name in history]
    if not names:
        return None
    count = min(len(history[name]) for name in names)
    step = -(-count // ROWS)
    shown = sorted({*range(0, count, step), count - 1})
    columns = {"loss": "training loss", "val_loss": "validation loss"}
    titles = ("epoch", *(columns.get(name, name.replace("_", " ")) for name in names))
    rows = [(i + 1, [f"{history[name][i]:.5g}" for name in names]) for i in shown]
    every = "" if step == 1 else f", every {step}. epoch"
    return element("details", element("summary", f"Losses as numbers{every}"), table(titles, rows))
