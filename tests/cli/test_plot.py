import json

import pytest
from PIL import Image

WORDS = {
    "latent": "trustworthiness",
    "tsne": "trustworthiness",
    "traversals": "changes outputs most",
    "grid": "98 %",
    "units": "units are dead",
    "page": "trustworthiness",
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


def test_unknown_kind(run, trained):
    result = run("plot", trained[0], "--kind", "pie")
    assert result.exit_code == 2
    assert "latent, tsne, umap, traversals" in result.words
