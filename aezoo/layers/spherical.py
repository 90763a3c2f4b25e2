"""Von Mises-Fisher distributions: normal ones, as it were, on a sphere."""

import math

from keras import ops

TERMS = 24  # of the recurrence of Bessel functions, beyond which an expansion is exact in float32
CELLS = 256  # of the angle's density, from which angles are drawn
REACH = 8.0  # deviations from the likeliest angle, beyond which there is next to nothing


def divergence(concentration, dim):
    """KL divergence from the uniform distribution on the sphere, in nats.

    Args:
        concentration: Float tensor, above 0.
        dim: Integer, 2 or more, the numbers of a code.

    Returns:
        Tensor of the shape of `concentration`.

    Example:

    >>> from aezoo.layers.spherical import divergence
    >>> round(float(divergence(10.0, 3)), 3)
    1.996

    Reference:
        Davidson et al., "Hyperspherical Variational Auto-Encoders", UAI 2018, arXiv:1804.00891,
        equation 4; ratios by recurrence: Amos, "Computation of Modified Bessel Functions and Their
        Ratios", Mathematics of Computation 28, 1974.
    """
    x = ops.convert_to_tensor(concentration, "float32")
    order = dim / 2 - 1
    last = order + TERMS
    # I(last + 1) / I(last), and from there down to I(order + 1) / I(order)
    ratio = x / (last + 0.5 + ops.sqrt((last + 1.5) ** 2 + ops.square(x)))
    log_bessel = _log_bessel(last, x)
    for step in range(TERMS, 0, -1):
        ratio = 1 / (2 * (order + step) / x + ratio)
        log_bessel = log_bessel - ops.log(ratio)
    constant = order * ops.log(x / 2) - math.lgamma(order + 1)
    return x * ratio - (log_bessel - constant)


def angles(concentration, dim, uniform):
    """Angles between draws and their mean, by the inverse of their distribution function.

    That is a sum over narrow cells. Gradients pass through it: how a draw moves with the
    concentration.

    Args:
        concentration: Float tensor of shape `(..., 1)`, above 0.
        dim: Integer, 2 or more, the numbers of a code.
        uniform: Float tensor of that shape, in (0, 1), what is drawn.

    Returns:
        Tensor of that shape, from 0 to pi.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.spherical import angles
    >>> bool(angles(np.ones(1, "float32"), 2, np.full(1, 0.999, "float32"))[0] > 3)
    True
    """
    power = dim - 2
    x = ops.stop_gradient(concentration)  # of where the cells are nothing is to be learned
    cosine = 2 * x / (power + ops.sqrt(power**2 + 4 * ops.square(x)))  # of the likeliest
    likeliest = ops.arccos(ops.clip(cosine, 0.0, 1.0))
    curvature = x * cosine + power / ops.maximum(1 - ops.square(cosine), 1e-12)
    reach = REACH / ops.sqrt(curvature)
    first = ops.maximum(likeliest - reach, 0.0)
    width = (ops.minimum(likeliest + reach, math.pi) - first) / CELLS
    middles = first + width * (ops.arange(CELLS, dtype="float32") + 0.5)  # (..., 1) -> (..., C)
    log_density = concentration * ops.cos(middles) + power * ops.log(ops.sin(middles))
    density = ops.softmax(log_density)
    reached = ops.cumsum(density, axis=-1)
    below = ops.cast(reached < uniform, "float32")  # 1 up to the cell that the draw is in
    cell = ops.minimum(ops.sum(below, axis=-1, keepdims=True), CELLS - 1.0)
    within = ops.cast(ops.equal(ops.arange(CELLS, dtype="float32"), cell), "float32")
    own = ops.sum(within * density, axis=-1, keepdims=True)
    before = ops.sum(within * (reached - density), axis=-1, keepdims=True)
    part = ops.clip((uniform - before) / ops.maximum(own, 1e-12), 0.0, 1.0)
    return first + width * (cell + part)


def _log_bessel(order, x):
    """The logarithm of I(order, x) for orders of 20 and more, by Olver's uniform expansion."""
    z = x / order
    root = ops.sqrt(1 + ops.square(z))
    t = 1 / root
    one = (3 * t - 5 * t**3) / 24
    two = (81 * t**2 - 462 * t**4 + 385 * t**6) / 1152
    leading = order * (root + ops.log(z / (1 + root))) - 0.5 * ops.log(root)
    return leading - 0.5 * math.log(2 * math.pi * order) + ops.log(1 + one / order + two / order**2)
