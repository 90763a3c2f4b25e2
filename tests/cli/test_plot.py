import json

import numpy as np
import pytest
from PIL import Image

import aezoo

WORDS = {
    "latent": "% of variance",
    "tsne": "Codes by t-SNE, trustworthiness",
    "traversals": "changes outputs most",
    "grid": "98 %",
    "units": "units are dead",
    "page": "PCA of 60 codes: trustworthiness",
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_picture_and_a_number(run, trained, kind, tmp_path):
    target = tmp_path / f"picture.{'html' if kind == 'page' else 'png'}"
    result = run("plot", trained[0], "--kind", kind, "--samples", 60, "-o", target)
    assert result.exit_code == 0, result.stderr
    assert WORDS[kind] in result.words
    assert str(target.name) in result.words
    if kind == "page":
        text = target.read_text(encoding="utf-8")
        document = json.loads(text.partition('type="application/json">')[2].partition("<")[0])
        assert len(document["points"]) == 60
        assert set(document["labels"]) <= set("0123456789")
    else:
        with Image.open(target) as image:
            assert min(image.size) > 200


def drawn(monkeypatch, name):
    """What a function of aezoo.plots was given."""
    seen, real = [], getattr(aezoo.plots, name)
    monkeypatch.setattr(
        aezoo.plots, name, lambda *args, **how: seen.append((args, how)) or real(*args, **how)
    )
    return seen


def test_the_page_shows_reconstructions(run, trained, tmp_path, monkeypatch):
    seen = drawn(monkeypatch, "hover_page")
    run("plot", trained[0], "--kind", "page", "--samples", 20, "-o", tmp_path / "page.html")
    (points, x, rebuilt, _), _ = seen[0]
    ae = aezoo.training.folder.load_model(trained[0] / "model.keras")
    assert points.shape == (20, 2)
    np.testing.assert_allclose(rebuilt, ae.reconstruct(x), atol=1e-5)


def test_walks_have_nine_steps_and_units_their_numbers(run, trained, tmp_path, monkeypatch):
    walks, units = drawn(monkeypatch, "sample_grid"), drawn(monkeypatch, "units")
    picture = tmp_path / "picture.png"
    run("plot", trained[0], "--kind", "traversals", "--samples", 50, "-o", picture)
    assert walks[0][0][0].shape == (8, 9, 8, 8, 1)
    said = run("plot", trained[0], "--kind", "units", "--samples", 50, "-o", picture).words
    ae = aezoo.training.folder.load_model(trained[0] / "model.keras")
    x = aezoo.load_dataset("digits", "test").x[:50]
    a, b, most = aezoo.evaluation.unit_statistics(ae, x).most_correlated
    assert f"units {a} and {b} are most alike, with a correlation of {most:.2f}" in said
    assert len(units) == 1


@pytest.mark.parametrize("size", [1, 2])
def test_codes_of_one_and_of_two_numbers(run, tmp_path, size):
    ae = aezoo.variational((8, 8, 1), size)
    ae.save(tmp_path / "model.keras")
    for kind, words in (
        ("latent", "Codes: code 1"),
        ("page", "30 codes as they are"),
        ("units", "units are dead"),
    ):
        target = tmp_path / f"{kind}.{'html' if kind == 'page' else 'png'}"
        options = ["--data", "digits", "--samples", 30, "--kind", kind, "-o", target]
        result = run("plot", tmp_path / "model.keras", *options)
        assert result.exit_code == 0, result.stderr
        assert words in result.words
        assert ("most alike" in result.words) == (kind == "units" and size == 2)


def test_columns_of_several_units_are_all_seen(run, tmp_path, rng, monkeypatch):
    x = rng.normal(size=(60, 3)) * [1, 1e5, 1e-3]
    np.save(tmp_path / "x.npy", x)
    ae = aezoo.vanilla(3, 2, normalization="standard", output_activation="linear")
    ae.adapt(x)
    ae.save(tmp_path / "model.keras")
    seen = drawn(monkeypatch, "sample_grid")
    options = ["--data", tmp_path / "x.npy", "--kind", "traversals", "-o", tmp_path / "w.png"]
    assert run("plot", tmp_path / "model.keras", *options).exit_code == 0
    assert np.abs(seen[0][0][0]).max() < 100


def test_a_file_of_another_kind(run, trained, tmp_path):
    for kind, name in (("page", "page.png"), ("grid", "grid"), ("latent", "codes.html")):
        result = run("plot", trained[0], "--kind", kind, "-o", tmp_path / name)
        assert result.exit_code == 2
        assert "--output ends in" in result.words
        assert not (tmp_path / name).exists()


def test_unknown_kind(run, trained):
    result = run("plot", trained[0], "--kind", "pie")
    assert result.exit_code == 2
    assert "latent, tsne, umap, traversals" in result.words
