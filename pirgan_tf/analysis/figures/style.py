"""How every figure looks: in print, on a phone, and to readers who see colours differently."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE
from pirgan_tf.analysis.table import selection

# Okabe and Ito's colours, without yellow, which is faint on white.
BLACK, GREY = "#000000", "#666666"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
VERMILLION, ORANGE, PURPLE = "#D55E00", "#E69F00", "#CC79A7"

# The shapes alone tell the subsets apart too.
MARKS = {
    "single color": (VERMILLION, "o"),
    "two colors": (BLUE, "s"),
    "three colors": (GREEN, "^"),
    "pool1": (SKY, "v"),
    "pool2": (ORANGE, "D"),
    "pool3": (GREEN, "P"),
    "pool4": (PURPLE, "X"),
    "pool5": (BLUE, "<"),
    "fc6": (VERMILLION, ">"),
    "fc7": (BLACK, "p"),
    "fc8": (GREY, "*"),
}
FADED = 0.3
WIDTH = 5.6
FONT_SIZE = 9


def new_figure(height: float) -> Figure:
    """Return an empty figure, in inches, that no global state of matplotlib knows of."""
    return Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")


def dress(axes: Axes) -> None:
    """Give axes the look that all have."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=FONT_SIZE)


def draw_points(axes: Axes, rows: pd.DataFrame, x: ArrayLike, y: ArrayLike) -> None:
    """Draw one point per objective.

    Colour and shape are those of its layer or family; sets of filters are hollow,
    and changes that are not significant are faded.
    """
    points = pd.DataFrame(
        {
            "x": x,
            "y": y,
            "subset": selection.subsets(rows).to_numpy(),
            "hollow": selection.is_filter_set(rows).to_numpy(),
            "faded": (rows["p"] >= SIGNIFICANCE).to_numpy() | rows["p"].isna().to_numpy(),
        }
    )
    for (subset, hollow, faded), group in points.groupby(["subset", "hollow", "faded"]):
        color, marker = MARKS[subset]
        axes.scatter(
            group["x"],
            group["y"],
            s=60 if marker == "*" else 34,
            marker=marker,
            facecolors="white" if hollow else color,
            edgecolors=color if hollow else "#222222",
            linewidths=1.3 if hollow else 0.5,
            alpha=FADED if faded else 1,
            zorder=2 if faded else 3,
        )


def name_lines(figure: Figure, columns: int) -> None:
    """Write above the axes what the first of them names."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=FONT_SIZE - 0.5,
    )


def draw_legend(figure: Figure, rows: pd.DataFrame) -> None:
    """Explain above the axes the marks that `draw_points` gives these rows."""
    present = set(selection.subsets(rows))
    handles = [_handle(subset, *mark) for subset, mark in MARKS.items() if subset in present]
    if selection.is_filter_set(rows).any():
        handles.append(_handle("sets: hollow", "white", "o", edge=GREY))
    if not (rows["p"] < SIGNIFICANCE).all():
        handles.append(_handle("p ≥ 0.001: faded", GREY, "o", alpha=FADED))
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=4,
        frameon=False,
        fontsize=FONT_SIZE - 0.5,
        handletextpad=0.2,
        columnspacing=1.0,
    )


def _handle(
    label: str, color: str, marker: str, *, edge: str = "#222222", alpha: float = 1
) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="",
        marker=marker,
        markersize=8 if marker == "*" else 6,
        color=color,
        markeredgecolor=edge,
        markeredgewidth=0.5 if edge == "#222222" else 1.3,
        alpha=alpha,
        label=label,
    )
