"""The paper's claims on its results, each above the rule by which a table of ours is judged on it.

Unless a claim says otherwise, it is judged on the first tuning of each objective,
and a change is significant with p < 0.001 in Welch's t-test, as in the paper. How
many of these also hold after Holm's correction over the table is shown beside.

A rule says when ours agrees. Chance alone reaches that in at most 5 % of tables. Ours
does not agree only where a test rejects the claim (see `findings`); what is between
cannot be told, and nothing can be told from fewer than three objectives.
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from pirgan_tf.analysis.claims.findings import (
    LEVEL,
    Finding,
    describe_improved,
    describe_line,
    improved,
    judge,
    judge_coefficient,
    judge_correlation,
    judge_line,
    judge_lower,
    judge_most,
    most,
    unknown,
)
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE, format_p
from pirgan_tf.analysis.table import selection

SPARSE_LAYERS = ("pool5", "fc6", "fc7")
BINOMIAL = (
    "Binomial test, p < 0.05; it does not agree if the test rejects a share of two thirds or more."
)
PAIRS = (
    "Of objectives that were run both ways with all else equal, more than half have the larger "
    f"effect size this way. {BINOMIAL}"
)


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        where: section and figure of the paper.
        text: the claim.
        paper: the paper's number.
        rule: what decides that ours agrees.
        check: judges a table, in the schema of results.csv.
    """

    where: str
    text: str
    paper: str
    rule: str
    check: Callable[[pd.DataFrame], Finding]


def claim(where: str, text: str, paper: str, rule: str) -> Callable[..., Claim]:
    """Return what makes a claim of the function that judges it."""
    return functools.partial(Claim, where, text, paper, rule)


@claim(
    "4.2, figure 3",
    "Objectives of one and two colours improve.",
    "“performed quite well”, “particularly the single and two-color results”",
    "All of them improve significantly.",
)
def simple_colors_improve(table: pd.DataFrame) -> Finding:
    rows = _of_families(table, "single color", "two colors")
    if rows.empty:
        return unknown("no such objective was evaluated")
    whole = bool(improved(rows).all())
    return judge(rows, describe_improved(rows), agrees=whole, disagrees=not whole)


@claim(
    "4.2",
    "Three colours are harder than one or two.",
    "“more difficulty”; “only very small improvements” at the same number of steps",
    "Their effect sizes are lower in a Mann-Whitney test, p < 0.05.",
)
def three_colors_are_harder(table: pd.DataFrame) -> Finding:
    three = _of_families(table, "three colors").dropna(subset=["cohens_d"])
    fewer = _of_families(table, "single color", "two colors").dropna(subset=["cohens_d"])
    if three.empty or fewer.empty:
        return unknown("needs objectives of three colours and of fewer")
    ours, others = three["cohens_d"], fewer["cohens_d"]
    words = f"median d {ours.median():.2f}, against {others.median():.2f} of one and two colours"
    if others.median() <= 0:
        return unknown(f"{words}: these did not improve either")
    return judge_lower(three, ours, others, words)


@claim(
    "4.2, figure 3",
    "Most three-colour objectives improve, given 10 times the steps.",
    "2 of 3",
    "More than half of them improve significantly, at whatever number of steps they had.",
)
def three_colors_improve(table: pd.DataFrame) -> Finding:
    rows = _of_families(table, "three colors")
    if rows.empty:
        return unknown("no such objective was evaluated")
    majority = bool(improved(rows).mean() > 0.5)
    return judge(rows, describe_improved(rows), agrees=majority, disagrees=not majority)


@claim(
    "4.1, figure 3",
    "VGG16 objectives largely improve.",
    "“largely”",
    f"Of all, more than half improve significantly. {BINOMIAL}",
)
def filters_improve(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    return _most_improve(rows[rows["layer"].notna()])


@claim(
    "4.1, figure 3",
    "Single filters of pool5, fc6 and fc7 do not.",
    "“not particularly successful”",
    "Fewer than half of them improve significantly, and a smaller share than of other layers' "
    "in Fisher's exact test, p < 0.05.",
)
def sparse_layers_fail(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows)]
    sparse = rows["layer"].isin(SPARSE_LAYERS)
    if not sparse.any() or sparse.all():
        return unknown("needs single filters of these layers and of others")
    better, others = improved(rows[sparse]), improved(rows[~sparse])
    counts = [[group.sum(), (~group).sum()] for group in (better, others)]
    fewer = float(stats.fisher_exact(counts, "less").pvalue)
    words = (
        f"{describe_improved(rows[sparse])}, and {others.sum()} of {len(others)} of other layers; "
        f"Fisher p {format_p(fewer)}"
    )
    return judge(
        rows[sparse],
        words,
        agrees=fewer < LEVEL and better.mean() < 0.5,
        disagrees=most(better) < LEVEL,
    )


@claim(
    "3.2",
    "These layers have many rates of zero.",
    "not zero: pool5 20 %, fc6 25 %, fc7 24 %, next fc8 69 %",
    "Their single filters have lower percentages than those of other layers in a Mann-Whitney "
    "test, p < 0.05.",
)
def sparse_layers_have_zeros(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows)].dropna(subset=["percent_nonzero"])
    sparse = rows["layer"].isin(SPARSE_LAYERS)
    if not sparse.any() or sparse.all():
        return unknown("needs single filters of these layers and of others")
    means = rows.groupby("layer")["percent_nonzero"].mean()
    others = means[~means.index.isin(SPARSE_LAYERS)]
    shown = [
        *means[means.index.isin(SPARSE_LAYERS)].items(),
        (f"next {others.idxmin()}", min(others)),
    ]
    words = "not zero: " + ", ".join(f"{layer} {value:.0f} %" for layer, value in shown)
    values = rows["percent_nonzero"]
    return judge_lower(rows[sparse], values[sparse], values[~sparse], words)


@claim(
    "4.1, figure 3",
    "Sets of 20 filters of these layers improve.",
    "“much more consistent”",
    f"Of all, more than half improve significantly. {BINOMIAL}",
)
def sets_of_sparse_layers_improve(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    return _most_improve(rows[selection.is_filter_set(rows) & rows["layer"].isin(SPARSE_LAYERS)])


@claim(
    "4.1",
    "With 20 filters the effect size falls with the layer, whatever the initial standard "
    "deviation and percentage of zeros.",
    "β -0.13 per layer, t -7.8, p < 1e-10",
    "The coefficient is below 0 with p < 0.001.",
)
def effect_falls_with_layer(table: pd.DataFrame) -> Finding:
    model = models.effect_by_layer(selection.first_tuning(table))
    return judge_coefficient(model, "layer", paper=-0.13)


@claim(
    "3.2, figure 2",
    "The more rates are not zero, the larger the effect.",
    "“strong relationship”",
    "Pearson's r over single filters and colours is at least 0.5, with p < 0.001. It does not "
    "agree if the 95 % interval lies below.",
)
def effect_rises_with_nonzero(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows) | selection.is_color(rows)]
    # Half is where a correlation is commonly called strong (Cohen 1988).
    return judge_correlation(rows, "percent_nonzero", "cohens_d", low=0.5, high=1)


@claim(
    "4.3.1, figure 5",
    "The estimator is too pessimistic about the change.",
    "β 1.67",
    "The true change has a Theil-Sen slope on the estimated one whose whole 95 % interval is "
    "above 1. It does not agree if the interval does not hold 1.67.",
)
def estimates_are_pessimistic(table: pd.DataFrame) -> Finding:
    return judge_line(_slope_of_estimates(selection.first_tuning(table)), paper=1.67, null=1)


@claim(
    "4.3.1",
    "The low temperature in use causes this pessimism.",
    "“probably”",
    "Theil-Sen's slope at a temperature of 0.01 lies above 1 and above that at 1 with its "
    "whole 95 % interval, the intervals do not meet, and the slope at 1 is nearer to 1.",
)
def temperature_causes_pessimism(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    lines = {}
    for temperature in (0.01, 1):
        line = _slope_of_estimates(rows[rows["temperature"] == temperature])
        if line is None:
            return unknown(f"too few objectives at a temperature of {temperature:g}")
        lines[temperature] = line
    cold, warm = lines[0.01], lines[1]
    words = f"{describe_line(cold)} at 0.01; {describe_line(warm)} at 1"
    return judge(
        rows[rows["temperature"].isin(lines)],
        words,
        agrees=cold.low > max(warm.high, 1) and abs(warm.slope - 1) < abs(cold.slope - 1),
        disagrees=warm.low > cold.high,
    )


@claim(
    "4.3.2, figure 6",
    "The change rises with the initial standard deviation, whatever the initial mean and "
    "percentage of zeros.",
    "β 0.99, t 10.6, p < 1e-10",
    "The coefficient is above 0 with p < 0.001.",
)
def change_rises_with_variability(table: pd.DataFrame) -> Finding:
    model = models.change_by_variability(selection.first_tuning(table))
    return judge_coefficient(model, "sd_before", paper=0.99)


@claim(
    "4.3.2",
    "The initial standard deviation explains half of the variance of the change.",
    "R² about 0.5",
    "R² is 0.3 to 0.7, with p < 0.001 for a rising line. It does not agree if the 95 % "
    "interval lies outside.",
)
def variability_explains_half(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table)
    return judge_correlation(rows, "sd_before", "change", low=math.sqrt(0.3), high=math.sqrt(0.7))


@claim(
    "4.3.3, figure 7",
    "Single filters of pool2 improve again in a second round, by less than in the first.",
    "all, and none by as much",
    "The mean rate of more than half of them rises again, and that of more than half by less "
    f"than in the first round. {BINOMIAL}",
)
def second_round_helps_less(table: pd.DataFrame) -> Finding:
    pairs = _two_rounds(table, "pool2")
    if pairs.empty:
        return unknown("no single filter of pool2 had a second round")
    gain = pairs["mean_after_2"] - pairs["mean_after"]
    again, less = gain > 0, gain < pairs["change"]
    words = f"{again.sum()} of {len(gain)} rise again, {less.sum()} by less"
    return judge_most(pairs, words, again, less)


@claim(
    "4.3.3, figure 7",
    "Many single filters of fc8 get worse in a second round.",
    "“many”",
    "The mean rate of at least a third of them falls significantly, by Welch's t-test of the "
    "images of the two rounds. It does not agree if a binomial test rejects a third, p < 0.05.",
)
def second_round_hurts(table: pd.DataFrame) -> Finding:
    pairs = _two_rounds(table, "fc8")
    if pairs.empty:
        return unknown("no single filter of fc8 had a second round")
    first, second = (
        pairs[[f"{name}{suffix}" for name in ("mean_after", "sd_after", "num_after")]]
        .to_numpy(float)
        .T
        for suffix in ("", "_2")
    )
    # Two collapsed generators have no spread to test by.
    with np.errstate(divide="ignore", invalid="ignore"):
        p = stats.ttest_ind_from_stats(*second, *first, equal_var=False).pvalue
    worse = (second[0] < first[0]) & (p < SIGNIFICANCE)
    fewer = stats.binomtest(int(worse.sum()), len(worse), 1 / 3, "less").pvalue
    return judge(
        pairs,
        f"{worse.sum()} of {len(worse)} fall significantly",
        agrees=worse.mean() >= 1 / 3,
        disagrees=fewer < LEVEL,
    )


@claim(
    "5.1",
    "Tuning costs diversity.",
    "“often by a partial collapse”",
    f"The mean pairwise distance of the images falls for more than half. {BINOMIAL}",
)
def diversity_is_lost(table: pd.DataFrame) -> Finding:
    rows = selection.first_tuning(table).dropna(subset=["distance_before", "distance_after"])
    if rows.empty:
        return unknown("diversity was not computed")
    fallen = rows["distance_after"] < rows["distance_before"]
    left = (rows["distance_after"] / rows["distance_before"]).median()
    words = f"falls for {fallen.sum()} of {len(rows)}; median {left:.0%} of it is left"
    return judge_most(rows, words, fallen)


@claim(
    "2.1.3",
    "A temperature of 0.01 in use is better than that of training, 1.",
    "“empirically improved results”",
    PAIRS,
)
def low_temperature_is_better(table: pd.DataFrame) -> Finding:
    return _better_of_two(table, "temperature", better=0.01, worse=1)


@claim(
    "2.1.3",
    "A softmax over 100 bins is better than predicting a scalar.",
    "“performs better empirically”",
    PAIRS,
)
def softmax_is_better(table: pd.DataFrame) -> Finding:
    return _better_of_two(table, "head", better="softmax", worse="scalar")


@claim(
    "5.2",
    "Rescaling rates to mean 0.5 and standard deviation 0.25 does not help.",
    "“did not achieve particularly good results”",
    PAIRS,
)
def rescaling_does_not_help(table: pd.DataFrame) -> Finding:
    return _better_of_two(table, "rescaled", better=False, worse=True)


def _of_families(table: pd.DataFrame, *families: str) -> pd.DataFrame:
    rows = selection.first_tuning(table)
    return rows[rows["family"].isin(families)]


def _most_improve(rows: pd.DataFrame) -> Finding:
    if rows.empty:
        return unknown("no such objective was evaluated")
    return judge_most(rows, describe_improved(rows), improved(rows))


def _slope_of_estimates(rows: pd.DataFrame) -> models.RobustLine | None:
    return models.robust_line(rows, "change", "estimated_change")


def _two_rounds(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return single filters of a layer with both rounds; the second's columns end in _2."""
    rows = selection.evaluated(table)
    rows = rows[selection.is_single_filter(rows) & (rows["layer"] == layer)]
    keys = [*selection.SERIES, "pir_weight"]
    return rows[rows["round"] == 1].merge(rows[rows["round"] == 2], on=keys, suffixes=("", "_2"))


def _better_of_two(table: pd.DataFrame, column: str, *, better: object, worse: object) -> Finding:
    rows = selection.first_tuning(table).dropna(subset=["cohens_d"])
    others = [name for name in selection.SETTINGS if name != column]
    keys = ["objective", "pir_weight", *others]
    pairs = rows[rows[column] == better].merge(
        rows[rows[column] == worse], on=keys, suffixes=("", "_worse")
    )
    pairs = pairs[pairs["cohens_d"] != pairs["cohens_d_worse"]]
    if pairs.empty:
        return unknown("no objective was run both ways")
    wins = pairs["cohens_d"] > pairs["cohens_d_worse"]
    return judge_most(pairs, f"larger in {wins.sum()} of {len(pairs)}", wins)


CLAIMS = (
    simple_colors_improve,
    three_colors_are_harder,
    three_colors_improve,
    filters_improve,
    sparse_layers_fail,
    sparse_layers_have_zeros,
    sets_of_sparse_layers_improve,
    effect_falls_with_layer,
    effect_rises_with_nonzero,
    estimates_are_pessimistic,
    temperature_causes_pessimism,
    change_rises_with_variability,
    variability_explains_half,
    second_round_helps_less,
    second_round_hurts,
    diversity_is_lost,
    low_temperature_is_better,
    softmax_is_better,
    rescaling_does_not_help,
)


def check_claims(table: pd.DataFrame) -> list[tuple[Claim, Finding]]:
    """Return each claim with what a table, in the schema of results.csv, says on it."""
    return [(claim, claim.check(table)) for claim in CLAIMS]
