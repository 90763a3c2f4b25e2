"""Pages that are made of the registry, docstrings, cards and the benchmarks' figures.

What they say is said in one place, so that none of them can be out of date. `conf.py` calls
`write` before each build; what it writes is not committed.
"""

import html
import inspect
import json
import shutil
import typing
from pathlib import Path

import click
import matplotlib.pyplot as plt
import typer

import aezoo
from aezoo import registry
from aezoo.cli import app
from aezoo.registry import weights

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SHAPE = (28, 28, 1)
TOPICS = {  # public names by what they are for; `check` says which are missing
    "Models": (
        "The model, and how to make one. Each family has [its page](../catalogue/index.md).",
        ("Autoencoder", "build", "list_models", "register", "load_model"),
    ),
    "Data": (
        "A name or a path becomes arrays or a stream.",
        ("load_dataset", "Dataset", "Stream", "augmentation"),
    ),
    "Training": (
        "What the commands do, from Python.",
        ("train", "resume", "write_report", "compare", "search", "sweep"),
    ),
    "Uses": (
        "What autoencoders are built for.",
        (
            "AnomalyDetector",
            "TimeSeriesDetector",
            "CodeTransformer",
            "compress",
            "decompress",
            "denoise",
            "resized",
        ),
    ),
    "Evaluation": ("How good a model is, beside PCA.", ("evaluate", "probe", "evaluation")),
    "Pictures": ("Each returns a matplotlib figure.", ("plots",)),
    "Export": (
        "Files for elsewhere, each with its proof.",
        (
            "export_tflite",
            "export_saved_model",
            "export_onnx",
            "export_page",
            "quantize_aware",
            "ExportReport",
            "ExportError",
            "export",
        ),
    ),
    "Devices": ("With NumPy and LiteRT alone.", ("LiteModel", "edge")),
    "Archives": ("Larger than memory, on many processes.", ("scale",)),
    "Layers": ("What stands inside a model.", ("backbones", "corruptions")),
}


def write() -> None:
    """Writes all generated pages anew."""
    for folder in ("catalogue", "api", "tutorials"):
        shutil.rmtree(DOCS / folder, ignore_errors=True)
        (DOCS / folder).mkdir()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, DOCS / "tutorials")
    catalogue()
    api()
    for name, text in {"sweep": sweep(), "int8": int8(), "commands": commands()}.items():
        page(DOCS / "catalogue" / f"{name}.md", text)


def catalogue() -> None:
    folder = DOCS / "catalogue"
    for kind in ("families", "models"):
        (folder / kind).mkdir()
    names, cards = (
        aezoo.list_models(),
        {card["folder"].name: card for card in weights.cards().values()},
    )
    for name in names:
        family(folder / "families", name, cards)
    for name in pretrained():
        model(folder / "models", name)
    text = "# The catalogue\n\n## Families\n"
    for purpose, found in registry.purposes().items():
        rows = [(f"[`{name}`](families/{name}.md)", registry.summary(name)) for name in found]
        about = registry.PURPOSES.get(purpose, "")
        text += f"\n### {purpose.capitalize()}\n\n{about}\n\n"
        text += table(("", "what it is"), rows)
    rows = [
        (
            f"[{name}](models/{name}.md)",
            f"`{card['model']}`",
            str(card["metrics"]["latent_size"]),
            f"{card['metrics']['mse']:.5f}",
            f"{card['metrics']['pca_mse']:.5f}",
            f"{(card['folder'] / weights.FILE).stat().st_size / 1e6:.1f} MB",
        )
        for name, card in cards.items()
    ]
    text += "\n## Pretrained models\n\nErrors are mean squared ones on test samples.\n\n"
    text += table(("", "family", "numbers in a code", "error", "PCA's", "weights"), rows)
    others = [f"[{name}](models/{name}.md)" for name in pretrained() if name not in cards]
    text += f"\nAnd {', '.join(others)}.\n"
    for kind, every in (("Families", names), ("Pretrained models", pretrained())):
        where = kind.split()[-1].lower()
        entries = "\n".join(f"{name} <{where}/{name}>" for name in every)
        text += f"\n```{{toctree}}\n:hidden:\n:caption: {kind}\n\n{entries}\n```\n"
    page(folder / "index.md", text)


def pretrained() -> list[str]:
    """The folders of all pretrained models, also of detectors and classifiers."""
    return sorted(path.parent.name for path in weights.folder().glob("*/README.md"))


def family(folder, name, cards):
    text = f"# {name}\n\n{registry.summary(name)}\n\n"
    chart(folder / f"{name}.svg", aezoo.build(name, SHAPE))
    text += f"![Sizes of all layers of {name}, for 28 x 28 pixels]({name}.svg)\n\n"
    written = DOCS / "families" / f"{name}.md"
    if written.is_file():
        text += written.read_text("utf-8") + "\n"
    found = figures("quality")["sweep"]
    if name in found:
        text += (
            "## Error by numbers in a code\n\nOn test images of MNIST, after 2,000 to train on: "
        )
        text += "[how it was measured](../../benchmarks.md).\n\n"
        text += table(("", *sizes(found)), [errors("PCA", found), errors(name, found)]) + "\n"
    if name in exported():
        text += "## In integers\n\n" + table(
            ("", *FORMS), [(f"`{name}`", *(exported()[name].get(form, "") for form in FORMS))]
        )
        text += "\nBy how much the test error is larger than in float, and the rank correlation of "
        text += "scores: [how exports are proved](../../exports.md).\n\n"
    own = [
        f"[{folder}](../models/{folder}.md)"
        for folder, card in cards.items()
        if card["model"] == name
    ]
    if own:
        text += f"## Pretrained\n\n{', '.join(own)}\n\n"
    text += f"## Options\n\n{directive('autofunction', f'aezoo.{name}')}"
    kind = type(aezoo.build(name, SHAPE))
    if kind is not aezoo.Autoencoder:
        where = f"{kind.__module__}.{kind.__name__}"
        own = kind.__module__.endswith(f".{name}")  # else it stands on another family's page, too
        described = directive("autoclass", where, members=True, index=own)
        text += f"\n## What its models add\n\n{described}"
    page(folder / f"{name}.md", text)


def model(folder, name):
    """The card's page, with its files and their hashes."""
    source = weights.folder() / name
    text = (source / "README.md").read_text("utf-8")
    if text.startswith("---\n"):  # what the hub reads
        text = text.split("---\n", 2)[2].lstrip()
    text = f"# {name}\n" + text.partition("\n")[2]  # several have one title
    place = folder / name
    place.mkdir()
    for picture in source.glob("*.png"):
        shutil.copy(picture, place)
        text = text.replace(f"]({picture.name})", f"]({name}/{picture.name})")
    card = source / weights.CARD
    if card.is_file():
        files = json.loads(card.read_text("utf-8"))["files"]
        rows = [
            (f"`{file}`", f"{(source / file).stat().st_size:,}", f"`{digest}`")
            for file, digest in files.items()
            if (source / file).is_file()
        ]
        text += "\n## Files\n\n" + table(("", "bytes", "SHA-256"), rows)
    page(folder / f"{name}.md", text)


def chart(path, ae) -> None:
    """Bars as high as layers have numbers, from the sample to the code and back."""
    bars = [("sample", size(ae.encoder.input))]
    for part in (ae.encoder, ae.decoder):
        bars += [(layer.name, size(layer.output)) for layer in part.layers if layer.weights]
        end = "code" if part is ae.encoder else "reconstruction"
        bars = [*bars, (end, size(part.output))]
    names, heights = zip(*bars, strict=True)
    code = names.index("code")
    colours = ["#c9dcea" if at < code else "#cfe5d3" for at in range(len(bars))]
    colours[code] = "#e07b39"
    with plt.rc_context({"svg.hashsalt": "aezoo", "font.size": 8}):
        figure, axes = plt.subplots(figsize=(7, 2.2), layout="constrained")
        axes.bar(range(len(bars)), heights, color=colours, edgecolor="#555", linewidth=0.5)
        axes.set_yscale("log")
        axes.set_ylabel("numbers")
        axes.set_xticks(range(len(bars)), [name.replace("_", " ") for name in names], rotation=60)
        for at, height in enumerate(heights):
            axes.annotate(f"{height:,}", (at, height), ha="center", va="bottom", fontsize=6)
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def size(tensor) -> int:
    count = 1
    for axis in tensor.shape[1:]:
        count *= axis
    return count


def sizes(found):
    return sorted(next(iter(found.values())), key=int)


def errors(name, found):
    cells = [f"{sum(found[name][size]) / len(found[name][size]):.4f}" for size in sizes(found)]
    return (name if name == "PCA" else f"`{name}`", *cells)


def sweep() -> str:
    found = figures("quality")["sweep"]
    return table(("numbers", *sizes(found)), [errors(name, found) for name in found])


FORMS = ("int8", "fine-tuned int8", "int16x8")


def exported():
    found = {}
    for row in figures("edge")["int8"].values():
        refused = ", refused" if row.get("refused") else ""
        told = f"{row['increase']:+.1%} ({row['ranks']:.4f}){refused}" if "mse" in row else "none"
        found.setdefault(row["model"], {})[row["form"]] = told
    return found


def int8() -> str:
    rows = [
        (f"`{name}`", *(row.get(form, "") for form in FORMS)) for name, row in exported().items()
    ]
    return table(("", *FORMS), rows)


def commands() -> str:
    """The options of every command, as `--help` has them."""
    text = []
    group = typer.main.get_command(app)
    every = {f"aezoo {name}": command for name, command in group.commands.items()}
    for name, command in list(every.items()):
        if isinstance(command, click.Group) or hasattr(command, "commands"):
            del every[name]
            every |= {f"{name} {child}": one for child, one in command.commands.items()}
    for name, command in sorted(every.items()):
        told = html.escape(inspect.cleandoc(command.help or ""), quote=False)
        text.append(f"### {name}\n\n{told}\n")
        rows = []
        for parameter in command.params:
            if getattr(parameter, "hidden", False) or parameter.name == "help":
                continue
            names = ", ".join(f"`{option}`" for option in parameter.opts)
            if parameter.param_type_name == "argument":
                names = f"`{parameter.name.upper()}`"
            rows.append((names, html.escape(parameter.help or "", quote=False)))
        text.append(table(("", ""), rows))
    return "\n".join(text)


def api() -> None:
    folder = DOCS / "api"
    entries = []
    for topic, (words, names) in TOPICS.items():
        text = f"# {topic}\n\n{words}\n"
        for name in names:
            text += "\n" + described(name)
        page(folder / f"{topic.lower()}.md", text)
        entries.append(topic.lower())
    rows = [
        (f"[{topic}]({topic.lower()}.md)", ", ".join(f"`{name}`" for name in names))
        for topic, (_, names) in TOPICS.items()
    ]
    rows.append(
        ("[Families](../catalogue/index.md)", ", ".join(f"`{n}`" for n in aezoo.list_models()))
    )
    text = "# Public names\n\n" + table(("", ""), rows)
    page(
        folder / "index.md", text + "\n```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"
    )


def described(name) -> str:
    value = getattr(aezoo, name)
    if inspect.ismodule(value):
        told = [f"## aezoo.{name}\n", inspect.cleandoc(value.__doc__), ""]
        told.insert(0, directive("py:module", f"aezoo.{name}"))
        for member in members(value):
            if getattr(aezoo, member, None) is getattr(value, member):
                continue  # it stands under its shorter name
            if not callable(getattr(value, member)):
                continue
            told.append(
                directive(kind_of(getattr(value, member)), f"aezoo.{name}.{member}", members=True)
            )
        return "\n".join(told)
    return f"## {name}\n\n" + directive(kind_of(value), f"aezoo.{name}", members=True)


def members(module) -> list[str]:
    own = (
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    )
    return getattr(module, "__all__", None) or sorted(own)


def kind_of(value) -> str:
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, Exception) else "autoclass"
    return "autofunction"


def directive(kind, name, members=False, index=True) -> str:
    options = "   :members:\n" if members and kind == "autoclass" else ""
    options += "" if index else "   :no-index:\n"
    return f"```{{eval-rst}}\n.. {kind}:: {name}\n{options}```\n"


def missing() -> list[str]:
    """Public names that no page has."""
    told = {name for _, names in TOPICS.values() for name in names} | {*aezoo.list_models()}
    return sorted({name for name in aezoo.__all__ if name != "__version__"} - told)


def figures(name) -> typing.Any:
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text("utf-8"))


def table(head, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(path, text) -> None:
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
