"""A temperature of the softmax at which the bins' probabilities fit what was counted."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from pirgan_tf.estimator.bins import bin_centers

# Below, all is in the likeliest bin; above, all bins are alike.
LEAST_FITTED, MOST_FITTED = 0.01, 100.0


def log_likelihood(
    logits: np.ndarray, positives: ArrayLike, impressions: ArrayLike, temperature: float
) -> float:
    """Returns how likely counts are, as the mean of the logarithm over the images.

    An image's true rate is taken to be a bin's centre c with the probability p that the
    softmax gives the bin (of an ensemble, the mean of the members' probabilities), so that k
    of n impressions are positive with the probability sum over the bins of p c^k (1 - c)^(n - k),
    up to a factor which depends on k and n alone.

    Args:
        logits: shape `[members, n, bins]`.
        positives: positive interactions of each image, at most its impressions.
        impressions: how often each image was shown, at least 1.
        temperature: T of the softmax, above 0.
    """
    centers = bin_centers(logits.shape[-1]).astype(np.float64)
    positives, impressions = np.asarray(positives, float), np.asarray(impressions, float)
    counted = positives[:, None] * np.log(centers) + (impressions - positives)[:, None] * np.log1p(
        -centers
    )
    of_bins = special.log_softmax(logits.astype(np.float64) / temperature, axis=-1)
    together = special.logsumexp(of_bins + counted, axis=(0, 2)) - math.log(len(logits))
    return float(together.mean())


def fit_temperature(logits: np.ndarray, positives: ArrayLike, impressions: ArrayLike) -> float:
    """Returns the temperature from 0.01 to 100 at which counts are likeliest.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2, for labels that
    are counts. The images must not have been learned from.

    Args:
        logits, positives, impressions: as for `log_likelihood`.
    """
    found = optimize.minimize_scalar(
        lambda log: -log_likelihood(logits, positives, impressions, math.exp(log)),
        bounds=(math.log(LEAST_FITTED), math.log(MOST_FITTED)),
        method="bounded",
    )
    return math.exp(found.x)
