"""Do several processes train what one trains? And how soon do all end when one is killed?

    python benchmarks/multihost.py                     # ten minutes on two cores
    python benchmarks/multihost.py --only agreement --families conv deep
    python benchmarks/multihost.py --only resumed      # three of them

Agreement: `aezoo train` on the digits with `--distribute multihost`, by 1, 2 and 4 processes of
this machine that share each batch of 32. Shown are the greatest relative differences to one
process: of the losses of all epochs, and of the weights, the norm of the difference of an array
to its own; and the greatest difference of a weight.

Killed: three processes train, and that of one rank gets SIGKILL: seconds until the last of the
others has ended, and what it said.

Resumed: a training gets SIGKILL after its first checkpoint, is resumed, and compared with one that
nothing stopped: one process on TensorFlow, and two on JAX, of which one is killed.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
FAMILIES = ("vanilla", "deep", "conv", "denoising", "masked", "variational", "vector_quantized")
PROCESSES = (1, 2, 4)
EPOCHS = 3
RESUMED = {1: ("conv", 60), 2: ("deep", 30)}  # epochs that take more than ten seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=FAMILIES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", choices=("agreement", "killed", "resumed"))
    parser.add_argument("--output", default=HERE / "multihost.json", type=Path)
    arguments = parser.parse_args()
    output = arguments.output
    found = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {}
    if arguments.only in (None, "agreement"):
        agreed = found.setdefault("agreement", {})
        for family in arguments.families:
            agreed[family] = {"epochs": arguments.epochs, **agreement(family, arguments.epochs)}
            print(family, agreed[family], flush=True)
    if arguments.only in (None, "killed"):
        found["killed"] = [killed(rank) for rank in (0, 1, 2)]
    if arguments.only in (None, "resumed"):
        found["resumed"] = {str(count): resumed(count) for count in RESUMED}
    output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


def agreement(family, epochs):
    """Losses and weights of several processes beside those of one."""
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in PROCESSES:
            how = ["--epochs", epochs, "--batch-size", 32, "--output", f"{folder}/{count}"]
            finished(started(count, family, *how, "--distribute", "multihost"))
            runs[count] = losses(f"{folder}/{count}"), weights(f"{folder}/{count}")
    return {str(count): apart(runs[count], runs[1]) for count in PROCESSES[1:]}


def apart(run, other):
    """The greatest differences of the losses and weights of two trainings."""
    (loss, arrays), (own_loss, own) = run, other
    pairs = list(zip(arrays, own, strict=True))
    norms = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in pairs if b.any()]
    return {
        "losses": float(np.max(np.abs(loss - own_loss) / own_loss)),
        "weights": float(max(norms)),
        "weight": float(max(np.abs(a - b).max() for a, b in pairs)),
    }


def losses(folder):
    """The loss and the validation loss of each epoch."""
    return np.loadtxt(f"{folder}/log.csv", delimiter=",", skiprows=1, ndmin=2)[:, -2:]


def weights(folder):
    """Arrays of a trained model, which is read with TensorFlow."""
    import keras

    import aezoo.training  # noqa: F401, what knows the layers

    ae = keras.saving.load_model(f"{folder}/model.keras")
    return [v.numpy() for v in ae.trainable_variables]


def killed(rank):
    """Seconds until all have ended, in the middle of a training."""
    with tempfile.TemporaryDirectory() as folder:
        how = ["--epochs", 100000, "--patience", 100000, "--batch-size", 96]
        how += ["--output", f"{folder}/run", "--distribute", "multihost"]
        processes = started(3, "deep", *how)
        try:
            log = Path(folder, "run", "log.csv")
            while not (log.is_file() and log.stat().st_size > 1000):
                if any(process.poll() is not None for process in processes):
                    raise SystemExit(processes[0].communicate()[1])
                time.sleep(0.2)
            processes[rank].send_signal(signal.SIGKILL)
            begin, ended, said = time.perf_counter(), {}, {}
            for i, process in enumerate(processes):
                if i != rank:
                    said[i] = process.communicate(timeout=120)[1].strip().splitlines()[-1]
                    ended[i] = time.perf_counter() - begin
            return {
                "rank": rank,
                "seconds": max(ended.values()),
                "statuses": {i: processes[i].returncode for i in ended},
                "said": said,
                "left": sorted(path.name for path in Path(folder).iterdir()),
            }
        finally:
            for process in processes:
                process.kill()


def resumed(count):
    """A training that was killed beside one that was not."""
    many = ["--distribute", "multihost"] if count > 1 else []
    family, epochs = RESUMED[count]
    how = [family, "--epochs", epochs, "--patience", epochs, "--batch-size", 32, *many]
    with tempfile.TemporaryDirectory() as folder:
        finished(started(count, *how, "--output", f"{folder}/whole"))
        processes = started(count, *how, "--output", f"{folder}/run")
        while not any(Path(folder).glob("run/checkpoints/*.npz")):
            if processes[-1].poll() is not None:
                raise SystemExit(processes[-1].communicate()[1])
            time.sleep(0.1)
        time.sleep(2)  # into the next epochs
        processes[-1].send_signal(signal.SIGKILL)
        for process in processes:
            process.communicate(timeout=120)
        (left,) = Path(folder).glob("run*")
        after = len(losses(left))
        finished(started(count, "--resume", f"{folder}/run"))
        runs = [(losses(each), weights(each)) for each in (f"{folder}/run", f"{folder}/whole")]
    return {"family": family, "epochs": epochs, "killed_after": after, **apart(*runs)}


def finished(processes):
    """Waits for all, and fails if one does."""
    for process in processes:
        said = process.communicate()[1]
        if process.returncode:
            raise SystemExit(said)


def started(count, *arguments):
    """A process of each rank, or one that knows of none, on TensorFlow."""
    command = [sys.executable, "-m", "aezoo", "train", *map(str, arguments)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if count == 1 and "multihost" not in arguments:
        return [subprocess.Popen(command, env=quiet, **pipes)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        coordinator = f"127.0.0.1:{server.getsockname()[1]}"
    command += ["--coordinator", coordinator, "--processes", str(count), "--rank"]
    environment = {**quiet, "KERAS_BACKEND": "jax"}
    return [
        subprocess.Popen([*command, str(rank)], env=environment, **pipes) for rank in range(count)
    ]


def show(found):
    if "agreement" in found:
        table = Table(
            "family", "epochs", *(f"{n}: losses, weights, a weight" for n in PROCESSES[1:])
        )
        for family, row in found["agreement"].items():
            both = (row[str(count)] for count in PROCESSES[1:])
            keys = ("losses", "weights", "weight")
            told = (", ".join(f"{each[key]:.1e}" for key in keys) for each in both)
            table.add_row(family, str(row["epochs"]), *told)
        Console().print(table)
    if "killed" in found:
        table = Table("rank killed", "seconds", "statuses", "said")
        for row in found["killed"]:
            statuses = ", ".join(map(str, row["statuses"].values()))
            said = next(iter(row["said"].values()))
            table.add_row(str(row["rank"]), f"{row['seconds']:.1f}", statuses, said)
        Console().print(table)
    if "resumed" in found:
        names = ("processes", "family", "epochs", "killed after", "losses", "weights", "a weight")
        table = Table(*names)
        for count, row in found["resumed"].items():
            told = (f"{row[key]:.1e}" for key in ("losses", "weights", "weight"))
            table.add_row(
                *(count, row["family"], str(row["epochs"]), str(row["killed_after"])), *told
            )
        Console().print(table)


if __name__ == "__main__":
    main()
