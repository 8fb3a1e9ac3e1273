"""The figures of the study imitation."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.imitation.results import ByCount

_COLORS = (style.BLUE, style.VERMILLION)


def draw_returns(
    trained: Mapping[str, Mapping[str, ByCount]], experts: Mapping[str, float]
) -> Figure:
    """Draws returns by the number of trajectories: figure 1 of the paper.

    Args:
        trained: by environment and method.
        experts: the mean return of each environment's expert.
    """
    figure = style.new_figure(2.3)
    panels = figure.subplots(1, len(trained), squeeze=False)[0]
    for axes, (name, methods) in zip(panels, trained.items(), strict=True):
        style.dress(axes)
        axes.axhline(experts[name], color=style.BLACK, linestyle=":", linewidth=1)
        for color, (method, groups) in zip(_COLORS, methods.items(), strict=True):
            values = np.array([[each["returns"].mean() for each in groups[k]] for k in groups])
            counts = list(groups)
            axes.plot(counts, values, ".", color=color, markersize=3, alpha=style.FADED)
            axes.plot(counts, values.mean(1), "o-", color=color, markersize=4, label=method)
        axes.set_title(name, fontsize=style.FONT_SIZE)
        axes.set(xlabel="trajectories", xticks=counts)
    panels[0].set_ylabel("return")
    style.name_lines(figure, 3)
    return figure
