"""A function for each claim of the paper: what a table, in the schema of results.csv, says on it.

The rules are told in words beside the claims, in `claims.CLAIMS`.
"""

import math

import pandas as pd

from pirgan_tf.analysis.claims.findings import (
    Finding,
    describe_improved,
    finding,
    improved,
    judge_coefficient,
    judge_correlation,
    unknown,
)
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.table import selection

SPARSE_LAYERS = ("pool5", "fc6", "fc7")
PAIRS_RULE = (
    "Of objectives that were run both ways with all else equal, more than half have the larger "
    "effect size this way."
)


def simple_colors_improve(table: pd.DataFrame) -> Finding:
    """4.2: objectives of one and two colours improve."""
    rows = _of_families(table, "single color", "two colors")
    if rows.empty:
        return unknown("no such objective was evaluated")
    return finding(rows, bool(improved(rows).all()), describe_improved(rows))


def three_colors_are_harder(table: pd.DataFrame) -> Finding:
    """4.2: three colours are harder than one or two."""
    three = _of_families(table, "three colors").dropna(subset=["cohens_d"])
    fewer = _of_families(table, "single color", "two colors").dropna(subset=["cohens_d"])
    if three.empty or fewer.empty:
        return unknown("needs objectives of three colours and of fewer")
    ours, others = three["cohens_d"].median(), fewer["cohens_d"].median()
    words = f"median d {ours:.2f}, against {others:.2f} of one and two colours"
    if others <= 0:
        return unknown(f"{words}: these did not improve either")
    return finding(three, ours < others / 2, words)


def three_colors_improve(table: pd.DataFrame) -> Finding:
    """4.2: most three-colour objectives improve, given 10 times the steps."""
    return _most_improve(_of_families(table, "three colors"))


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
    share, others = improved(rows[sparse]).mean(), improved(rows[~sparse]).mean()
    words = f"{describe_improved(rows[sparse])}, and {others:.0%} of other layers'"
    return finding(rows[sparse], share < 0.5 and share < others, words)


def sparse_layers_have_zeros(table: pd.DataFrame) -> Finding:
    """3.2: single filters of pool5, fc6 and fc7 have many rates of zero."""
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows)].dropna(subset=["percent_nonzero"])
    means = rows.groupby("layer")["percent_nonzero"].mean()
    sparse = means[means.index.isin(SPARSE_LAYERS)]
    others = means.drop(sparse.index)
    if sparse.empty or others.empty:
        return unknown("needs single filters of these layers and of others")
    shown = [*sparse.items(), (f"next {others.idxmin()}", others.min())]
    words = "not zero: " + ", ".join(f"{layer} {value:.0f} %" for layer, value in shown)
    return finding(rows, sparse.max() < others.min(), words)


def sets_of_sparse_layers_improve(table: pd.DataFrame) -> Finding:
    """4.1: sets of 20 filters of pool5, fc6 and fc7 improve."""
    rows = selection.first_tuning(table)
    return _most_improve(rows[selection.is_filter_set(rows) & rows["layer"].isin(SPARSE_LAYERS)])


def effect_falls_with_layer(table: pd.DataFrame) -> Finding:
    """4.1: with 20 filters the effect size falls with the layer."""
    return judge_coefficient(
        models.effect_by_layer(selection.first_tuning(table)), "layer", paper=-0.13
    )


def effect_rises_with_nonzero(table: pd.DataFrame) -> Finding:
    """3.2: the more rates are not zero, the larger the effect; over single filters and colours."""
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows) | selection.is_color(rows)]
    # Half is where a correlation is commonly called strong (Cohen 1988).
    return judge_correlation(rows, "percent_nonzero", "cohens_d", paper=0.5, low=0.5, high=1)


def estimates_are_pessimistic(table: pd.DataFrame) -> Finding:
    """4.3.1: the true change has a slope above 1 on the estimated one."""
    model = models.change_by_estimate(selection.first_tuning(table))
    return judge_coefficient(model, "estimated_change", paper=1.67, null=1)


def temperature_causes_pessimism(table: pd.DataFrame) -> Finding:
    """4.3.1: the slope is nearer to 1 where the temperature in use is that of training."""
    rows = selection.first_tuning(table)
    slopes = {}
    for temperature in (0.01, 1):
        model = models.change_by_estimate(rows[rows["temperature"] == temperature])
        if model is None:
            return unknown(f"too few objectives at a temperature of {temperature:g}")
        slopes[temperature] = model.coefficients["estimated_change"].value
    words = f"β {slopes[0.01]:.2f} at 0.01, {slopes[1]:.2f} at 1"
    nearer = abs(slopes[1] - 1) < abs(slopes[0.01] - 1)
    return finding(rows[rows["temperature"].isin(slopes)], nearer, words)


def change_rises_with_variability(table: pd.DataFrame) -> Finding:
    """4.3.2: the change rises with the initial standard deviation."""
    model = models.change_by_variability(selection.first_tuning(table))
    return judge_coefficient(model, "sd_before", paper=0.99)


def variability_explains_half(table: pd.DataFrame) -> Finding:
    """4.3.2: the initial standard deviation explains about half of the variance of the change."""
    return judge_correlation(
        selection.first_tuning(table),
        "sd_before",
        "change",
        paper=math.sqrt(0.5),
        low=math.sqrt(0.3),
        high=math.sqrt(0.7),
    )


def second_round_helps_less(table: pd.DataFrame) -> Finding:
    """4.3.3: single filters of pool2 improve again in a second round, by less."""
    first, second, rows = _gains_of_two_rounds(table, "pool2")
    if rows.empty:
        return unknown("no single filter of pool2 had a second round")
    again, less = second > 0, second < first
    words = f"{again.sum()} of {len(again)} rise again, {(again & less).sum()} of these by less"
    return finding(rows, bool((again & less).all()), words)


def second_round_hurts(table: pd.DataFrame) -> Finding:
    """4.3.3: many single filters of fc8 get worse in a second round."""
    _, second, rows = _gains_of_two_rounds(table, "fc8")
    if rows.empty:
        return unknown("no single filter of fc8 had a second round")
    worse = second < 0
    return finding(rows, worse.mean() >= 1 / 3, f"{worse.sum()} of {len(worse)} fall")


def diversity_is_lost(table: pd.DataFrame) -> Finding:
    """5.1: tuning costs diversity."""
    rows = selection.first_tuning(table).dropna(subset=["distance_before", "distance_after"])
    if rows.empty:
        return unknown("diversity was not computed")
    fallen = rows["distance_after"] < rows["distance_before"]
    left = (rows["distance_after"] / rows["distance_before"]).median()
    words = f"falls for {fallen.sum()} of {len(rows)}; median {left:.0%} of it is left"
    return finding(rows, fallen.mean() > 0.5, words)


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
    return finding(rows, improved(rows).mean() > 0.5, describe_improved(rows))


def _gains_of_two_rounds(
    table: pd.DataFrame, layer: str
) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Return what the first and the second round added to the mean rate, and the second's rows."""
    rows = selection.evaluated(table)
    rows = rows[selection.is_single_filter(rows) & (rows["layer"] == layer)]
    keys = [*selection.SERIES, "pir_weight"]
    pairs = rows[rows["round"] == 1].merge(rows[rows["round"] == 2], on=keys, suffixes=("", "_2"))
    return pairs["change"], pairs["mean_after_2"] - pairs["mean_after"], pairs


def _better_of_two(table: pd.DataFrame, column: str, *, better: object, worse: object) -> Finding:
    rows = selection.first_tuning(table).dropna(subset=["cohens_d"])
    others = [name for name in selection.SETTINGS if name != column]
    keys = ["objective", "pir_weight", *others]
    pairs = rows[rows[column] == better].merge(
        rows[rows[column] == worse], on=keys, suffixes=("", "_worse")
    )
    if pairs.empty:
        return unknown("no objective was run both ways")
    wins = pairs["cohens_d"] > pairs["cohens_d_worse"]
    return finding(pairs, wins.mean() > 0.5, f"larger in {wins.sum()} of {len(pairs)}")
