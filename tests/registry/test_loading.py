import functools
import json
import random
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

import aezoo
from aezoo.registry import hdf5, weights
from tests.registry import fuzzing, hostile

X = np.random.default_rng(0).random((16, 4)).astype("float32")
ALL = {**hostile.KERAS, **hostile.WEIGHTS}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    file = tmp_path_factory.mktemp("good") / "model.keras"
    ae = aezoo.vanilla(4, 2)
    ae.fit(X, epochs=1, verbose=0)
    ae.save(file)
    return file


@pytest.fixture(scope="module")
def files(good, tmp_path_factory):
    """All hostile files by name, each in a folder of its own."""
    place = tmp_path_factory.mktemp("hostile")
    found = {}
    for name in ALL:
        (place / name).mkdir()
        found[name] = hostile.write(name, good, place / name)
    return found


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ALL)
def test_hostile_files_are_refused(name, files, monkeypatch):
    file = files[name]
    place = file if file.is_dir() else file.parent
    monkeypatch.chdir(place)
    before = everything(place.parent)
    with pytest.raises(ValueError, match=ALL[name][1]) as caught:
        aezoo.load_model(file)
    assert str(file) in str(caught.value)
    assert everything(place.parent) == before  # no canary, and nothing beside the folder


def test_there_are_many_kinds():
    assert len(hostile.KERAS) >= 60
    assert len(hostile.WEIGHTS) >= 20
    assert all(function.__doc__ for function, _ in ALL.values())


def test_the_payload_would_run_elsewhere(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = hostile.config_of(files["bytecode_in_a_layer"])
    model = keras.saving.deserialize_keras_object(config, safe_mode=False)
    model(X)
    assert (tmp_path / hostile.CANARY).exists()
    keras.layers.deserialize(hostile.layer("Other", "x", "hostile>Other"))  # as Keras finds it


LIMITED = """
import json, resource, sys
import aezoo
from tests.registry import hostile  # which registers what is of others
good, *files = json.load(sys.stdin)
aezoo.load_model(good).reconstruct([[0, 0, 0, 0]])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for file in files:
    try:
        aezoo.load_model(file)
    except ValueError:
        continue
    sys.exit(f"{file} was loaded")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_hostile_files_take_no_memory(good, files):
    """The configuration with a million values takes the most."""
    told = json.dumps([str(good), *map(str, files.values())])
    run = [sys.executable, "-c", LIMITED]
    found = subprocess.run(run, input=told, capture_output=True, text=True, timeout=100)
    assert found.returncode == 0, found.stderr[-500:]
    assert int(found.stdout.split()[-1]) < 150_000  # kB


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    file = tmp_path_factory.mktemp("whole") / weights.FILE
    aezoo.deep((8, 8), 3, hidden_units=(5,)).save_weights(file)
    return file


@pytest.fixture
def card(whole, tmp_path):
    """A card beside its file."""
    shutil.copy(whole, tmp_path)
    return {
        **{"model": "deep", "data": "none", "input_shape": [8, 8], "latent_dim": 3},
        **{"options": {"hidden_units": [5]}, "training": {}, "metrics": {}},
        "files": {weights.FILE: weights.sha256(tmp_path / weights.FILE)},
    }


@pytest.mark.parametrize("name", hostile.CARDS)
def test_hostile_cards_are_refused(name, card, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    harm, words = hostile.CARDS[name]
    harm(card)
    (tmp_path / weights.CARD).write_text(json.dumps(card))
    with pytest.raises(ValueError, match=words):
        aezoo.build("deep", weights=tmp_path)
    assert not (tmp_path / hostile.CANARY).exists()


@pytest.mark.parametrize("name", hostile.CARD_TEXTS)
def test_cards_that_are_none(name, card, tmp_path):
    text, words = hostile.CARD_TEXTS[name]
    (tmp_path / weights.CARD).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ValueError, match=words):
        aezoo.build("deep", weights=tmp_path)


@pytest.mark.parametrize("name", hostile.WEIGHTS)
def test_hostile_weights_are_refused(name, card, tmp_path):
    """With the card of who has written the file, and without one."""
    harm, words = hostile.WEIGHTS[name]
    file = tmp_path / weights.FILE
    harm(file)
    card["files"] = {weights.FILE: weights.sha256(file)}
    (tmp_path / weights.CARD).write_text(json.dumps(card))
    with pytest.raises(ValueError, match=words):
        aezoo.build("deep", weights=file)
    (tmp_path / weights.CARD).unlink()
    with pytest.raises(ValueError, match=words):
        aezoo.build("deep", (8, 8), 3, hidden_units=5, weights=file)


def test_a_training_goes_on_where_it_was(good):
    loaded, same = aezoo.load_model(good), keras.saving.load_model(good)
    np.testing.assert_array_equal(loaded.reconstruct(X), same.reconstruct(X))
    for a, b in zip(loaded.optimizer.variables, same.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(loaded.optimizer.iterations) == 1


def test_without_what_it_was_compiled_with(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    assert aezoo.load_model(tmp_path / "model.keras").loss == "mse"
    assert not aezoo.load_model(tmp_path / "model.keras", compile=False).compiled


def compiled():
    ae = aezoo.deep(4, 2, hidden_units=(8,), normalization="standard", dropout=0.1)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    optimizer = keras.optimizers.AdamW(rate, amsgrad=True, use_ema=True)
    metrics = ["mae", keras.metrics.MeanSquaredLogarithmicError(), keras.losses.huber]
    ae.compile(optimizer, keras.losses.LogCosh(), metrics=metrics)
    ae.fit(X, epochs=1, verbose=0)
    return ae


def recurrent():
    inputs = keras.Input((4, 1))
    code = keras.layers.Flatten()(keras.layers.LSTM(3, activation="relu")(inputs) * 2)
    encoder = keras.Model(inputs, code)
    decoder = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.1)),
            keras.layers.Reshape((4, 1)),
            keras.layers.Bidirectional(keras.layers.GRU(1), merge_mode="ave"),
            keras.layers.RepeatVector(4),
        ]
    )
    return aezoo.Autoencoder(encoder, decoder)


@pytest.mark.parametrize("make", [compiled, recurrent])
def test_good_files(make, tmp_path):
    ae = make()
    ae.save(tmp_path / "model.keras")
    loaded = aezoo.load_model(tmp_path / "model.keras")
    x = X.reshape(-1, *ae.input_shape[1:])
    np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
    for a, b in zip(loaded.optimizer.variables, ae.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("precision", ["mixed_float16", "bfloat16"])
def test_precisions(precision, tmp_path):
    keras.config.set_dtype_policy(precision)
    try:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    finally:
        keras.config.set_dtype_policy("float32")
    model.save(tmp_path / "model.keras")
    loaded = aezoo.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].compute_dtype == precision.removeprefix("mixed_")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_quantized(mode, tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    for dense in model.layers:
        dense.quantize(mode)
    model.save(tmp_path / "model.keras")
    loaded = aezoo.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_keras_reads_what_was_checked(good, tmp_path, monkeypatch):
    """In some encodings of machines the last of these bytes take the backslash with them."""
    config = hostile.config_of(good)
    config["config"]["name"] = name = '\u4f60"'
    text = json.dumps(config, ensure_ascii=False).encode()
    file = hostile.with_config(good, tmp_path, text)
    in_gbk = functools.partial(open, encoding="gbk")
    monkeypatch.setattr(keras.src.saving.saving_lib, "open", in_gbk, raising=False)
    assert aezoo.load_model(file).name == name


def test_errors_are_short(good, tmp_path):
    broken = hostile.layer("Dense", units=1, nothing=["x" * 1000] * 100)
    with pytest.raises(ValueError, match="is damaged") as caught:
        aezoo.load_model(hostile.with_config(good, tmp_path, hostile.sequential(broken)))
    assert len(str(caught.value)) < 3000


@keras.saving.register_keras_serializable("mine")
class Mine(keras.layers.Layer):
    pass


def test_own_classes_are_loaded_on_request(tmp_path):
    file = tmp_path / "model.keras"
    keras.Sequential([keras.Input((4,)), Mine()]).save(file)
    with pytest.raises(ValueError, match=r"names 'mine>Mine'.*custom_objects={'mine>Mine'"):
        aezoo.load_model(file)
    for name in ("Mine", "mine>Mine"):
        assert isinstance(aezoo.load_model(file, {name: Mine}).layers[-1], Mine)
    with keras.saving.custom_object_scope({"Mine": Mine}):
        assert isinstance(aezoo.load_model(file).layers[-1], Mine)
    with pytest.raises(ValueError, match="names 'mine>Mine'"):
        aezoo.load_model(file, {"Another": Mine})


def test_more_bytes_on_request(good):
    with pytest.raises(ValueError, match=r"max_bytes=1,000 are allowed, give more"):
        aezoo.load_model(good, max_bytes=1000)
    assert aezoo.load_model(good, max_bytes=good.stat().st_size).latent_shape == (2,)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no model"):
        aezoo.load_model(tmp_path / "model.keras")
    (tmp_path / "a.weights.h5").touch()
    with pytest.raises(ValueError, match=r"has weights alone: aezoo\.build"):
        aezoo.load_model(tmp_path / "a.weights.h5")


def test_models_of_the_zoo_pass():
    found = sorted(weights.folder().glob("*/model.keras"))
    assert found
    for file in found:
        aezoo.load_model(file)
    for file in weights.folder().glob("*/*.weights.h5"):
        assert hdf5.arrays(file)


@pytest.mark.parametrize("kind", fuzzing.KINDS)
def test_damaged_files(kind, tmp_path):
    found = fuzzing.fuzz(kind, 12, tmp_path)
    assert found["refused"] >= 4
    told = {"refused", "same", "other"} if kind in fuzzing.UNHASHED else {"refused", "same"}
    assert set(found) <= told


def test_shuffled_members(good, tmp_path):
    expected = aezoo.load_model(good).reconstruct(X)
    shuffled = hostile.archive(tmp_path / "model.keras", hostile.members(good).items())
    loaded = 0
    for file in fuzzing.shuffles(shuffled, 12, random.Random(0)):
        try:
            found = aezoo.load_model(file).reconstruct(X)
        except ValueError:
            continue
        loaded += 1
        np.testing.assert_array_equal(found, expected)
    assert 0 < loaded < 12
