"""Images side by side, with titles."""

from collections.abc import Sequence

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
