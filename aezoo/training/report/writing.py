"""`report.html`: written after a training, after an export, and when somebody asks."""

import logging
import os
from pathlib import Path

from aezoo.autoencoder import Autoencoder
from aezoo.data.datasets import Dataset, load_dataset
from aezoo.data.streams import Stream
from aezoo.plots.markup import document, element
from aezoo.plots.page import SCRIPT, STYLE
from aezoo.system.files import replacing
from aezoo.training.folder import MODEL, load_model
from aezoo.training.records import Told, data_of, told_by
from aezoo.training.report import pictures
from aezoo.training.report.commands import command_of, next_steps
from aezoo.training.report.curves import curves
from aezoo.training.report.parts import FILE, section
from aezoo.training.report.proofs import exports
from aezoo.training.report.summary import foot, summary

OWN_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")

log = logging.getLogger("aezoo")


def write_report(
    run: str | os.PathLike,
    *,
    data: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
) -> Path:
    """Writes a page of a run: how good it is, curves, samples, codes, exports, what to type next.

    `train` writes it, and `aezoo export` writes it anew. It is one file, which needs no network,
    of less than 2 MB: with some of the test samples, up to 1,000, small and in 8 bits.

    Args:
        run: String or path of a run folder of `aezoo.train`, of this version or an earlier one.
        data: String or path of the data, where they are not found as the run had them. They are
            prepared as the run's were.
        data_dir: String or path, where TensorFlow Datasets keeps its data.

    Returns:
        `pathlib.Path` of `report.html` in the folder. Where the run's data are not found, which is
        logged, it has no samples and no codes.

    Raises:
        FileNotFoundError: If it is not the folder of a run that came to its end, or the data given
            are not there.
        OSError: If what is in it is damaged, or the page cannot be written.
        ValueError: If the data given do not fit.

    Example:

    >>> import aezoo, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = aezoo.train("vanilla", "digits", epochs=1, report=False, output=f"{folder}/run")
    ...     aezoo.write_report(run.folder).name
    'report.html'
    """
    told = told_by(Path(run))
    ae = load_model(told.folder / MODEL)
    source, how = data_of(told.record["data"], data, data_dir)
    try:
        test = load_dataset(source, "test", **how)
    except (OSError, ValueError) as error:
        if data is not None:
            raise
        log.warning(f"The report has no samples, since the run's data were not found: {error}")
        return _written(told, ae, None, str(error))
    return _written(told, ae, test)


def update_report(folder: Path, ae: Autoencoder, test: Dataset | Stream) -> Path:
    """Writes the page of a run whose model and data are at hand.

    Args:
        folder: `pathlib.Path` of the run folder.
        ae: `aezoo.Autoencoder`, its model.
        test: `aezoo.Dataset` or `aezoo.Stream`, the test split.

    Returns:
        `pathlib.Path` of the page.

    Raises:
        OSError: As `write_report`.
    """
    return _written(told_by(folder), ae, test)


def try_report(folder: Path, ae: Autoencoder, test: Dataset | Stream) -> None:
    """Writes the page where something else was asked for, which no error of it undoes.

    Args:
        folder, ae, test: As for `update_report`. An error is logged, with what to do.
    """
    try:
        update_report(folder, ae, test)
    except Exception as error:
        log.warning(
            f"{folder / FILE} was not written ({type(error).__name__}: {error}). All else is "
            f"whole; to try again: aezoo report {folder}"
        )
        log.debug("The report was not written.", exc_info=True)


def _written(told: Told, ae: Autoencoder, test: Dataset | Stream | None, missing: str = "") -> Path:
    run = command_of(told)
    if test is None:
        again = element("code", f"aezoo report {run} --data PATH")
        shown = [
            section(
                "Samples and codes",
                element("p", f"The run's data were not found: {missing}", class_="remark"),
                element("p", "With their place this page shows them: ", again),
            )
        ]
    else:
        seen = pictures.seen_by(ae, test)
        shown = [pictures.reconstructions(seen), pictures.codes(seen)]
    main = element(
        "main",
        summary(told, ae),
        curves(told),
        shown,
        exports(told, run),
        next_steps(told, ae, run),
    )
    title = f"{told.record['model']} on {told.record['data']['source']}: {told.name}"
    script = "" if test is None else SCRIPT
    text = document(title, main, foot(told), style=STYLE + OWN_STYLE, script=script)
    with replacing(told.folder / FILE) as beside:
        beside.write_text(text, encoding="utf-8")
    return told.folder / FILE
