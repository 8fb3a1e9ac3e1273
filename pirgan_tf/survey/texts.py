"""What raters read before and after: Markdown of ours, or of the study's owner."""

import dataclasses
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import read_text

FILES = ("intro.md", "closing.md")
_DEFAULTS = Path(__file__).parent / "texts"


@dataclasses.dataclass(frozen=True)
class Texts:
    """Two texts as HTML.

    Attributes:
        intro: what the survey is, and what the rater agrees to.
        closing: thanks; the completion code is shown below it.
    """

    intro: Markup
    closing: Markup


def read_texts(folder: str | Path | None) -> Texts:
    """Reads intro.md and closing.md, in CommonMark; HTML in them is shown as text.

    Args:
        folder: with one of these files or both; ours replace what is missing.

    Raises:
        InputError: if neither is there, or one is not text in UTF-8.
    """
    given = {} if folder is None else _given(Path(folder))
    markdown = MarkdownIt("commonmark", {"html": False})
    return Texts(
        *(
            Markup(
                markdown.render(
                    read_text(given.get(name, _DEFAULTS / name), "text for raters must be in UTF-8")
                )
            )
            for name in FILES
        )
    )


def _given(folder: Path) -> dict[str, Path]:
    given = {name: folder / name for name in FILES if (folder / name).is_file()}
    if not given:
        raise InputError(f"texts must be a folder with {' or '.join(FILES)}. Received: {folder}")
    return given
