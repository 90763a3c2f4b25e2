import json
import os
import subprocess
import sys
import threading

import pytest

from aezoo.registry import locks

ENTRY = {"revision": "0" * 40, "files": {"card.json": "a" * 64}}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_pinned_is_read_again(tmp_path):
    lock = tmp_path / "below" / "aezoo.lock"
    assert locks.read(lock) is None
    assert locks.update(lock, {"hf://a/b": ENTRY}) == {"hf://a/b": ENTRY}
    other = {**ENTRY, "revision": "1" * 40}
    both = {"hf://a/b": other, "hf://c/d": ENTRY}
    assert locks.update(lock, both) == both
    assert locks.update(lock, {}) == locks.read(lock) == both
    assert names(lock.parent) == ["aezoo.lock"]


def harmed(**changes):
    return json.dumps({"hub": {"hf://a/b": {**ENTRY, **changes}}})


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "",
        "null",
        "[]",
        "{}",
        '{"hub": []}',
        '{"hub": {"hf://a/b": [1]}}',
        '{"hub": {"hf://a/b": {"revision": "x"}}}',
        '{"hub": {"\\ud800": {"revision": "x", "files": {}}}}',
        "[" * 10**5,
        "1" * 10**5,
        "\0" * 100,
        b"\xff\xfe",
        "\ufeff" + harmed(),
        "<<<<<<< ours\n" + harmed(),
        harmed() + " " * 2**20,
        harmed(revision=1),
        harmed(revision=None),
        harmed(revision=""),
        harmed(revision="main"),
        harmed(revision="0" * 39),
        harmed(revision="0" * 40 + "\n"),
        harmed(revision="../../../../elsewhere"),
        harmed(files={}),
        harmed(files=[]),
        harmed(files={"card.json": None}),
        harmed(files={"card.json": ""}),
        harmed(files={"card.json": "A" * 64}),
        harmed(files={"card.json": "a" * 64, "model.weights.h5": "a" * 63}),
    ],
)
def test_what_is_no_lock(tmp_path, text):
    lock = tmp_path / "aezoo.lock"
    content = text if isinstance(text, bytes) else text.encode()
    lock.write_bytes(content)
    for use in (locks.read, lambda path: locks.update(path, {"hf://c/d": ENTRY})):
        with pytest.raises(ValueError, match="is damaged, or no lock.*remove it") as caught:
            use(lock)
        assert "\n" not in str(caught.value)
    assert lock.read_bytes() == content
    assert names(tmp_path) == ["aezoo.lock"]


def a_folder(lock):
    lock.mkdir()


def a_link_to_nothing(lock):
    lock.symlink_to("nothing")


def a_link_to_itself(lock):
    lock.symlink_to(lock.name)


def a_pipe(lock):
    os.mkfifo(lock)


def a_device_without_end(lock):
    lock.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "make", [a_folder, a_link_to_nothing, a_link_to_itself, a_pipe, a_device_without_end]
)
def test_what_is_no_file(tmp_path, make):
    """Each would be no lock, and nothing pinned, or be waited for."""
    make(tmp_path / "aezoo.lock")
    with pytest.raises(ValueError, match=r"aezoo.lock is no file, or a link to nothing"):
        locks.read(tmp_path / "aezoo.lock")


def test_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        locks.read(tmp_path / "file" / "aezoo.lock")


def test_of_a_link_what_it_leads_to_is_written(tmp_path):
    locks.update(tmp_path / "shared.lock", {"hf://a/b": ENTRY})
    (tmp_path / "below").mkdir()
    link = tmp_path / "below" / "aezoo.lock"
    link.symlink_to("../shared.lock")
    locks.update(link, {"hf://c/d": ENTRY})
    assert link.is_symlink()
    assert names(tmp_path / "below") == ["aezoo.lock"]
    assert sorted(locks.read(tmp_path / "shared.lock")) == ["hf://a/b", "hf://c/d"]


WRITER = """
import json, sys
from aezoo.registry import locks
lock, name, entry = sys.argv[1:]
print("here", flush=True)
sys.stdin.readline()
for number in range(20):
    locks.update(lock, {f"hf://{name}/{number}": json.loads(entry)})
"""


def test_no_writer_loses_what_another_one_has_written(tmp_path):
    lock = tmp_path / "aezoo.lock"

    def write(name):
        for number in range(20):
            locks.update(lock, {f"hf://{name}/{number}": ENTRY})

    command = [sys.executable, "-c", WRITER, str(lock), "process", json.dumps(ENTRY)]
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as process:
        assert process.stdout.readline() == "here\n"
        writers = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
        for writer in writers:
            writer.start()
        process.communicate("begin\n", timeout=60)
        for writer in writers:
            writer.join()
    assert process.returncode == 0
    assert len(locks.read(lock)) == 60
    assert names(tmp_path) == ["aezoo.lock"]
