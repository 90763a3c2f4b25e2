"""Shards scored by processes of Ray, on one machine or on many."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aezoo.scale.inputs import Input, listed
from aezoo.scale.models import Scorer, Source
from aezoo.scale.outputs import Done, Settings, score_shard
from aezoo.system.quiet import native_output_discarded

OPENED, CONNECTED = 10, 45  # seconds for a machine to listen in, and for a cluster to answer
STARTED = 300  # seconds for a worker to have its processor and its model in
RETRIES = 3  # of a shard whose worker died: one that is too much for its machine is given up
OBJECTS = 2**27  # bytes: of what Ray hands round only the model is large


class LostWorkerError(RuntimeError):
    """A worker that died again and again."""


def imported_ray() -> Any:
    """The module ray.

    Raises:
        ImportError: Without the extra `aezoo[ray]`.
    """
    try:
        import ray
    except ImportError as error:
        raise ImportError("To score on Ray install it: pip install 'aezoo[ray]'") from error
    return ray


@contextmanager
def ray_at(address: str | None, workers: int | None, size: int = 0) -> Iterator[Any]:
    """Ray, connected to a cluster or started here for as long as it is needed.

    Args:
        address: String, `HOST:PORT` of a cluster, or `None` for that of the
            environment's `RAY_ADDRESS`, else one of this machine. A connection that this process
            has already is used, and left.
        workers: Positive integer, how many workers there will be, or `None`.
        size: Integer, the bytes of the model.

    Yields:
        The module ray.

    Raises:
        ConnectionError: If the cluster does not answer within 45 seconds.
        ImportError: Without the extra `aezoo[ray]`.
        ValueError: If this process is connected, and an address is given.
    """
    ray = imported_ray()
    if ray.is_initialized():
        if address is not None:
            raise ValueError(
                f"Ray is connected in this process: leave address out, or call ray.shutdown() "
                f"first. Received: {address!r}"
            )
        yield ray
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    how: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported unasked
        processors = max(workers or 1, os.cpu_count() or 1)
        how = {"num_cpus": processors, "object_store_memory": max(OBJECTS, 4 * size)}
        how["include_dashboard"] = False
    else:
        _refuse_unreachable(address)
    with _signals_kept():
        ray.init(address, log_to_driver=False, logging_level="ERROR", **how)
    try:
        yield ray
    finally:
        ray.shutdown()


def on_ray(
    ray: Any,
    source: Source,
    shards: Sequence[Input],
    settings: Settings,
    output: Path,
    *,
    code: bool,
    workers: int | None,
) -> Iterator[Done]:
    """Scores shards, each by one worker at a time.

    Args:
        ray: The module, connected.
        source: `Source` with its content.
        shards: Sequence of `Input`, with paths that are the same on all machines.
        settings: `Settings`.
        output: `pathlib.Path` of the folder, likewise.
        code: Boolean, whether codes are wanted.
        workers: Positive integer, how many processes, or `None` for one a processor.

    Yields:
        `Done` of each shard, as they come.

    Raises:
        LostWorkerError: If a shard's worker died four times.
        ValueError: If the cluster has fewer processors than workers.
    """
    from ray.util import ActorPool

    processors = int(ray.cluster_resources().get("CPU", 0))
    if (workers or 1) > processors:
        raise ValueError(
            f"workers must be at most the processors of the cluster, {processors}. "
            f"Received: {workers or 1}"
        )
    # Actors keep their model from shard to shard, and Ray starts one that died again and gives it
    # its shard once more; since an output appears all at once, that doubles nothing. Ray Data
    # would cut across shards, and has no output that is whole by input.
    kind = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=RETRIES)(Worker)
    content = ray.put(source)
    with native_output_discarded():  # Ray warns that this must not go out of scope; it does not
        count = min(workers or processors, len(shards))
        actors = [kind.remote(content, code) for _ in range(count)]
    waiting = {shard.name: shard for shard in shards}
    try:
        pool = ActorPool(_ready(ray, actors))
        jobs = [(shard, settings, output / shard.name) for shard in shards]
        for done in pool.map_unordered(lambda actor, job: actor.score.remote(*job), jobs):
            del waiting[done.name]
            yield done
    except ray.exceptions.RayTaskError as error:  # raised by our own code there
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise LostWorkerError(
            f"A worker died {RETRIES + 1} times over a shard, is its memory enough? Not yet "
            f"scored: {listed(list(waiting))}. Start again for these."
        ) from error
    finally:
        for actor in actors:
            with suppress(ray.exceptions.RayError):
                ray.kill(actor)


class Worker:
    """A process that has a model, and scores one shard after another.

    Args:
        source: `Source`.
        code: Boolean, whether codes are wanted.
    """

    def __init__(self, source: Source, code: bool):
        import pyarrow

        # as many threads as Ray has given processors: each worker would take all of a machine
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = "1"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        pyarrow.set_cpu_count(1)
        with native_output_discarded():
            self._scorer = Scorer(source, code)

    def pid(self) -> int:
        """The number of the process, once it is ready."""
        return os.getpid()

    def score(self, shard: Input, settings: Settings, target: Path) -> Done:
        """See `aezoo.scale.outputs.score_shard`."""
        return score_shard(self._scorer, shard, settings, target)


def _ready(ray, actors):
    """Those that have a processor and their model; the others would keep their shards waiting."""
    asked = {actor.pid.remote(): actor for actor in actors}
    ready, late = ray.wait(list(asked), num_returns=len(asked), timeout=STARTED)
    for one in late:
        ray.kill(asked[one])
    if not ready:
        raise LostWorkerError(
            f"No worker was ready within {STARTED} seconds: is the cluster at work on others?"
        )
    try:
        ray.get(ready)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise LostWorkerError(f"Workers cannot start: {reason}") from error
    return [asked[one] for one in ready]


def _refuse_unreachable(address):
    """Connects in a process of its own: Ray may wait for minutes, or end the process it is in."""
    code = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False)"
    reason = f"no answer within {CONNECTED} seconds"
    host, _, port = address.rpartition(":")
    try:
        if port.isdigit():  # or Ray asks again and again where nobody listens
            socket.create_connection((host, int(port)), timeout=OPENED).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(_told(address, error)) from error
    with suppress(subprocess.TimeoutExpired):
        command = [sys.executable, "-c", code, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=CONNECTED)
        if done.returncode == 0:
            return
        reason = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    raise ConnectionError(_told(address, reason))


def _told(address, reason):
    return (
        f"There is no Ray cluster at {address}: {reason}. Expected the HOST:PORT that `ray start "
        "--head` says, and RAY_AUTH_MODE as the cluster has it."
    )


@contextmanager
def _signals_kept():
    """Keeps who handles SIGTERM, which Ray takes over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
