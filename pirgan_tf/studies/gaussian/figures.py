"""The figures of the study, after figures 2 to 4 of the paper."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.gaussian.training import GRID, RANGE, Training

_COLORS = (style.VERMILLION, style.BLUE, style.ORANGE, style.GREEN)
_BINS = np.linspace(-RANGE, RANGE, 61)
_HIGHEST = 1.05


def draw_densities(trainings: Mapping[str, Training], seed: int) -> Figure:
    """Draws figure 2: data, samples and D of one seed, untrained and after each training."""
    panels = [("untrained", next(iter(trainings.values())), 0)]
    panels += [(name, training, -1) for name, training in trainings.items()]
    figure = style.new_figure(3.6)
    columns = -(-len(panels) // 2)
    grid = figure.subplots(2, columns, sharex=True, sharey=True)
    for axes, (name, training, when) in zip(grid.flat, panels, strict=False):
        style.dress(axes)
        axes.plot(GRID, norm.pdf(GRID), color=style.BLUE, linewidth=1.4, label="data")
        axes.hist(
            training.samples[when, seed],
            _BINS,
            density=True,
            color=style.VERMILLION,
            alpha=0.5,
            label="samples of G",
        )
        axes.plot(GRID, training.curves[when, seed], color=style.GREEN, label="D(x)")
        axes.set_title(textwrap.fill(name, 24), fontsize=style.FONT_SIZE - 0.5)
    for empty, above in zip(grid.flat[len(panels) :], grid[0, ::-1], strict=False):
        empty.set_axis_off()
        above.tick_params(labelbottom=True)
    # A spike is many times as high as the data.
    grid[0, 0].set(xlim=(-RANGE, RANGE), ylim=(0, _HIGHEST), xticks=(-4, 0, 4))
    style.name_lines(figure, 3)
    return figure


def draw_losses(trainings: Mapping[str, Training], ends: np.ndarray) -> Figure:
    """Draws figure 3: what each network ascends, by step; bold the mean over seeds."""
    figure = style.new_figure(2.8)
    panels = figure.subplots(1, 2)
    titles = ("E log D(x) + E log(1 - D(G(z)))", "E log D(G(z))")
    optima = (-2 * np.log(2), -np.log(2))
    for axes, field, title, optimum in zip(
        panels, ("values", "fooling"), titles, optima, strict=True
    ):
        style.dress(axes)
        for color, (name, training) in zip(_COLORS, trainings.items(), strict=False):
            lines = getattr(training, field)
            axes.plot(ends, lines, color=color, linewidth=0.4, alpha=style.FADED)
            axes.plot(ends, lines.mean(1), color=color, linewidth=1.4, label=name)
        axes.axhline(optimum, color=style.BLACK, linestyle=":", linewidth=1)
        axes.set_title(title, fontsize=style.FONT_SIZE)
        axes.set(xlabel="step", ylim=(3 * optimum, 0))
    style.name_lines(figure, 2)
    return figure


def draw_discriminators(trainings: Mapping[str, Training]) -> Figure:
    """Draws figure 4: D(x) of every seed after each training."""
    figure = style.new_figure(2.1)
    panels = figure.subplots(1, len(trainings), sharey=True)
    for axes, color, (name, training) in zip(panels, _COLORS, trainings.items(), strict=True):
        style.dress(axes)
        axes.axhline(0.5, color=style.BLACK, linestyle=":", linewidth=1)
        axes.plot(GRID, training.curves[-1].T, color=color, linewidth=0.8)
        axes.set_title(textwrap.fill(name, 18), fontsize=style.FONT_SIZE - 1)
        axes.set(xlabel="x", ylim=(0, 1))
    panels[0].set_ylabel("D(x)")
    return figure
