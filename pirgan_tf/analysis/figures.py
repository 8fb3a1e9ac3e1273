"""The report's figures, which also read well in print and without colours.

Each function returns a matplotlib Figure that no global state knows of, so they
may be called from any thread and leave the caller's pyplot alone.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by readers who see colours differently;
# dashes tell the lines apart where there are none.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
STYLES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."))

WIDTH = 5.6
NUM_BINS = 30

# The terms of the losses, which are log-likelihoods, and the estimated rate.
PANELS = (
    (
        "Log-likelihood",
        {
            "loss/fake": "discriminator knows fakes",
            "loss/real": "discriminator knows reals",
            "loss/fools": "generator fools it",
        },
    ),
    (
        "Log-likelihood",
        {"loss/real_class": "class of reals", "loss/fake_class": "class of fakes"},
    ),
    ("Estimated rate", {"loss/pir": "mean estimated rate of fakes"}),
)


def rate_histogram(before: Sequence[float], after: Sequence[float]) -> Figure:
    """Draw how the rates of the images are distributed before and after tuning.

    Args:
        before, after: [n] and [m] rates in [0, 1].
    """
    figure, (axes,) = _figure([2.9])
    both = np.concatenate([before, after])
    low, high = max(both.min() - 0.01, 0), min(both.max() + 0.01, 1)
    bins = np.linspace(low, high, NUM_BINS + 1).tolist()
    sets = (("before", before, GREY, ":", None), ("after", after, BLUE, "-", "////"))
    for name, rates, color, dashes, hatch in sets:
        # Shares, not counts: the sets may differ in size.
        weights = np.full(len(rates), 100 / len(rates))
        axes.hist(rates, bins, weights=weights, color=color, alpha=0.3, hatch=hatch)
        axes.hist(rates, bins, weights=weights, histtype="step", color=color, linestyle=dashes)
        mean = float(np.mean(rates))
        axes.axvline(
            mean, color=color, linestyle=dashes, linewidth=2, label=f"mean {name} {mean:.3f}"
        )
    axes.set_xlabel("true rate of positive interaction")
    axes.set_ylabel("% of images")
    _legend(axes)
    return figure


def training_curves(rows: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw the terms of a GAN's losses over its steps.

    Args:
        rows: of stats.jsonl; terms that no row has are left out.

    Returns:
        A figure, or None if there is nothing to draw.
    """
    panels = []
    for label, terms in PANELS:
        curves = {name: _series(rows, key) for key, name in terms.items()}
        curves = {name: points for name, points in curves.items() if points[0]}
        if curves:
            panels.append((label, curves))
    if not panels:
        return None
    figure, all_axes = _figure([2.0] * len(panels))
    for axes, (label, curves) in zip(all_axes, panels, strict=True):
        for (color, dashes), (name, points) in zip(STYLES, curves.items(), strict=False):
            _curve(axes, points, color, dashes, name)
        axes.set_ylabel(label)
        _legend(axes)
    all_axes[-1].set_xlabel("step")
    return figure


def estimator_curves(rows: Sequence[dict[str, Any]], chosen_step: int | None) -> Figure | None:
    """Draw an estimator's cross-entropy on images it trains on and on held-out ones.

    Args:
        rows: of stats.jsonl.
        chosen_step: the step whose weights were kept, if known.

    Returns:
        A figure, or None if there is nothing to draw.
    """
    train, heldout = _series(rows, "loss/train"), _series(rows, "heldout/loss")
    if not train[0] and not heldout[0]:
        return None
    figure, (axes,) = _figure([2.9])
    if train[0]:
        _curve(axes, train, BLUE, "-", "training images")
    if heldout[0]:
        axes.plot(*heldout, color=ORANGE, linestyle="--", marker="o", label="held-out images")
    if chosen_step is not None:
        axes.axvline(chosen_step, color=GREY, linestyle=":", label=f"chosen step {chosen_step}")
    axes.set_xlabel("step")
    axes.set_ylabel("cross-entropy")
    _legend(axes)
    return figure


def calibration_plot(groups: Sequence[dict[str, float]]) -> Figure:
    """Set predicted against observed rates of groups of held-out images.

    Args:
        groups: of `calibration_table`, at least one.
    """
    figure, (axes,) = _figure([3.6])
    predicted = [group["predicted"] for group in groups]
    observed = [group["observed"] for group in groups]
    low, high = min(predicted + observed), max(predicted + observed)
    margin = 0.08 * (high - low) + 0.005
    ends = [low - margin, high + margin]
    axes.plot(ends, ends, color=GREY, linestyle=":", label="perfect")
    axes.plot(predicted, observed, color=BLUE, marker="o", label="groups of held-out images")
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.set_xlabel("predicted rate")
    axes.set_ylabel("observed rate")
    _legend(axes)
    return figure


def _figure(heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained", facecolor="white")
    grid = figure.subplots(len(heights), 1, squeeze=False, sharex=True)
    for axes in grid[:, 0]:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.locator_params(axis="x", nbins=6)
    return figure, list(grid[:, 0])


def _legend(axes: Axes) -> None:
    """Put the legend above the axes, where it hides no data."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0, fontsize=9
    )


def _series(rows: Sequence[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    points = [(row["step"], row[key]) for row in rows if row.get(key) is not None]
    points = [(step, value) for step, value in points if math.isfinite(value)]
    return [step for step, _ in points], [value for _, value in points]


def _curve(
    axes: Axes, points: tuple[list[int], list[float]], color: str, dashes: str, name: str
) -> None:
    # A line through one point is invisible.
    marker = "o" if len(points[0]) == 1 else None
    axes.plot(*points, color=color, linestyle=dashes, marker=marker, label=name)
