"""What raters of a study read and see, in its language."""

import dataclasses
import functools
from collections.abc import Mapping

from markdown_it import MarkdownIt
from markupsafe import Markup

from pirgan_tf.files.json import Json
from pirgan_tf.files.path import read_text
from pirgan_tf.survey.models import Study
from pirgan_tf.survey.study_file import TEXTS, our_language, page_words

_ENGLISH: Json = {"language": "en"}
_LINES = ("contact", "retention", "withdrawal")


@dataclasses.dataclass(frozen=True)
class Presentation:
    """A study's settings, with ours in the place of what is not set.

    Attributes:
        language: as HTML names it.
        question: what the stars answer.
        labels: what the worst and the best answer mean.
        intro: what the survey is, and what the rater agrees to.
        closing: thanks; the completion code is shown below it.
        notes: heading and text of contact, retention and withdrawal, as far as they are set.
        minutes: about how many a rater needs; None if nothing is said of it.
        image_size: width of an image on the screen in CSS pixels; None for what fits.
        completion_url: where a rater goes in the end, with {code} for the completion code;
            None for nowhere.
        words: what else the pages say, by name.
    """

    language: str
    question: str
    labels: tuple[str, str]
    intro: Markup
    closing: Markup
    notes: tuple[tuple[str, Markup], ...]
    minutes: float | None
    image_size: int | None
    completion_url: str | None
    words: Mapping[str, str]


def present(study: Study) -> Presentation:
    """Returns what raters of a study read and see.

    A study from before there were settings is in English.
    """
    given = study.presentation or _ENGLISH
    ours = our_language(given["language"]) or "en"
    words = page_words(ours) | given.get("texts", {})
    low, high = given.get("labels", (words["low"], words["high"]))
    intro, closing = (
        _render(given.get(name) or read_text(TEXTS / ours / f"{name}.md", "text must be in UTF-8"))
        for name in ("intro", "closing")
    )
    return Presentation(
        language=given["language"],
        question=given.get("question", words["question"]),
        labels=(low, high),
        intro=intro,
        closing=closing,
        notes=tuple((words[name], _render(given[name])) for name in _LINES if name in given),
        minutes=given.get("minutes"),
        image_size=given.get("image_size"),
        completion_url=given.get("completion_url"),
        words=words,
    )


@functools.lru_cache
def _render(text: str) -> Markup:
    """Renders CommonMark; HTML in it is shown as text."""
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))
