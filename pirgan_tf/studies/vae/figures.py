"""The figures of the study."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.training.grids import image_grid

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


def draw_rows(rows: Mapping[str, np.ndarray]) -> Figure:
    """Draws rows of images.

    Args:
        rows: by the row's name, uint8 `[n, size, size, 1]`.
    """
    columns = len(next(iter(rows.values())))
    height = style.WIDTH / (columns + 2.5)
    figure = style.new_figure(height * len(rows) + 0.1)
    for axes, (name, images) in zip(
        figure.subplots(len(rows), 1, squeeze=False).flat, rows.items(), strict=True
    ):
        axes.imshow(image_grid(images, columns, gap=1), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=style.FONT_SIZE)
    return figure
