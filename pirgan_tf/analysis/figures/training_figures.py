"""One figure a training: what became of one objective, and how a GAN was pretrained.

A sweep has hundreds of these, so they keep to what matplotlib draws fast: places
in inches instead of a layout that is solved for.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.figures.style import BLUE, GREEN, GREY, VERMILLION
from pirgan_tf.analysis.table.run_parts import Evaluation
from pirgan_tf.analysis.table.runs import ObjectiveRun

# Dashes, also before the names, tell the lines apart where there are no colours.
STYLES = ((BLUE, "-", "──"), (VERMILLION, "--", "╌╌"), (GREEN, "-.", "─·─"))
NUM_BINS = 30

ESTIMATOR_LOSSES = {"loss/train": "training images", "heldout/loss": "held-out images"}
# Terms of the GAN's losses: log-likelihoods of source and class, and the estimated rate.
SOURCE_TERMS = {
    "loss/fake": "discriminator knows fakes",
    "loss/real": "discriminator knows reals",
    "loss/fools": "generator fools it",
}
CLASS_TERMS = {"loss/real_class": "class of reals", "loss/fake_class": "class of fakes"}
RATE_TERMS = {"loss/pir": "generator while tuned"}
SHARES = {"tuning/diversity": "diversity, 1 before", "loss/p_real": "P(real) by discriminator"}
# In evaluation.json.
RATES_BY_STEP = {"true": "true", "estimated": "estimated"}

# Inches.
_COLUMN, _ROW = style.WIDTH / 2, 2.35
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.62, 0.1, 0.5, 0.55

Panel = Callable[[Axes], None]


def objective_figure(objective: ObjectiveRun) -> Figure | None:
    """Draw rates before and after, the estimator's calibration, and both trainings.

    Returns:
        A figure of the panels that the run has files for, or None if it has none.
    """
    panels: list[Panel] = []
    fit = objective.fit or {}
    if objective.evaluation:
        panels.append(functools.partial(_rates, objective.evaluation))
    if fit.get("calibration"):
        panels.append(functools.partial(_calibration, fit["calibration"], fit.get("slope")))
    if objective.estimator:
        panels += _curve_panel(
            objective.estimator.stats,
            ESTIMATOR_LOSSES,
            "cross-entropy",
            fit.get("chosen_step"),
        )
    if objective.tuning:
        stats = objective.tuning.stats
        panels += _curve_panel(stats, RATE_TERMS, "estimated rate")
        panels += _curve_panel(stats, SOURCE_TERMS, "log-likelihood")
        panels += _curve_panel(stats, SHARES, "share")
    if objective.evaluation:
        panels += _curve_panel(objective.evaluation.by_step or (), RATES_BY_STEP, "mean rate")
    return _figure(panels)


def training_figure(stats: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw the terms of a GAN's losses over its steps.

    Args:
        stats: rows of stats.jsonl; terms that no row has are left out.

    Returns:
        A figure, or None if there is nothing to draw.
    """
    return _figure(
        _curve_panel(stats, SOURCE_TERMS, "log-likelihood")
        + _curve_panel(stats, CLASS_TERMS, "log-likelihood")
    )


def _figure(panels: Sequence[Panel]) -> Figure | None:
    if not panels:
        return None
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    width, height = columns * _COLUMN, rows * _ROW
    figure = Figure(figsize=(width, height), facecolor="white")
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        axes = figure.add_axes(
            (
                (column * _COLUMN + _LEFT) / width,
                ((rows - 1 - row) * _ROW + _BOTTOM) / height,
                (_COLUMN - _LEFT - _RIGHT) / width,
                (_ROW - _BOTTOM - _TOP) / height,
            )
        )
        style.dress(axes)
        axes.locator_params(nbins=3)
        panel(axes)
    return figure


def _rates(evaluation: Evaluation, axes: Axes) -> None:
    """Draw how the rates of the images are distributed before and after tuning."""
    before, after = evaluation.rates_before, evaluation.rates_after
    both = np.concatenate([before, after])
    edges = np.linspace(max(both.min() - 0.01, 0), min(both.max() + 0.01, 1), NUM_BINS + 1)
    for line, (name, rates, color, dashes) in enumerate(
        (("······ before", before, GREY, ":"), ("── after", after, BLUE, "-"))
    ):
        # Shares, not counts: the sets may differ in size.
        share = 100 * np.histogram(rates, edges)[0] / len(rates)
        mean = float(np.mean(rates))
        axes.stairs(share, edges, fill=True, color=color, alpha=0.25)
        axes.stairs(share, edges, color=color, linestyle=dashes, linewidth=1.2)
        axes.axvline(mean, color=color, linestyle=dashes, linewidth=1.8)
        _name(axes, line, f"{name}: mean {mean:.3f}", color)
    _label(axes, "true rate", "% of images")


def _calibration(
    groups: Sequence[dict[str, float]], slope: dict[str, float] | None, axes: Axes
) -> None:
    """Set predicted against observed rates of groups of held-out images."""
    predicted = [group["predicted"] for group in groups]
    observed = [group["observed"] for group in groups]
    low, high = min(predicted + observed), max(predicted + observed)
    margin = 0.08 * (high - low) + 0.005
    ends = (low - margin, high + margin)
    axes.plot(ends, ends, color=GREY, linestyle=":")
    axes.plot(predicted, observed, color=BLUE, marker="o", markersize=4)
    _name(axes, 0, "······ perfect", GREY)
    told = ""
    if slope:
        told = f", slope {slope['slope']:.2f} ({slope['low']:.2f} to {slope['high']:.2f})"
    _name(axes, 1, f"─●─ held-out images{told}", BLUE)
    axes.set(xlim=ends, ylim=ends)
    _label(axes, "predicted rate", "observed rate")


def _curve_panel(
    rows: Sequence[dict[str, Any]],
    terms: dict[str, str],
    label: str,
    chosen_step: int | None = None,
) -> list[Panel]:
    """Return a panel of the terms that the rows of a stats.jsonl have, if they have any."""
    curves = {name: points for key, name in terms.items() if (points := _points(rows, key))[0]}

    def draw(axes: Axes) -> None:
        for line, (name, points) in enumerate(curves.items()):
            color, dashes, sign = STYLES[line]
            # A line through one point is invisible.
            marker = "o" if len(points[0]) == 1 else None
            axes.plot(*points, color=color, linestyle=dashes, marker=marker, linewidth=1.2)
            _name(axes, line, f"{sign} {name}", color)
        if chosen_step is not None:
            axes.axvline(chosen_step, color=GREY, linestyle=":")
            _name(axes, len(curves), f"······ chosen step {chosen_step}", GREY)
        _label(axes, "step", label)

    return [draw] if curves else []


def _points(rows: Sequence[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    points = [(row["step"], row[key]) for row in rows if row.get(key) is not None]
    return [step for step, _ in points], [value for _, value in points]


def _name(axes: Axes, line: int, text: str, color: str) -> None:
    """Name a line above the axes, where it hides no data; ten times as fast as a legend."""
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 3 + 11 * line),
        textcoords="offset points",
        color=color,
        fontsize=style.FONT_SIZE - 1,
    )


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=style.FONT_SIZE)
    axes.set_ylabel(y, fontsize=style.FONT_SIZE)
