"""What the commands share: the app, where they write, and how they end."""

import dataclasses
import importlib
import json
import logging
import math
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.system.quiet import native_output_discarded

app = typer.Typer(
    help="A model zoo of autoencoders for Keras and TensorFlow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # in "rich" a default in brackets would be a style, and vanish
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()
err = Console(stderr=True, soft_wrap=True)

FAILURES = (
    "DataError",
    "ExportError",
    "LoadingError",
    "WeightsError",
)  # errors of value that no other usage would mend
INTERRUPTED, TERMINATED = 130, 143  # what shells expect after SIGINT and SIGTERM
PIPED_WIDTH = 1000  # of a line, where there is no screen to fit in

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and all else to stderr.")
]


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", "-V", help="Show the version.")] = False,
) -> None:
    """Say the version, if that is all that is asked."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a terminal cannot show is no reason to fail
            stream.reconfigure(errors="replace")
    out.width = None if out.is_terminal or "COLUMNS" in os.environ else PIPED_WIDTH
    if version:
        out.print(aezoo.__version__)
        raise typer.Exit


@dataclasses.dataclass
class Ending:
    """What Ctrl-C and SIGTERM end.

    A training ends after its batch: an exception that comes from nowhere can be lost in what
    Python calls from C, or leave a lock held. All else ends at once, and so does a training at the
    second Ctrl-C. A second SIGTERM says nothing new: it often comes to a whole group.
    """

    terminated: bool = False
    interrupted: bool = False
    is_training: bool = False
    is_spared: Callable[[], bool] = lambda: False  # what goes on, which SIGTERM does not end

    @property
    def status(self) -> int:
        """The exit status of what was ended early."""
        return TERMINATED if self.terminated else INTERRUPTED

    @property
    def came(self) -> bool:
        """Whether anything was to end."""
        return self.interrupted or self.terminated

    def handle(self, number: int, _: Any = None) -> None:
        """Takes a signal."""
        again = self.came
        if number == signal.SIGTERM:
            if self.terminated:
                return
            self.terminated = True
        else:
            self.interrupted = True
        if again or not self.is_training:
            self.check()

    def check(self, *_: Any, **__: Any) -> None:
        """Ends what goes on if a signal has come."""
        if self.interrupted or (self.terminated and not self.is_spared()):
            self.is_training = False
            raise KeyboardInterrupt

    def callback(self) -> Any:
        """A Keras callback with which a training ends."""
        from keras.callbacks import LambdaCallback

        callback = LambdaCallback(
            on_train_begin=self._begin, on_train_batch_end=self.check, on_train_end=self._end
        )
        callback.on_test_batch_end = self.check
        callback.after_fit = self._over  # Keras calls nothing after errors
        return callback

    def _begin(self, logs):
        self.check()  # what was imported may have lost the exception
        self.is_training = True

    def _end(self, logs):
        self._over()
        self.check()

    def _over(self):
        self.is_training = False


@contextmanager
def quiet(tensorflow: bool = True, as_json: bool = False) -> Iterator[Ending]:
    """TensorFlow's start-up noise kept off the terminal; errors as one line and an exit status.

    Commands that need no TensorFlow do without the seconds that its import takes. Where a JSON
    document is to come, nothing else is written to stdout.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "Agg")
    ending = Ending()
    with (
        warnings.catch_warnings(),
        redirect_stdout(sys.stderr if as_json else sys.stdout),
        _handled(ending),
    ):
        warnings.simplefilter("ignore")
        try:
            if tensorflow:
                _import_tensorflow()
            yield ending
        except (typer.Exit, typer.BadParameter):
            raise
        except Exception as error:
            err.print(f"aezoo: {error}", style="red", markup=False, highlight=False)
            usage = isinstance(error, (ValueError, TypeError))
            failed = any(kind.__name__ in FAILURES for kind in type(error).__mro__)
            raise typer.Exit(2 if usage and not failed else 1) from None
        except KeyboardInterrupt:
            err.print(f"aezoo: {'terminated' if ending.terminated else 'interrupted'}.")
            raise typer.Exit(ending.status) from None


def print_json(document: Any) -> None:
    """Prints a document as JSON, which knows neither infinity nor NaN: they become null."""
    typer.echo(json.dumps(_plain(document), indent=2, allow_nan=False))


def print_metrics(title: str, metrics: dict[str, Any]) -> None:
    """Prints the metrics of a model as a table."""
    from aezoo.evaluation.figures import figures

    columns, sections = figures(metrics)
    table = Table("", *columns, title=title, title_justify="left")
    for rows in sections:
        table.add_section()
        for row in rows:
            table.add_row(*row)
    out.print(table)


class _Remarks(logging.Handler):
    """What the library has to say, in yellow."""

    def emit(self, record):
        err.print(record.getMessage(), style="yellow", markup=False, highlight=False)


def _import_tensorflow():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    try:
        with native_output_discarded():
            importlib.import_module("aezoo.models")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == backend:
            raise ImportError(
                f"KERAS_BACKEND is {backend}, which is not installed: pip install {backend}, or "
                "unset KERAS_BACKEND to use TensorFlow."
            ) from error
        raise
    logging.getLogger("absl").setLevel(logging.ERROR)  # TFDS logs through it
    logging.getLogger("aezoo").handlers = [_Remarks()]
    logging.getLogger("aezoo").propagate = False


@contextmanager
def _handled(ending):
    if threading.current_thread() is not threading.main_thread():  # Python allows it there alone
        yield
        return
    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not with nohup
        numbers.append(signal.SIGINT)
    before = {number: signal.signal(number, ending.handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plain(value):
    if dataclasses.is_dataclass(value):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):  # of NumPy
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
