"""What observed rates, and estimates of them, are like before anything is tuned."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pirgan_tf.errors import InputError


def percent_nonzero(rates: ArrayLike, num_bins: int = 100) -> float:
    """Return how many of the rates are not zero to within a bin, in percent.

    Section 3.2 of the paper counts so what an estimator can tell from zero: rates
    below 1 / num_bins fall in its lowest bin.

    Args:
        rates: [n] rates in [0, 1], at least one.
        num_bins: bins of the estimator.

    Raises:
        InputError: there are no rates, or one is not finite.
    """
    return float(100 * np.mean(checked_rates(rates, "counted", least=1) >= 1 / num_bins))


def spearman_ceiling(pir: ArrayLike, impressions: ArrayLike) -> float | None:
    """Return the correlation with observed rates that a perfect estimator would have.

    Observed rates are true rates plus the chance of who saw the image, so even the
    true rates do not correlate perfectly with them. The ceiling is the square root
    of their reliability, the share of their variance which is not chance,

        1 - mean(pir (1 - pir) / (impressions - 1)) / var(pir)

    clipped to [0, 1]; pir (1 - pir) / (impressions - 1) is the unbiased estimate
    of an image's binomial variance. It holds for Pearson's correlation and closely
    for Spearman's. Weighted sums such as star ratings vary less than counts do, by how
    much their sum does not tell. A textbook result on attenuation (Spearman 1904), not
    from the paper.

    Args:
        pir: [n] observed rates in [0, 1].
        impressions: [n] or one number; images shown once tell nothing of chance
            and are left out.

    Returns:
        A number in [0, 1]; None if it cannot be told: fewer than two images shown
        at least twice, all their rates equal, or positives that are not whole numbers.

    Raises:
        InputError: rates outside [0, 1], or impressions of another length or below 1.
    """
    pir = checked_rates(pir, "observed", least=1)
    impressions = np.asarray(impressions, np.float64)
    if impressions.ndim and impressions.shape != pir.shape:
        raise InputError(
            f"rates must be as many as impressions. Received: {len(pir)} and {impressions.size}"
        )
    if not np.all(impressions >= 1):
        raise InputError(f"impressions must be at least 1. Received: {impressions.min():g}")
    if pir.min() < 0 or pir.max() > 1:
        raise InputError(
            f"observed rates must lie in [0, 1]. Received: {pir.min():g} to {pir.max():g}"
        )
    impressions = np.broadcast_to(impressions, pir.shape)
    pir, impressions = pir[impressions > 1], impressions[impressions > 1]
    positives = pir * impressions
    whole = np.allclose(positives, np.rint(positives), rtol=1e-6, atol=1e-6)
    if len(pir) < 2 or np.ptp(pir) == 0 or not whole:
        return None
    chance = np.mean(pir * (1 - pir) / (impressions - 1))
    return math.sqrt(min(max(1 - chance / pir.var(ddof=1), 0), 1))


def calibration_table(
    predicted: ArrayLike, observed: ArrayLike, num_groups: int = 10
) -> list[dict[str, float]]:
    """Group images by their predicted rate and set it against the observed one.

    Args:
        predicted, observed: [n] rates of the same images.
        num_groups: quantile groups of the prediction. Equal predictions share a
            group, so ties make fewer groups, of unequal size.

    Returns:
        By rising prediction, one dict per group: count, and the means predicted and
        observed.

    Raises:
        InputError: the sets are empty, not finite, or differ in length.
    """
    predicted = checked_rates(predicted, "predicted", least=1)
    observed = checked_rates(observed, "observed", least=1, many=len(predicted))
    if num_groups < 1:
        raise InputError(f"num_groups must be at least 1. Received: {num_groups}")
    edges = np.quantile(predicted, np.arange(1, num_groups) / num_groups)
    groups = np.searchsorted(edges, predicted, side="left")
    table = pd.DataFrame({"predicted": predicted, "observed": observed})
    return [{"count": len(rows), **rows.mean().to_dict()} for _, rows in table.groupby(groups)]


def checked_rates(values: ArrayLike, name: str, least: int, many: int | None = None) -> np.ndarray:
    """Return [n] finite rates, at least so many, and as many as there are estimates, if given.

    Raises:
        InputError: they are others; the message calls them by the name.
    """
    rates = np.asarray(values, np.float64)
    if rates.ndim != 1 or len(rates) < least:
        raise InputError(
            f"{name} rates must be a list of at least {least}. Received: shape {list(rates.shape)}"
        )
    if many is not None and len(rates) != many:
        raise InputError(
            f"{name} rates must be as many as estimated ones. Received: {len(rates)} and {many}"
        )
    if not np.isfinite(rates).all():
        raise InputError(
            f"{name} rates must be finite. Received: {np.sum(~np.isfinite(rates))} that are not"
        )
    return rates
