"""The figures of section 4 of the paper, and how good an estimator could be at best."""

import dataclasses
import math
import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pirgan_tf.errors import InputError

# The paper's threshold.
SIGNIFICANCE = 0.001
CONFIDENCE = 0.95

# pingouin rounds to two decimals if it is not asked for more.
_UNROUNDED = 15


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two sets of rates, before and after tuning.

    Where both sets are constant there is no spread to measure the change by:
    cohens_d and its interval, t, df, p, ci_low and ci_high are NaN then, and
    significant is False.

    Attributes:
        num_before, num_after: sizes of the sets.
        mean_before, mean_after: means.
        sd_before, sd_after: sample standard deviations (n - 1).
        change: mean after - mean before.
        cohens_d: change / pooled standard deviation of the two sets.
        cohens_d_low, cohens_d_high: 95 % interval of Cohen's d, by its standard
            error sqrt(1 / n + 1 / m + d^2 / 2 (n + m)) (Hedges and Olkin 1985).
        t, df, p: statistic, degrees of freedom and two-sided p of Welch's t-test;
            p is 0 where it is less than the smallest double, about 1e-308.
        ci_low, ci_high: 95 % interval of the change, by the same test.
        significant: whether p < 0.001, as in the paper, in either direction.
    """

    num_before: int
    num_after: int
    mean_before: float
    mean_after: float
    sd_before: float
    sd_after: float
    change: float
    cohens_d: float
    cohens_d_low: float
    cohens_d_high: float
    t: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    significant: bool

    def as_dict(self) -> dict[str, float | int | bool | None]:
        """Return the fields for JSON, which has no NaN: undefined ones are None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in dataclasses.asdict(self).items()
        }


def compare(before_rates: ArrayLike, after_rates: ArrayLike) -> Comparison:
    """Compare the rates of images before and after tuning (section 4 of the paper).

    Args:
        before_rates, after_rates: [n] and [m] finite numbers, at least two each;
            n and m may differ, as the sets are not paired.

    Raises:
        InputError: a set is none of the above.
    """
    before = _rates(before_rates, "before", least=2)
    after = _rates(after_rates, "after", least=2)
    n, m = len(before), len(after)
    # A constant set has no variance at all, whatever the rounding of its mean.
    sd_before = float(before.std(ddof=1)) if np.ptp(before) else 0.0
    sd_after = float(after.std(ddof=1)) if np.ptp(after) else 0.0
    change = float(after.mean() - before.mean())
    pooled = math.sqrt(((n - 1) * sd_before**2 + (m - 1) * sd_after**2) / (n + m - 2))
    cohens_d = cohens_d_low = cohens_d_high = t = df = p = ci_low = ci_high = math.nan
    if pooled > 0:
        # Here, because importing it takes seconds, and most users of this module
        # do without.
        from pingouin import compute_esci

        cohens_d = change / pooled
        cohens_d_low, cohens_d_high = map(
            float, compute_esci(cohens_d, n, m, confidence=CONFIDENCE, decimals=_UNROUNDED)
        )
        with warnings.catch_warnings():
            # scipy warns when one set is constant, as after a collapse; Welch's
            # test is defined as long as the other varies.
            warnings.simplefilter("ignore", RuntimeWarning)
            welch = stats.ttest_ind(after, before, equal_var=False)
            interval = welch.confidence_interval(CONFIDENCE)
        t, df, p = float(welch.statistic), float(welch.df), float(welch.pvalue)
        ci_low, ci_high = float(interval.low), float(interval.high)
    return Comparison(
        num_before=n,
        num_after=m,
        mean_before=float(before.mean()),
        mean_after=float(after.mean()),
        sd_before=sd_before,
        sd_after=sd_after,
        change=change,
        cohens_d=cohens_d,
        cohens_d_low=cohens_d_low,
        cohens_d_high=cohens_d_high,
        t=t,
        df=df,
        p=p,
        ci_low=ci_low,
        ci_high=ci_high,
        significant=p < SIGNIFICANCE,
    )


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
    return float(100 * np.mean(_rates(rates, "counted", least=1) >= 1 / num_bins))


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values corrected for their number by Holm's method (1979).

    With m tests, the chance that any of those with a corrected p below a threshold
    is a false alarm is below that threshold.

    Args:
        p_values: [n] in [0, 1]; NaN, where a test is not defined, stays NaN and
            does not count.

    Raises:
        InputError: one of them is not in [0, 1].
    """
    # Here, because importing it takes seconds.
    from statsmodels.stats.multitest import multipletests

    corrected = np.array(p_values, np.float64)
    defined = ~np.isnan(corrected)
    wrong = corrected[defined & ~((corrected >= 0) & (corrected <= 1))]
    if len(wrong):
        raise InputError(f"p-values must lie in [0, 1]. Received: {wrong[0]:g}")
    if defined.any():
        corrected[defined] = multipletests(corrected[defined], method="holm")[1]
    return corrected


def spearman_ceiling(pir: ArrayLike, impressions: ArrayLike) -> float | None:
    """Return the correlation with observed rates that a perfect estimator would have.

    Observed rates are true rates plus the chance of who saw the image, so even the
    true rates do not correlate perfectly with them. The ceiling is the square root
    of their reliability, the share of their variance which is not chance,

        1 - mean(pir (1 - pir) / (impressions - 1)) / var(pir)

    clipped to [0, 1]; pir (1 - pir) / (impressions - 1) is the unbiased estimate
    of an image's binomial variance. It holds for Pearson's correlation and closely
    for Spearman's. Weighted sums such as star ratings vary less than counts do, so
    theirs is an estimate on the low side. A textbook result on attenuation
    (Spearman 1904), not from the paper.

    Args:
        pir: [n] observed rates in [0, 1].
        impressions: [n] or one number; images shown once tell nothing of chance
            and are left out.

    Returns:
        A number in [0, 1]; None if it cannot be told: fewer than two images shown
        at least twice, or all their rates equal.

    Raises:
        InputError: rates outside [0, 1], or impressions of another length or below 1.
    """
    pir = _rates(pir, "observed", least=1)
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
    if len(pir) < 2 or np.ptp(pir) == 0:
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
        By rising prediction, one dict a group: count, and the means predicted and
        observed.

    Raises:
        InputError: the sets are empty, not finite, or differ in length.
    """
    predicted = _rates(predicted, "predicted", least=1)
    observed = _rates(observed, "observed", least=1)
    if len(predicted) != len(observed):
        raise InputError(
            "predicted rates must be as many as observed ones. "
            f"Received: {len(predicted)} and {len(observed)}"
        )
    if num_groups < 1:
        raise InputError(f"num_groups must be at least 1. Received: {num_groups}")
    edges = np.quantile(predicted, np.arange(1, num_groups) / num_groups)
    groups = np.searchsorted(edges, predicted, side="left")
    return [
        {
            "count": int(np.sum(groups == group)),
            "predicted": float(predicted[groups == group].mean()),
            "observed": float(observed[groups == group].mean()),
        }
        for group in np.unique(groups)
    ]


def _rates(values: ArrayLike, name: str, least: int) -> np.ndarray:
    rates = np.asarray(values, np.float64)
    if rates.ndim != 1 or len(rates) < least:
        raise InputError(
            f"{name} rates must be a list of at least {least}. Received: shape {list(rates.shape)}"
        )
    if not np.isfinite(rates).all():
        raise InputError(
            f"{name} rates must be finite. Received: {np.sum(~np.isfinite(rates))} that are not"
        )
    return rates


def format_p(value: float) -> str:
    """Return p for people; where the test gives NaN or less than a double can tell, it says so."""
    if math.isnan(value):
        return "not defined"
    if value < 1e-300:
        return "< 1e-300"
    return f"{value:.1e}" if value < 0.001 else f"{value:.3f}"


def verdict(comparison: Comparison) -> str:
    """Return in words which way the mean rate went, if it went significantly."""
    if not comparison.significant:
        return "no significant change"
    return "improved significantly" if comparison.change > 0 else "got worse"
