"""What ratings buy: how well they tell images apart, and which change of a gallery they find."""

import dataclasses
import functools
import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from pirgan_tf.analysis.statistics.comparison import CONFIDENCE
from pirgan_tf.analysis.statistics.rates import checked_rates
from pirgan_tf.errors import InputError

# Points at which the chance of both estimated variances is integrated over.
_RATER_NODES, _IMAGE_NODES = 100, 20


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


@dataclasses.dataclass(frozen=True)
class MixedStudy:
    """A study of two galleries, of which each rater sees equally many images.

    Attributes:
        num_raters: at least 2.
        images_per_rater: images that each rates, of both galleries together; at least 4.
        ratings_per_image: by as many raters; at most num_raters.
        spread: how much images, ratings and raters differ.
    """

    num_raters: int
    images_per_rater: int
    ratings_per_image: int
    spread: Spread

    def __post_init__(self):
        if not 1 <= self.ratings_per_image <= self.num_raters or self.num_raters < 2:
            raise InputError(
                "a study must have two raters or more, and no image more ratings than raters. "
                f"Received: {self.num_raters} raters, {self.ratings_per_image} ratings per image"
            )

    @property
    def num_ratings(self) -> int:
        """All ratings of both galleries."""
        return self.num_raters * self.images_per_rater

    @property
    def num_images(self) -> float:
        """Images of each gallery, not rounded."""
        return self.num_ratings / (2 * self.ratings_per_image)

    @property
    def standard_error(self) -> float:
        """Standard deviation of the change that `compare_by_raters` finds, over such studies.

        Its variance is 2 s^2 / N + 2 v / (N k) + t^2 / R for N images of each gallery, k ratings
        of each image and R raters whose tastes have the variance t^2. How severe raters are
        cancels.
        """
        by_images, by_ratings, by_tastes = self._parts()
        return math.sqrt(by_images + by_ratings + by_tastes)

    def power(self, change: float, alpha: float) -> float:
        """Returns the probability that `compare_by_raters` finds a change.

        Found means p < alpha, two-sided, and in the right direction; without a change it is
        about alpha / 2. The test's own standard error is the greatest of three estimates: by
        raters, by images, and by both. They vary like variances of as many independent numbers
        as there are raters and images, over which the normal probability is integrated. Where
        only raters' tastes vary this is the noncentral t distribution.

        Args:
            change: true change of the mean rate, from 0.
            alpha: level of the test, in (0, 1).
        """
        by_raters, by_images, single = self._estimated_variances()
        estimates = np.maximum(by_raters, by_images)
        estimates = np.maximum(estimates, by_raters + by_images - single)
        df = min(self.num_raters, 2 * self.num_images) - 1
        critical = stats.t.isf(alpha / 2, df)
        found = special.ndtr((change - critical * np.sqrt(estimates)) / self.standard_error)
        return float(_nodes(_RATER_NODES)[1] @ found @ _nodes(_IMAGE_NODES)[1])

    def smallest_change(self, power: float, alpha: float) -> float:
        """Returns the change that is found with a probability, the inverse of `power`.

        Args:
            power: the probability, above alpha / 2 and below 1.
            alpha: level of the test, in (0, 1).
        """
        high = self.standard_error
        while self.power(high, alpha) < power:
            high *= 2
        return float(optimize.brentq(lambda change: self.power(change, alpha) - power, 0.0, high))

    def _parts(self) -> tuple[float, float, float]:
        """Returns the variances of the change by images, by single ratings and by tastes."""
        n, spread = self.num_images, self.spread
        return (
            2 * spread.true_sd**2 / n,
            2 * spread.rating_sd**2 / (n * self.ratings_per_image),
            spread.taste_sd**2 / self.num_raters,
        )

    def _estimated_variances(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns variances of the change as estimated with ratings dependent in different ways.

        Returns:
            [raters' nodes, 1] dependent within raters; [images' nodes] within images; and
            [images' nodes] if no two ratings depend on each other, the mean given the second.
        """
        by_images, by_ratings, by_tastes = self._parts()
        raters, k = self.num_raters, self.ratings_per_image
        # Raters who see the same images do not differ by them.
        apart = (raters - k) / (raters - 1)
        within_raters = by_tastes + by_ratings + apart * by_images / k
        # Each rater's mean is taken off, a part of every rating.
        left = 1 - 1 / self.images_per_rater
        taste = by_tastes / self.images_per_rater
        within_images = left * (by_images + by_ratings) + taste
        single = left * (by_images / k + by_ratings) + taste
        images = within_images * _varying(_IMAGE_NODES, 2 * self.num_images - 2)
        return (
            within_raters * _varying(_RATER_NODES, raters - 1)[:, np.newaxis],
            images,
            single + (images - within_images) / k,
        )


def raters_for_change(
    spread: Spread,
    images_per_rater: int,
    ratings_per_image: int,
    *,
    change: float,
    power: float,
    alpha: float,
) -> int:
    """Returns the smallest number of raters with whom a mixed study finds a change.

    Args:
        spread: how much images, ratings and raters differ.
        images_per_rater, ratings_per_image: as in `MixedStudy`; fewer ratings per image, of
            more images, need fewer raters.
        change: true change of the mean rate, above 0.
        power: probability of finding it, above alpha / 2 and below 1.
        alpha: level of the test, in (0, 1).
    """

    def enough(raters: int) -> bool:
        study = MixedStudy(raters, images_per_rater, ratings_per_image, spread)
        return study.power(change, alpha) >= power

    low = high = max(2, ratings_per_image)
    while not enough(high):
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


@functools.cache
def _nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the Gauss-Legendre nodes of [0, 1] and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return (nodes + 1) / 2, weights / 2


def _varying(number: int, df: float) -> np.ndarray:
    """Returns quantiles, at the nodes, of an estimated variance divided by its mean."""
    return special.chdtri(df, 1 - _nodes(number)[0]) / df
