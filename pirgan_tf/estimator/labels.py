"""What the estimator learns from: observed rates as labels of its head."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pirgan_tf.estimator.bins import NUM_BINS, bin_rates


def hard_labels(
    positives: ArrayLike, impressions: ArrayLike, num_bins: int = NUM_BINS
) -> np.ndarray:
    """Returns the observed rate's bin as one-hot labels `[n, num_bins]`, float32 (2.1.3).

    Args:
        positives: positive interactions of each image, at most its impressions.
        impressions: how often each image was shown, at least 1.
        num_bins: number of bins.
    """
    return np.eye(num_bins, dtype=np.float32)[bin_rates(positives, impressions, num_bins)]


def soft_labels(
    positives: ArrayLike, impressions: ArrayLike, num_bins: int = NUM_BINS
) -> np.ndarray:
    """Returns what the counts tell of the true rate, as probabilities `[n, num_bins]`, float32.

    A bin's probability is its mass under Beta(k + 1/2, n - k + 1/2), the posterior
    of a rate of which k of n impressions were positive, under Jeffreys' prior. Not
    from the paper: few impressions say little of the rate, and a single bin hides
    that.

    Args:
        positives: positive interactions of each image, at most its impressions.
        impressions: how often each image was shown, at least 1.
        num_bins: number of bins.
    """
    positives, impressions = np.asarray(positives, float), np.asarray(impressions, float)
    posterior = stats.beta(positives[:, None] + 0.5, (impressions - positives)[:, None] + 0.5)
    edges = np.linspace(0, 1, num_bins + 1)
    return np.diff(posterior.cdf(edges), axis=1).astype(np.float32)


def scalar_labels(positives: ArrayLike, impressions: ArrayLike) -> np.ndarray:
    """Returns the observed rates as `[n, 1]`, float32, for the scalar head."""
    return np.divide(positives, impressions, dtype=np.float64).astype(np.float32)[:, None]
