"""The linear models of section 4 of the paper, by ordinary least squares and robustly.

Each takes rows of results.csv. One row per objective is right: several rounds or PIR
weights of one objective are not independent. Rows that lack a figure of the model,
as failed ones do, are left out.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from pirgan_tf.analysis.statistics.comparison import CONFIDENCE
from pirgan_tf.analysis.table.selection import LAYERS, is_filter_set

# Of fewer points, no order is so rare that a 95 % interval could leave it out.
_LEAST_POINTS = 5


@dataclasses.dataclass(frozen=True)
class Coefficient:
    """A coefficient: its estimate, and Student's t-test of it against 0.

    Attributes:
        value, standard_error: in units of the outcome over those of the predictor.
        t, p: statistic and two-sided p.
        low, high: 95 % interval.
    """

    value: float
    standard_error: float
    t: float
    p: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class LinearModel:
    """A linear model that was fitted.

    Attributes:
        coefficients: by predictor; "intercept" is the first.
        r_squared: share of the outcome's variance that is explained.
        num_objectives: rows that were used.
        df: residual degrees of freedom.
        influential: index of the rows that the fit rests on most, those with a Cook's
            distance above 4 / num_objectives.
        without: coefficients by least squares without these rows.
    """

    coefficients: dict[str, Coefficient]
    r_squared: float
    num_objectives: int
    df: int
    influential: tuple
    without: dict[str, float]


@dataclasses.dataclass(frozen=True)
class RobustLine:
    """A line by Theil and Sen, which few points cannot turn, however far away they are.

    Attributes:
        slope: the median of the slopes between all pairs of points.
        intercept: of the line through the medians.
        low, high: 95 % interval of the slope (Sen 1968).
        num_objectives: rows that were used.
    """

    slope: float
    intercept: float
    low: float
    high: float
    num_objectives: int


def effect_by_layer(rows: pd.DataFrame) -> LinearModel | None:
    """Fit Cohen's d of sets of filters by their layer (section 4.1).

    Predictors: "layer" (pool1 is 1, fc8 is 8), "sd_before" and "percent_zero". Rows
    of other objectives than sets of filters are left out.
    """
    sets = rows[is_filter_set(rows)]
    numbers = {layer: number for number, layer in enumerate(LAYERS, start=1)}
    predictors = ("layer", "sd_before", "percent_zero")
    return linear_model(sets.assign(layer=sets["layer"].map(numbers)), "cohens_d", predictors)


def change_by_estimate(rows: pd.DataFrame) -> LinearModel | None:
    """Fit the change of the mean rate by "estimated_change" (section 4.3.1)."""
    return linear_model(rows, "change", ("estimated_change",))


def change_by_variability(rows: pd.DataFrame) -> LinearModel | None:
    """Fit the change of the mean rate by the rates before (section 4.3.2).

    Predictors: "sd_before", "mean_before" and "percent_zero".
    """
    return linear_model(rows, "change", ("sd_before", "mean_before", "percent_zero"))


def variability_alone(rows: pd.DataFrame) -> LinearModel | None:
    """Fit the change of the mean rate by "sd_before" alone (section 4.3.2)."""
    return linear_model(rows, "change", ("sd_before",))


def linear_model(rows: pd.DataFrame, outcome: str, predictors: Sequence[str]) -> LinearModel | None:
    """Fit a linear model with an intercept.

    Args:
        rows: a table with the columns that are named.
        outcome: column to explain.
        predictors: columns to explain it by; "percent_zero" is made of the column
            percent_nonzero.

    Returns:
        The model; None if it cannot be told, for rows fewer than the predictors
        and three, or a predictor or outcome that does not vary, or predictors that
        depend linearly on each other.
    """
    if "percent_zero" in predictors:
        rows = rows.assign(percent_zero=100 - rows["percent_nonzero"])
    used = rows[[outcome, *predictors]].dropna().astype(float)
    if len(used) < len(predictors) + 3 or used[outcome].nunique() == 1:
        return None
    design = used[list(predictors)]
    design.insert(0, "intercept", 1.0)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    fit = sm.OLS(used[outcome], design).fit()
    # A line through all points has no residuals to divide by.
    with np.errstate(divide="ignore", invalid="ignore"):
        heavy = fit.get_influence().cooks_distance[0] > 4 / len(used)
    rest = sm.OLS(used[outcome][~heavy], design[~heavy]).fit()
    columns = pd.DataFrame(
        {"value": fit.params, "standard_error": fit.bse, "t": fit.tvalues, "p": fit.pvalues}
    )
    columns[["low", "high"]] = fit.conf_int(1 - CONFIDENCE)
    return LinearModel(
        coefficients={str(name): Coefficient(*map(float, row)) for name, row in columns.iterrows()},
        r_squared=float(fit.rsquared),
        num_objectives=len(used),
        df=int(fit.df_resid),
        influential=tuple(used.index[heavy]),
        without={str(name): float(value) for name, value in rest.params.items()},
    )


def robust_line(rows: pd.DataFrame, outcome: str, predictor: str) -> RobustLine | None:
    """Fit a line by the estimator of Theil and Sen.

    Args:
        rows: a table with both columns.
        outcome, predictor: the columns.

    Returns:
        The line; None for fewer than 5 rows, or a predictor that does not vary.
    """
    used = rows[[outcome, predictor]].dropna().astype(float)
    if len(used) < _LEAST_POINTS or used[predictor].nunique() == 1:
        return None
    slope, intercept, low, high = map(
        float, stats.theilslopes(used[outcome], used[predictor], CONFIDENCE)
    )
    return RobustLine(slope, intercept, low, high, len(used))
