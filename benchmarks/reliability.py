"""What becomes of hostile and damaged files, of killed processes, and of one that runs for long?

    python benchmarks/reliability.py                # some hours
    python benchmarks/reliability.py --quick        # below five minutes, less of everything
    python benchmarks/reliability.py --only kills soak

Hostile: each kind of file of `tests/registry/hostile.py` and `tests/hostile_files.py` is opened as
a user would, and must be refused; a file that it makes anywhere counts as let through.

Fuzz: damaged copies of good files are loaded by processes with a limit of time. Counted are those
that end, hang, raise another error than promised, leave files, or take more than 1 GiB.

Kills: commands that SIGKILL ends at random moments and that are given again; and what they say and
leave after SIGTERM, on a full disk and in a read-only folder, see `killing.py`.

Soak: how much one process grows that trains, saves, loads, exports and scores for long, see
`soaking.py`. A process that trains new models for ever does grow: TensorFlow keeps what it traced
of each `fit`, of a plain Keras model, too, which is measured beside.

Properties and inputs: as `tests/properties` and `tests/bad_inputs` count them.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import fuzzing as data
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ROOT = HERE.parent
PARTS = ("hostile", "fuzz", "kills", "soak", "properties", "inputs")
FULL = {"fuzz": 5000, "kills": 100, "soak": 900, "properties": 5000}
QUICK = {"fuzz": 50, "kills": 4, "soak": 30, "properties": 200}
BATCH = 250  # damaged files that one process loads
START, SECONDS, BYTES = 120, 2, 2**30  # to import all; of each file on average; in all
GROWTH = {True: 0.05, False: 0.01}  # of memory, quick or not: a short one has hardly warmed up
SHARES = {"worker": 1, "anew": 0.2, "keras": 0.2}  # of the time of a soak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--formats", nargs="*", help="of fuzz, which are measured anew")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", nargs=4, help="for itself")
    parser.add_argument("--output", default=HERE / "reliability.json", type=Path)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))  # where the tests are
    if arguments.one:
        what, kind, count, seed = arguments.one
        told = opened(kind) if what == "hostile" else loaded(kind, int(count), int(seed))
        print(json.dumps(told))
        return
    output, sizes = arguments.output, QUICK if arguments.quick else FULL
    found = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {}
    wrong = []
    for part in arguments.only:
        more = (found.get(part, {}), arguments.formats) if part == "fuzz" else ()
        result = globals()[part](sizes.get(part), arguments.seed, *more)
        found[part] = result
        wrong += [f"{part}: {words}" for words in wrongs(part, result, arguments.quick)]
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show({part: found[part] for part in arguments.only if part in found})
    if wrong:
        raise SystemExit("\n".join(wrong))


def hostile(*_):
    """Hostile files by what they claim to be: how many were tried, and which were let through."""
    found = {}
    for kind in ("KERAS", "WEIGHTS", "CARDS"):
        found[kind.lower()] = alone("hostile", kind, 0, 0, seconds=START)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, ROOT / "tests" / "hostile_files.py", folder]
        run = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=folder)
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    through = [row["name"] for row in rows if row["how"] != "refused"]
    through += [] if run.returncode == 0 else [run.stderr[-300:]]
    found["data and .tflite"] = {"tried": len(rows), "through": through}
    return found


def opened(kind):
    """Opens each hostile file of one kind in this process."""
    import aezoo
    from tests.registry import fuzzing
    from tests.registry import hostile as files

    kinds, through = getattr(files, kind), []
    with tempfile.TemporaryDirectory() as temporary:
        good = Path(temporary, "good.keras")
        ae = aezoo.vanilla(4, 2)
        ae.save(good)
        aezoo.load_model(good)  # what is right is not refused
        for name, (harm, words) in kinds.items():
            place = Path(temporary, name)
            place.mkdir()
            os.chdir(place)
            if kind == "CARDS":
                ae.save_weights(place / fuzzing.weights.FILE)
                card = json.loads(fuzzing.write_card(place).read_text())
                build(place)
                harm(card)
                (place / fuzzing.weights.CARD).write_text(json.dumps(card))
                before, use = everything(temporary), lambda p=place: build(p)
            else:
                file = files.write(name, good, place)
                before, use = everything(temporary), lambda f=file: aezoo.load_model(f)
            try:
                use()
                through.append(name)
            except ValueError as error:
                if not re.search(words, str(error)) and kind != "CARDS":
                    through.append(f"{name}: {error}"[:200])
            except Exception as error:
                through.append(f"{name}: {error!r}"[:200])
            if everything(temporary) != before:
                through.append(f"{name} wrote a file")
        os.chdir(ROOT)
    return {"tried": len(kinds), "through": through}


def build(folder):
    import aezoo

    return aezoo.build("vanilla", weights=folder)


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}


def fuzz(count, seed, before, formats=None):
    """Damaged files by format: what became of them, or before."""
    from tests.registry import fuzzing

    wanted = formats or [*fuzzing.KINDS, *data.ENDS]
    found = dict(before) if formats else {}
    for kind in filter(wanted.__contains__, fuzzing.KINDS):
        counted, failures, peak = Counter(), [], 0
        for start in range(0, count, BATCH):
            number = min(BATCH, count - start)
            limit = START + SECONDS * number
            told = alone("fuzz", kind, number, seed + start, seconds=limit)
            counted.update(told.get("counts", {}))
            failures += told["through"]
            peak = max(peak, told.get("peak", 0))
        found[kind] = {"files": count, "counts": counted, "failures": failures, "peak": peak}
        print(kind, found[kind], flush=True)
    for kind in filter(wanted.__contains__, data.ENDS):
        told = data.fuzz(kind, count, seed)
        counts = {key: told[key] for key in ("refused", "read")}
        found[kind] = {"files": count, "counts": counts, "failures": told["failures"]}
        print(kind, found[kind], flush=True)
    return found


def loaded(kind, count, seed):
    """Loads damaged files in this process, whose working folder is empty."""
    from tests.registry import fuzzing

    with tempfile.TemporaryDirectory() as folder:
        before = peak()
        counts = fuzzing.fuzz(kind, count, folder, seed)
        taken = peak() - before
    right = {"refused", "same"} | ({"other"} if kind in fuzzing.UNHASHED else set())
    through = [f"{n} times {how}" for how, n in counts.items() if how not in right]
    if taken > BYTES:
        through.append(f"{taken / 2**20:.0f} MiB of memory, seed {seed}")
    return {"counts": counts, "through": through, "peak": taken}


def peak():
    """The greatest resident size of this process in bytes; `getrusage` has that of its parent."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def alone(what, kind, count, seed, seconds):
    """What a process of its own finds, or how it ends, with what it leaves in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        one = ["--one", what, kind, str(count), str(seed)]
        command = [sys.executable, HERE / "reliability.py", *one]
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        how = {"capture_output": True, "text": True, "cwd": folder, "timeout": seconds}
        try:
            run = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, **how)
        except subprocess.TimeoutExpired:
            return {"tried": 0, "through": [f"hangs, of seed {seed}"]}
        left = sorted(path.name for path in Path(folder).iterdir())
    if run.returncode:
        ends = f"ends with {run.returncode}, of seed {seed}: {run.stderr[-300:]}"
        return {"tried": 0, "through": [ends]}
    told = json.loads(run.stdout.splitlines()[-1])
    return {**told, "through": told["through"] + [f"leaves {name}" for name in left]}


def kills(count, seed):
    import killing

    found = killing.kills(count, seed)
    if count >= FULL["kills"]:
        found["troubles"] = killing.troubles(seed)
    return found


def soak(seconds, _):
    found = {}
    for way, share in SHARES.items():
        if seconds < FULL["soak"] and way != "worker":
            continue
        command = [sys.executable, HERE / "soaking.py", way, str(share * seconds)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        found[way] = json.loads(run.stdout.splitlines()[-1])
        print(way, found[way], flush=True)
    return found


def properties(count, seed):
    from tests.properties import run

    tried, failures = run(count, number=seed)
    told = [f"{name}: {how}"[:400] for name, how in failures]
    return {"tried": tried.total(), "failures": told}


def inputs(*_):
    from tests.bad_inputs import FINE, run

    verdicts = run()
    told = [f"{name}: {verdict}"[:400] for name, verdict in verdicts if verdict[:5] != FINE]
    return {"tried": len(verdicts), "failures": told}


def wrongs(part, found, quick):
    """What should not have been, in words."""
    if part == "hostile":
        told = [f"{kind}: {name}" for kind, row in found.items() for name in row["through"]]
        return told + [f"{kind}: none was tried" for kind, row in found.items() if not row["tried"]]
    if part == "fuzz":
        return [f"{kind}: {how}" for kind, row in found.items() for how in row["failures"]]
    if part == "kills":
        troubles = [row for row in found.get("troubles", []) if not row["right"]]
        told = [str(row) for row in found["failures"] + troubles]
        failed = {row["kind"] for row in found["failures"]}
        for kind, row in found["kinds"].items():
            if not row["killed"] and kind not in failed:
                told.append(f"{kind}: none was killed before its end")
        if not found["kinds"]["train"]["resumed"] and "train" not in failed:
            told.append("train: none was resumed")
        return told
    if part == "soak":
        worker, most = found["worker"], {"bytes": GROWTH[quick]}
        keys = ("bytes", "objects", "files", "threads")
        grown = {key: worker[key]["grown"] for key in keys}
        told = [f"{key} {by:+.1%}" for key, by in grown.items() if by > most.get(key, 0.01)]
        return told + ["temporary files are left"] * (worker["temporary"] > 0)
    return found["failures"]


def show(found):
    console = Console(width=shutil.get_terminal_size((120, 24)).columns)
    if "hostile" in found:
        table = Table("hostile files", "tried", "let through")
        for kind, row in found["hostile"].items():
            table.add_row(kind, str(row["tried"]), str(len(row["through"])))
        console.print(table)
    if "fuzz" in found:
        table = Table("damaged files", "files", "refused", "read", "failures", "peak, MiB")
        for kind, row in found["fuzz"].items():
            counts = dict(row["counts"])
            refused = counts.pop("refused", 0)
            read = sum(counts.get(key, 0) for key in ("same", "other", "read"))
            told = (row["files"], refused, read, len(row["failures"]))
            table.add_row(kind, *(f"{n:,}" for n in told), f"{row.get('peak', 0) / 2**20:.0f}")
        console.print(table)
    if "kills" in found:
        table = Table("command", "seconds", "killed", "given again", "wrong")
        failures = Counter(row["kind"] for row in found["kills"]["failures"])
        for kind, row in found["kills"]["kinds"].items():
            seconds = f"{found['kills']['seconds'][kind]:.1f}"
            told = (row["killed"], row["retried"], failures[kind])
            table.add_row(kind, seconds, *map(str, told))
        console.print(table)
    if "troubles" in found.get("kills", {}):
        table = Table("command", "trouble", "status", "as it should be")
        for row in found["kills"]["troubles"]:
            right = "yes" if row["right"] else "NO"
            table.add_row(row["kind"], row["trouble"], str(row["status"]), right)
        console.print(table)
    if "soak" in found:
        keys = ("bytes", "objects", "files", "threads")
        table = Table("process", "rounds", *keys, "KiB a round", "temporary files")
        for way, row in found["soak"].items():
            told = (f"{row[key]['grown']:+.2%}" for key in keys)
            rest = f"{row['a_round'] / 2**10:.0f}", str(row["temporary"])
            table.add_row(way, str(row["rounds"]), *told, *rest)
        console.print(table)
    table = Table("cases", "tried", "failures")
    for part, what in (("properties", "properties"), ("inputs", "bad inputs")):
        if part in found:
            table.add_row(what, f"{found[part]['tried']:,}", str(len(found[part]["failures"])))
    if table.rows:
        console.print(table)


if __name__ == "__main__":
    main()
