"""`aezoo denoise`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

import aezoo
from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.trained import named_or_saved, new_files
from aezoo.system.files import replacing

if TYPE_CHECKING:
    import numpy as np

PRETRAINED = "denoising-photographs"
SOUND = ".wav"
QUALITY = ("psnr_before", "psnr_after", "psnr_filter")
KEPT = (".png", ".tif", ".tiff", SOUND)  # others may lose again what was cleaned
DRAWN = (".pdf", ".png", ".svg")


@app.command()
def denoise(
    files: Annotated[
        list[Path],
        typer.Argument(help="Images, of any size, or recordings, .wav.", show_default=False),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            help="A run folder, a .keras or .tflite file, or a pretrained model: a denoising one "
            "with backbone=unet.",
        ),
    ] = PRETRAINED,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The clean file, or a folder. [default: NAME.clean.png or .wav, beside each]",
            show_default=False,
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How much is cleaned at a time, in pixels or steps: less takes less memory. "
            "[default: 384 pixels, 65,536 steps]",
            show_default=False,
        ),
    ] = None,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble",
            help="Photographs: the mean over eight, turned and mirrored; eight times as long.",
        ),
    ] = False,
    noise: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Add Gaussian noise of this standard deviation first (images are from 0 to 1), "
            "and measure how much of it is taken away.",
            show_default=False,
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw before and after, of one file.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take the noise out of photographs and recordings."""
    if picture is not None and len(files) > 1:
        raise typer.BadParameter("a picture is of one file: give one")
    if picture is not None and picture.suffix.lower() not in DRAWN:
        raise typer.BadParameter(f"a picture is one of {', '.join(DRAWN)}. Received: {picture}")
    with quiet(as_json=as_json):
        from aezoo.data.depth import as_floats, as_stored
        from aezoo.data.photographs import FORMATS

        network = _loaded(model)
        alone = len(files) == 1 and output is not None and not output.is_dir()
        alone = alone and output.suffix.lower() in (*FORMATS, SOUND)
        names = [output.name] if alone else [_clean_name(file) for file in files]
        folder = output.parent if alone else output
        targets = new_files(files, names, folder)
        if picture is not None:
            new_files([*targets, picture], [*names, picture.name], None)
        for file, target in zip(files, targets, strict=True):  # all, before any is cleaned
            _opened(file, target)
            _check_kind(network, file, model)
        found = []
        for file, target in zip(files, targets, strict=True):
            sound = _is_sound(file)
            x, write = _opened(file, target)
            before = x if noise is None else _with_noise(x, noise, sound)
            after = aezoo.denoise(network, before, tile=tile, ensemble=ensemble)
            if noise is not None:
                after = as_stored(after, x.dtype, sound)
            with replacing(target) as beside:
                write(beside, after)
            found.append({"file": target, "shape": x.shape, **_measured(x, before, after, sound)})
            if picture is not None:
                shown = [before, after, *([] if noise is None else [x])]
                shown = [as_floats(values, sound) for values in shown]
                if sound:  # the first channel
                    shown = [values[:, 0] for values in shown]
                with replacing(picture) as beside:
                    figure = aezoo.plots.before_after(*shown)
                    figure.savefig(beside, dpi=120, format=picture.suffix[1:])
    if as_json:
        print_json(found)
        return
    table = Table("file", "shape", "taken away, standard deviation")
    if noise is not None:
        for column in ("PSNR before (dB)", "after", "with a classical filter"):
            table.add_column(column)
    for row in found:
        quality = [f"{row[key]:.2f}" for key in QUALITY if key in row]
        table.add_row(
            escape(str(row["file"])), str(row["shape"]), f"{row['taken_away']:.4f}", *quality
        )
    out.print(table)


def _loaded(model: str) -> "aezoo.Autoencoder | aezoo.LiteModel":
    if model.endswith(".tflite"):
        return aezoo.LiteModel(model)
    return named_or_saved(model)


def _clean_name(file: Path) -> str:
    kind = file.suffix.lower()
    return f"{file.stem}.clean{kind if kind in KEPT else '.png'}"


def _is_sound(file: Path) -> bool:
    return file.suffix.lower() == SOUND


def _opened(file: Path, target: Path) -> "tuple[np.ndarray, Any]":
    """What a file holds, and a function that writes the like in its place."""
    if not _is_sound(file):
        return _photograph(file, target)
    if not _is_sound(target):
        raise ValueError(f"{file} is a recording, which {target} cannot hold: name it {SOUND}.")
    return _sound(file)


def _check_kind(network: Any, file: Path, model: str) -> None:
    """Refuses what the model is not for: nothing in the numbers would tell."""
    # samples, with an axis of channels; a model has one of the batch, too
    axes = len(network.input_shape) - (1 if isinstance(network, aezoo.LiteModel) else 2)
    kinds = {1: "recordings", 2: "photographs"}
    given = 1 if _is_sound(file) else 2
    if axes != given:
        raise ValueError(
            f"{model} is for {kinds.get(axes, 'volumes')}, {file} is not: give another model."
        )


def _sound(file: Path) -> "tuple[np.ndarray, Any]":
    """The steps of a recording, and a function that writes others in their place."""
    from scipy.io import wavfile

    from aezoo.data.sound import read_sound

    rate, x = read_sound(file)
    return x, lambda path, clean: wavfile.write(path, rate, clean.astype(x.dtype, copy=False))


def _photograph(file: Path, target: Path) -> "tuple[np.ndarray, Any]":
    """The pixels of a photograph, and a function that writes others in their place."""
    from aezoo.data.photographs import read_photograph, write_photograph

    photograph = read_photograph(file)
    return photograph.pixels, lambda path, clean: write_photograph(
        path, photograph._replace(pixels=clean), target.suffix
    )


def _with_noise(x: "np.ndarray", noise: float, sound: bool) -> "np.ndarray":
    """As floats: what is stored could not say what noise adds to white."""
    import numpy as np

    from aezoo.data.depth import as_floats

    drawn = np.random.default_rng(0).standard_normal(x.shape, dtype="float32")
    return as_floats(x, sound) + np.float32(noise) * drawn


def _measured(x: "np.ndarray", before: "np.ndarray", after: "np.ndarray", sound: bool):
    """How much was taken away, and if noise was added, how much of that was left."""
    from skimage.metrics import peak_signal_noise_ratio

    from aezoo.data.depth import as_floats

    before, after, clean = (as_floats(values, sound) for values in (before, after, x))
    found = {"taken_away": float((before - after).std())}
    if before is not clean and (before != clean).any():
        peak = float(abs(clean).max()) if sound else 1.0
        filtered = _filtered(before, before - clean, sound)
        for key, values in zip(QUALITY, (before, after, filtered), strict=True):
            found[key] = float(peak_signal_noise_ratio(clean, values, data_range=peak))
    return found


def _filtered(noisy: "np.ndarray", noise: "np.ndarray", sound: bool) -> "np.ndarray":
    """The opponent: non-local means, which are told how much noise there is; of sound Wiener's."""
    from scipy.signal import wiener
    from skimage.restoration import denoise_nl_means

    sigma = float(noise.std())
    if sound:
        return wiener(noisy, (9, *(1 for _ in noisy.shape[1:])), sigma**2)
    axis = -1 if noisy.ndim == 3 else None
    return denoise_nl_means(
        noisy, 5, 6, h=0.8 * sigma, sigma=sigma, fast_mode=True, channel_axis=axis
    )
