import json

import numpy as np
import pytest
from PIL import Image

import aezoo


@pytest.fixture
def photo(tmp_path, rng):
    """An image of a size that is no multiple of the model's, in colours."""
    file = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (21, 18, 3), np.uint8)).save(file)
    return file


def test_an_image_there_and_back(run, trained, photo, tmp_path):
    folder, _ = trained
    result = run("compress", photo, "--model", folder, "--json")
    assert result.exit_code == 0, result.stderr
    assert "its brightness" in result.stderr
    (row,) = json.loads(result.stdout)
    assert row["file"] == str(tmp_path / "photo.aez")
    assert row["bytes"] == (tmp_path / "photo.aez").stat().st_size
    assert row["bits_per_pixel"] == pytest.approx(8 * row["bytes"] / (21 * 18))
    result = run("decompress", tmp_path / "photo.aez", "-m", folder / "model.keras")
    assert result.exit_code == 0, result.stderr
    with Image.open(tmp_path / "photo.decompressed.png") as image:
        found = np.asarray(image) / 255
    assert found.shape == (21, 18)  # the model is one of grey images
    grey = np.asarray(Image.open(photo)) / 255 @ (0.299, 0.587, 0.114)
    assert np.square(found - grey).mean() == pytest.approx(row["mse"], rel=0.05)


def test_samples_of_an_array(run, trained, tmp_path):
    x = aezoo.load_dataset("digits", "test").x
    np.save(tmp_path / "test.npy", x)
    result = run("compress", tmp_path / "test.npy", "-m", trained[0], "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    size = (tmp_path / "out/test.aez").stat().st_size
    assert f"{size:,}" in result.stdout
    result = run("decompress", tmp_path / "out/test.aez", "-m", trained[0])
    assert result.exit_code == 0, result.stderr
    found = np.load(tmp_path / "out/test.decompressed.npy")
    ae = aezoo.training.folder.load_model(trained[0] / "model.keras")
    np.testing.assert_allclose(
        np.square(found - x).mean(), ae.reconstruction_error(x).mean(), rtol=0.03
    )


def test_so_many_bits(run, trained, tmp_path):
    np.save(tmp_path / "test.npy", aezoo.load_dataset("digits", "test").x)
    sizes = []
    for i, options in enumerate(
        (["--bits-per-pixel", 0.1], ["--bits-per-pixel", 0.3], ["--step", 9])
    ):
        out = tmp_path / str(i)
        result = run("compress", tmp_path / "test.npy", "-m", trained[0], "-o", out, *options)
        assert result.exit_code == 0, result.stderr
        sizes.append(8 * (out / "test.aez").stat().st_size / (360 * 64))
    assert sizes[2] < sizes[0] <= 0.1 < sizes[1] <= 0.3


def test_a_pretrained_model_by_name(run, tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", rng.random((3, 8, 8, 1), dtype="float32"))
    assert run("compress", "x.npy", "-m", "deep-digits").exit_code == 0
    result = run("decompress", "x.aez", "-m", "deep-digits")
    assert "(3, 8, 8, 1)" in result.words


def test_nothing_is_written_over(run, trained, photo, tmp_path):
    folder, _ = trained
    (tmp_path / "photo.aez").write_bytes(b"mine")
    result = run("compress", photo, "-m", folder)
    assert result.exit_code == 1
    assert "photo.aez exists already: choose another folder with --output" in result.words
    assert (tmp_path / "photo.aez").read_bytes() == b"mine"
    Image.open(photo).save(tmp_path / "photo.bmp")
    result = run("compress", photo, tmp_path / "photo.bmp", "-m", folder, "-o", tmp_path / "out")
    assert "two files" in result.words
    assert not (tmp_path / "out").exists()


@pytest.fixture
def colour(tmp_path):
    """A model of colour images whose output is not bounded."""
    ae = aezoo.conv((8, 8, 3), 4, filters=(4,), output_activation="linear")
    ae.decoder.layers[-1].set_weights([w * 50 for w in ae.decoder.layers[-1].get_weights()])
    ae.save(tmp_path / "colour.keras")
    return tmp_path / "colour.keras"


def test_a_photograph_in_colours_stays_within_its_range(run, colour, photo, tmp_path):
    assert run("compress", photo, "-m", colour, "--step", 0.5).exit_code == 0
    result = run("decompress", tmp_path / "photo.aez", "-m", colour)
    assert result.exit_code == 0, result.stderr
    found = np.asarray(Image.open(tmp_path / "photo.decompressed.png"))
    ae = aezoo.training.folder.load_model(colour)
    exact = aezoo.decompress((tmp_path / "photo.aez").read_bytes(), ae)[0]
    assert found.shape == (21, 18, 3)
    np.testing.assert_allclose(found / 255, exact.clip(0, 1), atol=0.003)


def test_values_in_units_of_their_own(run, photo, tmp_path, rng):
    ae = aezoo.deep((8, 8, 1), 4, normalization="minmax")
    x = rng.uniform(0, 255, (1, 8, 8, 1)).astype("float32")
    ae.adapt(rng.uniform(0, 255, (50, 8, 8, 1)))
    ae.save(tmp_path / "raw.keras")
    np.save(tmp_path / "raw.npy", x)
    result = run("compress", tmp_path / "raw.npy", "-m", tmp_path / "raw.keras", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)[0]["mse"] < 2  # of normalized values
    assert run("decompress", tmp_path / "raw.aez", "-m", tmp_path / "raw.keras").exit_code == 0
    assert np.load(tmp_path / "raw.decompressed.npy").max() > 2
    result = run("compress", photo, "-m", tmp_path / "raw.keras")
    assert result.exit_code == 2
    assert "units of its own" in result.words


def test_all_or_nothing(run, trained, photo, tmp_path):
    result = run("compress", photo, tmp_path / "none.png", "-m", trained[0], "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert not (tmp_path / "out").exists()
    for name in ("a", "b"):
        run("compress", photo, "-m", trained[0], "-o", tmp_path / name)
    twice = [tmp_path / name / "photo.aez" for name in ("a", "b")]
    result = run("decompress", *twice, "-m", trained[0], "-o", tmp_path / "out")
    assert "two files" in result.words
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_is_said(run, trained, photo, tmp_path):
    folder, _ = trained
    ours = tmp_path / "photo.aez"
    assert run("compress", photo, "-m", folder).exit_code == 0
    damaged = bytearray(ours.read_bytes())
    damaged[-9] ^= 4
    (tmp_path / "damaged.aez").write_bytes(damaged)
    (tmp_path / "text.aez").write_text("text")
    (tmp_path / "words.png").write_text("text")
    for args, code, words in (
        (["decompress", tmp_path / "damaged.aez", "-m", folder], 1, "checksum"),
        (["decompress", tmp_path / "text.aez", "-m", folder], 1, "no compressed samples"),
        (["decompress", tmp_path / "none.aez", "-m", folder], 1, "none.aez"),
        (["decompress", ours, "-m", "deep-digits"], 2, "Another model compressed this"),
        (["compress", tmp_path / "none.png", "-m", folder], 1, "no file"),
        (["compress", tmp_path / "words.png", "-m", folder], 1, "cannot be read as an image"),
        (
            ["compress", photo, "-m", folder, "--step", 0, "-o", tmp_path / "out"],
            2,
            "step must be a number above 0",
        ),
        (["compress", photo, "-m", tmp_path / "none"], 1, "There is no model"),
    ):
        result = run(*args)
        assert result.exit_code == code, result.words
        assert words in result.words
    assert not list(tmp_path.glob("*.decompressed.*"))
