"""The figures of the study."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from pirgan_tf.analysis.figures import style
from pirgan_tf.studies.semi_supervised.results import PAPER, Trainings
from pirgan_tf.studies.step_figures import COLORS, draw_images


def draw_errors(
    measured: Mapping[str, Mapping[int, Mapping[int, float]]],
) -> Figure:
    """Draws errors by the number of labels, beside the paper's: table 1.

    Args:
        measured: errors in percent, by what was measured, number of labels and seed.
    """
    figure = style.new_figure(3.0)
    axes = figure.subplots()
    style.dress(axes)
    for color, (name, counts) in zip(COLORS, measured.items(), strict=False):
        lines = np.array([list(seeds.values()) for seeds in counts.values()])
        axes.plot(list(counts), lines, ".", color=color, markersize=3, alpha=style.FADED)
        axes.plot(list(counts), lines.mean(1), "o-", color=color, markersize=4, label=name)
    for mark, (name, printed) in zip("*x", PAPER.items(), strict=True):
        axes.errorbar(
            list(printed),
            [mean for mean, _ in printed.values()],
            [deviation for _, deviation in printed.values()],
            fmt=mark,
            color=style.BLACK,
            elinewidth=0.8,
            label=f"paper, MNIST: {name}",
        )
    ticks = sorted({*PAPER["ensemble"], *(count for each in measured.values() for count in each)})
    axes.set(xlabel="labelled images", xscale="log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.tick_params(axis="x", which="minor", length=0, labelbottom=False)
    _scale_errors(axes)
    style.name_lines(figure, 2)
    return figure


def draw_curves(trainings: Mapping[str, Mapping[int, Trainings]]) -> Figure:
    """Draws errors by step, a panel for each method; dotted without the average of weights.

    Args:
        trainings: by method and number of labels.
    """
    figure = style.new_figure(2.7)
    panels = figure.subplots(1, len(trainings), sharey=True, squeeze=False)[0]
    for axes, (method, counts) in zip(panels, trainings.items(), strict=True):
        style.dress(axes)
        for color, (count, seeds) in zip(COLORS, counts.items(), strict=False):
            networks = [network for each in seeds.values() for network in each]
            mean = 100 * np.mean([network["curve"] for network in networks], axis=0)
            steps = networks[0]["steps"]
            axes.plot(steps, mean[:, 0], color=color, linewidth=1.4, label=f"{count} labels")
            axes.plot(steps, mean[:, 1], ":", color=color, linewidth=1)
        axes.set_title(method.replace("_", " "), fontsize=style.FONT_SIZE)
        axes.set(xlabel="step")
        _scale_errors(axes)
        axes.label_outer()
    style.name_lines(figure, 4)
    return figure


def draw_samples(samples: Mapping[str, np.ndarray]) -> Figure:
    """Draws images, a square for each entry of `[n, 28, 28, 1]`, uint8: figure 3 of the paper."""
    figure = style.new_figure(style.WIDTH / len(samples) + 0.2)
    panels = figure.subplots(1, len(samples))
    for axes, (name, images) in zip(panels, samples.items(), strict=True):
        draw_images(axes, images)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(name.replace("_", " "), fontsize=style.FONT_SIZE)
    return figure


def _scale_errors(axes: Axes) -> None:
    axes.set(yscale="log", ylabel="errors on test images, %")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
