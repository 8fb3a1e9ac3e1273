"""The verdicts on a claim, and the tests that lead to them.

Each rule agrees only where a test rejects, at a stated level, that the claim is
wrong; it does not agree only where a test rejects that the claim is right. Anything
between cannot be told, as from too few objectives.
"""

import dataclasses
import math

import numpy as np
import pandas as pd
from scipy import stats

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE, format_p
from pirgan_tf.analysis.statistics.models import LinearModel, RobustLine

AGREES, DISAGREES, UNKNOWN = "agrees", "does not agree", "cannot be told"
LEAST_OBJECTIVES = 3
# Of tests over objectives; that of one objective is the paper's, SIGNIFICANCE.
LEVEL = 0.05
# A claim on most objectives is refuted by a share that lies below this (decision of ours).
CLEAR_MAJORITY = 2 / 3
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


def judge(rows: pd.DataFrame, ours: str, *, agrees: bool, disagrees: bool) -> Finding:
    """Return the finding that rests on these rows, of which there must be three objectives."""
    count = rows["objective"].nunique()
    if count < LEAST_OBJECTIVES or not (agrees or disagrees):
        return Finding(UNKNOWN, f"{ours}: too few objectives to tell", count)
    return Finding(AGREES if agrees else DISAGREES, ours, count)


def judge_most(rows: pd.DataFrame, ours: str, *holds: pd.Series) -> Finding:
    """Judge that one or several things hold for most objectives, by binomial tests with p < 0.05.

    It agrees if all tests reject a share of at most one half, and does not agree if
    one rejects a share of at least two thirds.

    Args:
        rows: what the verdict rests on.
        ours: in words.
        holds: for each thing, whether it holds, one for each objective.
    """
    p = [most(each) for each in holds]
    against = [
        stats.binomtest(int(each.sum()), len(each), CLEAR_MAJORITY, "less").pvalue for each in holds
    ]
    ours = f"{ours}; binomial p {' and '.join(map(format_p, p))}"
    return judge(rows, ours, agrees=max(p) < LEVEL, disagrees=min(against) < LEVEL)


def most(holds: pd.Series) -> float:
    """Return p of the binomial test that something holds for more than half."""
    return float(stats.binomtest(int(holds.sum()), len(holds), 0.5, "greater").pvalue)


def judge_lower(rows: pd.DataFrame, values: pd.Series, others: pd.Series, ours: str) -> Finding:
    """Judge by one-sided Mann-Whitney tests, with p < 0.05, that values are lower than others."""
    lower, higher = (
        float(stats.mannwhitneyu(values, others, alternative=side).pvalue)
        for side in ("less", "greater")
    )
    ours = f"{ours}; Mann-Whitney p {format_p(lower)}"
    return judge(rows, ours, agrees=lower < LEVEL, disagrees=higher < LEVEL)


def improved(rows: pd.DataFrame, p: str = "p") -> pd.Series:
    """Return which rows have a change above 0 with p below 0.001, by column `p` or `p_holm`."""
    return (rows["change"] > 0) & (rows[p] < SIGNIFICANCE)


def describe_improved(rows: pd.DataFrame) -> str:
    """Return how many rows improve significantly, by the paper's threshold and by Holm's."""
    count, holm = improved(rows).sum(), improved(rows, "p_holm").sum()
    return f"{count} of {len(rows)} improve significantly ({holm} by Holm)"


def judge_line(line: RobustLine | None, *, paper: float, null: float) -> Finding:
    """Judge a robust slope against the paper's by its 95 % interval.

    It agrees if the whole interval is above `null`, and does not agree if the
    interval does not hold the paper's slope.
    """
    if line is None:
        return unknown("too few objectives for a slope, or nothing varies between them")
    ours = describe_line(line)
    if line.low > null:
        return Finding(AGREES, ours, line.num_objectives)
    if line.low <= paper <= line.high:
        return Finding(UNKNOWN, f"{ours}: too few objectives to tell", line.num_objectives)
    return Finding(DISAGREES, ours, line.num_objectives)


def describe_line(line: RobustLine) -> str:
    """Return a robust slope in words."""
    return f"Theil-Sen slope {line.slope:.2f} (95 % interval {line.low:.2f} to {line.high:.2f})"


def judge_coefficient(model: LinearModel | None, name: str, *, paper: float) -> Finding:
    """Judge a coefficient of a linear model against the paper's.

    It agrees if it lies on the paper's side of 0 and differs from 0 with p < 0.001.
    It cannot be told if it does not differ so clearly, while the 95 % interval
    holds the paper's value.

    Args:
        model: or None, if it could not be fitted.
        name: of the coefficient.
        paper: its value in the paper.
    """
    if model is None:
        return unknown("too few objectives for the linear model, or nothing varies between them")
    found = model.coefficients[name]
    ours = (
        f"β {found.value:.2f} (95 % interval {found.low:.2f} to {found.high:.2f}), "
        f"t {found.t:.1f}, p {format_p(found.p)}"
    )
    if found.p >= SIGNIFICANCE and found.low <= paper <= found.high:
        return Finding(UNKNOWN, f"{ours}: too few objectives to tell", model.num_objectives)
    right_side = math.copysign(1, found.value) == math.copysign(1, paper)
    verdict = AGREES if found.p < SIGNIFICANCE and right_side else DISAGREES
    return Finding(verdict, ours, model.num_objectives)


def judge_correlation(rows: pd.DataFrame, x: str, y: str, *, low: float, high: float) -> Finding:
    """Judge that Pearson's correlation between two columns lies in a range.

    It agrees if it does and differs from 0 with p < 0.001, and does not agree if its
    95 % interval lies outside the range.

    Args:
        rows: of which those with both values count.
        x, y: the columns.
        low, high: what counts as the paper's.
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
        f"R² {np.square(r):.2f}, p {format_p(p)}"
    )
    outside = interval.high < low or interval.low > high
    return judge(rows, ours, agrees=p < SIGNIFICANCE and low <= r <= high, disagrees=outside)
