"""The figures of the mixture study."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.mixture.measures import Measures
from pirgan_tf.studies.mixture.settings import Setting

_COLUMNS = 6
_PIXELS = 96
_BLUR = 1.2  # pixels
_COLORS = (style.VERMILLION, style.SKY, style.GREEN, style.BLUE, style.PURPLE, style.ORANGE)


def draw_densities(
    samples: Mapping[int, np.ndarray], steps: np.ndarray, setting: Setting
) -> Figure:
    """Draws figure 1 of the paper: a row for each K, columns by step, and the data.

    Args:
        samples: by K, `[records, n, 2]`.
        steps: the steps of the records.
        setting: the data.
    """
    chosen = np.linspace(0, len(steps) - 1, _COLUMNS).round().astype(int)
    size = style.WIDTH / (_COLUMNS + 1.3)
    figure = style.new_figure(size * len(samples) + 0.25)
    grid = figure.subplots(len(samples), _COLUMNS + 1, squeeze=False)
    data = _sample_data(setting, len(next(iter(samples.values()))[0]))
    for row, (k, made) in zip(grid, samples.items(), strict=True):
        for axes, record in zip(row, chosen, strict=False):
            _draw_density(axes, made[record], setting)
        _draw_density(row[-1], data, setting)
        row[0].set_ylabel(f"K = {k}", fontsize=style.FONT_SIZE)
    for axes, record in zip(grid[0], chosen, strict=False):
        axes.set_title(f"{steps[record]:,}", fontsize=style.FONT_SIZE)
    grid[0, -1].set_title("data", fontsize=style.FONT_SIZE)
    return figure


def draw_measures(
    measures: Mapping[int, Mapping[int, Measures]], steps: np.ndarray, num_modes: int
) -> Figure:
    """Draws the three measures by step.

    Args:
        measures: by K and seed, each `[records]`.
        steps: the steps of the records.
        num_modes: of the data.
    """
    figure = style.new_figure(2.5)
    panels = figure.subplots(1, 3)
    names = {
        "modes": ("modes covered", float(num_modes)),
        # Of two dimensions, what lies within 3 standard deviations.
        "good": ("share of good samples", 1 - np.exp(-4.5)),
        "divergence": ("KL of shares, nats", 0.0),
    }
    for axes, (field, (name, ideal)) in zip(panels, names.items(), strict=True):
        style.dress(axes)
        axes.axhline(ideal, color=style.BLACK, linestyle=":", linewidth=1)
        for color, (k, seeds) in zip(_COLORS, measures.items(), strict=False):
            lines = np.stack([getattr(each, field) for each in seeds.values()])
            if len(lines) > 1:
                axes.plot(steps, lines.T, color=color, linewidth=0.5, alpha=style.FADED)
            axes.plot(steps, lines.mean(0), color=color, linewidth=1.6, label=f"K = {k}")
        axes.set_title(name, fontsize=style.FONT_SIZE + 1)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", nbins=3)
    panels[1].set_xlabel("step")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=6,
        frameon=False,
        fontsize=style.FONT_SIZE - 0.5,
    )
    return figure


def _draw_density(axes, points: np.ndarray, setting: Setting) -> None:
    reach = 1.5 * setting.radius
    edges = np.linspace(-reach, reach, _PIXELS + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], (edges, edges))
    # The root shows thin mass between the modes, which the paper's heat maps hide.
    shown = np.sqrt(gaussian_filter(counts, _BLUR))
    axes.imshow(shown, origin="lower", cmap="viridis", interpolation="bilinear")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _sample_data(setting: Setting, count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    centers, shares = setting.modes
    modes = random.choice(len(centers), count, p=shares)
    return centers[modes] + setting.sd * random.standard_normal((count, 2))
