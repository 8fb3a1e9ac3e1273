"""What a study found, as files: study.json, figures, and a page."""

import dataclasses
from pathlib import Path
from typing import Any

from pirgan_tf.analysis.figures import pictures
from pirgan_tf.analysis.report.page import template
from pirgan_tf.cli.outputs import write_json
from pirgan_tf.studies.outcome import Outcome, Picture
from pirgan_tf.studies.registry import STUDIES


def write_outcome(name: str, outcome: Outcome, description: dict[str, Any], folder: Path) -> None:
    """Writes `study.json`, `figures/` and `index.html`, a page that needs no other file.

    Args:
        name: the study's name.
        outcome: what it found.
        description: what options.json holds.
        folder: where to.
    """
    drawn = folder / "figures"
    drawn.mkdir()
    content = {
        "study": name,
        "title": outcome.title,
        "source": STUDIES[name].source,
        "question": outcome.question,
        "answer": outcome.answer,
        "findings": [dataclasses.asdict(finding) for finding in outcome.findings],
        "figures": {
            picture.name: {
                "title": picture.title,
                "caption": picture.caption,
                "pixels": picture.pixels,
            }
            for picture in outcome.pictures
        },
    }
    write_json(folder / "study.json", content)
    page = template("study.html", "pirgan_tf.studies").render(
        name=name,
        source=STUDIES[name].source,
        outcome=outcome,
        pictures=[(picture, _draw(picture, drawn)) for picture in outcome.pictures],
        description=description,
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def _draw(picture: Picture, folder: Path) -> str:
    """Writes a picture as files, and returns it as the source of an image."""
    pictures.save_figure(picture.figure, folder / picture.name)
    if picture.pixels:
        return pictures.inline_photo(folder / f"{picture.name}.png")
    return pictures.inline(folder / f"{picture.name}.svg")
