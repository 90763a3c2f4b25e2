import io
import zipfile

import pytest

from aezoo.registry import archives

MEMBERS = {archives.CONFIG: b"{}", archives.METADATA: b"{}", archives.WEIGHTS: b"x" * 100}


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_written_as_they_are(how, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w", how) as file:
        for name, content in MEMBERS.items():
            file.writestr(name, content)
    (tmp_path / "out").mkdir()
    archives.extract(tmp_path / "a.keras", tmp_path / "out", 100)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == MEMBERS
    with pytest.raises(ValueError, match="has 100 bytes: max_bytes=99 are allowed"):
        archives.extract(tmp_path / "a.keras", tmp_path / "out", 99)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content + b"y", "model.weights.h5 has more bytes than it says"),
        (lambda content: content[:-1], "model.weights.h5 has fewer bytes than it says"),
    ],
)
def test_members_are_as_long_as_they_say(tmp_path, monkeypatch, change, words):
    """Whatever the version of zipfile makes of it."""
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as file:
        for name, content in MEMBERS.items():
            file.writestr(name, content)

    def unpacked(self, member):
        content = MEMBERS[member.filename]
        return io.BytesIO(change(content) if member.filename == archives.WEIGHTS else content)

    monkeypatch.setattr(zipfile.ZipFile, "open", unpacked)
    (tmp_path / "out").mkdir()
    with pytest.raises((archives.RefusedError, zipfile.BadZipFile), match=words):
        archives.extract(tmp_path / "a.keras", tmp_path / "out", 100)


def test_what_is_there_is_not_written_over(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as file:
        for name, content in MEMBERS.items():
            file.writestr(name, content)
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out" / archives.CONFIG).symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        archives.extract(tmp_path / "a.keras", tmp_path / "out", 100)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_file_that_is_larger_than_all_that_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_CONFIG", 10)
    monkeypatch.setattr(archives, "MOST_METADATA", 10)
    (tmp_path / "a.keras").write_bytes(bytes(31))
    with pytest.raises(ValueError, match="it has 31 bytes"):
        archives.extract(tmp_path / "a.keras", tmp_path, 10)
