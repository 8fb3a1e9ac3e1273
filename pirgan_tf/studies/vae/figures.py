"""The figures of the study."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style

_COLORS = (style.VERMILLION, style.BLUE, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)


def draw_bounds(
    epochs: Sequence[int], train: Mapping[str, np.ndarray], test: Mapping[str, np.ndarray]
) -> Figure:
    """Draws the variational bound by epoch.

    Args:
        epochs: when it was recorded.
        train, test: by posterior, the mean over seeds `[records]`.
    """
    figure = style.new_figure(2.8)
    axes = figure.subplots()
    style.dress(axes)
    for number, name in enumerate(train):
        color = _COLORS[number % len(_COLORS)]
        axes.plot(epochs, train[name], ":", color=color, linewidth=1)
        axes.plot(epochs, test[name], color=color, linewidth=1.4, label=name)
    # The first epochs are far below.
    shown = np.concatenate(
        [values[len(epochs) // 4 :] for values in (*train.values(), *test.values())]
    )
    margin = 0.1 * (shown.max() - shown.min()) + 0.1
    axes.set(
        xlabel="epoch",
        ylabel="variational bound, nats",
        ylim=(shown.min() - margin, shown.max() + margin),
    )
    style.name_lines(figure, 4)
    return figure
