"""New outputs from codes that no sample had."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.checks import count, positive
from aezoo.sampling import flow, sequences

SAMPLERS = ("normal", "gaussian_mixture", "kernel_density", "normalizing_flow")
OF_PLACES = "autoregressive"  # what draws places in a codebook
COMPONENTS = 10  # of the mixture, as in Ghosh et al.
BANDWIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8)  # of the deviation of each number, that are tried
TRIED = 2000  # codes that a bandwidth is chosen on


def interpolate(ae: Any, a: ArrayLike, b: ArrayLike, steps: int) -> np.ndarray:
    """See `aezoo.Autoencoder.interpolate`."""
    _continuous(ae)
    if positive("steps", steps) < 2:
        raise ValueError(f"steps must be an integer, 2 or more. Received: {steps!r}")
    ends = [np.asarray(end) for end in (a, b)]
    for end in ends:
        if end.shape != ae.input_shape[1:]:
            raise ValueError(
                f"Each end must be one sample of shape {ae.input_shape[1:]}. Received: {end.shape}"
            )
    first, last = ae.encode(np.stack(ends))
    return ae.decode(ae.bottleneck.line(first, last, steps))


def sample(ae: Any, n: int, sampler: str | None, x: Any, seed: int | None) -> np.ndarray:
    """See `aezoo.Autoencoder.sample`.

    Reference:
        Ghosh et al., "From Variational to Deterministic Autoencoders", ICLR 2020,
        arXiv:1903.12436, section 4, for the mixture.
    """
    positive("n", n)
    if seed is not None and count("seed", seed) >= 2**32:
        raise ValueError(f"seed must be below 2^32. Received: {seed}")
    if ae.bottleneck.discrete and not (sampler is None and ae.bottleneck.has_prior):
        return _of_places(ae, n, sampler, x, seed)
    if not ae.bottleneck.discrete:
        _continuous(ae)
    if sampler is None:
        sampler = "normal" if ae.bottleneck.has_prior else "gaussian_mixture"
    if sampler not in SAMPLERS:
        more = ", which is for codebooks" if sampler == OF_PLACES else ""
        raise ValueError(f"sampler must be one of {SAMPLERS}. Received: {sampler!r}{more}")
    if sampler == "normal" and ae.bottleneck.has_prior:
        return ae.decode(ae.bottleneck.prior(n, ae.latent_shape, seed))
    _given(x, sampler)
    codes = ae.encode(x)
    codes = codes.reshape(len(codes), -1).astype("float64")  # (n, ...) -> (n, D)
    if sampler == "kernel_density":
        drawn = _from_kernels(codes, n, seed)
    elif sampler == "normalizing_flow":
        drawn = flow.drawn(codes, n, seed)
    else:
        drawn = _from_mixture(codes, n, seed, COMPONENTS if sampler == "gaussian_mixture" else 1)
    return ae.decode(ae.bottleneck.project(drawn.reshape(n, *ae.latent_shape).astype("float32")))


def _of_places(ae, n, sampler, x, seed):
    if sampler not in (None, OF_PLACES):
        raise ValueError(
            f"The codes of the family {ae.name} are discrete, places in a codebook: sampler must "
            f"be {OF_PLACES!r}. Received: {sampler!r}"
        )
    _given(x, OF_PLACES)
    levels = ae.bottleneck.num_embeddings
    return ae.decode_indices(sequences.drawn(ae.encode_indices(x), levels, n, seed))


def _given(x, sampler):
    if x is None:
        raise ValueError(
            f"The sampler {sampler!r} is fitted to codes: give x, the training samples, as in "
            "ae.sample(16, x=x_train)."
        )


def _from_mixture(codes, n, seed, components):
    from sklearn.mixture import GaussianMixture  # takes a second, which few uses need

    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    # what scikit-learn adds to variances is small beside 1
    scaled = (codes - mean) / np.where(deviation > 0, deviation, 1.0)
    apart = len(np.unique(scaled, axis=0))
    if apart == 1:
        return np.repeat(codes[:1], n, axis=0)
    mixture = GaussianMixture(min(components, apart), random_state=seed).fit(scaled)
    drawn = np.random.default_rng(seed).permutation(mixture.sample(n)[0])  # not by component
    return mean + deviation * drawn


def _from_kernels(codes, n, seed):
    """Codes of samples, moved by a normal kernel that suits codes held out best."""
    from sklearn.neighbors import KernelDensity

    rng = np.random.default_rng(seed)
    deviation = codes.std(axis=0)
    some = rng.permutation(codes)[:TRIED] / np.where(deviation > 0, deviation, 1.0)
    held_out = max(1, len(some) // 5)

    def likelihood(bandwidth):
        density = KernelDensity(bandwidth=bandwidth).fit(some[held_out:])
        return density.score(some[:held_out])

    bandwidth = max(BANDWIDTHS, key=likelihood) if len(some) > 1 else BANDWIDTHS[0]
    noise = bandwidth * deviation * rng.normal(size=(n, codes.shape[1]))
    return codes[rng.integers(len(codes), size=n)] + noise


def _continuous(ae):
    if not ae.bottleneck.narrow:
        raise ValueError(
            "A unet has no narrow code: its codes are whole samples, and what lies between them or "
            "is drawn like them is none."
        )
    if ae.bottleneck.discrete:
        raise ValueError(
            f"The codes of the family {ae.name} are discrete: a line between them has no meaning."
        )
