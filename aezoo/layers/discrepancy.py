"""How far two sets of draws are from being of one distribution."""

import math

from keras import ops

from aezoo.layers.gaussian import flat

KERNELS = ("imq", "rbf")
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernel's width: codes start far and near


def mmd(x, y, kernel="imq"):
    """Squared maximum mean discrepancy of two sets of draws, without bias.

    The kernel is the mean of seven widths around 2 D, the mean squared distance of two draws of
    N(0, I): C / (C + |a - b|^2) with C = 2 D s, or exp(-|a - b|^2 / C).

    Args:
        x, y: Tensors of shape `(B, ..., D)`, as many of one as of the other.
        kernel: String, `"imq"` or `"rbf"`.

    Returns:
        Scalar tensor, about 0 for draws of one distribution, and sometimes below; 0 for one draw.

    Raises:
        ValueError: For another kernel.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.discrepancy import mmd
    >>> x, y = np.random.default_rng(0).normal(size=(2, 500, 2)).astype("float32")
    >>> bool(abs(mmd(x, y)) < 0.01 < mmd(x, y + 1))
    True

    Reference:
        Gretton et al., "A Kernel Two-Sample Test", JMLR 13, 2012, equation 3; the kernels, and
        their widths: Tolstikhin et al., "Wasserstein Auto-Encoders", ICLR 2018, arXiv:1711.01558.
    """
    if kernel not in KERNELS:
        raise ValueError(f"kernel must be one of {KERNELS}. Received: {kernel!r}")
    x, y = flat(ops.convert_to_tensor(x)), flat(ops.convert_to_tensor(y))  # (B, ..., D) -> (B, M)
    count = ops.cast(ops.shape(x)[0], x.dtype)
    pairs = ops.maximum(count * (count - 1), 1.0)

    def others(matrix):  # without each draw and itself
        return (ops.sum(matrix) - ops.trace(matrix)) / pairs

    within = others(_likeness(x, x, kernel)) + others(_likeness(y, y, kernel))
    across = 2 * ops.mean(_likeness(x, y, kernel))
    return ops.where(count > 1, within - across, 0.0)


def _likeness(x, y, kernel):
    """Kernels of all pairs: `(B, M)` twice to `(B, B)`."""
    squares = ops.sum(ops.square(x), axis=1)[:, None] + ops.sum(ops.square(y), axis=1)[None]
    distance = ops.maximum(squares - 2 * ops.matmul(x, ops.transpose(y)), 0.0)
    widths = [2 * math.prod(x.shape[1:]) * scale for scale in SCALES]
    each = [width / (width + distance) for width in widths]
    if kernel == "rbf":
        each = [ops.exp(-distance / width) for width in widths]
    return sum(each) / len(each)
