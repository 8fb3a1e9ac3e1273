"""The figures of the study."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style


def draw_progress(steps: Sequence[int], bounds: Mapping[int, np.ndarray]) -> Figure:
    """Draws the bound of the categorical code's information by step: figure 1 of the paper.

    Args:
        steps: the last steps of the records.
        bounds: by seed, `[records]`.
    """
    figure = style.new_figure(2.6)
    axes = figure.subplots()
    style.dress(axes)
    for seed, values in bounds.items():
        name = None if seed else "InfoGAN, one line per seed"
        axes.plot(steps, values, color=style.BLUE, linewidth=1, label=name)
    axes.axhline(np.log(10), color=style.BLACK, linestyle=":", linewidth=1, label="ln 10")
    axes.set(xlabel="step", ylabel="bound of I(c; G(z, c)), nats", xlim=(0, None))
    style.name_lines(figure, 2)
    return figure
