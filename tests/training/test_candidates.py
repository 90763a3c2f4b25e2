import pytest

from aezoo.training.candidates import CODES, Space


class Largest:
    """Answers as a trial of Optuna does, with the last choice."""

    def suggest_categorical(self, name, choices):
        return choices[-1]

    def suggest_int(self, name, low, high, log=False):
        assert low <= high
        return high


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (60, 3), (12,), (3,), (8, 8, 8, 1)])
def test_all_that_is_suggested_can_be_built(shape):
    space = Space(shape)
    for parameters in (space.suggest(Largest()), *space.by_hand(), *space.smallest()):
        costs = space.candidate(parameters).costs(shape)
        assert costs.size > 0
    least = min(space.candidate(one).costs(shape).size for one in space.smallest())
    every = [space.candidate(one).costs(shape).size for one in space.first(lambda one: True)]
    assert least < min(every)


def test_what_parameters_stand_for():
    space = Space((28, 28, 1), latent_dim=16)
    conv = {"model": "conv", "linear_path": False, "levels": 3, "filters": 10, "growth": 1.5}
    assert space.candidate({**conv, "refinement": 0}) == (
        "conv", 16, {"linear_path": False, "filters": (10, 15, 22), "refinement": 0}
    )  # fmt: skip
    refined = space.candidate({**conv, "model": "residual", "refinement": 8})
    assert (refined.options["refinement"], refined.options["refinement_filters"]) == (2, 8)
    alone = space.candidate({**conv, "levels": 0, "refinement": 0}).options
    assert alone == {
        "linear_path": True, "filters": (), "refinement": 1, "refinement_filters": 32
    }  # fmt: skip
    dense = {"model": "residual", "linear_path": True, "depth": 2, "width": 9}
    assert space.candidate(dense).options["hidden_units"] == (9, 4)


def test_codes_of_places():
    spatial = {"model": "conv", "linear_path": True, "levels": 3, "filters": 10, "growth": 1.0}
    spatial |= {"refinement": 0, "bottleneck": "spatial"}
    space = Space((28, 28, 1))
    for code, channels in ((128, 8), (60, 4), (9, 1)):  # 28, 14, 7, 4: 16 places
        found = space.candidate({**spatial, "code": code})
        assert found.latent_dim == channels
        assert found.options["bottleneck"] == "spatial"
        assert found.options["linear_path"] is False
        assert space.numbers(found) == 16 * channels
    for fixed, like in ((32, {"bottleneck": "spatial"}), (30, {})):
        space = Space((28, 28, 1), latent_dim=fixed)
        found = space.candidate(spatial)
        assert {k: v for k, v in found.options.items() if k == "bottleneck"} == like
        assert space.numbers(found) == fixed
    few = Space((28, 28, 1)).candidate({**spatial, "code": 7})  # less than half a number a place
    assert (few.latent_dim, few.options["linear_path"]) == (7, True)
    before = {key: value for key, value in spatial.items() if key != "bottleneck"}
    assert "bottleneck" not in Space((28, 28, 1), 16).candidate(before).options
    signal = Space((60, 3), latent_dim=32)
    assert signal.numbers(signal.candidate(spatial)) == 32


def test_codes_are_given_or_searched():
    suggested = Space((28, 28, 1)).suggest(Largest())
    assert suggested["code"] == CODES
    assert Space((5,)).suggest(Largest())["code"] == 2
    assert "code" not in Space((28, 28, 1), latent_dim=7).suggest(Largest())


@pytest.mark.slow
def test_the_first_are_the_largest_that_fit():
    space = Space((28, 28, 1), latent_dim=32)

    def size(parameters):
        return space.candidate(parameters).costs(space.shape).size

    found = space.first(lambda one: size(one) <= 100_000)
    assert all(size(one) <= 100_000 for one in found)
    by_hand = {"model": "conv", "linear_path": False, "levels": 2, "filters": 8, "growth": 2.0}
    by_hand["bottleneck"] = "dense"
    assert found[0] == {**by_hand, "refinement": 0}  # with the path 4 filters are too many
    assert size({**found[0], "filters": 16}) > 100_000
    for one in found[1:]:
        key = "width" if "width" in one else "filters"
        if one.get("levels") != 0:
            assert size({**one, key: one[key] + 1}) > 100_000
    assert {one["model"] for one in found} == {"conv", "deep", "residual"}
    with_path = space.first(lambda one: size(one) <= 250_000)[0]
    assert with_path == {**by_hand, "linear_path": True, "filters": 16, "refinement": 32}


def test_nothing_fits():
    assert Space((28, 28, 1)).first(lambda one: False) == []


@pytest.mark.parametrize("latent_dim", [None, 64, 512])
def test_nothing_is_smaller_than_the_smallest(latent_dim):
    """With a wide code that is codes of places, or a dense network with hidden layers."""
    shape = (32, 32, 1)
    space = Space(shape, latent_dim)
    least = min(space.candidate(one).costs(shape).size for one in space.smallest())
    every = [space._sized("deep", False, depth, 8, code=1) for depth in (0, 1, 2, 3)]
    for levels in (1, 2, 3):
        for places in (1, 16):
            how = {"code": places, "bottleneck": "dense" if places == 1 else "spatial"}
            every.append(space._sized("conv", False, levels, 4, **how))
    assert least <= min(space.candidate(one).costs(shape).size for one in every)
    if latent_dim == 512:
        plain = space.candidate(space._sized("deep", False, 0, 8)).costs(shape).size
        assert least < plain / 4
