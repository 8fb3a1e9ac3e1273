"""What ratings buy: correlation by ratings per image, and the smallest change by all ratings."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator, StrMethodFormatter

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.figures.style import BLUE, GREEN, GREY, VERMILLION
from pirgan_tf.analysis.statistics.planning import MixedStudy
from pirgan_tf.analysis.statistics.reliability import rate_correlation, ratings_for_correlation

_LINES = {1: (BLUE, "-", "o"), 10: (GREEN, "--", "s"), 50: (VERMILLION, "-.", "^")}
_WANTED = {"color": GREY, "linestyle": ":", "linewidth": 1.2}
# Budgets are drawn up to this many times more or less than the one that is planned.
_FACTOR = 10
_BUDGETS = 7
# With two raters, far from all others, the test has but one degree of freedom.
_LEAST_RATERS = 3


def plan_figure(
    study: MixedStudy, *, correlation: float, change: float, power: float, alpha: float
) -> Figure:
    """Draw what is bought for a budget, and for others.

    Args:
        study: a study of the budget; its ratings per image do not matter.
        correlation, change: what is wanted, as dotted lines.
        power, alpha: of the smallest change.
    """
    figure = style.new_figure(3.0)
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        style.dress(axes)
        axes.set_xscale("log")
    most = max(100, 1.3 * ratings_for_correlation(study.spread, correlation))
    _draw_correlation(left, study, most)
    left.axhline(correlation, **_WANTED, label="wanted")
    _draw_changes(right, study, power, alpha)
    right.axhline(change, **_WANTED)
    for axis in (left.xaxis, right.xaxis):
        axis.set_major_locator(LogLocator(subs=(1, 3)))
        axis.set_major_formatter(EngFormatter(sep=""))
        axis.set_minor_locator(NullLocator())
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.yaxis.set_minor_locator(NullLocator())
    style.name_lines(figure, columns=4)
    return figure


def _draw_correlation(axes: Axes, study: MixedStudy, most: float) -> None:
    ratings = np.geomspace(1, most, 100)
    correlations = [rate_correlation(study.spread, k) for k in ratings]
    axes.plot(ratings, correlations, color=GREY, linewidth=1.2)
    for k, (color, line, marker) in _LINES.items():
        axes.plot(
            k,
            rate_correlation(study.spread, k),
            color=color,
            linestyle=line,
            marker=marker,
            label=f"{k} per image",
        )
    axes.set_ylim(0, 1)
    axes.set_xlabel("ratings per image")
    axes.set_ylabel("correlation with true rates")


def _draw_changes(axes: Axes, study: MixedStudy, power: float, alpha: float) -> None:
    budgets = np.geomspace(study.num_raters / _FACTOR, study.num_raters * _FACTOR, _BUDGETS)
    for k, (color, line, marker) in _LINES.items():
        studies = [
            MixedStudy(raters, study.images_per_rater, k, study.spread)
            for raters in sorted({round(budget) for budget in budgets})
            if raters >= max(k, _LEAST_RATERS)
        ]
        axes.plot(
            [each.num_ratings for each in studies],
            [each.smallest_change(power, alpha) for each in studies],
            color=color,
            linestyle=line,
            marker=marker,
            markersize=4,
        )
    axes.axvline(study.num_ratings, color="#dddddd", linewidth=3, zorder=0)
    axes.set_yscale("log")
    axes.set_xlabel("all ratings (grey: the budget)")
    axes.set_ylabel("smallest change found")
