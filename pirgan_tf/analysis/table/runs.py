"""What run folders hold, read without loading any model.

The layout is that of `bin/reproduce`:

    RUN/options.json
    RUN/gan/                            stats.jsonl, images/, options.json; or a folder
                                        elsewhere, which the option `gan` names
    RUN/objectives/SLUG/seconds.json    what each stage took
    RUN/objectives/SLUG/failure.json    objective, family, stage and reason, if it failed
    RUN/objectives/SLUG/best_round.json the round that was kept of several
    RUN/objectives/SLUG/interactions/   options.json
    RUN/objectives/SLUG/estimator/      fit.json, stats.jsonl, options.json
    RUN/objectives/SLUG/gan/            stats.jsonl, images/, options.json
    RUN/objectives/SLUG/evaluation/     evaluation.json, before.png, after.png, options.json

With several PIR weights, the GANs and evaluations are in SLUG/weight-WEIGHT/
instead; all that belongs to a further round is in SLUG/round-ROUND/.

Everything but one evaluation, failure or training may be missing, as in a run which
is not finished. A folder with evaluation.json directly inside is read as a run of
that evaluation alone.
"""

import dataclasses
import re
from pathlib import Path

from pirgan_tf.analysis.table.run_parts import (
    SLOPE,
    Evaluation,
    Training,
    read_evaluation,
    read_optional,
    read_options,
    read_training,
)
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Json, check_object


@dataclasses.dataclass(frozen=True)
class ObjectiveRun:
    """What a run holds on one objective at one PIR weight and in one round.

    What belongs to the objective, such as its seconds, is repeated for each of
    them. Parts that there are not are None.

    Attributes:
        slug: file name of the objective, with the weight and the round where there
            are several; no other of the run has it.
        round: 1, 2, ...
        first: the same objective in the first round, if this is a later one.
        kept: whether this round is the one that was kept; the first is until it is
            known.
        best_round: best_round.json.
        failure: failure.json, if this is what failed.
        seconds: what the whole objective took.
        interactions: options.json of the interactions.
        fit: fit.json of the estimator.
        estimator, tuning: the trainings.
        evaluation: the evaluation.
    """

    slug: str
    round: int
    first: "ObjectiveRun | None"
    kept: bool
    best_round: Json | None
    failure: Json | None
    seconds: float | None
    interactions: Json | None
    fit: Json | None
    estimator: Training | None
    tuning: Training | None
    evaluation: Evaluation | None

    @property
    def text(self) -> str:
        """The objective as it was asked for, or its file name while that is not known."""
        if self.evaluation:
            return self.evaluation.objective
        return self.failure["objective"] if self.failure else self.slug


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
        raise InputError(f"run must be a folder. Received: {folder}")
    name = folder.resolve().name
    options = read_options(folder)
    evaluation = read_evaluation(folder)
    if evaluation:
        alone = dataclasses.replace(_EMPTY, slug=name, evaluation=evaluation)
        return Run(name, options, None, [alone])
    for place in (folder / "objectives").glob("*"):
        if not place.name.isprintable():
            raise InputError(
                f"folders of a run must have printable names. Received: {place.name!r} in {folder}"
            )
    objectives = [
        objective
        for place in sorted((folder / "objectives").glob("*"))
        if place.is_dir()
        for objective in _objective(place)
    ]
    gan = read_training(folder / "gan")
    elsewhere = options.get("options", {}).get("gan")
    if gan is None and isinstance(elsewhere, str):
        gan = read_training(Path(elsewhere))
    if gan is None and not any(
        o.evaluation or o.failure or o.estimator or o.tuning for o in objectives
    ):
        raise InputError(
            "run must hold evaluation.json, gan/stats.jsonl or "
            f"objectives/*/evaluation/evaluation.json. Received: {folder}"
        )
    return Run(name, options, gan, objectives)


_EMPTY = ObjectiveRun("", 1, None, True, None, None, None, None, None, None, None, None)


def _objective(place: Path) -> list[ObjectiveRun]:
    """Read an objective: all its weights, round by round."""
    best_round = read_optional(place / "best_round.json", {"round": int})
    kept = best_round["round"] if best_round else 1
    common = dataclasses.replace(
        _EMPTY, best_round=best_round, seconds=_seconds(place / "seconds.json")
    )
    found: list[ObjectiveRun] = []
    later = _numbered(place, "round-")
    for expected, (number, folder) in enumerate(later, start=2):
        if number != expected:
            raise InputError(
                f"folders of later rounds must be round-2, round-3, ... Received: {folder}"
            )
    for number, folder in [(1.0, place), *later]:
        of_round = dataclasses.replace(
            common,
            round=int(number),
            first=found[0] if found else None,
            kept=number == kept,
            interactions=read_options(folder / "interactions") or None,
            fit=_fit(folder / "estimator" / "fit.json"),
            estimator=read_training(folder / "estimator"),
        )
        for part in [path for _, path in _numbered(folder, "weight-")] or [folder]:
            found.append(
                dataclasses.replace(
                    of_round,
                    slug="-".join([place.name, *part.relative_to(place).parts]),
                    tuning=read_training(part / "gan"),
                    evaluation=read_evaluation(part / "evaluation"),
                )
            )
    if all(objective.round != kept for objective in found):
        raise InputError(
            f"round of best_round.json must be one of the rounds there. Received: {kept} in {place}"
        )
    failure = read_optional(
        place / "failure.json", dict.fromkeys(("objective", "family", "stage", "reason"), str)
    )
    return _with_failure(found, failure) if failure else found


def _with_failure(found: list[ObjectiveRun], failure: Json) -> list[ObjectiveRun]:
    """Tell of a failure where it happened: at the first weight or round without an evaluation."""
    for index, objective in enumerate(found):
        if objective.evaluation is None:
            found[index] = dataclasses.replace(objective, failure=failure)
            return found
    # It happened before there was a folder.
    last = found[-1]
    nowhere = dataclasses.replace(
        last, slug=f"{last.slug}-failure", failure=failure, tuning=None, evaluation=None
    )
    return [*found, nowhere]


def _numbered(folder: Path, prefix: str) -> list[tuple[float, Path]]:
    """Find folders such as round-2 and weight-0.5, by their numbers; not weight-1.partial."""
    form = re.compile(re.escape(prefix) + r"(\d+(\.\d+)?(e[+-]?\d+)?)")
    matches = [(form.fullmatch(path.name), path) for path in folder.glob(f"{prefix}*")]
    return sorted((float(match[1]), path) for match, path in matches if match)


def _fit(file: Path) -> Json | None:
    content = read_optional(file)
    if content is None:
        return None
    # Earlier versions had no slope.
    earlier: Json = {"calibration": [], "slope": None}
    check_object(earlier | content, {"calibration": list, "slope": (dict, type(None))}, file)
    if content.get("slope"):
        check_object(content["slope"], SLOPE, file)
    for group in content.get("calibration", []):
        check_object(group, {"predicted": float, "observed": float}, file)
    return content


def _seconds(file: Path) -> float | None:
    content = read_optional(file)
    if not content:
        return None
    return float(sum(check_object(content, dict.fromkeys(content, float), file).values()))
