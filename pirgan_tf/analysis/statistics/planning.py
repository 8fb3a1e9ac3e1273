"""Which change from one gallery to another people find, and how many of them that takes."""

import dataclasses
import functools
import math

import numpy as np
from scipy import optimize, special, stats

from pirgan_tf.analysis.statistics.reliability import Spread
from pirgan_tf.errors import InputError

# Points at which the chance of both estimated variances is integrated over.
_RATER_NODES, _IMAGE_NODES = 100, 20


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
