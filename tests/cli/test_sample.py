import json

import pytest
from PIL import Image


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
