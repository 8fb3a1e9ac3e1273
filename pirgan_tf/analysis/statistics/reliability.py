"""How well observed rates tell images apart: chance, and how much it takes to average it out."""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pirgan_tf.analysis.statistics.comparison import CONFIDENCE
from pirgan_tf.analysis.statistics.rates import checked_rates
from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class Spread:
    """How much images, ratings and raters differ, on the scale of rates, from 0 to 1.

    Attributes:
        true_sd: standard deviation of the images' true rates, above 0.
        rating_sd: of one rating around its image's true rate, whoever gives it; from 0.
        taste_sd: of the raters' own changes from one gallery to the other; from 0.
    """

    true_sd: float
    rating_sd: float
    taste_sd: float = 0.0


def binary_rating_sd(mean_rate: float, true_sd: float) -> float:
    """Returns the standard deviation of a yes or no, worth 1 or 0, around its image's true rate.

    Its variance over all images is mean (1 - mean), of which the true rates have their part.

    Args:
        mean_rate: mean of the true rates, in (0, 1).
        true_sd: their standard deviation.

    Raises:
        InputError: rates in [0, 1] of this mean cannot vary so much.
    """
    variance = mean_rate * (1 - mean_rate) - true_sd**2
    if variance <= 0:
        raise InputError(
            f"true_sd must be less than {math.sqrt(mean_rate * (1 - mean_rate)):.4f}, that of "
            f"rates of 0 and 1 of the mean {mean_rate:g}. Received: {true_sd:g}"
        )
    return math.sqrt(variance)


def observed_true_sd(
    rates: ArrayLike, impressions: ArrayLike, rating_sd: float | None = None
) -> tuple[float, float, float]:
    """Estimates by moments how much true rates differ, from observed ones.

    The variance of the observed rates, less the mean of what chance adds to each: rating_sd^2
    / impressions, or rate (1 - rate) / (impressions - 1) of answers of yes and no. The interval
    is by the standard error of this mean over the images.

    Args:
        rates: [n] mean of the answers to each image, in [0, 1].
        impressions: [n] how many there were, from 1.
        rating_sd: as in `Spread`, of answers other than yes and no.

    Returns:
        Standard deviation of the true rates, above 0, and both ends of its 95 % interval.

    Raises:
        InputError: fewer than two images have two answers, or the rates vary no more than
            chance makes them.
    """
    rates, impressions = checked_rates(rates, "observed", 1), np.asarray(impressions, np.float64)
    several = impressions > 1
    if several.sum() < 2:
        raise InputError(
            f"at least two images must have been rated twice. Received: {several.sum()}"
        )
    rates, n = rates[several], impressions[several]
    chance = rates * (1 - rates) / (n - 1) if rating_sd is None else rating_sd**2 / n
    observed = (rates - rates.mean()) ** 2 * len(rates) / (len(rates) - 1)
    variance = float(np.mean(observed - chance))
    if variance <= 0:
        raise InputError(
            "the images' rates must differ by more than the chance of their ratings, of a "
            f"standard deviation of {math.sqrt(chance.mean()):.3f}. "
            f"Received: {math.sqrt(observed.mean()):.3f}"
        )
    far = stats.norm.isf((1 - CONFIDENCE) / 2) * float(stats.sem(observed - chance))
    middle, low, high = (math.sqrt(max(variance + part, 0.0)) for part in (0.0, -far, far))
    return middle, low, high


def rate_correlation(spread: Spread, ratings_per_image: float) -> float:
    """Returns the correlation of observed rates with true ones.

    It is the square root of the reliability s^2 / (s^2 + v / k) of means of k ratings, with the
    variances s^2 of the true rates and v of a rating, and so no estimator correlates better with
    observed rates (Spearman 1904; `spearman_ceiling` measures it where ratings are there).
    """
    s, v = spread.true_sd**2, spread.rating_sd**2
    return math.sqrt(s / (s + v / ratings_per_image))


def ratings_for_correlation(spread: Spread, correlation: float) -> float:
    """Returns the ratings per image, not rounded, with this `rate_correlation`, in (0, 1)."""
    reliability = correlation**2
    return reliability / (1 - reliability) * spread.rating_sd**2 / spread.true_sd**2
