import errno
import logging

import keras
import numpy as np
import pytest

from aezoo.training import folder as folders
from aezoo.training.folder import (
    load_model,
    new_folder,
    read_record,
    refuse_existing,
    stopped_early,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_overwritten(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    for refused in (refuse_existing, lambda output: new_folder(output, "x").__enter__()):
        with pytest.raises(FileExistsError, match="choose another output folder"):
            refused(tmp_path / "run")
    assert names(tmp_path / "run") == []
    monkeypatch.chdir(tmp_path)
    made = []
    for _ in range(3):
        with new_folder(None, "vanilla-digits") as folder:
            made.append(str(folder))
    assert made == [f"runs/vanilla-digits{n}" for n in ("", "-2", "-3")]


def fail(output, error, text):
    with new_folder(output, "") as folder:
        assert folder == output
        (folder / "log.csv").write_text(text)
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_is_unfinished_is_set_aside(tmp_path, error, caplog):
    for expected in ("run.unfinished", "run.unfinished-2"):
        with caplog.at_level(logging.WARNING, "aezoo"), pytest.raises(error):
            fail(tmp_path / "run", error, "epoch,loss")
        assert (tmp_path / expected / "log.csv").read_text() == "epoch,loss"
        assert str(tmp_path / expected) in caplog.text
    with pytest.raises(error):
        fail(tmp_path / "run", error, "")  # there is nothing to keep
    assert names(tmp_path) == ["run.unfinished", "run.unfinished-2"]


def test_the_first_error_is_the_one_that_is_told(tmp_path, monkeypatch):
    def fail(folder):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(folders, "set_aside", fail)
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "run", ""):
        raise ZeroDivisionError


def test_models_that_cannot_be_loaded(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no model .*none\.keras"):
        load_model(tmp_path / "none.keras")
    file = tmp_path / "other.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(50)]).save(file)
    with pytest.raises(ValueError, match="is a Sequential, not an aezoo.Autoencoder"):
        load_model(file)
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (whole[: len(whole) // 2], bytes(flipped), b""):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"other\.keras is (damaged.*get it again|refused)"):
            load_model(file)


def test_records(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected the folder of a run"):
        read_record(tmp_path)
    (tmp_path / "file").write_text("no run")
    with pytest.raises(FileNotFoundError, match="expected the folder of a run"):
        read_record(tmp_path / "file")
    record = {"data": {"source": "digits"}, "options": {"init": keras.initializers.Zeros()}}
    folders.write_record(tmp_path, {**record, "shape": (1, 2), "n": np.pi})
    found = read_record(tmp_path)
    assert found["data"] == {"source": "digits"}
    assert found["options"]["init"]["class_name"] == "Zeros"
    (tmp_path / "metrics.json").write_text('{"data": 3}')
    with pytest.raises(OSError, match="is damaged"):
        read_record(tmp_path)


def test_a_training_stopped_early_if_nothing_else_ended_it():
    training = {"epochs": 9, "epochs_run": 4, "interrupted": False}
    assert stopped_early(training)
    assert not stopped_early({**training, "interrupted": True})
    assert not stopped_early({**training, "epochs_run": 9})
    assert not stopped_early({**training, "minutes": 0.1})
