import pytest

from aezoo.system.files import replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_written_when_whole(tmp_path):
    with replacing(tmp_path / "a.txt") as beside:
        assert beside.suffix == ".txt"  # Keras asks for its own
        beside.write_text("whole")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "whole"
    with replacing(tmp_path / "folder") as beside:
        beside.mkdir()
        (beside / "b").touch()
    assert names(tmp_path) == ["a.txt", "folder"]


def half(path, folder):
    with replacing(path) as beside:
        if folder:
            beside.mkdir()
        else:
            beside.write_text("half")
        raise ZeroDivisionError


@pytest.mark.parametrize("folder", [False, True])
def test_nothing_is_half_written(tmp_path, folder):
    path = tmp_path / "a.txt"
    path.write_text("earlier")
    with pytest.raises(ZeroDivisionError):
        half(path, folder)
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "earlier"
