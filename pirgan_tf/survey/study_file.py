"""The settings file of a study: what raters read and see, in JSON that a person writes."""

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pirgan_tf.errors import InputError, check_name
from pirgan_tf.files.json import Json, check_object, read_json

WANTED = "study must be a JSON file of settings"
DEFAULT_IMAGES_PER_RATER = 100
# Pages and texts of ours are in these.
LANGUAGES = ("en", "de")
TEXTS = Path(__file__).parent / "texts"
# Markdown, also as a list of lines.
LONG_TEXTS = ("intro", "closing")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "language": str,
    "name": str,
    "question": str,
    "labels": list,
    "image_size": int,
    "images_per_rater": int,
    "minutes": float,
    **dict.fromkeys(LONG_TEXTS, (str, list)),
    **dict.fromkeys(("contact", "retention", "withdrawal"), str),
    "invited_by": str,
    "completion_url": str,
    "texts": dict,
}
# Whoever answers must have read the same as those before.
FIXED = ("language", "question", "labels", "image_size", "intro", "retention", "withdrawal")
_BOUNDS = {"image_size": (16, 4096), "images_per_rater": (1, 2**31 - 1), "minutes": (0.1, 10_000)}
_PARAMETER = re.compile(r"[A-Za-z]\w{0,39}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
# A language as HTML names it, such as de, pt-BR or zh-Hant-TW.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_study_file(path: str | Path) -> Json:
    """Reads and checks a study's settings, of which only `language` must be there.

    Args:
        path: a JSON object of: language, as HTML names it; name, the title of the pages;
            question, and labels, two texts for its worst and best answer; image_size, the
            width of an image on the screen in CSS pixels, 16 to 4096; images_per_rater;
            minutes, about how many a rater needs; intro and closing, Markdown, or a list of
            its lines; contact, retention and withdrawal, a line of Markdown each; invited_by,
            the parameter of the link by which a platform says who comes; completion_url, where
            raters go in the end, with {code} for the completion code; texts, by name, what
            else the pages say (`page_words`). A language other than English and German needs
            question, labels, intro, closing and all texts.

    Returns:
        The settings; lines of long texts are joined.

    Raises:
        InputError: the file is no such object, or a setting is unknown or not what it must be.
    """
    content = read_json(path, {"language": str}, WANTED)
    for name in content:
        check_name(f"a setting of {path}", name, _TYPES)
    check_object(content, {name: _TYPES[name] for name in content}, path, WANTED)
    for name in LONG_TEXTS:
        lines = content.get(name)
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            content[name] = "\n".join(lines)
    for name, value in content.items():
        _check(name, value, path)
    if our_language(content["language"]) is None:
        _check_complete(content, path)
    return content


def our_language(language: str) -> str | None:
    """Returns the language of ours that a language is, such as de for de-AT; None if it is none."""
    base = language.partition("-")[0].lower()
    return base if base in LANGUAGES else None


@functools.lru_cache
def page_words(language: str) -> Json:
    """Returns what pages say in a language of `LANGUAGES`, by name."""
    return read_json(TEXTS / language / "page.json")


def _check(name: str, value: Any, path: str | Path) -> None:
    if name in _BOUNDS:
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise _refusal(f"{name} must be from {low} to {high}", path, value)
        return
    if name == "language" and not _LANGUAGE.fullmatch(value):
        raise _refusal("language must be like en, de or pt-BR", path, value)
    if name == "invited_by" and not _PARAMETER.fullmatch(value):
        raise _refusal("invited_by must be a name like PROLIFIC_PID", path, value)
    if name == "completion_url" and not _URL.fullmatch(value):
        raise _refusal("completion_url must be like https://example.org/?code={code}", path, value)
    if name == "labels" and len(value) != 2:
        raise _refusal("labels must be two texts, of the worst and the best answer", path, value)
    if name == "texts":
        for word in value:
            check_name(f"a text of {path}", word, page_words("en"))
        value = list(value.values())
    for text in value if isinstance(value, list) else [value]:
        # PostgreSQL refuses NUL.
        if not isinstance(text, str) or "\0" in text or not text.strip():
            raise _refusal(f"{name} must be text that is not empty", path, text)


def _check_complete(content: Json, path: str | Path) -> None:
    """Checks that nothing of ours would stand among texts of a language that we do not have."""
    for name in ("question", "labels", *LONG_TEXTS, "texts"):
        if name not in content:
            raise _refusal(
                f"{name} must be given in a language other than {' and '.join(LANGUAGES)}",
                path,
                content["language"],
            )
    given = {*content["texts"], "question", "low", "high"}
    if missing := sorted(set(page_words("en")) - given):
        raise _refusal(
            f"texts must have all of {', '.join(missing)} in a language other than "
            f"{' and '.join(LANGUAGES)}",
            path,
            content["language"],
        )


def _refusal(wanted: str, path: str | Path, received: object) -> InputError:
    return InputError(f"{wanted}. Received: {received!r} in {path}")
