"""The part of a report's page that comes from study folders."""

from pathlib import Path
from typing import Any

from pirgan_tf.analysis.figures import pictures
from pirgan_tf.analysis.table.run_parts import read_optional
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import OPTIONAL_NUMBER, Fields, Json, check_object, read_json

_STUDY = "study.json"

_FIELDS: Fields = {
    "study": str,
    "title": str,
    "source": str,
    "question": str,
    "answer": str,
    "findings": list,
    "figures": dict,
}
_FINDING: Fields = {
    "name": str,
    "value": OPTIONAL_NUMBER,
    "paper": str,
    "low": OPTIONAL_NUMBER,
    "high": OPTIONAL_NUMBER,
    "seeds": dict,
}
_FIGURE: Fields = {"title": str, "caption": str, "pixels": bool}
_OPTIONS: Fields = {"options": dict, "versions": dict, "git_revision": (str, type(None))}


def is_study(source: str | Path) -> bool:
    """Return whether a source is a folder of `bin/study`."""
    return (Path(source) / _STUDY).is_file()


def study_view(folder: str | Path) -> dict[str, Any]:
    """Gather what the page shows of a study.

    Args:
        folder: it has `study.json`; what it lacks of `figures/` is missing on the page, and of
            `options.json` too.

    Raises:
        InputError: a file in it cannot be understood.
    """
    folder = Path(folder)
    study = _read_study(folder)
    return {
        "folder": folder.resolve().name,
        "outcome": study,
        "pictures": [
            (figure | {"name": name}, _source(folder / "figures", name, figure["pixels"]))
            for name, figure in study["figures"].items()
        ],
        "description": read_optional(folder / "options.json", _OPTIONS),
    }


def _read_study(folder: Path) -> Json:
    """Read study.json; raises InputError if it holds something else than `bin/study` writes."""
    file = folder / _STUDY
    study = read_json(file, _FIELDS)
    for finding in study["findings"]:
        check_object(finding, _FINDING, file)
        check_object(finding["seeds"], dict.fromkeys(finding["seeds"], float), file)
    for name, figure in study["figures"].items():
        if isinstance(figure, str):
            # Earlier versions had captions alone.
            figure = {"title": name.capitalize(), "caption": figure, "pixels": False}
        study["figures"][name] = check_object(figure, _FIGURE, file)
        if not name.isidentifier():
            raise InputError(
                "figures of a study must be named by letters, digits and underscores. "
                f"Received: {name!r} in {file}"
            )
    return study


def _source(folder: Path, name: str, pixels: bool) -> str | None:
    """Return a picture as the source of an image; a small JPEG may stand for one of pixels."""
    if not pixels and (drawn := folder / f"{name}.svg").exists():
        return pictures.inline(drawn)
    if (photo := folder / f"{name}.jpg").exists():
        return pictures.inline(photo)
    if (drawn := folder / f"{name}.png").exists():
        return pictures.inline_photo(drawn) if pixels else pictures.inline(drawn)
    return None
