import sys

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from aezoo.data.datasets import DataError, is_path, load_dataset, preparation, source


class TestNamesAndPaths:
    def test_what_is_a_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for folder in ("holidays", "mnist", "digits"):
            (tmp_path / folder).mkdir()
        paths = ["a/b", "./mnist", "table.CSV", "x.npz", "t.tsv", "t.parquet", "s.wav", tmp_path]
        assert all(is_path(each) for each in [*paths, "holidays", "."])
        assert not any(is_path(each) for each in ["mnist", "digits", "photos", "mnist:3.0.1", ""])

    def test_sources_are_found_from_anywhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        (tmp_path / "holidays").mkdir()
        (tmp_path / "digits").mkdir()
        assert source("holidays") == source("./holidays") == str(tmp_path.resolve() / "holidays")
        assert source("~/x.npy") == str(tmp_path.resolve() / "home" / "x.npy")
        assert (source("digits"), source("mnist")) == ("digits", "mnist")

    def test_readers_are_chosen_by_what_is_there(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros((4, 2)))
        (tmp_path / "b.CSV").write_text("1,2,3")
        (tmp_path / "photos").mkdir()
        Image.new("RGB", (5, 4)).save(tmp_path / "photos" / "0.png")
        names = ["a.npy", "b.CSV", "photos"]
        found = [load_dataset(str(tmp_path / name), "all") for name in names]
        assert [data.x.shape for data in found] == [(4, 2), (1, 3), (1, 4, 5, 3)]
        assert [data.name for data in found] == ["a", "b", "photos"]

    def test_a_folder_without_a_slash(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "holidays").mkdir()
        Image.new("L", (4, 4)).save(tmp_path / "holidays" / "0.png")
        data = load_dataset("holidays", "all")
        assert (data.x.shape, data.name) == ((1, 4, 4, 1), "holidays")
        assert load_dataset(".", "all").name == tmp_path.name

    def test_a_dataset_goes_before_a_folder_of_its_name(self, tmp_path, monkeypatch, caplog):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "digits").mkdir()
        Image.new("L", (4, 4)).save(tmp_path / "digits" / "0.png")
        assert len(load_dataset("digits", "all").x) == 1797
        assert "'digits' is the dataset of that name. What is here is ./digits" in caplog.text
        assert len(load_dataset("./digits", "all").x) == 1

    def test_a_file_that_no_reader_knows(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "weird.feather").write_bytes(b"")
        for name in ("weird.feather", "./weird.feather"):
            with pytest.raises(DataError, match=r"\.npy, \.npz, \.csv.*weird\.feather"):
                load_dataset(name)

    @pytest.mark.parametrize("name", ["weird.feather", "my data", "mnist:9", ""])
    def test_names_that_are_no_names(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ValueError, match=f"^Unknown dataset '{name}'") as raised:
            load_dataset(name)
        assert "kwargs" not in str(raised.value)  # no grammar of TFDS

    @pytest.mark.parametrize(("name", "how"), [("t.parquet", {}), ("t.csv", {"window": 2})])
    def test_tables_that_need_an_extra(self, tmp_path, monkeypatch, name, how):
        (tmp_path / name).write_text("1,2\n3,4\n")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(ImportError, match=r"pip install 'aezoo\[tables\]'"):
            load_dataset(tmp_path / name, "all", **how)

    def test_splits_and_missing_files(self, tmp_path):
        with pytest.raises(ValueError, match="'validation'"):
            load_dataset("digits", "validation")
        with pytest.raises(FileNotFoundError, match=r"nothing\.npy"):
            load_dataset(tmp_path / "nothing.npy")


class TestPreparation:
    def test_images_of_any_source(self, tmp_path):
        np.save(tmp_path / "x.npy", np.full((3, 6, 8, 3), 51, "uint8"))
        (tmp_path / "images").mkdir()
        Image.new("RGB", (8, 6), (51, 51, 51)).save(tmp_path / "images" / "0.png")
        Image.new("L", (9, 5), 51).save(tmp_path / "images" / "1.png")
        for place, count in ((tmp_path / "x.npy", 3), (tmp_path / "images", 2)):
            x = load_dataset(place, "all", size=4, color="grey").x
            assert x.shape == (count, 4, 4, 1)
            np.testing.assert_allclose(x, 0.2, rtol=1e-6)
        assert load_dataset("digits", "test", size=[4, 6], color="rgb").x.shape == (360, 4, 6, 3)

    def test_recordings(self, tmp_path):
        np.save(tmp_path / "r.npy", np.arange(50))
        test = load_dataset(tmp_path / "r.npy", "test", window=4, stride=2)
        assert test.x[..., 0].tolist() == [[i, i + 1, i + 2, i + 3] for i in (40, 42, 44, 46)]
        assert (test.x.dtype, test.y, test.name) == (np.float32, None, "r")
        every = load_dataset(tmp_path / "r.npy", "all", window=4)  # one after another
        np.testing.assert_array_equal(every.x.ravel(), np.arange(48))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"size": 0}, "size must be made of positive integers. Received: 0"),
            ({"size": 6.5}, r"size must be .* Received: 6\.5"),
            ({"size": "64"}, "size must be .* Received: '64'"),
            ({"size": (4, 4, 3)}, r"height and width. Received: \(4, 4, 3\)"),
            ({"size": (4, -1)}, "Received: -1"),
            ({"color": "gray"}, "'grey' or 'rgb'. Received: 'gray'"),
            ({"window": 0}, "window must be .* Received: 0"),
            ({"window": 4, "stride": 0}, "stride must be .* Received: 0"),
            ({"stride": 4}, "give window, too. Received: 4"),
            ({"window": 4, "size": 4}, "window or size, not both"),
            ({"window": 4}, "recordings or images. Received: the name 'digits'"),
        ],
    )
    def test_options_that_do_not_apply(self, options, message):
        with pytest.raises(ValueError, match=message):
            load_dataset("digits", **options)

    @pytest.mark.parametrize("option", [{"size": 4}, {"color": "grey"}])
    def test_of_images_for_a_table(self, tmp_path, option):
        (tmp_path / "t.csv").write_text("1,2\n3,4\n")
        with pytest.raises(ValueError, match=r"are for images.*samples of shape \(2,\)"):
            load_dataset(tmp_path / "t.csv", "all", **option)

    def test_recordings_without_a_window(self, tmp_path):
        wavfile.write(tmp_path / "s.wav", 8000, np.zeros(9, "int16"))
        with pytest.raises(ValueError, match=r"s\.wav is a recording.*--window 256"):
            load_dataset(tmp_path / "s.wav")
        with pytest.raises(DataError, match="holds no image.*--window 256"):
            load_dataset(tmp_path)

    def test_what_was_written_down(self):
        recorded = {"source": "x.npy", "train": 8, "size": [4, 6], "color": None}
        assert preparation(recorded) == {"size": [4, 6]}
        assert preparation({"source": "digits"}) == {}  # of a run before there were these options


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((5, 2), np.nan), "10 NaN"),
        (np.full((5, 2), 1e50), "10 NaN or infinite"),
        (np.zeros((9, 0)), "no values"),
    ],
)
def test_values_that_cannot_be_trained_on(tmp_path, array, message):
    np.save(tmp_path / "data.npy", array)
    with pytest.raises(DataError, match=message):
        load_dataset(tmp_path / "data.npy", "all")
