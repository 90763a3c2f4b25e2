"""`aezoo compress` and `aezoo decompress`."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import aezoo
from aezoo.cli.console import Json, app, out, print_json, quiet
from aezoo.cli.trained import AnyModel, named_or_saved, new_files
from aezoo.system.files import replacing

if TYPE_CHECKING:
    import numpy as np

SUFFIX = ".aez"

log = logging.getLogger("aezoo")

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A folder. [default: beside each]", show_default=False),
]


@app.command()
def compress(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Images, of any size; or samples, as in train: .npy, .csv, folders of images.",
            show_default=False,
        ),
    ],
    model: AnyModel,
    step: Annotated[
        float | None,
        typer.Option(
            help="The width that codes are rounded to. [default: the error grows by 1 %]",
            show_default=False,
        ),
    ] = None,
    bits_per_pixel: Annotated[
        float | None,
        typer.Option(help="In place of a step: so many bits at most.", show_default=False),
    ] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Compress samples with a trained model, each file to one of the same name in .aez."""
    with quiet(as_json=as_json):
        ae = named_or_saved(model)
        targets = new_files(files, [file.resolve().stem + SUFFIX for file in files], output)
        found, written = [], []
        for file, target in zip(files, targets, strict=True):
            x = _read(file, ae)
            data = aezoo.compress(ae, x, step=step, bits_per_pixel=bits_per_pixel)
            both = [aezoo.decompress(data, ae), x]
            if x.shape[1:] == ae.input_shape[1:]:  # as errors are anywhere else
                both = [ae.normalize(samples) for samples in both]
            written.append(data)
            found.append(
                {
                    "file": target,
                    "samples": len(x),
                    "bytes": len(data),
                    "bits_per_pixel": 8 * len(data) / aezoo.uses.compression.pixels_of(x.shape),
                    "mse": float(((both[0] - both[1]) ** 2).mean()),
                }
            )
        for data, target in zip(written, targets, strict=True):
            with replacing(target) as beside:
                beside.write_bytes(data)
    if as_json:
        print_json(found)
        return
    table = Table("file", "samples", "bytes", "bits per pixel", "mean squared error")
    for row in found:
        figures = f"{row['bits_per_pixel']:.3f}", f"{row['mse']:.5f}"
        table.add_row(str(row["file"]), f"{row['samples']:,}", f"{row['bytes']:,}", *figures)
    out.print(table)


@app.command()
def decompress(
    files: Annotated[list[Path], typer.Argument(help="Files in .aez.", show_default=False)],
    model: AnyModel,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Get the samples of .aez files back: one image as .png with 8 bits, all others as .npy."""
    with quiet(as_json=as_json):
        import numpy as np

        from aezoo.data.samples import DataError
        from aezoo.uses.compressed import unpacked

        ae = named_or_saved(model)
        contents = [file.read_bytes() for file in files]
        shapes = []
        for file, content in zip(files, contents, strict=True):
            try:
                shapes.append(unpacked(content).shape)
            except DataError as error:
                raise DataError(f"{file}: {error}") from error
        are_images = [ae.normalization is None and _is_image(shape) for shape in shapes]
        names = [
            f"{file.stem}.decompressed.{'png' if is_image else 'npy'}"
            for file, is_image in zip(files, are_images, strict=True)
        ]
        targets, found = new_files(files, names, output), []
        for content, target, is_image in zip(contents, targets, are_images, strict=True):
            x = aezoo.decompress(content, ae)
            with replacing(target) as beside:
                if is_image:
                    _write_image(beside, x[0])
                else:
                    np.save(beside, x)
            found.append({"file": target, "shape": x.shape})
    if as_json:
        print_json(found)
        return
    for row in found:
        out.print(f"{row['file']}: samples of shape {row['shape']}", soft_wrap=True)


def _is_image(shape):
    return len(shape) == 4 and shape[0] == 1 and shape[-1] in (1, 3)


def _read(file: Path, ae: "aezoo.Autoencoder") -> "np.ndarray":
    from aezoo.data.images import CHANNELS, IMAGES, read_image

    shape = ae.input_shape[1:]
    colors = {count: color for color, count in CHANNELS.items()}
    color = colors.get(shape[-1]) if len(shape) == 3 else None
    if file.suffix.lower() not in IMAGES:
        return aezoo.load_dataset(file, "all", color=color if file.is_dir() else None).x
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    if ae.normalization is not None:
        raise ValueError(
            f"{file} is an image, with values from 0 to 1; this model takes values in units of its "
            "own, as in .npy files."
        )
    if shape[-1] == 1 and read_image(file).shape[-1] > 1:
        log.warning(f"{file} has colours, the model knows none: its brightness is compressed.")
    return read_image(file, color=color)[None]


def _write_image(path, image):
    from PIL import Image

    pixels = (image.clip(0, 1) * 255).round().astype("uint8")
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)
