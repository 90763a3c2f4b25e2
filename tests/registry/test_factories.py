import pytest

import aezoo
from aezoo.registry import factories as registry


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.setattr(registry, "_FACTORIES", dict(registry._FACTORIES))

    @aezoo.register
    def mine(input_shape=(28, 28, 1), latent_dim=32, *, width=8):
        """A family of my own.

        With more to say.
        """
        return aezoo.deep(input_shape, latent_dim, hidden_units=(width,))

    return mine


def test_the_zoo():
    names = aezoo.list_models()
    assert names == sorted(names)
    assert set(names) >= {"vanilla", "deep", "conv", "denoising"}
    own = {n: f for n, f in registry._FACTORIES.items() if f.__module__.startswith("aezoo.models.")}
    assert own.keys() <= set(names)
    assert all(getattr(aezoo, name) is factory for name, factory in own.items())


def test_own_family_joins_the_zoo(mine):
    assert "mine" in aezoo.list_models()
    assert registry.summary("mine") == "A family of my own."
    ae = aezoo.build("mine", (5,), 2, width=3)
    assert ae.encoder.get_layer("dense_1").units == 3
    assert mine((5,), 2).latent_shape == (2,)


def test_purposes(mine):
    groups = registry.purposes()
    order = [purpose for purpose in groups if purpose in registry.PURPOSES]
    assert [*groups] == [*order, registry.OTHER]
    assert order == [purpose for purpose in registry.PURPOSES if purpose in order]
    assert groups[registry.OTHER] == ["mine"]
    assert sorted(name for names in groups.values() for name in names) == aezoo.list_models()

    @aezoo.register(purpose="music")
    def melody(input_shape=(28, 28, 1), latent_dim=32):
        """A family with a purpose of its own."""

    assert [*registry.purposes()] == [*order, "music", registry.OTHER]
    for purpose in ("", None, 3):
        with pytest.raises(ValueError, match="purpose must be a word"):
            aezoo.register(purpose=purpose)


def test_unknown_names(mine):
    with pytest.raises(ValueError, match="'cnov'. Did you mean 'conv'.*vanilla"):
        aezoo.build("cnov")
    with pytest.raises(ValueError, match="'widht' for mine. Did you mean 'width'"):
        aezoo.build("mine", (5,), 2, widht=3)
    with pytest.raises(ValueError, match="'hidden_unit'. Did you mean 'hidden_units'"):
        aezoo.build("deep", (5,), 2, hidden_unit=3)


def test_accepts(mine):
    assert registry.accepts("mine", "width")
    assert not registry.accepts("mine", "normalization")
    assert registry.accepts("deep", "dropout")


def test_refused_registrations(mine):
    def conv():
        """Another one."""

    def silent():
        pass

    with pytest.raises(ValueError, match="'conv' is registered already"):
        aezoo.register(conv)
    with pytest.raises(ValueError, match="docstring"):
        aezoo.register(silent)
    assert aezoo.register(mine) is mine  # a notebook cell may run twice
