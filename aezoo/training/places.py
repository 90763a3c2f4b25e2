"""Which of several processes this one is: as it was told, or as its surroundings say."""

import os
import re
from collections.abc import Mapping

from aezoo.checks import count
from aezoo.system.meeting import Place

PORT = 29400  # where none is said
SLURM_PORTS = 61440, 4096  # the first, and how many: one for each job, as JAX chooses it


def place_of(
    coordinator: str | None = None,
    processes: int | None = None,
    rank: int | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Place:
    """Finds out which process this is, and where all of them meet.

    What is not said comes from the environment:

    - `JAX_COORDINATOR_ADDRESS`, `JAX_NUM_PROCESSES` and `JAX_PROCESS_ID`, or of Keras
      `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `..._NUM_PROCESSES` and `..._PROCESS_ID`;
    - of Slurm, the first of the job's machines, with a port by the job's number, `SLURM_NTASKS`
      and `SLURM_PROCID`, within `srun`;
    - of indexed jobs of Kubernetes, `JOB_COMPLETION_INDEX`; the address and the number of
      processes are for the manifest to say.

    Args:
        coordinator: String, `"HOST:PORT"` of the process of rank 0, the same for all.
        processes: Positive integer, how many there are.
        rank: Integer from 0 to `processes - 1`.
        environment: Mapping of strings.

    Returns:
        `aezoo.system.meeting.Place`.

    Raises:
        ValueError: If something is neither said nor in the environment, or out of its range.

    Example:

    >>> from aezoo.training.places import place_of
    >>> place_of("node1:1234", processes=4, rank=3, environment={})
    Place(host='node1', port=1234, processes=4, rank=3)
    """
    if coordinator is None:
        coordinator = _first(environment, "JAX_COORDINATOR_ADDRESS")
    if coordinator is None:
        addresses = _first(environment, "KERAS_DISTRIBUTION_JOB_ADDRESSES") or ""
        coordinator = addresses.split(",")[0].strip() or _of_slurm(environment)
    found = {
        "processes": (
            processes,
            ("JAX_NUM_PROCESSES", "KERAS_DISTRIBUTION_NUM_PROCESSES", "SLURM_NTASKS"),
        ),
        "rank": (
            rank,
            (
                *("JAX_PROCESS_ID", "KERAS_DISTRIBUTION_PROCESS_ID"),
                *("SLURM_PROCID", "JOB_COMPLETION_INDEX"),
            ),
        ),
    }
    numbers = {
        name: _first(environment, *names) if value is None else value
        for name, (value, names) in found.items()
    }
    missing = [name for name, value in numbers.items() if value is None]
    missing = ["coordinator"] * (coordinator is None) + missing
    if missing:
        raise ValueError(
            f"Several processes need coordinator ('HOST:PORT'), processes and rank, or Slurm's "
            f"srun, or variables such as JAX_COORDINATOR_ADDRESS. Missing: {', '.join(missing)}"
        )
    whole = {name: _whole(name, value) for name, value in numbers.items()}
    if whole["processes"] < 1:
        raise ValueError(f"processes must be 1 or more. Received: {whole['processes']}")
    if whole["rank"] >= whole["processes"]:
        raise ValueError(
            f"rank must be from 0 to {whole['processes'] - 1}, one less than processes. Received: "
            f"{whole['rank']}"
        )
    return Place(*_address(coordinator), **whole)


def _first(environment, *names):
    return next((environment[name] for name in names if environment.get(name)), None)


def _of_slurm(environment):
    """The first machine of a job, of `node[01-04,07],other` or `node1,node2`, and a port."""
    machines = _first(environment, "SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST")
    if machines is None:
        return None
    start, bracket, rest = re.match(r"([^,\[]+)(\[?)(.*)", machines).groups()
    host = start + re.split("[-,\\]]", rest)[0] if bracket else start
    begin, many = SLURM_PORTS
    return f"{host}:{begin + int(environment.get('SLURM_JOB_ID', 0)) % many}"


def _address(coordinator):
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?", str(coordinator))
    port = PORT if found is None else int(found[3] or PORT)
    if found is None or not 0 < port < 2**16:
        raise ValueError(f"coordinator must be 'HOST:PORT'. Received: {coordinator!r}")
    return found[1] or found[2], port


def _whole(name, value):
    if isinstance(value, str):
        if not value.isdecimal():
            raise ValueError(f"{name} must be an integer, 0 or more. Received: {value!r}")
        value = int(value)
    return count(name, value)
