"""The bins into which a rate of positive interaction is classified (section 2.1.3)."""

import numpy as np
from numpy.typing import ArrayLike

NUM_BINS = 100

USE_TEMPERATURE = 0.01
"""Softmax temperature when the estimator is used; it is trained at 1."""


def bin_rates(positives: ArrayLike, impressions: ArrayLike, num_bins: int = NUM_BINS) -> np.ndarray:
    """Returns the bin of each observed rate, int32.

    Bin b covers [b / num_bins, (b + 1) / num_bins); a rate of exactly 1 is in the
    last bin. The counts are scaled before they are divided, so that 290 of 1000
    is in bin 29, where 100 * 0.29 in floating point would give 28.

    Args:
        positives: positive interactions of each image, at most its impressions.
        impressions: how often each image was shown, at least 1.
        num_bins: number of bins.
    """
    bins = np.floor_divide(np.multiply(positives, num_bins), impressions)
    return np.minimum(bins, num_bins - 1).astype(np.int32)


def bin_centers(num_bins: int = NUM_BINS) -> np.ndarray:
    """Returns the rate that each bin stands for, its centre (decision of ours), float32."""
    return ((np.arange(num_bins) + 0.5) / num_bins).astype(np.float32)
