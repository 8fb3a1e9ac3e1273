"""Whether estimated rates are too high, too low, too far apart or too close together."""

import dataclasses

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy import stats

from pirgan_tf.analysis.statistics.comparison import CONFIDENCE
from pirgan_tf.analysis.statistics.rates import checked_rates

_LEAST_IMAGES = 5
# Estimates that differ by less are alike: it is the rounding of a sum over bins.
_LEAST_RANGE = 1e-6


@dataclasses.dataclass(frozen=True)
class Slope:
    """How much of a difference between estimates is true.

    Attributes:
        slope: 1 is right, less is too optimistic, more is too cautious.
        low, high: 95 % interval.
    """

    slope: float
    low: float
    high: float


def calibration_slope(estimated: ArrayLike, rates: ArrayLike) -> Slope | None:
    """Fit rates of images by their estimates.

    By least squares, and with an interval that holds however the noise differs between images
    (HC3: MacKinnon and White 1985, by Student's t). Not by Theil and Sen: with few impressions
    many pairs of observed rates are equal, which draws the median of all slopes to 0.

    Args:
        estimated: [n] estimates.
        rates: [n] rates of the same images, true or observed: observed ones have the same
            slope, as they are right on average, and a wider interval.

    Returns:
        The slope; None for fewer than 5 images, or estimates of which all, or all but one,
        are alike.

    Raises:
        InputError: the sets are not finite, or differ in length.
    """
    estimated = checked_rates(estimated, "estimated", least=1)
    rates = checked_rates(rates, "observed", least=1, many=len(estimated))
    spread_out = np.sort(np.abs(estimated - np.median(estimated)))
    if len(estimated) < _LEAST_IMAGES or spread_out[-2] < _LEAST_RANGE:
        return None
    fit = sm.OLS(rates, sm.add_constant(estimated)).fit(cov_type="HC3", use_t=True)
    low, high = fit.conf_int(1 - CONFIDENCE)[1]
    return Slope(float(fit.params[1]), float(low), float(high))


def change_slope(
    estimated_before: ArrayLike,
    before: ArrayLike,
    estimated_after: ArrayLike,
    after: ArrayLike,
) -> Slope | None:
    """Divide the true change in the mean rate by the estimated one.

    With the interval of a ratio of means by the delta method; images before and after are
    independent, and an image's rate and its estimate belong together.

    Args:
        estimated_before, before: [n] estimates and true rates of the images before tuning.
        estimated_after, after: [m] the same after tuning.

    Returns:
        The ratio; None where no change was estimated, or a set has one image.

    Raises:
        InputError: the sets are not finite, or differ in length.
    """
    pairs = []
    for estimates, true in ((estimated_before, before), (estimated_after, after)):
        estimates = checked_rates(estimates, "estimated", least=1)
        pairs.append((estimates, checked_rates(true, "true", least=1, many=len(estimates))))
    (estimates_0, true_0), (estimates_1, true_1) = pairs
    estimated = estimates_1.mean() - estimates_0.mean()
    if abs(estimated) < _LEAST_RANGE or min(len(true_0), len(true_1)) < 2:
        return None
    ratio = (true_1.mean() - true_0.mean()) / estimated
    variance = sum((true - ratio * estimates).var(ddof=1) / len(true) for estimates, true in pairs)
    margin = stats.norm.isf((1 - CONFIDENCE) / 2) * np.sqrt(variance) / abs(estimated)
    return Slope(float(ratio), float(ratio - margin), float(ratio + margin))
