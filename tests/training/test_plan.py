import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA

import aezoo
from aezoo.registry import factories
from aezoo.training.plan import MANY, Plan, learned, planned, start, surely_less


def textures(n, side, rng, leaning=False):
    """Smooth random images, as likely as their mirror images; or brighter to the right."""
    x = gaussian_filter(rng.normal(size=(n, side, side, 1)), (0, 2.5, 2.5, 0))
    x = np.clip(0.5 + 0.15 * x / x.std(), 0, 1)
    return (x * np.linspace(0.1, 1, side)[:, np.newaxis] if leaning else x).astype("float32")


def plan_of(x, model="deep", latent_dim=8, kept=None, options=None, **given):
    kept = len(x) // 10 if kept is None else kept
    return planned(model, x[kept:], x[:kept], latent_dim, options or {}, **given)


def test_images_as_likely_as_their_mirror_images_are_mirrored(rng):
    plan = plan_of(textures(300, 16, rng), latent_dim=16, kept=90, max_shift=0)
    assert plan.flip
    assert plan.varied
    assert "images are mirrored, which takes" in plan.reasons[-1]


def test_what_chance_could_do_is_no_reason_to_mirror_images(rng, monkeypatch):
    asked = []
    monkeypatch.setattr("aezoo.training.plan.surely_less", lambda *given: asked.append(given[2]))
    assert not plan_of(textures(300, 16, rng), latent_dim=16, kept=90, max_shift=0).flip
    assert asked == [2]  # standard errors


def test_what_takes_little_of_the_error_is_no_reason_to_mirror_images(rng, monkeypatch):
    monkeypatch.setattr("aezoo.training.plan.WORTH", 0.9)
    assert not plan_of(textures(300, 16, rng), latent_dim=16, kept=90, max_shift=0).flip


def test_images_that_have_a_right_side_are_not_mirrored(rng):
    x = textures(300, 16, rng, leaning=True)
    assert not plan_of(x, latent_dim=16, kept=90, max_shift=0).flip


@pytest.mark.parametrize("n", [100, 400])
def test_digits_are_neither_mirrored_nor_moved(n):
    plan = plan_of(aezoo.load_dataset("digits").x[:n])
    assert (plan.max_shift, plan.flip, plan.varied) == (0, False, False)


def test_images_that_are_anywhere_are_moved(rng):
    rows, columns = rng.integers(2, 11, (2, 120))
    x = np.zeros((120, 18, 18, 1), "float32")
    for image, row, column in zip(x, rows, columns, strict=True):
        image[row : row + 5, column : column + 4] = 1
    plan = plan_of(x, latent_dim=8, kept=40, flip=False)
    assert plan.max_shift > 0
    assert not plan.flip
    assert f"moved by up to {plan.max_shift} px" in plan.reasons[-1]
    assert "mirrored" not in plan.reasons[-1]


def test_what_was_said_is_kept(rng):
    x = textures(60, 16, rng)
    options = {"linear_path": False, "dropout": 0.3, "hidden_units": (8,)}
    plan = plan_of(x, options=options, max_shift=3, flip=True)
    assert plan == Plan(options, 3, True, [])
    assert plan_of(x, options=options, max_shift=0, flip=False) == Plan(options)
    assert options == {"linear_path": False, "dropout": 0.3, "hidden_units": (8,)}
    one = plan_of(x, max_shift=1)
    assert one.max_shift == 1
    assert plan_of(x, flip=True).flip


def test_tables_are_not_images(rng):
    plan = plan_of(rng.random((80, 30)).astype("float32"))
    assert plan == Plan({"linear_path": True}, reasons=["starts as PCA"])
    wide = plan_of(rng.random((80, 64)).astype("float32"))
    assert wide.options == {"linear_path": True, "dropout": 0.1}
    assert "80" not in wide.reasons[1]  # 72 of them are trained on
    assert "72 samples are few" in wide.reasons[1]
    assert not wide.varied


@pytest.mark.parametrize(
    ("model", "options", "limited"),
    [
        ("deep", {"normalization": "standard"}, True),
        ("residual", {"normalization": "standard"}, True),
        ("variational", {"normalization": "standard", "hidden_units": (8,)}, True),
        ("deep", {}, False),  # of which scale they are is not known
        ("deep", {"normalization": "minmax"}, False),
        ("deep", {"normalization": "standard", "linear_path": False}, False),
        ("deep", {"normalization": "standard", "limit": None}, False),
        ("vanilla", {"normalization": "standard"}, False),  # has no network
        ("sparse", {"normalization": "standard"}, False),
    ],
)
def test_what_is_far_out_of_a_table_is_left_to_pca(model, options, limited, rng):
    plan = plan_of(rng.random((80, 30)).astype("float32"), model, options=options)
    assert ("beyond 10 deviations" in " ".join(plan.reasons)) == limited
    assert (plan.options.get("limit") is not None) == limited
    assert aezoo.build(model, 30, 4, **plan.options).latent_shape


def test_images_are_refined(rng):
    """Few by convolutions alone, many beside what the family is anyway."""
    few, many = (textures(n, 8, rng) for n in (60, 320))
    for model, blocks in (("conv", 1), ("residual", 2)):
        plan = plan_of(few, model, max_shift=0, flip=False)
        assert plan.options == {"linear_path": True, "refinement": blocks, "filters": ()}
        assert plan.reasons[1].endswith("after it, alone, since 54 are few for 64 values")
        plan = plan_of(many, model, max_shift=0, flip=False)
        assert plan.options == {"linear_path": True, "refinement": blocks, "dropout": 0.1}
        assert plan.reasons[1] == "convolutions correct images before and after it"
    large = np.broadcast_to(textures(1, 46, rng), (9000, 46, 46, 1))
    plan = planned("conv", large, large[:40], 4, {}, max_shift=0, flip=False)
    assert plan.options["filters"] == ()
    assert plan.reasons[1].endswith("alone, since they are large")
    assert "refinement" not in plan_of(few, "denoising").options


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"filters": (4,)}, {"linear_path": True, "refinement": 1, "dropout": 0.1}),
        ({"dropout": 0.2}, {"linear_path": True, "refinement": 1}),
        ({"refinement": 0}, {"linear_path": True, "dropout": 0.1}),
        ({"refinement_filters": 8}, {"linear_path": True, "refinement": 1, "filters": ()}),
        ({"linear_path": False}, {"dropout": 0.1}),
    ],
)
def test_what_was_said_of_levels_is_kept(options, chosen, rng):
    plan = plan_of(textures(60, 8, rng), "conv", options=options, max_shift=0, flip=False)
    assert plan.options == {**options, **chosen}


def test_a_family_of_the_users_own_gets_no_option_that_was_not_said(rng, monkeypatch):
    monkeypatch.setattr(factories, "_FACTORIES", dict(factories._FACTORIES))

    @aezoo.register
    def plain_of_mine(input_shape, latent_dim, **options):
        """Passes on options that its model may not have."""
        return aezoo.vanilla(input_shape, latent_dim, **options)

    x = rng.random((80, 64)).astype("float32")
    assert plan_of(x, model="plain_of_mine").options == {}


def test_many_samples_need_no_help(rng):
    x = np.broadcast_to(textures(1, 16, rng), (MANY + 10, 16, 16, 1))
    plan = planned("deep", x[10:], x[:10], 4, {})
    assert plan == Plan({"linear_path": True}, reasons=["starts as PCA"])


@pytest.mark.parametrize(
    ("model", "options", "at_pca"),
    [
        ("conv", {}, True),
        ("deep", {"latent_activation": "relu"}, True),
        ("denoising", {"output_activation": "linear"}, True),
        ("residual", {"bottleneck": "conv"}, True),
        ("vanilla", {}, True),
        ("variational", {}, True),
        ("deep", {"latent_activation": "tanh"}, False),
        ("deep", {"output_activation": "sigmoid"}, False),
        ("conv", {"bottleneck": "spatial"}, False),
        ("variational", {"likelihood": "bernoulli"}, False),
        ("contractive", {}, False),
        ("masked", {}, False),
        ("sparse", {}, False),
        ("vector_quantized", {}, False),
    ],
)
def test_models_start_as_pca_where_they_can(model, options, at_pca, rng):
    x = rng.random((40, 8, 8, 1)).astype("float32")
    plan = plan_of(x, model, options=options, max_shift=0, flip=False)
    assert plan.options.get("linear_path", False) == at_pca
    assert ("starts as PCA" in plan.reasons) == at_pca
    ae = aezoo.build(model, (8, 8, 1), 8, **plan.options)  # what is chosen is taken
    start(ae, x, plan)


@pytest.mark.parametrize("name", aezoo.list_models())
def test_families_build_with_what_is_chosen(name, rng):
    shape = (64, 1) if name == "conv" else (64,)
    plan = plan_of(rng.random((40, *shape)).astype("float32"), name)
    assert aezoo.build(name, shape, 4, **plan.options).latent_shape


@pytest.mark.parametrize(("max_shift", "flip"), [(0, False), (1, True)])
def test_start_is_pca_of_what_is_trained_on(max_shift, flip, rng):
    x = textures(80, 8, rng)
    ae = aezoo.deep((8, 8, 1), 6, hidden_units=(8,), linear_path=True, normalization="minmax")
    start(ae, x, Plan({"linear_path": True}, max_shift, flip, of_variants=True))
    pca = PCA(6).fit(ae.normalize(x).reshape(80, -1))
    flat = ae.normalize(x).reshape(80, -1)
    expected = np.clip(pca.inverse_transform(pca.transform(flat)), 0, 1)
    found = ae.normalize(ae.reconstruct(x)).reshape(80, -1)
    assert np.allclose(found, expected, atol=1e-4) == (not flip)
    if flip:  # an image and its mirror image are then known as well as each other
        errors = [ae.reconstruction_error(images).mean() for images in (x, x[:, :, ::-1])]
        assert errors[1] == pytest.approx(errors[0], rel=0.15)


def test_what_was_not_learned_is_undone(rng):
    x = rng.normal(size=(100, 6)).astype("float32")
    ae = aezoo.deep(6, 2, hidden_units=(8,), linear_path=True)
    start(ae, x, Plan({"linear_path": True}))
    first = ae.get_weights()
    layer = ae.decoder.get_layer("output")
    layer.bias.assign(layer.bias + 0.1)
    assert not learned(ae, first, x)
    for a, b in zip(ae.get_weights(), first, strict=True):
        np.testing.assert_array_equal(a, b)

    shifted = x + np.float32([3, 0, 0, 0, 0, 0])
    layer.bias.assign((shifted - ae.reconstruct(shifted)).mean(axis=0))
    last = ae.get_weights()
    assert learned(ae, first, shifted)
    for a, b in zip(ae.get_weights(), last, strict=True):
        np.testing.assert_array_equal(a, b)

    layer.bias.assign(layer.bias * np.nan)
    assert not learned(ae, first, x)


@pytest.mark.parametrize("name", ["denoising", "variational"])
def test_models_that_are_after_more_are_left_alone(name, rng):
    ae = getattr(aezoo, name)(6, 2, hidden_units=(8,), linear_path=True)
    first = ae.get_weights()
    last = [weight + 1 for weight in first]
    ae.set_weights(last)
    assert learned(ae, first, rng.normal(size=(20, 6)).astype("float32"))
    assert all(np.array_equal(a, b) for a, b in zip(ae.get_weights(), last, strict=True))


def test_surely_less_asks_for_more_than_chance(rng):
    than = rng.random(400)
    noise = rng.normal(size=400)
    noise -= noise.mean()
    spread = noise.std(ddof=1) / 20  # of the mean of 400
    for sure in (1.0, 2.0):
        assert surely_less(than + noise - 1.01 * sure * spread, than, sure)
        assert not surely_less(than + noise - 0.99 * sure * spread, than, sure)
    assert not surely_less(than, than)
    assert not surely_less(than + 1, than)
    assert not surely_less(np.array([1.0]), np.array([2.0]))
    assert not surely_less(than * np.nan, than)


def test_more_dropout(rng):
    plan = Plan({"dropout": 0.1, "hidden_units": (8,)}, 1, True, ["few"])
    more = plan.with_more_dropout(0.25)
    assert more == Plan({"dropout": 0.2, "hidden_units": (8,)}, 1, True, ["few"])
    assert more.with_more_dropout(0.25).options["dropout"] == 0.25
    assert plan.options["dropout"] == 0.1
    assert Plan({}).with_more_dropout(0.5) == Plan({})


def test_variants_that_were_said_do_not_move_pca(rng):
    images = rng.random((40, 8, 8, 1), "float32")
    models = []
    for plan in (Plan({"linear_path": True}), Plan({"linear_path": True}, 2, True)):
        models.append(aezoo.vanilla((8, 8, 1), 4, linear_path=True))
        start(models[-1], images, plan)
    np.testing.assert_array_equal(*(ae.reconstruct(images) for ae in models))


def test_a_unet_is_left_as_it_is(rng):
    x = textures(60, 16, rng)
    plan = planned("denoising", x[:50], x[50:], 8, {"backbone": "unet"}, turn=True)
    assert plan == Plan({"backbone": "unet"}, turn=True)
    assert plan.varied
