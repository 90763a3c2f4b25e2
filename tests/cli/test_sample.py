import json

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo.cli.sample import _measured


@pytest.mark.parametrize("sampler", ["gaussian_mixture", "kernel_density", "normal"])
def test_samples_and_how_like_real_ones_they_are(run, trained, sampler, tmp_path):
    picture = tmp_path / "samples.png"
    options = ["--sampler", sampler, "-n", 4, "-o", picture]
    result = run("sample", trained[0], *options, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout, parse_constant=pytest.fail)
    # training samples are like unseen ones, what this small model draws is not
    assert found["training"]["coverage"] > 0.85
    assert found["training"]["frechet"] < found["generated"]["frechet"]
    assert found["generated"]["real"] == found["generated"]["generated"] == 360
    assert found["components"] == 64
    assert 0 < found["unseen"] < 0.1
    with Image.open(picture) as image:
        assert image.size[0] > image.size[1]


def test_as_a_table(run, trained, tmp_path):
    result = run("sample", trained[0], "-o", tmp_path / "samples.png")
    assert result.exit_code == 0, result.stderr
    for words in ("Frechet distance", "coverage", "360 real and 360 others, in 64 principal"):
        assert words in result.words


def test_unknown_sampler(run, trained, tmp_path):
    result = run("sample", trained[0], "--sampler", "flow", "-o", tmp_path / "samples.png")
    assert result.exit_code == 2
    assert "gaussian_mixture" in result.words
    assert not (tmp_path / "samples.png").exists()


@pytest.mark.slow
def test_other_seeds_draw_others(run, trained, tmp_path):
    found = []
    for seed in (0, 1, 1):
        options = ["--seed", seed, "-o", tmp_path / "samples.png", "--json"]
        found.append(json.loads(run("sample", trained[0], *options).stdout)["generated"])
    assert found[0]["frechet"] != found[1]["frechet"]
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("shape", "features"), [((28, 28, 1), "classifier of mnist"), ((8, 8, 1), "principal")]
)
def test_the_classifier_is_for_images_of_its_shape(shape, features, rng):
    ae = aezoo.vanilla(shape, 3)
    x_train, real, made = (rng.random((30, *shape), "float32") for _ in range(3))
    made[3] = x_train[7]
    found, places = _measured(ae, x_train, real, made, "mnist")
    assert features in found["features"]
    assert places[3] == 7
    flat = x_train.reshape(30, -1)
    nearest = [np.square(flat - one).mean(axis=1).min() for one in made.reshape(30, -1)]
    assert found["generated"]["nearest"] == pytest.approx(np.median(nearest), rel=1e-4)
    assert found["generated"]["real"] == found["training"]["generated"] == 30


def test_too_few_samples_to_compare_with(run, trained, tmp_path, rng):
    np.savez(tmp_path / "few.npz", x=rng.random((20, 8, 8, 1)))
    result = run("sample", trained[0], "--data", tmp_path / "few.npz", "-o", tmp_path / "a.png")
    assert result.exit_code == 2
    assert "6 test samples or more" in result.words
