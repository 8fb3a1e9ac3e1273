"""Figures 2 to 7 of the paper and the trade-off of its section 5.1, from results.csv alone."""

import dataclasses
from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import objective_figures, sample_figure, series_figures


@dataclasses.dataclass(frozen=True)
class SweepFigure:
    """A figure over all objectives.

    Attributes:
        name: of its files.
        title: what it shows, with the number that it has in the paper.
        caption: how to read it.
        draw: makes it from the table, or raises NothingToDraw.
        photographic: whether it shows images rather than lines.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[pd.DataFrame], Figure]
    photographic: bool = False


FIGURES = (
    SweepFigure(
        "figure-2",
        "Figure 2: rates that are not zero, and effect size",
        "Single filters and colours. A rate in the estimator's lowest bin counts as zero.",
        objective_figures.nonzero_against_effect,
    ),
    SweepFigure(
        "figure-3",
        "Figure 3: change on different objectives",
        "Each point is an objective; values above zero are improvements, and faded points are not "
        "significant (p ≥ 0.001).",
        objective_figures.change_by_objective,
    ),
    SweepFigure(
        "figure-4",
        "Figure 4: images tuned for colours",
        "The first images of random galleries, not chosen ones. Objectives of two and three "
        "colours name them from left to right.",
        sample_figure.color_samples,
        photographic=True,
    ),
    SweepFigure(
        "figure-5",
        "Figure 5: true and estimated change",
        "Above the dotted line the estimator was too pessimistic, below it too optimistic.",
        objective_figures.change_against_estimate,
    ),
    SweepFigure(
        "figure-6",
        "Figure 6: change and initial variability",
        "The lines are fitted to the standard deviation alone.",
        objective_figures.change_against_variability,
    ),
    SweepFigure(
        "figure-7",
        "Figure 7: effect size over rounds",
        "Each line is an objective; the effect is the one since before any tuning.",
        series_figures.effect_by_round,
    ),
    SweepFigure(
        "trade-off",
        "Section 5.1: what the gain costs in diversity",
        "A line is an objective through its PIR weights. Diversity is lost to the right: in mean "
        "pairwise distance of the images' features, and in recall of the images from before.",
        series_figures.gain_against_diversity,
    ),
)
