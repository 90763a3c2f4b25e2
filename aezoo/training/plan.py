"""What a training is to be, from the data: chosen where nothing was said, and why."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.augmentation import variants
from aezoo.data.streams import Stream
from aezoo.layers.linear_path import KEPT, STARTED, components, start_at_pca

# families that are after the reconstruction, so that PCA's is the place to start; the codes of
# others are to be sparse, contracted, entries of a codebook or of what is hidden
AT_PCA = ("conv", "deep", "denoising", "residual", "vanilla", "variational")
# families of the zoo that take dropout, and to which more noise is no harm; what others, which a
# user has registered, would make of it is not known
WITH_DROPOUT = ("conv", "deep", "denoising", "masked", "residual", "sparse", "vector_quantized")
# families whose images are refined, with so many blocks
REFINED = {"conv": 1, "residual": 2}
OF_LEVELS = {"blocks", "bottleneck", "dropout", "filters", "kernel_size"}  # options
ALONE = 4  # samples for each of their values, from which on more than that is learned of images
BATCH = 1024  # samples of a stream that are looked at together
LARGE = 2048  # values of an image from which on that did not pay
MANY = 10_000  # samples from which on a network needs no help against learning them by heart
FEW_RATE = 0.5  # of the learning rate, for fewer
LIMIT = 10.0  # deviations from the mean, beyond which networks have seen next to nothing
WIDE = 64  # values of a sample from which on dropout helped, and did not harm
DROPOUT = 0.1
SHIFTS = (1, 2)  # pixels
VARIANTS = 4_000  # images, with moved ones, that components are compared by
VALUES = 2**24  # that these may have
IS_PCA = "nothing that it learned was surely better, so it is PCA"
WORTH = 0.01  # of PCA's error, that a variation must take
SURE = 2  # standard errors by which a mean of differences is above 0


@dataclass(frozen=True)
class Plan:
    """What was chosen for a training.

    Attributes:
        options: Dictionary of options of the model.
        max_shift: Integer, the most pixels by which images are moved.
        flip: Boolean, whether images are mirrored.
        reasons: List of sentences, what was chosen, and why.
        of_variants: Boolean, whether the PCA that it starts as is of such images, too: where they
            were chosen for making it better.
        turn: Boolean, whether images are turned by quarters.
    """

    options: dict[str, Any]
    max_shift: int = 0
    flip: bool = False
    reasons: list[str] = field(default_factory=list)
    of_variants: bool = False
    turn: bool = False

    @property
    def varied(self) -> bool:
        """Whether images are moved, mirrored or turned."""
        return bool(self.max_shift or self.flip or self.turn)

    @property
    def at_pca(self) -> bool:
        """Whether the model starts as PCA."""
        return bool(self.options.get("linear_path"))

    def with_more_dropout(self, most: float) -> "Plan":
        """The plan with 0.1 more of dropout, up to a rate; the same for models without.

        Args:
            most: Float in [0, 1).

        Returns:
            `Plan`.
        """
        if "dropout" not in self.options:
            return self
        rate = min(most, self.options["dropout"] + DROPOUT)
        return replace(self, options={**self.options, "dropout": rate})


def planned(
    model: str,
    fitted: np.ndarray,
    held_out: np.ndarray,
    latent_dim: int,
    options: Mapping[str, Any],
    *,
    max_shift: int | None = None,
    flip: bool | None = None,
    turn: bool = False,
    count: int | None = None,
) -> Plan:
    """Chooses what was not said.

    - A linear path, which starts the model at PCA, for families that are after reconstructions.
    - Of scaled vectors: a limit of 10 deviations to what the network sees. Tables have rows
      further out, of which it would make anything, and the linear path what PCA makes of them.
    - Of images: convolutions that correct what goes into PCA and what comes out of it. They are
      the same everywhere in an image, and learn from a few hundred. Where there are less than 4
      images for each value of one, or 2,048 values or more, they are all of the network.
    - Of fewer than 10,000 images: to mirror them, and to move them by a pixel or two, if that
      makes the error of principal components on validation images surely smaller. PCA says in
      seconds what a network would say in minutes: digits are never mirrored, photographs are.
    - Of fewer than 10,000 samples of 64 values or more: some dropout.

    Args:
        model: String, one of `aezoo.list_models()`.
        fitted: Array of shape `(n, ...)`, samples to train on.
        held_out: Array of shape `(m, ...)`, samples for validation.
        latent_dim: Positive integer.
        options: Mapping of the model's options that were said.
        max_shift: Integer or `None`, to be chosen.
        flip: Boolean or `None`, to be chosen.
        turn: Boolean.
        count: Positive integer, how many samples there are to train on, of which `fitted` is a
            part. Default: as many as there.

    Returns:
        `Plan`, whose options hold those said, too.
    """
    chosen, reasons, gain = dict(options), [], 0.0
    count = len(fitted) if count is None else count
    few = count < MANY
    if "linear_path" not in options and _can_start_at_pca(model, options):
        chosen["linear_path"] = True
        reasons.append("starts as PCA")
        if _may_be_far_out(model, fitted, options):
            chosen["limit"] = LIMIT
            reasons.append(f"what is beyond {LIMIT:g} deviations is left to PCA")
    values = math.prod(fitted.shape[1:])
    alone = False
    if model in REFINED and fitted.ndim == 4 and _can_be_refined(chosen):
        chosen["refinement"] = REFINED[model]
        few_of_them = count < ALONE * values
        alone = (few_of_them or values >= LARGE) and not OF_LEVELS & options.keys()
        why = f"{count:,} are few for {values:,} values" if few_of_them else "they are large"
        reasons.append(
            "convolutions correct images before and after it" + f", alone, since {why}" * alone
        )
    if alone:
        chosen["filters"] = ()
    elif few and values >= WIDE and "dropout" not in options and _is_dropped_from(model, options):
        chosen["dropout"] = DROPOUT
        reasons.append(f"dropout of {DROPOUT}, since {count:,} samples are few")
    whole = options.get("backbone") == "unet"  # its images are pieces, moved already
    if fitted.ndim == 4 and few and None in (max_shift, flip) and not whole:
        max_shift, flip, gain = _variation(fitted, held_out, latent_dim, max_shift, flip)
        if gain:
            how = [f"moved by up to {max_shift} px"] * bool(max_shift) + ["mirrored"] * bool(flip)
            reasons.append(
                f"images are {' and '.join(how)}, which takes {gain:.0%} of PCA's validation error"
            )
    return Plan(chosen, max_shift or 0, bool(flip), reasons, gain > 0, turn)


def start(ae: Autoencoder, x: np.ndarray | Stream, plan: Plan) -> None:
    """Learns what is learned without training: scales, and where a linear path starts.

    Args:
        ae: `aezoo.Autoencoder`.
        x: Array of shape `(n, *input_shape)`, samples to train on, or a stream of such.
        plan: `Plan`.
    """
    if ae.normalization and not ae.normalization.adapted:
        ae.adapt(x.batches(BATCH, shuffle=False) if isinstance(x, Stream) else x)
    if plan.at_pca:
        streamed = isinstance(x, Stream)
        z = map(ae.normalize, x.arrays()) if streamed else ae.normalize(_more(x, plan))
        start_at_pca(ae.encoder, ae.decoder, z)


def learned(ae: Autoencoder, first: list[np.ndarray], x: np.ndarray) -> bool:
    """Whether a model reconstructs surely better than where it started; if not, it goes back.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        first: List of arrays, the weights where it started.
        x: Array of shape `(n, *input_shape)`, samples for validation.

    Returns:
        Boolean. True for models that are after more than the reconstruction.
    """
    aims = (ae.corruption, ae.bottleneck.has_prior, ae.bottleneck.term_names, ae.extra_objectives)
    if any(aims):
        return True
    last, errors = ae.get_weights(), ae.reconstruction_error(x)
    ae.set_weights(first)
    finite = np.isfinite(errors).all()
    if not (finite and surely_less(errors, ae.reconstruction_error(x))):
        return False
    ae.set_weights(last)
    return True


def surely_less(errors: np.ndarray, than: np.ndarray, sure: float = 1.0) -> bool:
    """Whether errors of samples are less than others of theirs, by more than chance.

    Args:
        errors, than: Arrays of shape `(n,)`.
        sure: Float, the standard errors by which the mean of the differences must be above 0.

    Returns:
        Boolean. False of one sample, which says nothing of chance.

    Example:

    >>> surely_less(np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.4, 3.6]))
    True
    """
    less = np.asarray(than, "float64") - errors
    if len(less) < 2:
        return False
    return bool(less.mean() > sure * less.std(ddof=1) / math.sqrt(len(less)))


def _is_dropped_from(model, options):
    return model in WITH_DROPOUT and options.get("backbone") != "unet"  # it learns noise, not x


def _can_start_at_pca(model, options):
    return (
        model in AT_PCA
        and options.get("backbone") != "unet"
        and options.get("latent_activation", "linear") in STARTED
        and options.get("output_activation", "auto") in KEPT
        and options.get("bottleneck") != "spatial"
        and options.get("likelihood", "gaussian") == "gaussian"
    )


def _may_be_far_out(model, x, options):
    """Whether there is a network that would see vectors in units of their deviations."""
    scaled = options.get("normalization") == "standard"
    return x.ndim == 2 and scaled and model != "vanilla" and "limit" not in options


def _can_be_refined(options):
    return options.get("linear_path") is True and "refinement" not in options


def _variation(fitted, held_out, latent_dim, max_shift, flip):
    """The shift and whether to mirror, and the part of PCA's error that they take."""
    most = max(2, _most(fitted))
    fitted = fitted[: most // 2]  # many more would need no variants to tell what suits them
    flat = held_out.reshape(len(held_out), -1)

    def errors(way):
        images = variants(fitted, most, *way) if any(way) else fitted
        pca = components(images, latent_dim)
        return np.mean(np.square(flat - pca.inverse_transform(pca.transform(flat))), axis=1)

    best = said = (max_shift or 0, bool(flip))
    least = plain = errors(said)
    ways = [(said[0], True)] if flip is None else []
    if max_shift is None:
        ways += [(s, None) for s in SHIFTS if s < min(fitted.shape[1:3]) / 8]
    for shift, mirrored in ways:
        way = (shift, best[1] if mirrored is None else mirrored)
        found = errors(way)
        if found.mean() < (1 - WORTH) * least.mean() and surely_less(found, least, SURE):
            best, least = way, found
    return *best, 0.0 if best == said else 1 - least.mean() / plain.mean()


def _more(images, plan):
    """The images, with as many variants again, or more of few, if the plan is to have them."""
    if not plan.of_variants:
        return images
    count = max(_most(images), 2 * len(images))
    return variants(images, count, plan.max_shift, plan.flip)


def _most(images):
    return min(VARIANTS, VALUES // math.prod(images.shape[1:]))
