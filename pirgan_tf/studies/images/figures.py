"""The figures of the study of images."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf import analysis
from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.step_figures import COLORS

_ROWS = 10


def draw_reconstructions(
    targets: np.ndarray,
    reconstructions: Mapping[int, np.ndarray],
    errors: Mapping[int, np.ndarray],
) -> Figure:
    """Draws figure 4 of the paper: images on the left, and what each K makes of them.

    The ten images are those on which the smallest and the largest K differ most, by
    |a - b| / ((a + b) / 2) of their errors.

    Args:
        targets: uint8 `[n, size, size, channels]`.
        reconstructions: by K, the same.
        errors: by K, mean squared errors `[n]`.
    """
    first, last = errors[min(errors)], errors[max(errors)]
    order = np.argsort(-np.abs(first - last) / np.maximum(first + last, 1e-12), kind="stable")
    chosen = order[:_ROWS]
    # Sideways: a page is wider than it is high.
    figure = style.new_figure(0.75 * (1 + len(reconstructions)))
    grid = figure.subplots(1 + len(reconstructions), len(chosen), squeeze=False)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes, image in zip(grid[0], targets[chosen], strict=True):
        axes.imshow(_rgb(image), interpolation="lanczos")
    grid[0, 0].set_ylabel("data", fontsize=style.FONT_SIZE)
    for row, (k, images) in zip(grid[1:], reconstructions.items(), strict=True):
        row[0].set_ylabel(f"K = {k}", fontsize=style.FONT_SIZE)
        for axes, index in zip(row, chosen, strict=True):
            axes.imshow(_rgb(images[index]), interpolation="lanczos")
            axes.set_xlabel(f"{errors[k][index]:.3f}", fontsize=style.FONT_SIZE - 2)
    return figure


def draw_histograms(distances: Mapping[str, np.ndarray]) -> Figure:
    """Draws figure 5 of the paper: the distances of random pairs of images, and the data's.

    Args:
        distances: by name; those of the data last.
    """
    edges, densities = analysis.distance_histograms(dict(distances))
    figure = style.new_figure(2.8)
    axes = figure.subplots()
    style.dress(axes)
    *made, data = densities
    for color, name in zip(COLORS, made, strict=False):
        axes.stairs(densities[name], edges, color=color, linewidth=1.3, label=name)
    axes.stairs(densities[data], edges, color=style.BLACK, linestyle=":", label=data)
    axes.set(xlabel="distance of two images, pixels in [-1, 1]", ylabel="density")
    axes.legend(frameon=False, fontsize=style.FONT_SIZE - 0.5)
    return figure


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.broadcast_to(image, (*image.shape[:2], 3))
