"""The parts of a run folder: what was trained, and how it was evaluated."""

import dataclasses
import math
import os
import typing
from pathlib import Path
from typing import Any

from pirgan_tf.analysis.statistics.comparison import Comparison
from pirgan_tf.analysis.statistics.diversity import Diversity
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import (
    OPTIONAL_NUMBER,
    Fields,
    Json,
    check_object,
    is_of,
    read_json,
    read_json_lines,
)

_NONE = type(None)
_EVALUATION: Fields = {
    "objective": str,
    "family": str,
    "undefined_before": int,
    "undefined_after": int,
    "comparison": dict,
    "rates_before": list,
    "rates_after": list,
    "estimated": (dict, _NONE),
    "diversity": (dict, _NONE),
    "kid": (dict, _NONE),
    "people": (dict, _NONE),
    "by_step": (list, _NONE),
}
_BY_STEP: Fields = {"step": int, "true": float, "estimated": OPTIONAL_NUMBER}
_PEOPLE: Fields = {"num_raters": int, "num_ratings": int}
_KID: Fields = {"before": dict, "after": dict}
_COMPARISON, _DIVERSITY = (
    {
        name: OPTIONAL_NUMBER if kind is float else kind
        for name, kind in typing.get_type_hints(figures).items()
    }
    for figures in (Comparison, Diversity)
)
# Defined for any rates.
_COMPARISON |= dict.fromkeys(("mean_before", "mean_after", "change"), float)
SLOPE: Fields = {"slope": float, "low": float, "high": float}
"""A slope in fit.json and evaluation.json."""
_ESTIMATED: Fields = {
    "before": float,
    "after": float,
    "change": float,
    "learned_before": (bool, _NONE),
    "slope": (dict, _NONE),
}


@dataclasses.dataclass(frozen=True)
class Training:
    """A folder in which something was trained.

    Attributes:
        folder: the folder.
        options: options.json, or {}.
        seconds: what the training took, or None if that is not recorded.
        reals, first, last: image files, where there are such.
        grids: the image files of all steps, `first` being of step 0.
        last_step: step of the file `last`, or None.
    """

    folder: Path
    options: Json
    seconds: float | None
    reals: Path | None
    first: Path | None
    last: Path | None
    last_step: int | None
    grids: dict[int, Path]

    @property
    def stats(self) -> list[Json]:
        """Rows of stats.jsonl, by rising step; a row has "step" and figures.

        They are read again each time: those of a whole sweep would fill the memory.
        """
        return _stats(self.folder / "stats.jsonl")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The figures of an evaluation.json, and the image files beside it.

    Attributes:
        objective, family, undefined_before, undefined_after, comparison,
        rates_before, rates_after, estimated, diversity, kid, people, by_step: what the file has by
            that name; the last five are None where they were not computed.
        before, after: grids of images, or None.
        options: options.json, or {}.
    """

    objective: str
    family: str
    undefined_before: int
    undefined_after: int
    comparison: Comparison
    rates_before: list[float]
    rates_after: list[float]
    estimated: Json | None
    diversity: Json | None
    kid: Json | None
    people: Json | None
    by_step: list[Json] | None
    before: Path | None
    after: Path | None
    options: Json


def read_optional(file: Path, fields: Fields | None = None) -> Json | None:
    """Read a JSON object; None if there is no such file; raises as `read_json`."""
    return read_json(file, fields) if os.path.lexists(file) else None


def read_options(folder: Path) -> Json:
    """Read options.json of a folder; {} if there is none; raises as `read_json`."""
    return read_optional(folder / "options.json", {"options": dict}) or {}


def read_evaluation(folder: Path) -> Evaluation | None:
    """Read the folder of an evaluation; None if there is no evaluation.json.

    Raises:
        InputError: the file holds something else, or rates outside of [0, 1].
    """
    file = folder / "evaluation.json"
    content = read_optional(file)
    if content is None:
        return None
    # Earlier versions had none of these.
    later = dict.fromkeys(("diversity", "kid", "people", "by_step"))
    content = check_object(later | content, _EVALUATION, file)
    if content["people"]:
        check_object(content["people"], _PEOPLE, file)
    for row in content["by_step"] or ():
        check_object(row, _BY_STEP, file)
    if content["kid"]:
        check_object(content["kid"], _KID, file)
    # Evaluations of version 0.1 have no interval of Cohen's d.
    earlier = {"cohens_d_low": None, "cohens_d_high": None}
    figures = check_object(earlier | content["comparison"], _COMPARISON, file)
    # JSON has no NaN: what is not defined is null there.
    defined: dict[str, Any] = {
        name: math.nan if figures[name] is None else figures[name] for name in _COMPARISON
    }
    for when in ("before", "after"):
        rates = content[f"rates_{when}"]
        if not rates or not all(_is_rate(rate) for rate in rates):
            raise InputError(f"rates_{when} must be numbers in [0, 1]. Received: others in {file}")
        number = figures[f"num_{when}"]
        if len(rates) != number or content[f"undefined_{when}"] > number:
            raise InputError(
                f"rates_{when} must be num_{when} numbers, {number}, and undefined_{when} at most "
                f"as many. Received: {len(rates)} and {content[f'undefined_{when}']} in {file}"
            )
    if content["estimated"] is not None:
        # Earlier versions told neither what the estimator had learned from, nor a slope.
        earlier_estimate = {"learned_before": None, "slope": None}
        check_object(earlier_estimate | content["estimated"], _ESTIMATED, file)
        if content["estimated"].get("slope"):
            check_object(content["estimated"]["slope"], SLOPE, file)
    if content["diversity"] is not None:
        check_object(content["diversity"], _DIVERSITY, file)
    return Evaluation(
        objective=content["objective"],
        family=content["family"],
        undefined_before=content["undefined_before"],
        undefined_after=content["undefined_after"],
        comparison=Comparison(**defined),
        rates_before=content["rates_before"],
        rates_after=content["rates_after"],
        estimated=content["estimated"],
        diversity=content["diversity"],
        kid=content["kid"],
        people=content["people"],
        by_step=content["by_step"],
        before=_existing(folder / "before.png"),
        after=_existing(folder / "after.png"),
        options=read_options(folder),
    )


def read_training(folder: Path) -> Training | None:
    """Read a folder in which something was trained; None if nothing was."""
    stats = _stats(folder / "stats.jsonl")
    images = folder / "images"
    steps = {int(path.stem[6:]): path for path in images.glob("fakes_*.png") if _is_step(path)}
    if not stats and not steps:
        return None
    first = _existing(images / "fakes_init.png")
    return Training(
        folder=folder,
        options=read_options(folder),
        seconds=stats[-1].get("seconds") if stats else None,
        reals=_existing(images / "reals.png"),
        first=first,
        last=steps[max(steps)] if steps else None,
        last_step=max(steps) if steps else None,
        grids=steps | ({0: first} if first else {}),
    )


def _is_step(path: Path) -> bool:
    return path.stem[6:].isdecimal()


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _is_rate(value: Any) -> bool:
    return is_of(value, float) and 0 <= value <= 1


def _stats(file: Path) -> list[Json]:
    """Return the rows by rising step; of a step that was made twice, the last."""
    rows = {row["step"]: row for row in read_json_lines(file)}
    for row in rows.values():
        check_object(row, dict.fromkeys(row, OPTIONAL_NUMBER), file)
    return [rows[step] for step in sorted(rows)]
