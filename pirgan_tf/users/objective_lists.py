"""Lists of objectives, as `--objectives` takes them: words, or a file with one per line."""

import os.path
from collections.abc import Iterable
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import read_text
from pirgan_tf.users.objectives import parse_objective
from pirgan_tf.users.rates import Objective


def objective_file(text_or_file: str) -> str | None:
    """Returns the path if it is one, None for the text of objectives."""
    # Path.is_file raises where a text is longer than a path can be.
    return text_or_file if os.path.isfile(text_or_file) else None  # noqa: PTH113


def parse_objective_list(text_or_file: str) -> list[str]:
    """Return the texts of one or several different objectives, in order.

    Args:
        text_or_file: objectives with white space between them, or the path of a file
            with one objective per line; there, "#" begins a comment, and lines may be
            empty.

    Raises:
        InputError: a word or a line, whose number is told, is no objective, or
            repeats an earlier one; there are none; the file cannot be read.
    """
    if objective_file(text_or_file):
        return _parse_file(Path(text_or_file))
    try:
        texts = _parse((word, "") for word in text_or_file.split())
    except InputError as error:
        if ":" in text_or_file:
            raise
        raise InputError(f"{error} (there is no such file either)") from None
    if not texts:
        raise InputError(
            f"objectives must be one or several, or a file of them. Received: {text_or_file!r}"
        )
    return texts


def format_objective_list(objectives: Iterable[Objective]) -> str:
    """Return the content of a file that `parse_objective_list` reads: families in comments."""
    return "".join(f"{objective.text}  # {objective.family}\n" for objective in objectives)


def _parse_file(path: Path) -> list[str]:
    lines = read_text(path, "list of objectives must be text in UTF-8, one per line").splitlines()
    contents = [(line.partition("#")[0].strip(), number) for number, line in enumerate(lines, 1)]
    texts = _parse((text, f" (line {number} of {path})") for text, number in contents if text)
    if not texts:
        raise InputError(f"a list of objectives must hold at least one. Received: {path}")
    return texts


def _parse(placed: Iterable[tuple[str, str]]) -> list[str]:
    """Parse texts, each with where it stands, for a complaint about it."""
    texts: list[str] = []
    for text, place in placed:
        try:
            parse_objective(text)
        except InputError as error:
            raise InputError(f"{error}{place}") from None
        if text in texts:
            raise InputError(f"objectives must be different. Received: {text} again{place}")
        texts.append(text)
    return texts
