"""The figures of section 4 of the paper: two sets of rates compared."""

import dataclasses
import math
import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pirgan_tf.analysis.statistics.rates import checked_rates

# The paper's threshold.
SIGNIFICANCE = 0.001
CONFIDENCE = 0.95


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
    before = checked_rates(before_rates, "before", least=2)
    after = checked_rates(after_rates, "after", least=2)
    n, m = len(before), len(after)
    # A constant set has no variance at all, whatever the rounding of its mean.
    sd_before = float(before.std(ddof=1)) if np.ptp(before) else 0.0
    sd_after = float(after.std(ddof=1)) if np.ptp(after) else 0.0
    change = float(after.mean() - before.mean())
    pooled = pooled_sd(sd_before, n, sd_after, m)
    cohens_d = cohens_d_low = cohens_d_high = t = df = p = ci_low = ci_high = math.nan
    if pooled > 0:
        cohens_d = change / pooled
        error = math.sqrt(1 / n + 1 / m + cohens_d**2 / (2 * (n + m)))
        cohens_d_low, cohens_d_high = map(
            float, stats.t.interval(CONFIDENCE, n + m - 2, loc=cohens_d, scale=error)
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


def pooled_sd(sd_before: float, n: int, sd_after: float, m: int) -> float:
    """Return the standard deviation within two sets of n and m numbers, by which Cohen's d is."""
    return math.sqrt(((n - 1) * sd_before**2 + (m - 1) * sd_after**2) / (n + m - 2))


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
