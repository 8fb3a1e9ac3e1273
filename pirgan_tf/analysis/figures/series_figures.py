"""Lines through the rows of one objective: its rounds (figure 7) and its PIR weights (5.1)."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.figures.objective_figures import (
    CHANGE,
    COHENS_D,
    NothingToDraw,
    at_least_two,
)
from pirgan_tf.analysis.table import selection

_PANELS_A_ROW = 3
# More lines than this could not be told apart by their names.
_NAMED_LINES = 8


def effect_by_round(table: pd.DataFrame) -> Figure:
    """Draw figure 7: the effect size of each objective over its rounds, a panel a subset.

    The effect is that since before any tuning; round 0 stands there.
    """
    lines = selection.rounds(table)
    if not lines:
        raise NothingToDraw("No objective has a second round.")
    panels: dict[str, list[pd.DataFrame]] = {}
    for line in sorted(lines, key=lambda line: list(style.MARKS).index(_subset(line))):
        family = line["family"].iloc[0]
        title = family if _subset(line) == family else f"{_subset(line)}, {family}"
        panels.setdefault(title, []).append(line)
    columns = min(len(panels), _PANELS_A_ROW)
    height = math.ceil(len(panels) / columns)
    figure = style.new_figure(2.2 * height + 0.6)
    grid = figure.subplots(height, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    for axes, (title, group) in zip(grid.flat, panels.items(), strict=False):
        style.dress(axes)
        axes.axhline(0, color=style.BLACK, linewidth=0.8)
        for line in group:
            _draw_rounds(axes, line)
        axes.set_title(title, fontsize=style.FONT_SIZE + 1)
        axes.set_xticks(range(max(line["round"].max() for line in lines) + 1))
    for axes in grid[:, 0]:
        axes.set_ylabel(COHENS_D)
    figure.supxlabel("round (ring: the one that was kept)", fontsize=style.FONT_SIZE + 1)
    return figure


def gain_against_diversity(table: pd.DataFrame) -> Figure:
    """Draw what the gain in PIR costs in diversity, one line per objective through its PIR weights.

    Diversity is lost to the right: by mean pairwise distance of features, and by
    recall of the images from before tuning.
    """
    rows = selection.evaluated(table)
    rows = rows[rows["round"] == 1].dropna(subset=["distance_before", "distance_after"])
    rows = at_least_two(rows, "row with a measured diversity").sort_values("pir_weight")
    rows = rows.assign(lost=1 - rows["distance_after"] / rows["distance_before"])
    lines = [line for _, line in rows.groupby(list(selection.SERIES), dropna=False)]
    lines = [line for line in lines if len(line) > 1]
    figure = style.new_figure(4.2)
    panels = figure.subplots(1, 2, sharey=True)
    names = {"lost": "lost share of pairwise distance", "recall": "recall"}
    for axes, (column, label) in zip(panels, names.items(), strict=True):
        style.dress(axes)
        axes.axhline(0, color=style.BLACK, linewidth=0.8)
        axes.set_xlabel(label)
        style.draw_points(axes, rows, rows[column], rows["change"])
        for line in lines:
            color, _ = style.MARKS[_subset(line)]
            axes.plot(line[column], line["change"], color=color, linewidth=0.9)
            if len(lines) <= _NAMED_LINES:
                _name_points(axes, line, column)
    panels[1].invert_xaxis()
    panels[0].set_ylabel(CHANGE)
    style.draw_legend(figure, rows)
    return figure


def _subset(line: pd.DataFrame) -> str:
    return selection.subsets(line).iloc[0]


def _draw_rounds(axes: Axes, line: pd.DataFrame) -> None:
    color, marker = style.MARKS[_subset(line)]
    x, y = [0, *line["round"]], [0, *line["cohens_d"]]
    axes.plot(x, y, color=color, linewidth=0.9, marker=marker, markersize=5)
    kept = line[line["kept"]]
    axes.plot(kept["round"], kept["cohens_d"], "o", ms=11, mfc="none", mec=style.BLACK, mew=1)


def _name_points(axes: Axes, line: pd.DataFrame, column: str) -> None:
    """Write the weight at each point, and the objective at the last."""
    names = [f"{weight:g}" for weight in line["pir_weight"]]
    names[-1] += f" {line['objective'].iloc[0].removeprefix('color:')}"
    for name, place in zip(names, zip(line[column], line["change"], strict=True), strict=True):
        axes.annotate(
            name, place, xytext=(4, 4), textcoords="offset points", fontsize=style.FONT_SIZE - 2
        )
