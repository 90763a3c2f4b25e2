"""What to do next with a run."""

import shlex

from aezoo.autoencoder import Autoencoder
from aezoo.plots.markup import Element, element
from aezoo.training.folder import MODEL
from aezoo.training.records import Told
from aezoo.training.report.parts import section


def next_steps(told: Told, ae: Autoencoder, run: str) -> Element:
    """What to type next.

    Args:
        told: `Told`.
        ae: `aezoo.Autoencoder`.
        run: String, the run's folder as a command takes it.

    Returns:
        `Element`.
    """
    commands = (
        element("li", element("code", command), element("span", why))
        for command, why in _steps(told, ae, run)
    )
    shape = ", ".join(map(str, ("n", *told.record.get("input_shape", ()))))
    code = (
        f"import aezoo\n\nae = aezoo.load_model({str(told.folder / MODEL)!r})\n"
        f"codes = ae.encode(x)  # x: samples, an array of shape ({shape})\n"
    )
    return section(
        "What to type next",
        element("ul", commands, class_="steps"),
        element("p", "In Python:"),
        element("pre", element("code", code), tabindex=0, role="region", aria_label="Python"),
    )


def command_of(told: Told) -> str:
    """The run's folder as a command takes it.

    Args:
        told: `Told`.

    Returns:
        String, quoted where a shell needs it.
    """
    text = str(told.folder)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def _steps(told, ae, run):
    metrics, training = told.record["metrics"], told.record["training"]
    if training.get("interrupted") and (told.folder / "checkpoints").is_dir():
        yield f"aezoo train --resume {run}", "go on where it was interrupted"
    yield f"aezoo evaluate {run}", "measure again, on other data with --data"
    if not any(exported.report.precision == "int8" for exported in told.exports):
        yield f"aezoo export {run} --quantize int8", "a file for small devices, with its proof"
    for exported in told.exports:
        if exported.name.endswith(".tflite"):
            file = shlex.quote(str(told.folder / exported.name))
            yield f"aezoo inspect {file}", "operators, scales, where the bytes go"
            break
    if not ae.bottleneck.narrow:
        yield f"aezoo denoise photo.png --model {run}", "clean a photograph of any size"
    else:
        yield f"aezoo plot {run} --kind page", "codes of more samples, each under the pointer"
        if not ae.bottleneck.discrete:
            yield f"aezoo plot {run} --kind traversals", "what each unit of the code does"
        yield f"aezoo sample {run}", "new samples, and how like real ones they are"
        if metrics["compression_ratio"] > 1 and len(told.record.get("input_shape", ())) == 3:
            yield f"aezoo compress photo.png --model {run}", "a photograph in few bytes"
    yield f"aezoo compare {run} OTHER_RUN", "side by side with another run"
    yield f"aezoo report {run}", "write this page anew"
