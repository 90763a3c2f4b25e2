import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy.io import wavfile

import aezoo


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Saved models, with weights of chance."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    for name, shape in (("photos", (16, 16, 1)), ("waves", (32, 1))):
        ending = {"output_activation": "linear"} if name == "waves" else {}
        ae = aezoo.denoising(shape, backbone="unet", filters=(4,), stddev=0.1, **ending)
        ae.set_weights([w + rng.normal(0, 0.05, w.shape) for w in ae.get_weights()])
        ae.save(folder / f"{name}.keras")
    return folder


@pytest.fixture
def photo(tmp_path, rng):
    file = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (21, 34, 3), np.uint8)).save(file)
    return file


def loaded(folder, name="photos"):
    return aezoo.training.folder.load_model(folder / f"{name}.keras")


def test_photographs(run, folder, photo, tmp_path, rng):
    deep = tmp_path / "deep.tif"
    Image.fromarray(rng.integers(0, 65536, (20, 30), np.uint16)).save(deep)
    result = run("denoise", photo, deep, "-m", folder / "photos.keras")
    assert result.exit_code == 0, result.stderr
    for file, clean in ((photo, "photo.clean.png"), (deep, "deep.clean.tif")):
        with Image.open(tmp_path / clean) as image, Image.open(file) as before:
            assert image.mode == before.mode
            expected = aezoo.denoise(loaded(folder), np.asarray(before))
            np.testing.assert_array_equal(image, expected)


def test_a_file_of_ones_own_choice_and_a_picture(run, folder, photo, tmp_path):
    asked = ("-m", folder / "photos.keras", "-o", tmp_path / "new" / "clean.png", "--json")
    (tmp_path / "new").mkdir()
    result = run("denoise", photo, *asked, "--picture", tmp_path / "both.png", "--noise", 0.1)
    assert result.exit_code == 0, result.stderr
    (row,) = json.loads(result.stdout)
    assert row["file"] == str(tmp_path / "new" / "clean.png")
    assert row["psnr_before"] == pytest.approx(20, abs=0.2)
    with Image.open(photo) as before, Image.open(row["file"]) as after:
        error = np.mean((np.asarray(before) / 255 - np.asarray(after) / 255) ** 2)
    assert row["psnr_after"] == pytest.approx(-10 * np.log10(error), abs=1e-3)
    assert row["psnr_filter"] > 15
    with Image.open(tmp_path / "both.png") as picture:
        assert min(picture.size) > 300


def test_what_is_kept_and_what_is_passed_on(run, folder, tmp_path, rng, monkeypatch):
    file, asked = tmp_path / "clear.png", []
    Image.fromarray(rng.integers(0, 256, (9, 9, 4), np.uint8)).save(file, icc_profile=b"mine")

    def denoise(ae, x, **how):
        asked.append(how)
        return np.zeros_like(x)

    monkeypatch.setattr(aezoo, "denoise", denoise)
    monkeypatch.setattr(aezoo.plots, "before_after", lambda *shown: asked.append(shown) or Figure())
    how = ("-m", folder / "photos.keras", "--tile", 8, "--ensemble")
    how += ("--picture", tmp_path / "both.png")
    result = run("denoise", file, *how)
    assert result.exit_code == 0, result.stderr
    passed, (before, after) = asked
    assert passed == {"tile": 8, "ensemble": True}
    assert before.max() > 0.5
    assert after.max() == 0
    with Image.open(tmp_path / "clear.clean.png") as image, Image.open(file) as source:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image)[..., 3], np.asarray(source)[..., 3])
        assert image.info["icc_profile"] == b"mine"


def test_recordings(run, folder, tmp_path, rng):
    file = tmp_path / "machine.wav"
    x = rng.integers(-9000, 9000, 500).astype("int16")
    wavfile.write(file, 8000, x)
    how = ("-m", folder / "waves.keras", "--noise", 0.05, "--picture", tmp_path / "a.png", "--json")
    result = run("denoise", file, *how)
    assert result.exit_code == 0, result.stderr
    peak = 20 * np.log10(np.abs(x / 32768).max() / 0.05)
    assert json.loads(result.stdout)[0]["psnr_before"] == pytest.approx(peak, abs=0.5)
    rate, found = wavfile.read(tmp_path / "machine.clean.wav")
    assert (rate, found.dtype, found.shape) == (8000, np.int16, (500,))
    stereo = tmp_path / "stereo[1].wav"
    wavfile.write(stereo, 8000, rng.normal(size=(300, 2)))
    result = run("denoise", stereo, "-m", folder / "waves.keras", "--picture", tmp_path / "b.png")
    assert result.exit_code == 0, result.stderr
    assert wavfile.read(tmp_path / "stereo[1].clean.wav")[1].dtype == np.float64


def test_a_folder_with_a_dot(run, folder, photo, tmp_path):
    (tmp_path / "clean.v2").mkdir()
    result = run("denoise", photo, "-m", folder / "photos.keras", "-o", tmp_path / "clean.v2")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "clean.v2" / "photo.clean.png").is_file()


def test_nothing_is_written_over(run, folder, photo, tmp_path):
    (tmp_path / "photo.clean.png").touch()
    result = run("denoise", photo, "-m", folder / "photos.keras")
    assert result.exit_code == 1
    assert "photo.clean.png exists already" in result.words
    assert (tmp_path / "photo.clean.png").stat().st_size == 0


def test_refused(run, folder, photo, tmp_path):
    Image.new("CMYK", (30, 30)).save(tmp_path / "print.jpg")
    Image.new("L", (30, 1)).save(tmp_path / "thin.png")
    model = ("-m", folder / "photos.keras")
    for given, message in (
        ((tmp_path / "print.jpg", *model), "mode CMYK"),
        ((tmp_path / "thin.png", *model), "2 pixels or steps along each axis, or more"),
        ((tmp_path / "none.png", *model), "There is no file"),
        ((photo, photo, *model, "--picture", "x.png"), "a picture is of one file"),
        ((photo, "-m", folder / "waves.keras"), "is for recordings, /"),
        ((photo, *model, "--picture", "x.xyz"), "a picture is one of .pdf, .png, .svg"),
        (
            (photo, *model, "-o", tmp_path / "clean.png", "--picture", tmp_path / "clean.png"),
            "would be the result of two files",
        ),
    ):
        result = run("denoise", *given)
        assert result.exit_code != 0
        assert message in result.words
    assert not list(tmp_path.glob("*clean*"))
