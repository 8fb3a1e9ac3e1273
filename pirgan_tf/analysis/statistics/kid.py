"""Kernel inception distance (Bińkowski et al. 2018): how unlike two sets of images are."""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics.pairwise import polynomial_kernel

from pirgan_tf.errors import InputError

LEAST_KID_IMAGES = 20
"""Images that each set must have, two for each block."""

_BLOCKS = 10
_SEED = 0


@dataclasses.dataclass(frozen=True)
class KernelInceptionDistance:
    """An estimate with its error.

    Attributes:
        kid: the distance, at least 0 in truth; the estimate may be a little below.
        standard_error: of the estimate, by the spread over blocks.
        num_images: images of the sample.
        num_reference: images of the reference.
    """

    kid: float
    standard_error: float
    num_images: int
    num_reference: int


def estimate_kid(features: ArrayLike, reference: ArrayLike) -> KernelInceptionDistance:
    """Estimate the kernel inception distance of images from others, such as photographs.

    Both sets are shuffled and cut into 10 blocks. The estimate is the mean over pairs of
    blocks, each unbiased whatever its size, and as the blocks are independent, their standard
    deviation over sqrt(10) is its standard error. (Blocks drawn with replacement, as in the
    authors' code, overlap: their spread is not an error of the mean.)

    The kernel is theirs, (x y / d + 1)^3, of d features that are divided by the root mean
    square of the reference's, for it is meant for values of about 1. So distances from one
    reference can be compared.

    Args:
        features, reference: [n, d] and [m, d] features; n and m may differ and are at
            least 20.

    Raises:
        InputError: the sets are of other shapes, too small or not finite.
    """
    sets = [np.asarray(features, np.float64), np.asarray(reference, np.float64)]
    shapes = [list(array.shape) for array in sets]
    right = all(array.ndim == 2 and len(array) >= LEAST_KID_IMAGES for array in sets)
    if not right or shapes[0][1] != shapes[1][1] or not shapes[0][1]:
        raise InputError(
            f"features must be of at least {LEAST_KID_IMAGES} images, [n, d], and of one length d. "
            f"Received: shapes {shapes[0]} and {shapes[1]}"
        )
    for array in sets:
        if not np.isfinite(array).all():
            raise InputError(
                f"features must be finite. Received: {np.sum(~np.isfinite(array))} that are not"
            )
    scale = mean_square(sets[1])
    rng = np.random.default_rng(_SEED)
    blocks = [np.array_split(rng.permutation(array), _BLOCKS) for array in sets]
    values = [unbiased_kid(a, b, scale) for a, b in zip(*blocks, strict=True)]
    return KernelInceptionDistance(
        kid=float(np.mean(values)),
        standard_error=float(np.std(values, ddof=1) / math.sqrt(_BLOCKS)),
        num_images=len(sets[0]),
        num_reference=len(sets[1]),
    )


def unbiased_kid(a: np.ndarray, b: np.ndarray, scale: float) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy of two sets.

    Args:
        a, b: [n, d] and [m, d] features, n and m at least 2.
        scale: by whose root features are divided.
    """

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return polynomial_kernel(x, y, degree=3, gamma=1 / (scale * x.shape[1]), coef0=1)

    def mean_of_pairs(kernels: np.ndarray) -> float:
        n = len(kernels)
        return (kernels.sum() - kernels.trace()) / (n * (n - 1))

    within = mean_of_pairs(kernel(a, a)) + mean_of_pairs(kernel(b, b))
    return float(within - 2 * kernel(a, b).mean())


def mean_square(features: np.ndarray) -> float:
    """Return the mean of the squares of features, or 1 if all are 0."""
    return float(np.mean(np.square(features))) or 1.0
