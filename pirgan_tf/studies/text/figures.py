"""The figures of the study."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from pirgan_tf.analysis.figures import style

_COLORS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE)
_LINE = 84  # characters


class Tradeoff(NamedTuple):
    """Quality and diversity by temperature.

    Attributes:
        quality: BLEU of the samples against text, `[temperatures]`.
        likeness: BLEU of each sample against the others; low where samples are diverse.
    """

    quality: np.ndarray
    likeness: np.ndarray


def draw_perplexities(curves: Mapping[str, np.ndarray], floor: float | None) -> Figure:
    """Draws perplexity by epoch.

    Args:
        curves: by method, `[seeds, epochs + 1]`.
        floor: the least that there can be, where it is known.
    """
    figure = style.new_figure(2.8)
    axes = figure.subplots()
    style.dress(axes)
    for color, (name, lines) in zip(_COLORS, curves.items(), strict=False):
        if len(lines) > 1:
            axes.plot(lines.T, color=color, linewidth=0.5, alpha=style.FADED)
        axes.plot(lines.mean(0), ".-", color=color, linewidth=1.4, label=name)
    if floor:
        axes.axhline(floor, color=style.BLACK, linestyle=":", linewidth=1, label="floor")
    axes.set(xlabel="epoch", ylabel="perplexity on the test set", yscale="log")
    axes.locator_params(axis="x", integer=True)
    style.name_lines(figure, 5)
    return figure


def draw_tradeoffs(tradeoffs: Mapping[str, Tradeoff], text: tuple[float, float]) -> Figure:
    """Draws quality against likeness, a line for each method through all temperatures.

    Args:
        tradeoffs: by method; the higher the temperature, the larger the mark.
        text: quality and likeness of text itself.
    """
    figure = style.new_figure(3.4)
    axes = figure.subplots()
    style.dress(axes)
    for color, (name, found) in zip(_COLORS, tradeoffs.items(), strict=False):
        axes.plot(found.likeness, found.quality, color=color, linewidth=1, label=name)
        sizes = np.linspace(8, 60, len(found.quality))
        axes.scatter(found.likeness, found.quality, sizes, color=color)
    axes.plot(text[1], text[0], "*", color=style.BLACK, markersize=11, label="text")
    axes.set(
        xlabel="likeness: BLEU-4 against the other samples",
        ylabel="quality: BLEU-4 against text",
    )
    style.name_lines(figure, 5)
    return figure


def draw_samples(samples: Mapping[str, Sequence[str]]) -> Figure:
    """Writes samples, by method."""
    lines = []
    for name, texts in samples.items():
        lines.append((name, "bold"))
        lines += [
            (line, "normal")
            for text in texts
            for line in textwrap.wrap(text, _LINE, subsequent_indent="    ")
        ]
    figure = style.new_figure(0.17 * len(lines) + 0.1)
    for row, (line, weight) in enumerate(lines):
        figure.text(
            0.01,
            1 - (row + 0.8) / (len(lines) + 0.5),
            line.replace("$", r"\$"),
            fontsize=style.FONT_SIZE - 1.5,
            weight=weight,
        )
    return figure
