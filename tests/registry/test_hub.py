import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aezoo.registry import hub as hubs
from tests.registry import hub_server

ADDRESS = "hf://someone/deep-digits"
MOST = {"card.json": 100, "model.weights.h5": 1000}


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "card.json").write_text("{}")
    (folder / "model.weights.h5").write_bytes(b"first")
    (folder / "README.md").write_text("not asked for")
    return folder


def read(folder):
    return (folder / "model.weights.h5").read_bytes()


def test_download_takes_the_newest_or_the_revision(hub, files):
    old = hub.add(files)
    (files / "model.weights.h5").write_bytes(b"second")
    hub.add(files)
    assert read(hubs.download(ADDRESS, MOST)) == b"second"
    found = hubs.download(f"{ADDRESS}@{old}", MOST)
    assert read(found) == b"first"
    assert sorted(path.name for path in found.iterdir()) == sorted(MOST)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1001, "has 1,001 bytes: 1,000 are taken at most"),
        (10**30, "1,000 are taken at most"),
        (None, "does not say how large model.weights.h5 of hf://someone/deep-digits is: None"),
        (-1, "does not say how large .*: -1"),
        ("5", "does not say how large .*: '5'"),
    ],
)
def test_too_large_files_are_refused_before_they_come(hub, files, size, words):
    hub.add(files)
    hub.sizes = {"model.weights.h5": size}
    with pytest.raises(ValueError, match=words):
        hubs.download(ADDRESS, MOST)
    assert hub.downloads == []


def test_a_hub_that_tells_a_wrong_size(hub, files):
    (files / "model.weights.h5").write_bytes(bytes(1001))
    address = f"{ADDRESS}@{hub.add(files)}"
    hub.sizes = {"model.weights.h5": 5}
    with pytest.raises(ValueError, match=r"has 1,001 bytes: 1,000 are taken at most"):
        hubs.download(address, MOST)
    hub.fails = RuntimeError("no network")  # nor is the copy taken
    with pytest.raises(OSError, match="is not here"):
        hubs.download(address, MOST)


def test_what_changes_meanwhile_does_not_come(hub, files, monkeypatch):
    """Its size is not known."""
    hub.add(files)
    (files / "model.weights.h5").write_bytes(bytes(1001))
    answer = hub.model_info

    def late(*asked, **how):
        info = answer(*asked, **how)
        hub.add(files)
        return info

    monkeypatch.setattr(hub, "model_info", late)
    assert read(hubs.download(ADDRESS, MOST)) == b"first"


@pytest.mark.parametrize("sha", ["main", "../../elsewhere", None, 5, "0" * 41])
def test_what_is_no_commit(hub, files, sha):
    hub.add(files)
    hub.sha = sha
    with pytest.raises(ValueError, match=r"names no commit of hf://someone/deep-digits"):
        hubs.download(ADDRESS, MOST)
    assert hub.downloads == []


@pytest.mark.parametrize("name", MOST)
def test_what_is_no_repository_of_weights(hub, files, tmp_path, name):
    (files / name).unlink()
    hub.add(files)
    for use in (hubs.download, lambda address, most: hubs.pin([address], most)):
        with pytest.raises(ValueError, match=rf"has no {name}: expected a folder that `aezoo pub"):
            use(ADDRESS, MOST)
    assert not (tmp_path / hubs.LOCK).exists()


@pytest.mark.parametrize("status", [None, 503])
def test_without_network_the_copy_is_taken(hub, files, status):
    old = hub.add(files)
    error = hub.HttpError(status, "network") if status else RuntimeError("no\n\nnetwork")
    hub.fails = error
    with pytest.raises(OSError, match=r"cannot be reached.*is not here: .*\(.*network\)") as caught:
        hubs.download(ADDRESS, MOST)
    assert "\n" not in str(caught.value)
    hub.fails = None
    folder = hubs.download(ADDRESS, MOST)
    hubs.download(f"{ADDRESS}@feature/a-branch", MOST)
    hub.fails = error
    for revision in ("", "@main", "@feature/a-branch", f"@{old}"):
        assert read(hubs.download(f"{ADDRESS}{revision}", MOST)) == b"first"
    with pytest.raises(OSError, match="is not here"):
        hubs.download(f"{ADDRESS}@another", MOST)
    (folder / "card.json").unlink()
    with pytest.raises(OSError, match="is not here"):
        hubs.download(ADDRESS, MOST)


def test_what_does_not_come_whole(hub, files, monkeypatch):
    hub.add(files)
    come = hub.snapshot_download

    def cut(**how):
        raise RuntimeError("peer closed\nconnection")

    monkeypatch.setattr(hub, "snapshot_download", cut)
    with pytest.raises(OSError, match=r"did not come whole: try again. \(peer closed connection"):
        hubs.download(ADDRESS, MOST)
    monkeypatch.setattr(
        hub, "snapshot_download", lambda **how: come(**{**how, "allow_patterns": ["card.json"]})
    )
    with pytest.raises(OSError, match=r"model.weights.h5 of .* did not come: try again"):
        hubs.download(ADDRESS, MOST)


def test_pinned_weights_stay_the_same(hub, files, tmp_path):
    commit = hub.add(files)
    assert hubs.pin([ADDRESS], MOST)[ADDRESS]["revision"] == commit
    (files / "model.weights.h5").write_bytes(b"second")
    newer = hub.add(files)
    assert read(hubs.download(ADDRESS, MOST)) == b"first"
    assert read(hubs.download(ADDRESS, MOST, lock="none.lock")) == b"second"
    asked = hub.asked  # a commit that is here needs no network
    assert read(hubs.download(ADDRESS, MOST)) == b"first"
    assert hub.asked == asked
    hubs.pin([f"{ADDRESS}@{commit}"], MOST)
    assert hubs.pin([ADDRESS], MOST)[ADDRESS]["revision"] == newer
    assert sorted(json.loads((tmp_path / hubs.LOCK).read_text())["hub"]) == [
        ADDRESS,
        f"{ADDRESS}@{commit}",
    ]
    assert read(hubs.download(ADDRESS, MOST)) == b"second"
    assert read(hubs.download(f"{ADDRESS}@{commit}", MOST)) == b"first"


@pytest.mark.parametrize("name", MOST)
def test_other_files_than_pinned_are_refused(hub, files, name):
    hub.add(files)
    hubs.pin([ADDRESS], MOST)
    (hubs.download(ADDRESS, MOST) / name).write_text("other")  # in the cache, through its link
    with pytest.raises(ValueError, match=rf"{name} of {ADDRESS} is not the file that aezoo.lock"):
        hubs.download(ADDRESS, MOST)
    hubs.pin([ADDRESS], MOST)  # as it says, which gets the file again
    assert (hubs.download(ADDRESS, MOST) / name).read_text() != "other"


@pytest.mark.parametrize("pinned", ["", "@v1", None])
def test_where_a_lock_is_no_other_address_is_taken(hub, files, tmp_path, pinned):
    commit = hub.add(files)
    if pinned is None:
        (tmp_path / hubs.LOCK).write_text('{"hub": {}}')
    else:
        hubs.pin([f"{ADDRESS}{pinned}"], MOST)
    downloads = len(hub.downloads)
    for revision in {"", "@v1", "@v2", f"@{commit}"} - {pinned}:
        with pytest.raises(ValueError, match=rf"{revision} is not in aezoo.lock.*: aezoo lock hf:"):
            hubs.download(f"{ADDRESS}{revision}", MOST)
    assert len(hub.downloads) == downloads


def test_the_lock_of_the_working_folder_counts(hub, files, tmp_path, monkeypatch):
    old = hub.add(files)
    hubs.pin([ADDRESS], MOST)
    (files / "model.weights.h5").write_bytes(b"second")
    hub.add(files)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert read(hubs.download(ADDRESS, MOST)) == b"second"
    hubs.pin([ADDRESS], MOST)
    monkeypatch.chdir(tmp_path)
    folder = hubs.download(ADDRESS, MOST)
    assert (folder.name, read(folder)) == (old, b"first")


def test_nothing_is_pinned_of_a_copy(hub, files, tmp_path):
    """Who keeps the network away does not make an old copy that of today."""
    hub.add(files)
    hubs.download(ADDRESS, MOST)
    hub.fails = RuntimeError("no network")
    with pytest.raises(OSError, match="what is pinned is of today"):
        hubs.pin([ADDRESS], MOST)
    assert not (tmp_path / hubs.LOCK).exists()


def test_all_are_pinned_or_none(hub, files, tmp_path):
    hub.add(files)
    with pytest.raises(OSError, match="someone/else"):
        hubs.pin([ADDRESS, "hf://someone/else"], MOST)
    assert not (tmp_path / hubs.LOCK).exists()


def test_damaged_locks_are_refused(hub, files, tmp_path):
    hub.add(files)
    (tmp_path / hubs.LOCK).write_text("{}")
    for use in (hubs.download, lambda address, most: hubs.pin([address], most)):
        with pytest.raises(ValueError, match=r"aezoo.lock is damaged.*remove it"):
            use(ADDRESS, MOST)
    assert hub.downloads == []


@pytest.mark.parametrize(
    "address",
    [
        *("hf://", "hf:///", "hf://someone", "hf://someone/", "hf:///name", "hf://a/b/c"),
        *("someone/deep-digits", "HF://someone/deep-digits", " hf://a/b", "hf://a/b ", "hf://a/b/"),
        *("hf://a\nb/c", "hf://a\0/b", "hf://a/b?c", "hf://a/b#c", "hf://hf://a/b", "hf://a@b/c"),
        *("hf://a/b@", "hf://a/b@@", "hf://a/b@c@d", "hf://a/b@..", "hf://a/b@c/../../d"),
        *("hf://a/b@a..b", "hf://a/b@.a", "hf://a/b@/c", "hf://a/b@c/", "hf://a/b@c//d"),
        *("hf://a/b@c\nd", "hf://a/b@c d", "hf://a/b@%2e%2e", "hf://a/b@c\r\nHost: d"),
        *("hf://a/b--c", "", None, 3, Path("hf://a/b")),
    ],
)
def test_what_is_no_address(hub, address):
    with pytest.raises(ValueError, match=r"Expected hf://OWNER/REPOSITORY or .*\. Received: ") as e:
        hubs.download(address, MOST)
    assert "\n" not in str(e.value)


def test_answers_of_the_hub_are_told(hub, files):
    hub.add(files)
    with pytest.raises(OSError, match=r"not give hf://someone/else: .*404.*someone/else") as caught:
        hubs.download("hf://someone/else", MOST)
    assert "\n" not in str(caught.value)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"aezoo\[hub\]"):
        hubs.download(ADDRESS, MOST)


REAL = """
import sys
from aezoo.registry import hub
most = {"card.json": 100, "model.weights.h5": 1000}
for address in sys.argv[2:]:
    try:
        if sys.argv[1] == "pin":
            hub.pin([address], most)
        folder = hub.download(address, most)
        print(folder.name, (folder / "model.weights.h5").read_text())
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_with_the_real_package(tmp_path):
    """Each step in a process that has imported no more of it than the package does."""
    pytest.importorskip("huggingface_hub")
    where = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    where |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")

    def use(*arguments, port):
        endpoint = {"HF_ENDPOINT": f"http://127.0.0.1:{port}"}
        run = subprocess.run(
            [sys.executable, "-c", REAL, *arguments],
            **{"capture_output": True, "text": True, "cwd": tmp_path, "timeout": 100},
            env={**os.environ, **where, **endpoint},
        )
        return run.stdout.splitlines(), run.stderr

    right = f"{hub_server.COMMIT} first"
    server = subprocess.Popen([sys.executable, hub_server.__file__], stdout=subprocess.PIPE)
    with server:
        try:
            port = int(server.stdout.readline())
            told, errors = use("get", ADDRESS, "hf://a/b", f"{ADDRESS}@no", "hf://a/b-", port=port)
            assert told[0] == right, errors
            assert len(told) == 4
            assert told[1].startswith("OSError The hub does not give hf://a/b: compare")
            assert told[2].startswith("OSError The hub does not give hf://someone/deep-digits@no:")
            assert told[3].startswith("ValueError Expected hf://OWNER/REPOSITORY")
            (folder,) = tmp_path.glob("cache/hub/*/snapshots/*")
            assert sorted(path.name for path in folder.iterdir()) == sorted(MOST)
            (folder / "model.weights.h5").resolve().write_bytes(b"other")
            assert use("pin", ADDRESS, port=port)[0] == [right]
        finally:
            server.kill()
    assert use("get", ADDRESS, port=1)[0] == [right]  # of the lock
    (tmp_path / hubs.LOCK).rename(tmp_path / "another.lock")
    assert use("get", ADDRESS, port=1)[0] == [right]
    assert "what is pinned is of today" in use("pin", ADDRESS, port=1)[0][0]
