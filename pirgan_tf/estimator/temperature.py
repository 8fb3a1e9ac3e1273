"""A temperature of the softmax at which the estimates fit what was counted."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from pirgan_tf.estimator.bins import bin_centers

# Below, all is in the likeliest bin; above, all bins are alike.
_GRID = np.log(np.geomspace(0.01, 100, 41))


def log_likelihood(
    logits: np.ndarray, positives: ArrayLike, impressions: ArrayLike, temperature: float
) -> float:
    """Returns how likely counts are by the estimates, as the mean logarithm over the images.

    It is that of k positives of n impressions with the rate r that is estimated,
    k log r + (n - k) log(1 - r), up to a term which depends on k and n alone. Of the distribution
    over the bins only the expectation r counts, because only that is used. A distribution that
    fits the counts by itself is narrow, as an image has one true rate, and so gives the likeliest
    bin.

    Args:
        logits: shape `[members, n, bins]`.
        positives: positive interactions of each image, at most its impressions.
        impressions: how often each image was shown, at least 1.
        temperature: T of the softmax, above 0.
    """
    centers = bin_centers(logits.shape[-1]).astype(np.float64)
    bins = special.softmax(logits.astype(np.float64) / temperature, axis=-1)
    rates = (bins @ centers).mean(axis=0)
    positives, impressions = np.asarray(positives, float), np.asarray(impressions, float)
    logs = positives * np.log(rates) + (impressions - positives) * np.log1p(-rates)
    return float(logs.mean())


def fit_temperature(logits: np.ndarray, positives: ArrayLike, impressions: ArrayLike) -> float:
    """Returns the temperature from 0.01 to 100 at which counts are likeliest.

    After Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2, for labels
    that are counts. The images must not have been learned from.

    Args:
        logits, positives, impressions: as for `log_likelihood`.
    """

    def cost(log: float) -> float:
        return -log_likelihood(logits, positives, impressions, math.exp(log))

    # There may be several minima: the search is for one near the best of a grid.
    best = int(np.argmin([cost(log) for log in _GRID]))
    bounds = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    return math.exp(optimize.minimize_scalar(cost, bounds=bounds, method="bounded").x)
