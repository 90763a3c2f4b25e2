"""The exports of a run, each with its proof."""

from aezoo.plots.markup import Element, element
from aezoo.training.records import AS_PROVED, UNTOLD, Told
from aezoo.training.report.parts import facts, section, table


def exports(told: Told, run: str) -> Element:
    """The files for elsewhere, with their proofs.

    Args:
        told: `Told`.
        run: String, the run's folder as a command takes it.

    Returns:
        `Element`.
    """
    if not told.exports:
        hint = f"aezoo export {run} --quantize int8"
        none = element("p", "There are none yet. To make one: ", element("code", hint))
        return section("Exports", none)
    names = ("file", "precision", "bytes", "MSE before", "MSE after", "change", "one sample")
    rows = [_row(*exported) for exported in told.exports]
    wide = {"class_": "wide", "tabindex": 0, "role": "region", "aria_label": "Exports"}
    said = (
        "Each was compared with the Keras model on test samples when it was made; errors are in "
        "the model's own units, on those samples."
    )
    proofs = (
        element(
            "details", element("summary", f"Proof of {name}{state and ': '}{state}"), _proof(report)
        )
        for name, report, state in told.exports
    )
    return section(
        "Exports",
        element("p", said, class_="quiet"),
        element("div", table(names, rows), **wide),
        proofs,
    )


def _row(name, report, state):
    parity, latency = report.parity, report.latency
    before, after = parity.get("mse_keras"), parity.get("mse_export")
    change = "" if not before or after is None else f"{after / before - 1:+.2%}"
    change = "0.00%" if change in ("+0.00%", "-0.00%") else change
    warned = state not in (AS_PROVED, UNTOLD)
    heading = (name, element("span", state, class_="warned")) if warned else name
    values = (
        f"{report.format}, {report.precision}" if report.format != "tflite" else report.precision,
        f"{report.size:,}",
        *("" if value is None else f"{value:.5f}" for value in (before, after)),
        change,
        f"{latency['median_us']:,.0f} µs" if latency.get("median_us") is not None else "",
    )
    return heading, values


def _proof(report):
    rows = [pair for part in report.sections() for pair in part]
    if report.sha256:
        rows.append(("SHA-256", report.sha256))
    return facts(rows)
