"""Commands that are ended at random moments, and what they leave: for `reliability.py`.

Each command runs in a process that is forked from one that has imported all it needs, and used
none of it: TensorFlow bears that, and an import of seconds is spared. A training writes a
checkpoint after each epoch, so that there is much to go on from. Every other moment is at random,
the others are right after it has begun to write.

After SIGKILL what is there must be nothing, the whole earlier result, or the whole new one; the
command, given again as a user would, must work, come to what an undisturbed one came to, and
leave no temporary file beside it. After SIGTERM, on a full disk and in a folder that cannot be
written, the command must say so in a line, and leave the earlier result and nothing else.
"""

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = ("train", "export", "publish", "compress")
TROUBLES = ("SIGTERM", "full disk", "read-only")
NEEDED = ("keras", "tensorflow", "aezoo.cli", "aezoo.scale", "aezoo.training.publishing")
EPOCHS, CLOSE = 12, 1e-6
WRITING = 0.01  # seconds
WAIT = 300  # seconds for a command


def kills(count, seed=0):
    """What became of so many commands that SIGKILL ended, in turns of all kinds."""
    counts = ("killed", "retried", "resumed")
    rng, found = random.Random(seed), {kind: dict.fromkeys(counts, 0) for kind in KINDS}
    failures = []
    with Ground() as ground:
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            moment = rng.random() * (ground.seconds[kind] if number // len(KINDS) % 2 else -WRITING)
            with ground.place(kind) as place:
                try:
                    killed, given = killed_at(moment, kind, place, ground)
                except WrongError as failure:
                    failures.append({"kind": kind, "moment": moment, "how": str(failure)})
                    continue
            found[kind]["killed"] += killed
            found[kind]["retried"] += bool(given)
            found[kind]["resumed"] += any("--resume" in arguments for arguments in given)
    return {"tried": count, "kinds": found, "seconds": ground.seconds, "failures": failures}


def killed_at(moment, kind, place, ground):
    """Whether the command was killed before its end, and the commands that were given then."""
    before = state(place / "there")
    process = started(command(kind, place), place)
    if moment < 0:  # so long after it has begun to write, which few moments at random would meet
        while process.is_alive() and not has_begun(kind, place / "there", before):
            time.sleep(0.0005)
    process.join(abs(moment))
    killed = process.is_alive()
    process.kill()
    process.join()
    left = read(kind, place)
    allowed = [ground.earlier[kind], ground.results[kind]]
    if kind == "compress":  # of several files one may have been written, and another not
        allowed.append({n: c for n, c in ground.results[kind].items() if n in left})
    if kind != "train" and not any(equal(left, one) for one in allowed):
        raise WrongError(f"left neither the earlier nor the new result: {told(left)}")
    given = again(kind, place)
    for arguments in given:
        status = ended(started(arguments, place))
        if status != 0:
            raise WrongError(f"{' '.join(arguments)} ends with {status}: {said(place)}")
    if not equal(read(kind, place), ground.results[kind]):
        raise WrongError(f"came to another result, {told(read(kind, place))}")
    more = names(place / "there") ^ ground.names[kind]
    if more:
        raise WrongError(f"leaves other files: {sorted(more)}")
    return killed, given


def has_begun(kind, there, before):
    """Whether a command writes: beside what will be there, or in its place. A training goes on."""
    return bool(checkpoints(there)) if kind == "train" else state(there) != before


def state(folder):
    """What is in a folder, locks aside, and when it was written."""
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # it went meanwhile
            if not path.name.endswith("lock"):
                found[path] = path.stat().st_mtime_ns if path.is_file() else 0
    return found


def troubles(seed=0):
    """What commands say and leave that cannot go on."""
    rng, rows = random.Random(seed), []
    with Ground() as ground:
        for trouble in TROUBLES:
            for kind in KINDS:
                with ground.place(kind) as place, harmed(trouble, place / "there") as done:
                    if not done:
                        continue
                    process = started(command(kind, place), place)
                    if trouble == "SIGTERM":
                        process.join((0.3 + 0.6 * rng.random()) * ground.seconds[kind])
                        if process.is_alive():
                            os.kill(process.pid, signal.SIGTERM)
                    rows.append(judged(trouble, kind, ended(process), place, ground))
    return rows


def judged(trouble, kind, status, place, ground):
    """Whether a command ended as it should; `status` is `None` if it did not end."""
    lines = said(place)
    try:
        left = read(kind, place)
    except WrongError as error:
        left, lines = None, f"{error}. {lines}"
        unharmed = whole = False
    else:
        unharmed = equal(left, ground.earlier[kind])
        whole = equal(left, ground.results[kind]) and status in (0, 143)
        if trouble == "SIGTERM" and kind == "train":  # it ends after its batch, as Ctrl-C does
            whole = status == 143 or (status == 0 and left is not None)
    clear = status not in (0, None) and "aezoo: " in lines
    partial = [name for name in names(place / "there") if ".partial-" in name]
    right = (whole or (clear and (unharmed or kind == "train"))) and not partial
    return {
        "trouble": trouble,
        "kind": kind,
        "status": status,
        "right": right and "Traceback" not in lines,
        "said": lines[-300:].replace(f"{place}/", ""),
    }


@contextlib.contextmanager
def harmed(trouble, there):
    """Makes a folder one that is full or cannot be written; only root can. Yields whether it is."""
    if trouble == "SIGTERM":
        yield True
        return
    full = trouble == "full disk"
    kind = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"] if full else ["--bind", there]
    kept = there.with_name("kept")
    shutil.copytree(there, kept)
    if subprocess.run(["mount", *kind, there], capture_output=True).returncode:
        yield False
        return
    try:
        if full:
            shutil.copytree(kept, there, dirs_exist_ok=True)
            with contextlib.suppress(OSError), open(there / "filler", "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        else:
            subprocess.run(["mount", "-o", "remount,bind,ro", there], check=True)
        yield True
    finally:
        subprocess.run(["umount", there], check=True)


class WrongError(Exception):
    """What should not have been."""


class Ground:
    """Runs of each kind that nobody disturbs, and places like theirs."""

    def __enter__(self):
        self.opened = contextlib.ExitStack()
        self.folder = Path(self.opened.enter_context(tempfile.TemporaryDirectory()))
        first, second = self.folder / "first", self.folder / "second"
        for folder, seed in ((first, "0"), (second, "1")):
            whole(["train", "deep", *HOW, "--seed", seed, "--output", str(folder)], self.folder)
        # what an earlier export has left of another model
        whole(["export", str(second), *EXPORT], self.folder)
        for file in second.glob("*.tflite*"):
            shutil.copy(file, first)
        self.seconds, self.results, self.earlier, self.names = {}, {}, {}, {}
        for kind in KINDS:
            with self.place(kind) as place:
                self.earlier[kind] = result(kind, place)
                begin = time.perf_counter()
                whole(command(kind, place), place)
                self.seconds[kind] = time.perf_counter() - begin
                self.results[kind] = result(kind, place)
                self.names[kind] = names(place / "there")
            if not self.results[kind] or equal(self.earlier[kind], self.results[kind]):
                raise SystemExit(f"{kind} writes nothing that can be compared")
        return self

    def __exit__(self, *error):
        self.opened.close()

    @contextlib.contextmanager
    def place(self, kind):
        """A folder with what a command needs, and `there`, where it writes."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            place = Path(folder)
            there = place / "there"
            if kind == "export":
                shutil.copytree(self.folder / "first", there)
            else:
                there.mkdir()
                (place / "run").symlink_to(self.folder / "first")
            if kind == "compress":
                rng = np.random.default_rng(0)
                for name in "abc":
                    pixels = rng.integers(0, 256, (48, 48), "uint8")
                    Image.fromarray(pixels).save(place / f"{name}.png")
            yield place


HOW = ("--epochs", str(EPOCHS), "-O", "hidden_units=16", "--latent-dim", "2", "--patience", "99")
EXPORT = ("--quantize", "int8")


def command(kind, place):
    """What a user gives."""
    there, run = str(place / "there"), str(place / "run")
    if kind == "train":
        return ["train", "deep", *HOW, "--seed", "0", "--output", f"{there}/run"]
    if kind == "export":
        return ["export", there, *EXPORT]
    if kind == "publish":
        return ["publish", run, f"{there}/deep-digits", "--export", "float32"]
    return ["compress", *images(place), "--model", run, "--step", "0.1", "--output", there]


def again(kind, place):
    """What a user gives after a power cut: commands, of which there may be none."""
    there = place / "there"
    if kind == "train":
        if not (there / "run").exists():
            return [command(kind, place)]
        if (there / "run" / "metrics.json").exists() and not checkpoints(there):
            return []
        if checkpoints(there):
            return [["train", "--resume", str(there / "run")]]
        shutil.rmtree(there / "run")  # it was killed before its first checkpoint
        return [command(kind, place)]
    if kind == "publish" and (there / "deep-digits").exists():
        return []  # it is whole
    if kind == "compress":
        return [command(kind, place)] if images(place) else []
    return [command(kind, place)]


def images(place):
    """Those that have no result yet."""
    return [str(f) for f in sorted(place.glob("*.png")) if not is_done(f)]


def is_done(file):
    return (file.parent / "there" / f"{file.stem}.aez").exists()


def checkpoints(there):
    return list((there / "run" / "checkpoints").glob("*.npz"))


def read(kind, place):
    """What `result` gives, if it can be read."""
    try:
        return result(kind, place)
    except Exception as error:
        raise WrongError(f"left what cannot be read: {error}") from error


def result(kind, place):
    """What a command came to, that can be compared: arrays, or bytes by name. Or `None`."""
    there = place / "there"
    if kind == "train":
        return weights_of(there / "run" / "model.keras")
    if kind == "export":
        return whole_export(there / "model-int8.tflite")
    if kind == "publish":
        folder = there / "deep-digits"
        names = ("model.weights.h5", "model-float32.tflite", "reconstructions.png")
        return {n: (folder / n).read_bytes() for n in names} if folder.exists() else None
    return {file.name: file.read_bytes() for file in there.glob("*.aez")}


def weights_of(file):
    import aezoo

    if not file.exists():
        return None
    return [np.array(value) for value in aezoo.load_model(file, compile=False).get_weights()]


def whole_export(file):
    """Bytes of a .tflite file, which the report beside it names."""
    import aezoo

    aezoo.LiteModel(file)
    return {file.name: file.read_bytes()}


def equal(a, b):
    """Whether two results are the same."""
    if a is None or b is None:
        return a is b
    if isinstance(a, list):
        same = [x.shape for x in a] == [y.shape for y in b]
        return same and all(
            np.abs(x - y).max() <= CLOSE for x, y in zip(a, b, strict=True) if x.size
        )
    return a == b


def told(found):
    return sorted(found) if isinstance(found, dict) else type(found).__name__


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def whole(arguments, place):
    status = ended(started(arguments, place))
    if status != 0:
        raise SystemExit(f"{arguments} ends with {status}: {said(place)}")


def ended(process):
    """The status of a process, or `None` if it does not end, which ends it."""
    process.join(WAIT)
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
    return status


def said(place):
    return " ".join((place / "said").read_text(errors="replace").split())


def started(arguments, place):
    """A process that runs a command."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killing", *NEEDED])
    process = context.Process(target=_run, args=(arguments, place / "said"))
    process.start()
    return process


def _run(arguments, log):
    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from aezoo.cli import app
    from aezoo.training import checkpoints

    checkpoints.SECONDS = checkpoints.MOST = 0
    app(arguments)
