import json
import sys

import pytest

from aezoo.registry import hub as hubs

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


def test_too_large_files_are_refused_before_they_come(hub, files):
    hub.add(files)
    hub.sizes = {"model.weights.h5": 1001}
    with pytest.raises(ValueError, match=r"has 1,001 bytes: 1,000 are taken at most"):
        hubs.download(ADDRESS, MOST)
    assert hub.downloads == []


def test_without_network_the_copy_is_taken(hub, files):
    hub.add(files)
    hub.reached = False
    with pytest.raises(OSError, match=r"cannot be reached.*is not here: no network"):
        hubs.download(ADDRESS, MOST)
    hub.reached = True
    hubs.download(ADDRESS, MOST)
    hub.reached = False
    assert read(hubs.download(ADDRESS, MOST)) == b"first"


def test_pinned_weights_stay_the_same(hub, files, tmp_path):
    commit = hub.add(files)
    assert hubs.pin([ADDRESS], MOST)[ADDRESS]["revision"] == commit
    (files / "model.weights.h5").write_bytes(b"second")
    newer = hub.add(files)
    assert read(hubs.download(ADDRESS, MOST)) == b"first"
    assert read(hubs.download(ADDRESS, MOST, lock="none.lock")) == b"second"
    hub.reached = False  # a commit that is here needs no network
    assert read(hubs.download(ADDRESS, MOST)) == b"first"
    hub.reached = True
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


def test_nothing_is_pinned_of_a_repository_without_card(hub, files, tmp_path):
    (files / "card.json").unlink()
    hub.add(files)
    with pytest.raises(ValueError, match=r"has no card.json: nothing is pinned"):
        hubs.pin([ADDRESS], MOST)
    assert not (tmp_path / hubs.LOCK).exists()


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "{}",
        '{"hub": []}',
        '{"hub": {"hf://a/b": {"revision": "x"}}}',
        '{"hub": {"hf://a/b": {"revision": 1, "files": {}}}}',
        "[" * 10**5,
    ],
)
def test_damaged_locks_are_refused(hub, files, tmp_path, text):
    hub.add(files)
    (tmp_path / hubs.LOCK).write_text(text)
    for use in (hubs.download, lambda address, most: hubs.pin([address], most)):
        with pytest.raises(ValueError, match=r"aezoo.lock is damaged: remove it"):
            use(ADDRESS, MOST)


@pytest.mark.parametrize("address", ["hf://someone", "hf://a/b/c", "someone/deep-digits", "hf://"])
def test_what_is_no_address(hub, address):
    with pytest.raises(ValueError, match=r"Expected hf://OWNER/REPOSITORY\. Received: "):
        hubs.download(address, MOST)


def test_answers_of_the_hub_are_told(hub, files):
    hub.add(files)
    with pytest.raises(OSError, match="404: someone/else"):
        hubs.download("hf://someone/else", MOST)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"aezoo\[hub\]"):
        hubs.download(ADDRESS, MOST)
