"""A figure that studies of control share."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style

_COLORS = (style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)


def draw_curves(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    label: str,
    references: Mapping[str, float] | None = None,
) -> Figure:
    """Draws what policies reach by iteration: bold the mean over seeds, faint every seed.

    Args:
        panels: curves `[seeds, iterations]` by panel and line.
        label: what they are.
        references: of each panel, which are dotted.
    """
    figure = style.new_figure(2.3)
    for axes, (title, lines) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        style.dress(axes)
        if references:
            axes.axhline(references[title], color=style.BLACK, linestyle=":", linewidth=1)
        for number, (name, curves) in enumerate(lines.items()):
            color = _COLORS[number % len(_COLORS)]
            if len(curves) > 1:
                axes.plot(curves.T, color=color, linewidth=0.4, alpha=style.FADED)
            axes.plot(curves.mean(0), color=color, linewidth=1.4, label=name)
        axes.set_title(title, fontsize=style.FONT_SIZE)
        axes.set_xlabel("iteration")
    figure.axes[0].set_ylabel(label)
    style.name_lines(figure, 5)
    return figure
