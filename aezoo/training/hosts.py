"""Trainings of several processes, on several machines: who takes part, who writes, how they end."""

import atexit
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from aezoo.data.shares import Together
from aezoo.system.meeting import Meeting, Place
from aezoo.system.quiet import native_output_discarded
from aezoo.system.relay import relayed
from aezoo.training.distribution import Devices
from aezoo.training.folder import new_folder, set_aside
from aezoo.training.places import place_of

WAIT = 300.0  # seconds
VERSIONS = ("aezoo", "keras", "jax", "numpy")  # which decide what a seed gives
GRACE = 5.0  # seconds for a process to end by itself once another is lost
NOTICE = 5.0  # seconds within which it is known why a collective operation failed


def devices_for(
    distribute: str | None,
    coordinator: str | None = None,
    processes: int | None = None,
    rank: int | None = None,
    wait: float = WAIT,
) -> Devices:
    """What a training computes on.

    Args:
        distribute: `None`, `"mirrored"` or `"multihost"`.
        coordinator, processes, rank: As for `aezoo.training.places.place_of`.
        wait: Positive float, seconds to wait for the other processes.

    Returns:
        `aezoo.training.distribution.Devices`, or `Hosts`, which has the same methods.

    Raises:
        ValueError: For another name, a backend that it is not for, or a place that is not known.
    """
    if distribute == "multihost":
        if not wait > 0:
            raise ValueError(f"wait must be a positive number of seconds. Received: {wait!r}")
        return Hosts(place_of(coordinator, processes, rank), wait)
    for name, value in {"coordinator": coordinator, "processes": processes, "rank": rank}.items():
        if value is not None:
            raise ValueError(f"{name} is for distribute='multihost'. Received: {value!r}")
    return Devices(distribute)


class Hosts(Devices):
    """One process of several, which train one model: each has a part of each batch.

    They are `keras.distribution.DataParallel` over all devices of all processes. Each loads all
    of the data, and that of rank 0 alone writes.

    Args:
        place: `aezoo.system.meeting.Place`.
        wait: Positive float, seconds to wait for the others.

    Attributes:
        count: Integer, how many devices there are, 1 until `meet`.
        rank: Integer, which process this is.

    Raises:
        ValueError: For another backend than JAX.
    """

    def __init__(self, place: Place, wait: float = WAIT) -> None:
        super().__init__(None)
        if keras.backend.backend() != "jax":
            raise ValueError(
                "Several processes train on JAX: set KERAS_BACKEND=jax before Python starts. It is "
                f"{keras.backend.backend()!r}."
            )
        self.place, self.rank, self.wait = place, place.rank, wait
        self._together: Together | None = None
        self._meeting: Meeting | None = None

    def refuse(self, **given: Any) -> None:
        """Refuses what several processes cannot do, of arguments of `aezoo.train`.

        Raises:
            ValueError: For one of `exports`, `minutes`, `quantize_aware` and `stream`.
        """
        why = {
            "exports": "they need TensorFlow's backend: export the model when it is trained",
            "minutes": "the processes would end at different times: give epochs",
            "quantize_aware": "it needs TensorFlow's backend: train on with one process",
            "stream": "each process needs all samples in memory: give stream=False",
        }
        for name, value in given.items():
            if value:
                told = f"Several processes cannot do with {name}, since {why[name]}."
                raise ValueError(f"{told} Received: {value!r}")

    def meet(self, settings: Mapping[str, Any], seed: int) -> None:
        """Waits for the others, and for JAX to know all devices.

        Args:
            settings: Mapping, what the training was told, and a hash of its data.
            seed: Integer, of the order of samples.

        Raises:
            ValueError: If versions, settings or data are not the same on all, or two processes
                have one rank.
            TimeoutError: If not all came.
            ConnectionError: If the port is in use, or a process ended meanwhile.
            RuntimeError: If this process has computed on JAX before.
        """
        told = {
            **{f"version of {name}": metadata.version(name) for name in VERSIONS},
            **{f"setting {name}": _as_text(value) for name, value in settings.items()},
        }
        self._meeting = Meeting.of(self.place, told, _free_port, self.wait)
        try:
            self._start_jax()
            self._together = Together(seed)
        except BaseException as error:
            self._meeting.__exit__(type(error), error, None)
            raise
        self.count = self._together.num_model_replicas

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        return self._together.scope()

    training = scope

    @contextlib.contextmanager
    def folder(
        self, output: str | os.PathLike | None, name: str, again: Path | None = None
    ) -> Iterator[Path]:
        """As `new_folder` on rank 0, on others a folder that is gone afterwards.

        Meanwhile the end of one process is that of all.

        Raises:
            ConnectionError: If another process has ended.
        """
        meeting, left = self._meeting, threading.Event()
        with contextlib.ExitStack() as stack:
            if not self.rank:
                stack.callback(self._leave)
            stack.enter_context(meeting)
            stack.callback(left.set)
            if self.rank:
                stack.callback(self._leave)
                made = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            else:
                made = stack.enter_context(new_folder(output, name, again))
            meeting.on_lost(lambda: _end(meeting, left, None if self.rank else made))
            try:
                yield made
            except Exception as error:
                if not isinstance(error, OSError):  # a collective operation that failed, perhaps
                    meeting.check(NOTICE)
                raise

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """Callbacks that end a training once another process has ended."""
        callback = keras.callbacks.Callback()
        callback.on_train_batch_end = lambda batch, logs=None: self._meeting.check()
        callback.on_epoch_begin = lambda epoch, logs=None: self._meeting.check()
        return [callback]

    def from_first(self, function: Callable[[], Any]) -> Any:
        """What a function returns, that JSON can hold, on rank 0, where alone it is called."""
        if self.rank:
            return self._meeting.heard()
        self._meeting.on_lost(lambda: None)  # the others have done their part
        found = function()
        self._meeting.say(json.loads(json.dumps(found, default=_plain)))
        return found

    def _start_jax(self):
        import jax

        port, here = self._meeting.word, self.place
        if jax.distributed.is_initialized():
            raise RuntimeError("A process can train together with others once: start new ones.")
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.config.update("jax_enable_recoverability", True)  # or the end of one aborts all
        host = here.host if self.rank == 0 else "127.0.0.1"
        jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM to itself
        slurm = {"SLURM_JOB_ID", "SLURM_LOCALID"} <= os.environ.keys()
        try:
            jax.distributed.initialize(
                f"{host}:{relayed(here.host, port) if self.rank else port}",
                *(here.processes, here.rank),
                # Slurm's tasks have a GPU each; others have all that they see
                cluster_detection_method=None if slurm else "deactivate",
                initialization_timeout=max(1, round(self.wait)),
            )
        except RuntimeError as error:
            raise RuntimeError(
                "Processes must meet before JAX computes anything in them, and once: start new "
                f"ones. JAX says: {error}"
            ) from None
        if self.rank:
            atexit.register(_end_quietly)
        from jax.experimental import multihost_utils

        with native_output_discarded(both=True):  # of Gloo, which says that it is connected
            multihost_utils.sync_global_devices("aezoo")

    def _leave(self):
        """JAX's service goes last, or it would abort those that are left."""
        import jax

        if self._meeting.lost is None:
            jax.distributed.shutdown()
            atexit.unregister(_end_quietly)


def _end(meeting, left, folder):
    """Ends a process that waits for one that is lost, where no exception can reach it."""
    if left.wait(GRACE):
        return
    sys.stderr.write(f"aezoo: {meeting.lost}\n")
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        if folder is not None:
            set_aside(folder)
    os._exit(1)


def _end_quietly():
    """Ends before JAX says goodbye to a service that may be gone, at which it aborts."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(1)


def _free_port():
    with socket.create_server(("", 0)) as server:
        return server.getsockname()[1]


def _as_text(value):
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value):
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return keras.saving.serialize_keras_object(value)
