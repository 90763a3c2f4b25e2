"""What models promise of arrays."""

import math

import keras
import numpy as np
from hypothesis import strategies as st

import aezoo
from tests.properties.strategies import CODEBOOKS, SAME, known, model_of, samples
from tests.properties.trials import ROUNDING, close, holds, same_in_threads, samples_of, unchanged

CONTINUOUS = tuple(name for name in aezoo.list_models() if name not in CODEBOOKS)
METHODS = ("encode", "reconstruct", "reconstruction_error", "normalize")


@holds(40, of=known(), given=samples(), method=st.sampled_from(METHODS))
def methods_of_models(of, given, method):
    ae = model_of(of)
    _, found = samples_of(getattr(ae, method), given, of.shape)
    shapes = {"encode": ae.latent_shape, "reconstruction_error": ()}
    assert found.shape[1:] == shapes.get(method, of.shape)
    assert found.dtype == np.float32


@holds(16, of=known(), given=samples())
def methods_agree(of, given):
    ae = model_of(of)
    x, form = given.of(of.shape)
    codes, rebuilt = ae.encode(form), ae.reconstruct(form)
    close(unchanged(ae.decode, codes), rebuilt)
    difference = ae.normalize(x) - ae.normalize(rebuilt)
    close(ae.reconstruction_error(x), np.square(difference).reshape(len(x), -1).mean(axis=1))
    close(ae.denormalize(ae.normalize(x)), x)
    corrupted = unchanged(ae.corrupt, form)
    assert corrupted.shape == x.shape
    assert ae.corruption or np.allclose(corrupted, x, atol=ROUNDING)


@holds(8, of=known(), given=samples(), form=st.sampled_from(sorted(SAME)))
def decoding(of, given, form):
    ae = model_of(of)
    codes = ae.encode(given.of(of.shape)[0])
    found = unchanged(ae.decode, SAME["float32"](codes))
    assert found.shape == (given.count, *of.shape)
    if form != "float16":
        close(unchanged(ae.decode, SAME[form](codes)), found, form)
    if of.discrete:
        places = unchanged(ae.encode_indices, given.of(of.shape)[1])
        assert places.shape == (given.count, *ae.latent_shape[:-1])
        close(unchanged(ae.decode_indices, SAME["Fortran"](places)), found)


@holds(8, of=known(CONTINUOUS), given=samples(2), steps=st.integers(2, 12))
def interpolation(of, given, steps):
    ae = model_of(of)
    x, form = given.of(of.shape)
    line = unchanged(ae.interpolate, *form[:2], steps=steps)
    assert line.shape == (steps, *of.shape)
    close(line[[0, -1]], ae.reconstruct(x[:2]))
    close(ae.interpolate(x[1], x[0], steps=steps)[::-1], line)


@holds(
    3,
    of=known(CONTINUOUS),
    given=samples(2),
    n=st.integers(1, 9),
    sampler=st.sampled_from((None, "normal", "gaussian_mixture", "kernel_density")),
    number=st.integers(0, 2**32 - 1),
)
def sampling(of, given, n, sampler, number):
    ae = model_of(of)
    x, form = given.of(of.shape)
    drawn = unchanged(ae.sample, n, sampler, x=form, seed=number)
    assert drawn.shape == (n, *of.shape)
    assert np.isfinite(drawn).all()
    close(ae.sample(n, sampler, x=x, seed=number), drawn)


@holds(6, of=known(), given=samples(), step=st.sampled_from((None, 0.01, 0.1, 1.0)))
def compression(of, given, step):
    ae = model_of(of)
    x, form = given.of(of.shape)
    options = {} if of.discrete or step is None else {"step": step}
    data = unchanged(aezoo.compress, ae, form, **options)
    found = aezoo.decompress(data, ae)
    assert (found.shape, found.dtype) == (x.shape, np.float32)
    assert np.isfinite(found).all()
    if given.form in SAME:
        assert data == aezoo.compress(ae, x, **options)
    if of.discrete:
        close(found, ae.reconstruct(x))


@holds(2, of=known(), given=samples(2), train=samples(2))
def metrics(of, given, train):
    ae = model_of(of)
    x, form = given.of(of.shape)
    keras.utils.set_random_seed(0)
    found = unchanged(aezoo.evaluate, ae, form, x_train=train.of(of.shape)[1])
    assert all(math.isfinite(value) for value in found.values())
    if of.name != "compressive":
        close(found["mse"], ae.reconstruction_error(x).mean())
    assert ("psnr" in found) == (len(of.shape) == 3)
    assert -1 <= found.get("ssim", 0) <= 1
    assert found["latent_size"] == ae.bottleneck.code_size(ae.latent_shape)
    assert found["parameters"] == ae.count_params()
    close(found["compression_ratio"] * found["code_bits"], 32 * math.prod(of.shape))
    assert found["pca_mse"] <= found["mean_mse"] * (1 + ROUNDING) + ROUNDING
    plain = aezoo.evaluate(ae, x)
    close(found["mse"], plain["mse"])


@holds(5, of=known(), given=samples(2))
def codes_as_features(of, given):
    ae = model_of(of)
    x, form = given.of(of.shape)
    transformer = aezoo.CodeTransformer(ae)
    codes = unchanged(transformer.fit_transform, form)
    assert codes.shape == (len(x), math.prod(ae.latent_shape))
    close(codes, ae.encode(x).reshape(len(x), -1))
    assert len(transformer.get_feature_names_out()) == codes.shape[1]
    close(unchanged(transformer.inverse_transform, codes), ae.reconstruct(x))


@holds(4, of=known(CONTINUOUS), given=samples(3), n=st.integers(1, 4), steps=st.integers(2, 5))
def views(of, given, n, steps):
    ae = model_of(of)
    x, form = given.of(of.shape)
    width = math.prod(ae.latent_shape)
    units = unchanged(aezoo.evaluation.unit_statistics, ae, form)
    assert units.mean.shape == units.deviation.shape == units.dead.shape == (width,)
    close(units.mean, ae.encode(x).reshape(len(x), -1).mean(axis=0))
    assert units.correlation.shape == (width, width)
    walks = unchanged(aezoo.evaluation.traversals, ae, form, units=n, steps=steps)
    assert walks.samples.shape == (min(n, width), steps, *of.shape)
    if width > 1:
        grid = unchanged(aezoo.evaluation.decoded_grid, ae, form, side=n)
        assert grid.shape == (n, n, *of.shape)


@holds(0.5, of=known(), given=samples())
def threads_of_models(of, given):
    ae = model_of(of)
    x, _ = given.of(of.shape)
    for method in (ae.encode, ae.reconstruction_error):
        same_in_threads(method, [x[i % len(x) :] for i in range(8)])
