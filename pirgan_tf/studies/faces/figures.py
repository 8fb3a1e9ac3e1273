"""The figures of the study of faces."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.step_figures import COLORS


def draw_distances(
    distances: Mapping[str, np.ndarray], epochs: Sequence[int], levels: Mapping[str, float]
) -> Figure:
    """Draws the distance from held-out images by epoch.

    Args:
        distances: by network, `[seeds, epochs]`.
        epochs: when they were measured.
        levels: what to compare with, such as the mean image, by name.
    """
    figure = style.new_figure(2.6)
    axes = figure.subplots()
    style.dress(axes)
    for color, (name, values) in zip(COLORS, distances.items(), strict=False):
        if len(values) > 1:
            axes.plot(epochs, values.T, color=color, linewidth=0.5, alpha=style.FADED)
        axes.plot(epochs, values.mean(0), "o-", color=color, markersize=4, label=name)
    for line, (name, value) in zip((":", "--"), levels.items(), strict=True):
        axes.axhline(value, color=style.BLACK, linestyle=line, linewidth=1, label=name)
    axes.set(xlabel="epoch", ylabel="KID", xticks=epochs)
    style.name_lines(figure, 4)
    return figure
