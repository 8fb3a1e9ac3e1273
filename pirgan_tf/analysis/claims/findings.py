"""What rows of results.csv say on a claim: the verdicts, and the rules that they share."""

import dataclasses
import math

import numpy as np
import pandas as pd
from scipy import stats

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE, format_p
from pirgan_tf.analysis.statistics.models import LinearModel

AGREES, DISAGREES, UNKNOWN = "agrees", "does not agree", "cannot be told"
# Fewer than this may be so by chance, whatever the share of them.
LEAST_OBJECTIVES = 3
# Pearson's r has no interval for fewer.
_LEAST_POINTS = 4


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a table says on a claim.

    Attributes:
        verdict: "agrees", "does not agree" or "cannot be told".
        ours: our number in words, or why it cannot be told.
        num_objectives: different objectives that the verdict rests on.
    """

    verdict: str
    ours: str
    num_objectives: int


def unknown(reason: str) -> Finding:
    """Return the finding that these rows cannot tell."""
    return Finding(UNKNOWN, reason, 0)


def finding(rows: pd.DataFrame, agrees: bool, ours: str) -> Finding:
    """Return the finding that rests on these rows; on too few of them it cannot be told."""
    count = rows["objective"].nunique()
    if count < LEAST_OBJECTIVES:
        return Finding(UNKNOWN, f"{ours}: too few objectives", count)
    return Finding(AGREES if agrees else DISAGREES, ours, count)


def improved(rows: pd.DataFrame, p: str = "p") -> pd.Series:
    """Return which rows have a change above 0 with p below 0.001, by column `p` or `p_holm`."""
    return (rows["change"] > 0) & (rows[p] < SIGNIFICANCE)


def describe_improved(rows: pd.DataFrame) -> str:
    """Return how many rows improve significantly, by the paper's threshold and by Holm's."""
    count, holm = improved(rows).sum(), improved(rows, "p_holm").sum()
    return f"{count} of {len(rows)} improve significantly ({holm} by Holm)"


def judge_coefficient(
    model: LinearModel | None,
    name: str,
    *,
    paper: float,
    null: float = 0.0,
) -> Finding:
    """Judge a coefficient of a linear model against the paper's.

    It agrees if it lies on the paper's side of `null` and differs from it with
    p < 0.001. It cannot be told if it does not differ so clearly, while the 95 %
    interval holds the paper's value: then there are too few objectives.

    Args:
        model: or None, if it could not be fitted.
        name: of the coefficient.
        paper: its value in the paper.
        null: the value that would refute the claim.
    """
    if model is None:
        return unknown("too few objectives for the linear model, or nothing varies between them")
    coefficient = model.coefficients[name]
    # A line through all points has a standard error of 0.
    with np.errstate(divide="ignore"):
        t = float(np.divide(coefficient.value - null, coefficient.standard_error))
    p = float(2 * stats.t.sf(abs(t), model.df))
    ours = (
        f"β {coefficient.value:.2f} (95 % interval {coefficient.low:.2f} to "
        f"{coefficient.high:.2f}), t {t:.1f} and p {format_p(p)} against {null:g}"
    )
    if p >= SIGNIFICANCE and coefficient.low <= paper <= coefficient.high:
        return Finding(UNKNOWN, f"{ours}: too few objectives", model.num_objectives)
    right_side = math.copysign(1, coefficient.value - null) == math.copysign(1, paper - null)
    verdict = AGREES if p < SIGNIFICANCE and right_side else DISAGREES
    return Finding(verdict, ours, model.num_objectives)


def judge_correlation(
    rows: pd.DataFrame, x: str, y: str, *, paper: float, low: float, high: float
) -> Finding:
    """Judge a Pearson correlation between two columns.

    It agrees if it lies from `low` to `high` and differs from 0 with p < 0.001. It
    cannot be told if it does not differ so clearly, while the 95 % interval holds
    the paper's value.

    Args:
        rows: of which those with both values count.
        x, y: the columns.
        paper: the correlation in the paper.
        low, high: what still counts as the same.
    """
    rows = rows.dropna(subset=[x, y])
    if len(rows) < _LEAST_POINTS:
        return unknown(f"only {len(rows)} objectives; {_LEAST_POINTS} are needed")
    if rows[x].nunique() == 1 or rows[y].nunique() == 1:
        return unknown("nothing varies between the objectives")
    correlation = stats.pearsonr(rows[x].astype(float), rows[y].astype(float))
    r, p = float(correlation.statistic), float(correlation.pvalue)
    interval = correlation.confidence_interval(0.95)
    ours = (
        f"r {r:.2f} (95 % interval {interval.low:.2f} to {interval.high:.2f}), "
        f"R² {r * r:.2f}, p {format_p(p)}"
    )
    if p >= SIGNIFICANCE and interval.low <= paper <= interval.high:
        return Finding(UNKNOWN, f"{ours}: too few objectives", rows["objective"].nunique())
    return finding(rows, p < SIGNIFICANCE and low <= r <= high, ours)
