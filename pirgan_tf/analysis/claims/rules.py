"""A function for each claim of the paper: what a table, in the schema of results.csv, says on it.

The rules are told in words beside the claims, in `claims.CLAIMS`.
"""

import math

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
    judge_all_most,
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


def simple_colors_improve(table: pd.DataFrame) -> Finding:
    """4.2: objectives of one and two colours improve."""
    rows = _of_families(table, "single color", "two colors")
    if rows.empty:
        return unknown("no such objective was evaluated")
    whole = bool(improved(rows).all())
    return judge(rows, describe_improved(rows), agrees=whole, disagrees=not whole)


def three_colors_are_harder(table: pd.DataFrame) -> Finding:
    """4.2: three colours are harder than one or two."""
    three = _of_families(table, "three colors").dropna(subset=["cohens_d"])
    fewer = _of_families(table, "single color", "two colors").dropna(subset=["cohens_d"])
    if three.empty or fewer.empty:
        return unknown("needs objectives of three colours and of fewer")
    ours, others = three["cohens_d"], fewer["cohens_d"]
    words = f"median d {ours.median():.2f}, against {others.median():.2f} of one and two colours"
    if others.median() <= 0:
        return unknown(f"{words}: these did not improve either")
    return judge_lower(three, ours, others, words)


def three_colors_improve(table: pd.DataFrame) -> Finding:
    """4.2: most three-colour objectives improve, given 10 times the steps."""
    rows = _of_families(table, "three colors")
    if rows.empty:
        return unknown("no such objective was evaluated")
    majority = bool(improved(rows).mean() > 0.5)
    return judge(rows, describe_improved(rows), agrees=majority, disagrees=not majority)


def filters_improve(table: pd.DataFrame) -> Finding:
    """4.1: VGG16 objectives largely improve."""
    rows = selection.first_tuning(table)
    return _most_improve(rows[rows["layer"].notna()])


def sparse_layers_fail(table: pd.DataFrame) -> Finding:
    """4.1: single filters of pool5, fc6 and fc7 do not improve."""
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


def sparse_layers_have_zeros(table: pd.DataFrame) -> Finding:
    """3.2: single filters of pool5, fc6 and fc7 have many rates of zero."""
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


def sets_of_sparse_layers_improve(table: pd.DataFrame) -> Finding:
    """4.1: sets of 20 filters of pool5, fc6 and fc7 improve."""
    rows = selection.first_tuning(table)
    return _most_improve(rows[selection.is_filter_set(rows) & rows["layer"].isin(SPARSE_LAYERS)])


def effect_falls_with_layer(table: pd.DataFrame) -> Finding:
    """4.1: with 20 filters the effect size falls with the layer."""
    model = models.effect_by_layer(selection.first_tuning(table))
    return judge_coefficient(model, "layer", paper=-0.13)


def effect_rises_with_nonzero(table: pd.DataFrame) -> Finding:
    """3.2: the more rates are not zero, the larger the effect; over single filters and colours."""
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows) | selection.is_color(rows)]
    # Half is where a correlation is commonly called strong (Cohen 1988).
    return judge_correlation(rows, "percent_nonzero", "cohens_d", low=0.5, high=1)


def estimates_are_pessimistic(table: pd.DataFrame) -> Finding:
    """4.3.1: the true change has a slope above 1 on the estimated one."""
    return judge_line(_slope_of_estimates(selection.first_tuning(table)), paper=1.67, null=1)


def temperature_causes_pessimism(table: pd.DataFrame) -> Finding:
    """4.3.1: the slope is nearer to 1 where the temperature in use is that of training."""
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


def change_rises_with_variability(table: pd.DataFrame) -> Finding:
    """4.3.2: the change rises with the initial standard deviation."""
    model = models.change_by_variability(selection.first_tuning(table))
    return judge_coefficient(model, "sd_before", paper=0.99)


def variability_explains_half(table: pd.DataFrame) -> Finding:
    """4.3.2: the initial standard deviation explains about half of the variance of the change."""
    rows = selection.first_tuning(table)
    return judge_correlation(rows, "sd_before", "change", low=math.sqrt(0.3), high=math.sqrt(0.7))


def second_round_helps_less(table: pd.DataFrame) -> Finding:
    """4.3.3: single filters of pool2 improve again in a second round, by less."""
    pairs = _two_rounds(table, "pool2")
    if pairs.empty:
        return unknown("no single filter of pool2 had a second round")
    gain = pairs["mean_after_2"] - pairs["mean_after"]
    return judge_all_most(pairs, {"rise again": gain > 0, "by less": gain < pairs["change"]})


def second_round_hurts(table: pd.DataFrame) -> Finding:
    """4.3.3: many single filters of fc8 get worse in a second round."""
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


def diversity_is_lost(table: pd.DataFrame) -> Finding:
    """5.1: tuning costs diversity."""
    rows = selection.first_tuning(table).dropna(subset=["distance_before", "distance_after"])
    if rows.empty:
        return unknown("diversity was not computed")
    fallen = rows["distance_after"] < rows["distance_before"]
    left = (rows["distance_after"] / rows["distance_before"]).median()
    words = f"falls for {fallen.sum()} of {len(rows)}; median {left:.0%} of it is left"
    return judge_most(rows, fallen, words)


def low_temperature_is_better(table: pd.DataFrame) -> Finding:
    """2.1.3: a temperature of 0.01 in use is better than 1."""
    return _better_of_two(table, "temperature", better=0.01, worse=1)


def softmax_is_better(table: pd.DataFrame) -> Finding:
    """2.1.3: a softmax over 100 bins is better than a scalar."""
    return _better_of_two(table, "head", better="softmax", worse="scalar")


def rescaling_does_not_help(table: pd.DataFrame) -> Finding:
    """5.2: rates as they are do better than rescaled ones."""
    return _better_of_two(table, "rescaled", better=False, worse=True)


def _of_families(table: pd.DataFrame, *families: str) -> pd.DataFrame:
    rows = selection.first_tuning(table)
    return rows[rows["family"].isin(families)]


def _most_improve(rows: pd.DataFrame) -> Finding:
    if rows.empty:
        return unknown("no such objective was evaluated")
    return judge_most(rows, improved(rows), describe_improved(rows))


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
    return judge_most(pairs, wins, f"larger in {wins.sum()} of {len(pairs)}")
