"""The parts of a run folder: what was trained, and how it was evaluated."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from pirgan_tf.analysis.statistics.comparison import Comparison
from pirgan_tf.errors import InputError

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Training:
    """A folder in which something was trained.

    Attributes:
        folder: the folder.
        options: options.json, or {}.
        seconds: what the training took, or None if that is not recorded.
        reals, first, last: image files, where there are such.
        last_step: step of the file `last`, or None.
    """

    folder: Path
    options: Json
    seconds: float | None
    reals: Path | None
    first: Path | None
    last: Path | None
    last_step: int | None

    @property
    def stats(self) -> list[Json]:
        """Rows of stats.jsonl, by rising step; a row has "step" and figures.

        They are read anew each time: those of a whole sweep would fill the memory.
        """
        return _stats(self.folder / "stats.jsonl")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The figures of an evaluation.json, and the image files beside it.

    Attributes:
        objective, family, undefined_before, undefined_after, comparison,
        rates_before, rates_after, estimated, diversity: what the file has by that
            name; the last two are None where they were not computed.
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
    before: Path | None
    after: Path | None
    options: Json


def read_json(file: Path, needed: tuple[str, ...] = ()) -> Json | None:
    """Read a JSON object; None if there is no such file.

    Raises:
        InputError: the file holds something else, or lacks what is needed.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {file}: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{file} must hold a JSON object")
    for name in needed:
        if name not in content:
            raise InputError(f"{file} lacks {name!r}")
    return content


def read_evaluation(folder: Path) -> Evaluation | None:
    """Read the folder of an evaluation; None if there is no evaluation.json."""
    file = folder / "evaluation.json"
    content = read_json(file)
    if content is None:
        return None
    # Evaluations of version 0.1 have no interval of Cohen's d.
    earlier = {"cohens_d_low": None, "cohens_d_high": None}
    try:
        # JSON has no NaN: what is not defined is null there.
        comparison: Json = {
            name: math.nan if value is None else value
            for name, value in (earlier | content["comparison"]).items()
        }
        return Evaluation(
            objective=content["objective"],
            family=content["family"],
            undefined_before=content["undefined_before"],
            undefined_after=content["undefined_after"],
            comparison=Comparison(**comparison),
            rates_before=content["rates_before"],
            rates_after=content["rates_after"],
            estimated=content["estimated"],
            diversity=content.get("diversity"),
            before=_existing(folder / "before.png"),
            after=_existing(folder / "after.png"),
            options=read_json(folder / "options.json") or {},
        )
    except KeyError as error:
        raise InputError(f"{file} lacks {error}") from None
    except (TypeError, AttributeError) as error:
        raise InputError(f"{file} is no evaluation: {error}") from None


def read_training(folder: Path) -> Training | None:
    """Read a folder in which something was trained; None if nothing was."""
    stats = _stats(folder / "stats.jsonl")
    images = folder / "images"
    steps = {int(path.stem[6:]): path for path in images.glob("fakes_*.png") if _is_step(path)}
    if not stats and not steps:
        return None
    return Training(
        folder=folder,
        options=read_json(folder / "options.json") or {},
        seconds=stats[-1].get("seconds") if stats else None,
        reals=_existing(images / "reals.png"),
        first=_existing(images / "fakes_init.png"),
        last=steps[max(steps)] if steps else None,
        last_step=max(steps) if steps else None,
    )


def _is_step(path: Path) -> bool:
    return path.stem[6:].isdecimal()


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _stats(file: Path) -> list[Json]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    rows: dict[int, Json] = {}
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            rows[row["step"]] = row
        except (ValueError, KeyError, TypeError):
            # A run that was killed may have written half of its last line.
            if number < len(lines):
                raise InputError(f"{file} line {number} is no JSON object with a step") from None
    return [rows[step] for step in sorted(rows)]
