import errno
import os
import stat
import subprocess
import sys
import threading

import pytest
from filelock import Timeout

from aezoo.system.files import replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_written_when_whole(tmp_path):
    with replacing(tmp_path / "a.weights.h5") as beside:
        assert beside.name == "a.weights.h5"  # Keras asks for its own suffixes
        assert not beside.exists()
        beside.write_text("whole")
        assert not (tmp_path / "a.weights.h5").exists()
    assert (tmp_path / "a.weights.h5").read_text() == "whole"
    with replacing(tmp_path / "above" / "folder") as beside:
        beside.mkdir(parents=True)
        (beside / "b").touch()
    assert names(tmp_path) == ["a.weights.h5", "above"]
    assert names(tmp_path / "above") == ["folder"]


def half(path, folder, error=ZeroDivisionError):
    with replacing(path) as beside:
        if folder:
            beside.mkdir()
        else:
            beside.write_text("half")
        raise error


@pytest.mark.parametrize("folder", [False, True])
def test_nothing_is_half_written(tmp_path, folder):
    path = tmp_path / "a.txt"
    path.write_text("earlier")
    with pytest.raises(ZeroDivisionError):
        half(path, folder)
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "earlier"


def test_writers_at_once_do_not_mix(tmp_path):
    path = tmp_path / "a.txt"
    begin = threading.Barrier(3, timeout=10)
    failed = []

    def write(letter):
        try:
            with replacing(path) as beside, beside.open("w") as file:
                for _ in range(20):
                    begin.wait()
                    file.write(letter)
                    file.flush()
        except Exception as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert path.read_text() in ("a" * 20, "b" * 20, "c" * 20)
    assert names(tmp_path) == ["a.txt"]


def half_written(path):
    """A process that is about to write a folder."""
    code = (
        "import sys, time; from aezoo.system.files import replacing\n"
        "with replacing(sys.argv[1]) as beside:\n"
        "    beside.mkdir(); (beside / 'old').touch(); print('half', flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"half\n"
    return run


def test_what_a_killed_run_left_is_gone_with_the_next(tmp_path):
    path = tmp_path / "model"
    with half_written(path) as killed, half_written(path) as living:
        try:
            killed.kill()
            killed.wait()
            (tmp_path / ".partial-without-lock").mkdir(0o700)
            assert len(names(tmp_path)) == 3
            with replacing(path) as beside:
                beside.mkdir()
                (beside / "new").touch()
            assert names(path) == ["new"]
            (left,) = tmp_path.glob(".partial-*")
            assert names(left / "model") == ["old"]  # it may be written to its end
        finally:
            living.kill()


def test_what_others_have_planted_is_not_swept(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir(0o700)
    (precious / ".partial-lock").write_text("mine")
    (tmp_path / ".partial-link").symlink_to(precious)
    open_to_all = tmp_path / ".partial-open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    (open_to_all / ".partial-lock").touch()
    with replacing(tmp_path / "a") as beside:
        beside.touch()
    assert (precious / ".partial-lock").read_text() == "mine"
    assert names(tmp_path) == [".partial-link", ".partial-open", "a", "precious"]


@pytest.mark.parametrize("error", [NotImplementedError, Timeout("lock")])
def test_where_there_are_no_locks(tmp_path, monkeypatch, error):
    def none(*args, **how):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", none)
    with replacing(tmp_path / "a") as beside:
        (tmp_path / ".partial-of-another").mkdir(0o700)
        (tmp_path / ".partial-of-another" / ".partial-lock").touch()
        beside.write_text("whole")
    assert names(tmp_path) == [".partial-of-another", "a"]


def test_planted_links_are_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / ".a.txt.partial.txt").symlink_to(precious)
    with replacing(tmp_path / "a.txt") as beside:
        # nobody else can plant one in the folder
        assert mode(beside.parent) == 0o700
        beside.write_text("whole")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "a.txt").is_symlink()


def test_permissions(tmp_path):
    path = tmp_path / "a.txt"
    before = os.umask(0o022)
    try:
        with replacing(path) as beside:
            beside.write_text("new")
        assert mode(path) == 0o644
        path.chmod(0o640)
        with replacing(path) as beside:
            beside.write_text("newer")
        with replacing(tmp_path / "folder") as beside:
            beside.mkdir()
    finally:
        os.umask(before)
    assert path.read_text() == "newer"
    assert mode(path) == 0o640
    assert mode(tmp_path / "folder") == 0o755


def test_a_full_disk_names_the_wanted_file(tmp_path):
    resource = pytest.importorskip("resource", reason="limits files on POSIX alone")
    path = tmp_path / "a.txt"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught, replacing(path) as beside:
            beside.write_bytes(bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.ECONNREFUSED, "Connection refused"), False),
        (FileNotFoundError(errno.ENOENT, "No such file", "/other/file"), False),
    ],
)
def test_errors_of_other_files_stay(tmp_path, error, named):
    path = tmp_path / "a.txt"
    with pytest.raises(OSError, match=error.strerror) as caught:
        half(path, False, error)
    assert type(caught.value) is type(error)
    assert caught.value.filename == (str(path) if named else error.filename)


def test_errors_of_moving_name_the_wanted_path(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileNotFoundError) as caught, replacing(path):
        pass  # nothing is written
    assert caught.value.filename == str(path)
    path.write_text("a file")
    with pytest.raises(NotADirectoryError) as caught, replacing(path) as beside:
        beside.mkdir()
    assert caught.value.filename == str(path)
    with pytest.raises(FileExistsError) as caught, replacing(path / "below"):
        pass
    assert caught.value.filename == str(path)
    assert path.read_text() == "a file"
    path.unlink()
    path.mkdir()
    (path / "b").touch()
    with pytest.raises(IsADirectoryError) as caught, replacing(path) as beside:
        beside.touch()
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="not empty") as caught, replacing(path) as beside:
        beside.mkdir()
    assert caught.value.filename == str(path)
    assert names(tmp_path) == ["a"]


def test_of_nested_ones_the_inner_is_moved_first(tmp_path):
    with replacing(tmp_path / "a") as model, replacing(tmp_path / "a.json") as report:
        model.touch()
        report.touch()
        parts = tmp_path.iterdir()
        assert {path.name[:9] for path in parts} == {".partial-"}
    assert names(tmp_path) == ["a", "a.json"]

    moved = []
    with replacing(tmp_path / "b") as model:
        with replacing(tmp_path / "b.json") as report:
            model.touch()
            report.touch()
        moved = [name for name in names(tmp_path) if name.startswith("b")]
    assert moved == ["b.json"]

    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "c") as model:
        half(tmp_path / "c.json", False)
    assert names(tmp_path) == ["a", "a.json", "b", "b.json"]
