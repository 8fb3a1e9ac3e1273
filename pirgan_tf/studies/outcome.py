"""What a study found: figures beside the paper's, and pictures."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Finding:
    """One figure, with the paper's beside it.

    Attributes:
        name: what was measured, with its unit and the setting that it is of.
        value: the figure; None where it is not defined.
        paper: what the paper says of it, and where; "" if nothing.
        low, high: 95 % interval; None without one, such as for what is computed exactly.
        seeds: the figure of each seed; empty where nothing is drawn at random.
    """

    name: str
    value: float | None
    paper: str = ""
    low: float | None = None
    high: float | None = None
    seeds: Mapping[int, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure of a study.

    Attributes:
        name: its file's name, without an ending.
        title: its heading.
        caption: what is to be seen; also its text for those who cannot see it.
        figure: the drawing.
        pixels: whether it is rather pixels than lines, such as images: then the page has a JPEG.
    """

    name: str
    title: str
    caption: str
    figure: "Figure"
    pixels: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """All that a study found.

    Attributes:
        title: what was studied.
        question: why, in a few sentences: what the paper says, and what was done here.
        answer: what came out, in one or two sentences.
        findings: the figures.
        pictures: the drawings.
    """

    title: str
    question: str
    answer: str
    findings: Sequence[Finding]
    pictures: Sequence[Picture]
