"""Images side by side, with titles or in rows with names."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style
from pirgan_tf.training.grids import image_grid


def draw_grid(images: np.ndarray, titles: Sequence[str]) -> Figure:
    """Draws images in rows, with a title above each column.

    Args:
        images: uint8 `[rows * columns, size, size, channels]`.
        titles: of the columns.
    """
    columns, size = len(titles), images.shape[1]
    figure = style.new_figure(style.WIDTH * len(images) / columns**2 + 0.25)
    axes = figure.subplots()
    gap = 2
    axes.imshow(image_grid(images, columns, gap=gap), interpolation="nearest")
    middles = gap + size / 2 + (size + gap) * np.arange(columns)
    axes.set_xticks(middles, titles, fontsize=style.FONT_SIZE)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def draw_rows(rows: Mapping[str, np.ndarray]) -> Figure:
    """Draws rows of images.

    Args:
        rows: by the row's name, uint8 `[n, size, size, channels]`.
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
