import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import aezoo
from aezoo.uses import CodeTransformer
from tests.uses.conftest import checks


@pytest.mark.parametrize(("estimator", "check"), [*checks(CodeTransformer)])
@pytest.mark.slow
@pytest.mark.usefixtures("untrained")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_codes_are_the_models(rng):
    ae = aezoo.conv((8, 8, 1), 4)
    x = rng.random(size=(20, 8, 8, 1), dtype="float32")
    codes = CodeTransformer(ae).fit(x)
    np.testing.assert_array_equal(codes.transform(x), ae.encode(x))
    np.testing.assert_array_equal(codes.inverse_transform(ae.encode(x)), ae.reconstruct(x))


def test_rebuilds_what_has_few_degrees_of_freedom(rng):
    x = 100 * np.tanh(rng.normal(size=(500, 2)) @ rng.normal(size=(2, 8))) + 7
    codes = CodeTransformer(latent_dim=2, random_state=0).fit(x)
    rebuilt = codes.inverse_transform(codes.transform(x))
    pca = PCA(2).fit(x)
    ours, theirs = (
        np.mean((x - y) ** 2) for y in (rebuilt, pca.inverse_transform(pca.transform(x)))
    )
    assert ours < theirs


@pytest.mark.usefixtures("untrained")
def test_in_a_pipeline_with_names(rng):
    x = rng.normal(size=(100, 5))
    pipeline = make_pipeline(CodeTransformer(epochs=1, latent_dim=3), LogisticRegression())
    assert pipeline.fit(x, x[:, 0] > 0).predict(x).shape == (100,)
    assert pipeline[0].get_feature_names_out().tolist() == [f"codetransformer{i}" for i in range(3)]


@pytest.mark.usefixtures("untrained")
def test_wrong_arguments_and_codes(rng):
    x = rng.normal(size=(30, 5))
    for options in ({"latent_dim": 0}, {"epochs": 0}, {"model": 3}, {"model": "dep"}):
        with pytest.raises(ValueError, match="positive|model"):
            CodeTransformer(**options).fit(x)
    codes = CodeTransformer(epochs=1, latent_dim=2).fit(x)
    with pytest.raises(ValueError, match=r"codes of shape \(n, 2\)"):
        codes.inverse_transform(np.zeros((3, 4)))
