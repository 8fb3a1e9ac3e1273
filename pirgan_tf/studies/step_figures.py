"""Figures by step, for every K and seed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.training.grids import image_grid

COLORS = (style.VERMILLION, style.SKY, style.GREEN, style.BLUE, style.PURPLE, style.ORANGE)
"""Those of the values of K, in ascending order."""

_COLUMNS = 6
_IMAGES_A_ROW = 5


def draw_measures(
    measures: Mapping[int, Mapping[int, Any]],
    steps: Sequence[int],
    panels: Mapping[str, tuple[str, float]],
) -> Figure:
    """Draws measures by step: bold the mean over seeds, faint every seed, dotted the ideal.

    Args:
        measures: by K and seed, with a field `[records]` for each panel.
        steps: the steps of the records.
        panels: a title, and what the data itself has, for each field.
    """
    figure = style.new_figure(2.5)
    for axes, (field, (title, ideal)) in zip(
        figure.subplots(1, len(panels)), panels.items(), strict=True
    ):
        style.dress(axes)
        axes.axhline(ideal, color=style.BLACK, linestyle=":", linewidth=1)
        for color, (k, seeds) in zip(COLORS, measures.items(), strict=False):
            lines = np.stack([getattr(each, field) for each in seeds.values()])
            if len(lines) > 1:
                axes.plot(steps, lines.T, color=color, linewidth=0.5, alpha=style.FADED)
            axes.plot(steps, lines.mean(0), color=color, linewidth=1.6, label=f"K = {k}")
        axes.set_title(title, fontsize=style.FONT_SIZE + 1)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", nbins=3)
        axes.set_xlabel("step")
    style.name_lines(figure, 6)
    return figure


def draw_by_step(
    samples: Mapping[int, np.ndarray],
    steps: Sequence[int],
    data: np.ndarray,
    draw: Callable[[Axes, np.ndarray], None],
) -> Figure:
    """Draws what generators make by step: a row for each K, and the data on the right.

    Args:
        samples: by K, `[records, n, ...]`.
        steps: the steps of the records.
        data: `[n, ...]`.
        draw: draws samples `[n, ...]`.
    """
    size = style.WIDTH / (_COLUMNS + 1.3)
    figure = style.new_figure(size * len(samples) + 0.25)
    grid = figure.subplots(len(samples), _COLUMNS + 1, squeeze=False)
    chosen = np.linspace(0, len(steps) - 1, _COLUMNS).round().astype(int)
    for row, (k, made) in zip(grid, samples.items(), strict=True):
        for axes, shown in zip(row, [*made[chosen], data], strict=True):
            draw(axes, shown)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        row[0].set_ylabel(f"K = {k}", fontsize=style.FONT_SIZE)
    titles = [f"{steps[record]:,}" for record in chosen] + ["data"]
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=style.FONT_SIZE)
    return figure


def draw_images(axes: Axes, images: np.ndarray) -> None:
    """Draws the first 25 of some images, uint8 `[n, size, size, channels]`, as a square."""
    grid = image_grid(images[: _IMAGES_A_ROW**2], _IMAGES_A_ROW, gap=1)
    axes.imshow(grid, interpolation="lanczos")
