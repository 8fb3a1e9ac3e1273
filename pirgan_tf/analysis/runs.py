"""What run folders hold, read without loading any model.

The layout is that of `bin/reproduce`:

    RUN/options.json
    RUN/gan/                            stats.jsonl, images/, options.json
    RUN/objectives/SLUG/estimator/      fit.json, stats.jsonl, options.json
    RUN/objectives/SLUG/gan/            stats.jsonl, images/, options.json
    RUN/objectives/SLUG/evaluation/     evaluation.json, before.png, after.png, options.json

Everything but one evaluation or one training may be missing, as in a run which is
not finished. A folder with evaluation.json directly inside is read as a run of
that evaluation alone.
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from pirgan_tf.analysis.statistics import Comparison
from pirgan_tf.errors import InputError

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Training:
    """A folder in which something was trained.

    Attributes:
        options: options.json, or {}.
        stats: rows of stats.jsonl, by rising step; a row has "step" and figures.
        reals, first, last: image files, where there are such.
        last_step: step of the file `last`, or None.
    """

    options: Json
    stats: list[Json]
    reals: Path | None
    first: Path | None
    last: Path | None
    last_step: int | None


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The figures of an evaluation.json, and the image files beside it."""

    objective: str
    family: str
    undefined_before: int
    undefined_after: int
    comparison: Comparison
    rates_before: list[float]
    rates_after: list[float]
    estimated: Json | None
    before: Path | None
    after: Path | None
    options: Json


@dataclasses.dataclass(frozen=True)
class ObjectiveRun:
    """What a run holds on one objective; parts that it does not have are None."""

    slug: str
    evaluation: Evaluation | None
    fit: Json | None
    estimator: Training | None
    tuning: Training | None

    @property
    def text(self) -> str:
        """The objective as it was asked for, or its file name while that is not known."""
        return self.evaluation.objective if self.evaluation else self.slug


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder."""

    name: str
    options: Json
    gan: Training | None
    objectives: list[ObjectiveRun]


def read_run(folder: str | Path) -> Run:
    """Read a run folder, or a folder of one evaluation.

    Raises:
        InputError: there is no such folder, nothing to report in it, or a file in
            it cannot be understood.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    options = _json(folder / "options.json") or {}
    evaluation = _evaluation(folder)
    if evaluation:
        slug = folder.resolve().name
        return Run(slug, options, None, [ObjectiveRun(slug, evaluation, None, None, None)])
    objectives = [
        ObjectiveRun(
            slug=path.name,
            evaluation=_evaluation(path / "evaluation"),
            fit=_json(path / "estimator" / "fit.json"),
            estimator=_training(path / "estimator"),
            tuning=_training(path / "gan"),
        )
        for path in sorted((folder / "objectives").glob("*"))
        if path.is_dir()
    ]
    gan = _training(folder / "gan")
    if gan is None and not any(o.evaluation or o.estimator or o.tuning for o in objectives):
        raise InputError(
            f"nothing to report in {folder}: it has no evaluation.json, gan/stats.jsonl "
            "or objectives/*/evaluation/evaluation.json"
        )
    return Run(folder.resolve().name, options, gan, objectives)


def _json(file: Path) -> Json | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {file}: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{file} must hold a JSON object")
    return content


def _evaluation(folder: Path) -> Evaluation | None:
    file = folder / "evaluation.json"
    content = _json(file)
    if content is None:
        return None
    try:
        # JSON has no NaN: what is not defined is null there.
        comparison: Json = {
            name: math.nan if value is None else value
            for name, value in content["comparison"].items()
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
            before=_existing(folder / "before.png"),
            after=_existing(folder / "after.png"),
            options=_json(folder / "options.json") or {},
        )
    except KeyError as error:
        raise InputError(f"{file} lacks {error}") from None
    except (TypeError, AttributeError) as error:
        raise InputError(f"{file} is no evaluation: {error}") from None


def _training(folder: Path) -> Training | None:
    stats = _stats(folder / "stats.jsonl")
    images = folder / "images"
    steps = {int(path.stem[6:]): path for path in images.glob("fakes_*.png") if _is_step(path)}
    if not stats and not steps:
        return None
    return Training(
        options=_json(folder / "options.json") or {},
        stats=stats,
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
