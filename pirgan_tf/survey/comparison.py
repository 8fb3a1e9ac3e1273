"""How each rater's stars compare with those that others gave the same images."""

import dataclasses
import math

import numpy as np

from pirgan_tf.survey.answers import Ratings
from pirgan_tf.survey.weights import STARS

# Sums of whole stars and their means: what is smaller is no variation but rounding.
_NO_VARIATION = 1e-9


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A rater beside the others.

    Attributes:
        compared: how many of the rater's images others have rated too.
        others: how many ratings they gave these images.
        alike: how many of those were the same star as the rater's.
        correlation: of the rater's stars with the mean of the others' for each image; NaN if
            either does not vary.
        usual: the same over all raters, each beside the others.
    """

    compared: int = 0
    others: int = 0
    alike: int = 0
    correlation: float = math.nan
    usual: float = math.nan


def compare_raters(ratings: Ratings) -> dict[int, Comparison]:
    """Compares every rater of a study of mode "rating" with the others.

    Returns:
        By rater's id; who has rated nothing that others have rated is not there.
    """
    counts = ratings.count()
    others = counts.sum(axis=1)[ratings.image] - 1
    shared = others > 0
    image, star, others = ratings.image[shared], ratings.star[shared], others[shared]
    every = ratings.rater[shared]
    raters = np.flatnonzero(np.bincount(every))

    def add(values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(every, values)[raters]

    x, y = star, ((counts @ STARS)[image] - star) / others
    n = add()
    # Within raters: some are more severe than others, and that is no disagreement.
    xx, yy, xy = (
        add(one * other) - add(one) * add(other) / n for one, other in ((x, x), (y, y), (x, y))
    )
    usual = _correlation(xx.sum(), yy.sum(), xy.sum())
    alike = add(counts[image, star - STARS[0]] - 1)
    columns = (raters, n, add(others), alike, xx, yy, xy)
    return {
        rater: Comparison(compared, int(given), int(same), _correlation(*variation), usual)
        for rater, compared, given, same, *variation in zip(
            *(column.tolist() for column in columns), strict=True
        )
    }


def _correlation(xx: float, yy: float, xy: float) -> float:
    if not min(xx, yy) > _NO_VARIATION:
        return math.nan
    return float(np.clip(xy / math.sqrt(xx * yy), -1, 1))
