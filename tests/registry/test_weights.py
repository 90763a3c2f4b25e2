import json
import logging
import resource
import shutil

import h5py
import numpy as np
import pytest

import aezoo
from aezoo.registry import weights


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A pretrained model in a folder of its own."""
    folder = tmp_path / "saved_models" / "deep-digits"
    folder.mkdir(parents=True)
    ae = aezoo.deep((8, 8, 1), 3, hidden_units=(5,), activation="tanh")
    ae.save_weights(folder / weights.FILE)
    card = {
        "model": "deep",
        "data": "digits",
        "input_shape": [8, 8, 1],
        "latent_dim": 3,
        "options": {"hidden_units": [5], "activation": "tanh"},
        "training": {},
        "metrics": {},
        "files": {weights.FILE: weights.sha256(folder / weights.FILE)},
    }
    (folder / weights.CARD).write_text(json.dumps(card))
    monkeypatch.setattr(weights, "folder", lambda: folder.parent)
    return folder, ae


def rewrite(folder, **changes):
    card = json.loads((folder / weights.CARD).read_text())
    (folder / weights.CARD).write_text(json.dumps(card | changes))


def test_weights_by_dataset_path_and_folder(entry, rng):
    folder, ae = entry
    x = rng.random((4, 8, 8, 1)).astype("float32")
    for where in ("digits", folder, str(folder), str(folder / weights.FILE)):
        loaded = aezoo.build("deep", weights=where)
        np.testing.assert_array_equal(loaded.reconstruct(x), ae.reconstruct(x))
    assert aezoo.list_models(weights="digits") == ["deep"]
    assert aezoo.list_models(weights="mnist") == []


def test_what_is_asked_for_again_may_be_the_same(entry):
    for units in ((5,), [5], 5, np.int64(5)):
        ae = aezoo.build("deep", (8, 8, 1), 3, weights="digits", hidden_units=units)
        assert ae.latent_shape == (3,)
    # the card does not name it, since it is the default
    assert aezoo.build("deep", weights="digits", normalization=None).latent_shape == (3,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 4}, "for latent_dim=3. Received: 4"),
        ({"input_shape": (28, 28, 1)}, r"for input_shape=\(8, 8, 1\)"),
        ({"hidden_units": (6,)}, r"for hidden_units=\(5,\)"),
        ({"dropout": 0.1}, "dropout=the model's default"),
        ({"normalization": "minmax"}, "normalization=None. Received: 'minmax'"),
        ({"weights": "digit"}, "no weights 'digit' for deep. Did you mean 'digits'"),
        ({"weights": "mnist"}, "It is pretrained on: digits"),
    ],
)
def test_contradictions(entry, options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.build("deep", **{"weights": "digits", **options})


def test_weights_of_another_model(entry):
    with pytest.raises(ValueError, match="no weights 'digits' for conv.* pretrained on: nothing"):
        aezoo.build("conv", weights="digits")
    with pytest.raises(ValueError, match="for the model deep, not for conv"):
        aezoo.build("conv", weights=entry[0])


@pytest.mark.parametrize("harm", ["flip", "cut"])
def test_damage_is_found_before_anything_is_read(entry, harm, monkeypatch):
    file = entry[0] / weights.FILE
    content = bytearray(file.read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    file.write_bytes(content[: len(content) // 2] if harm == "cut" else content)
    monkeypatch.setattr(aezoo.Autoencoder, "load_weights", None)
    with pytest.raises(ValueError, match="is damaged, or another file"):
        aezoo.build("deep", weights="digits")


def test_card_with_a_path_outside_its_folder(entry):
    rewrite(entry[0], files={"../../secret": "00"})
    with pytest.raises(ValueError, match=r"outside its folder: \.\./\.\./secret"):
        aezoo.build("deep", weights="digits")


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {"options": None},
        {"files": ["a"]},
        {"input_shape": None},
        {"input_shape": [8, "8"]},
        {"input_shape": [8, -8]},
        {"metrics": 1},
    ],
)
def test_damaged_card(entry, changes):
    if changes is None:
        (entry[0] / weights.CARD).write_text("{")
    else:
        rewrite(entry[0], **changes)
    with pytest.raises(ValueError, match="damaged card"):
        aezoo.build("deep", weights="digits")


def test_a_damaged_card_does_no_harm_to_others(entry, caplog):
    other = entry[0].with_name("conv-digits")
    other.mkdir()
    (other / weights.CARD).write_text("{")
    with caplog.at_level(logging.WARNING, "aezoo"):
        assert aezoo.build("deep", weights="digits").latent_shape == (3,)
    assert f"{other / weights.CARD} is a damaged card" in caplog.text
    assert set(weights.cards()) == {("deep", "digits")}
    assert weights.names() == ["conv-digits", "deep-digits"]
    with pytest.raises(ValueError, match="damaged card"):
        aezoo.build("conv", weights="digits")


@pytest.mark.parametrize("shape", [[1000, 1000, 100], [100_000_000], [10**9, 10**9, 1]])
def test_a_card_of_a_huge_shape_is_refused_before_anything_is_built(entry, shape):
    rewrite(entry[0], input_shape=shape)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"samples are of shape .* has \d+ weights"):
        aezoo.build("deep", weights="digits")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_images_of_any_size_are_for_convolutions(tmp_path):
    """They have few weights, whatever the shape."""
    ae = aezoo.conv((64, 64, 1), 4, filters=(4,), bottleneck="spatial")
    file = tmp_path / weights.FILE
    ae.save_weights(file)
    assert ae.count_params() < 64 * 64
    weights.check_size({"input_shape": (64, 64, 1), "folder": tmp_path}, file)
    with pytest.raises(weights.WeightsError, match=r"shape \(6400, 6400, 1\), 40,960,000 numbers"):
        weights.check_size({"input_shape": (6400, 6400, 1), "folder": tmp_path}, file)


def test_another_file_beside_a_card(entry, tmp_path, rng):
    """The file that is named is the one that is loaded."""
    other = aezoo.deep((8, 8, 1), 3, hidden_units=(5,), activation="tanh")
    other.save_weights(entry[0] / "other.weights.h5")
    x = rng.random((4, 8, 8, 1)).astype("float32")
    options = {"hidden_units": (5,), "activation": "tanh"}
    file = entry[0] / "other.weights.h5"
    loaded = aezoo.build("deep", (8, 8, 1), 3, weights=file, **options)
    np.testing.assert_array_equal(loaded.encode(x), other.encode(x))


def test_weights_of_more_than_the_model(tmp_path):
    """Keras would leave the rest out, and lose the normalization."""
    ae = aezoo.deep(4, 2, hidden_units=(5,), normalization="minmax")
    ae.adapt(np.random.rand(9, 4))
    ae.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="its arrays are not the model's"):
        aezoo.build("deep", 4, 2, weights=tmp_path / "a.weights.h5", hidden_units=(5,))
    loaded = aezoo.build(
        "deep", 4, 2, weights=tmp_path / "a.weights.h5", hidden_units=(5,), normalization="minmax"
    )
    x = np.random.rand(3, 4).astype("float32")
    np.testing.assert_array_equal(loaded.reconstruct(x), ae.reconstruct(x))


def test_a_folder_of_the_datasets_name(entry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    assert aezoo.build("deep", weights="digits").latent_shape == (3,)


def test_file_without_a_card(entry, tmp_path, rng):
    folder, ae = entry
    file = shutil.copy(folder / weights.FILE, tmp_path / "mine.weights.h5")
    options = {"hidden_units": (5,), "activation": "tanh"}
    x = rng.random((4, 8, 8, 1)).astype("float32")
    loaded = aezoo.build("deep", (8, 8, 1), 3, weights=file, **options)
    np.testing.assert_array_equal(loaded.reconstruct(x), ae.reconstruct(x))
    with pytest.raises(ValueError, match="has no weights for this model"):
        aezoo.build("deep", (8, 8, 1), 4, weights=file, **options)
    with pytest.raises(FileNotFoundError, match="no file nothing.h5"):
        aezoo.build("deep", weights="nothing.h5")


def test_missing_file(entry):
    (entry[0] / weights.FILE).unlink()
    with pytest.raises(FileNotFoundError, match="no file"):
        aezoo.build("deep", weights="digits")


def test_hub(entry, hub, rng):
    whole, ae = entry
    hub.add(whole)
    loaded = aezoo.build("deep", weights="hf://someone/deep-digits")
    x = rng.random((4, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(loaded.encode(x), ae.encode(x))


def test_cards_of_the_zoo_are_whole():
    """Every file that comes with the zoo is the one that its card names, and no other is there."""
    found = weights.cards()
    assert ("deep", "digits") in found
    assert len(found) == len(weights.names())
    total = 0
    for card in found.values():
        for name in card["files"]:
            weights.check(card, name)
        present = {p.relative_to(card["folder"]).as_posix() for p in card["folder"].rglob("*")}
        assert {name for name in present if (card["folder"] / name).is_file()} <= {
            *card["files"],
            weights.CARD,
        }
        total += (card["folder"] / weights.FILE).stat().st_size
    assert total <= 25e6
    assert sum(p.stat().st_size for p in weights.folder().rglob("*") if p.is_file()) <= 80e6


def test_pretrained_model_reproduces_its_card():
    x = aezoo.load_dataset("digits", "test").x
    for (name, data), card in weights.cards().items():
        if data == "digits":
            ae = aezoo.build(name, weights=data)
            error = ae.reconstruction_error(x).mean()
            assert error == pytest.approx(card["metrics"]["mse"], rel=1e-3)


def test_files_have_random_states_or_none(tmp_path, rng):
    """Those of earlier versions have none, as the pretrained ones."""
    x = rng.random((3, 8))
    for name, options in (("denoising", {"backbone": "dense"}), ("variational", {})):
        ae = aezoo.build(name, 8, 2, **options)
        ae.save_weights(tmp_path / "with.weights.h5")
        (tmp_path / "without.weights.h5").write_bytes((tmp_path / "with.weights.h5").read_bytes())
        with h5py.File(tmp_path / "without.weights.h5", "a") as file:
            states = [key for key in file["vars"] if key.startswith("random_")]
            assert states
            for key in states:
                del file["vars"][key]
        for kind in ("with", "without"):
            weights = tmp_path / f"{kind}.weights.h5"
            found = aezoo.build(name, 8, 2, weights=weights, **options)
            np.testing.assert_array_equal(found.reconstruct(x), ae.reconstruct(x))
