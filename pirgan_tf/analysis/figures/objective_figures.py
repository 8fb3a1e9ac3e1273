"""The paper's figures 2, 3, 5 and 6: one point per objective, after its first tuning."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.statistics.models import LinearModel
from pirgan_tf.analysis.table import selection

COHENS_D = "effect size (Cohen's d)"
CHANGE = "change in mean PIR"


class NothingToDraw(Exception):
    """A figure cannot be drawn from these rows; the message says why."""


def at_least_two(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the rows.

    Raises:
        NothingToDraw: there are fewer than two, too few to show a pattern.
    """
    if len(rows) < 2:
        number = "only one" if len(rows) else "no"
        raise NothingToDraw(f"There is {number} {what}.")
    return rows


def nonzero_against_effect(table: pd.DataFrame) -> Figure:
    """Draw figure 2: percent of rates that are not zero against effect size.

    As in the paper, of single filters and colours.
    """
    rows = selection.first_tuning(table)
    rows = rows[selection.is_single_filter(rows) | selection.is_color(rows)]
    rows = rows.dropna(subset=["percent_nonzero", "cohens_d"])
    rows = at_least_two(rows, "evaluated single filter or colour objective")
    return _scatter(
        rows, "percent_nonzero", "cohens_d", "rates that are not zero before tuning (%)", COHENS_D
    )


def change_by_objective(table: pd.DataFrame) -> Figure:
    """Draw figure 3: change in mean PIR above, effect size below, a column a subset."""
    rows = at_least_two(selection.first_tuning(table), "evaluated objective")
    sets = rows[selection.is_filter_set(rows)]
    panels = {
        "colours": rows[selection.is_color(rows)],
        "1 filter": rows[selection.is_single_filter(rows)],
        " and ".join(sorted(set(sets["family"]))): sets,
    }
    panels = {title: group for title, group in panels.items() if len(group)}
    columns = {title: _present(group) for title, group in panels.items()}
    figure = style.new_figure(6.2)
    grid = figure.subplots(
        2,
        len(panels),
        squeeze=False,
        sharex="col",
        sharey="row",
        width_ratios=[len(names) + 0.5 for names in columns.values()],
    )
    for column, (title, group) in enumerate(panels.items()):
        names = columns[title]
        places = _spread(group, names)
        for axes, value in zip(grid[:, column], ("change", "cohens_d"), strict=True):
            style.dress(axes)
            axes.axhline(0, color=style.BLACK, linewidth=0.8)
            style.draw_points(axes, group, places, group[value])
        grid[0, column].set_title(title, fontsize=style.FONT_SIZE + 1)
        grid[1, column].set_xticks(range(len(names)), names, rotation=90)
        grid[1, column].set_xlim(-0.6, len(names) - 0.4)
    grid[0, 0].set_ylabel(f"(a) {CHANGE}")
    grid[1, 0].set_ylabel(f"(b) {COHENS_D}")
    return figure


def change_against_estimate(table: pd.DataFrame) -> Figure:
    """Draw figure 5: true against estimated change, with the fitted line and the diagonal."""
    rows = selection.first_tuning(table).dropna(subset=["estimated_change"])
    rows = at_least_two(rows, "evaluated objective with an estimated change")
    figure = _scatter(
        rows, "estimated_change", "change", "estimated change in mean PIR", f"true {CHANGE}"
    )
    (axes,) = figure.axes
    ends = np.array([rows["estimated_change"].min(), rows["estimated_change"].max()])
    axes.plot(ends, ends, color=style.GREY, linestyle=":", label="estimate = truth")
    _draw_lines(axes, rows, models.change_by_estimate(rows), "estimated_change")
    return figure


def change_against_variability(table: pd.DataFrame) -> Figure:
    """Draw figure 6: change against the standard deviation of the rates before tuning."""
    rows = at_least_two(selection.first_tuning(table), "evaluated objective")
    figure = _scatter(
        rows, "sd_before", "change", "standard deviation of PIR before tuning", CHANGE
    )
    _draw_lines(figure.axes[0], rows, models.variability_alone(rows), "sd_before")
    return figure


def _scatter(rows: pd.DataFrame, x: str, y: str, x_label: str, y_label: str) -> Figure:
    figure = style.new_figure(4.6)
    axes = figure.subplots()
    style.dress(axes)
    axes.axhline(0, color=style.BLACK, linewidth=0.8)
    style.draw_points(axes, rows, rows[x], rows[y])
    style.draw_legend(figure, rows)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure


def _draw_lines(axes: Axes, rows: pd.DataFrame, model: LinearModel | None, name: str) -> None:
    """Draw the fitted line of a model with one predictor, and the robust one."""
    ends = np.array([rows[name].min(), rows[name].max()])
    if model:
        slope, intercept = model.coefficients[name].value, model.coefficients["intercept"].value
        label = f"least squares: slope {slope:.2f}, R² {model.r_squared:.2f}"
        axes.plot(ends, intercept + slope * ends, color=style.BLACK, linestyle="--", label=label)
    robust = models.robust_line(rows, "change", name)
    if robust:
        label = f"Theil-Sen: slope {robust.slope:.2f} ({robust.low:.2f} to {robust.high:.2f})"
        axes.plot(ends, robust.intercept + robust.slope * ends, color=style.BLUE, label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=style.FONT_SIZE, loc="upper left")


def _present(rows: pd.DataFrame) -> list[str]:
    """Return the subsets that the rows have, in the paper's order."""
    present = set(selection.subsets(rows))
    return [name for name in style.MARKS if name in present]


def _spread(rows: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return places in the columns, apart from one another, and the same for the same rows."""
    # Multiples of the golden ratio never come near each other.
    offset = np.arange(len(rows)) * 0.618034 % 1 - 0.5
    column = selection.subsets(rows).map({name: index for index, name in enumerate(names)})
    return column.to_numpy() + 0.6 * offset
