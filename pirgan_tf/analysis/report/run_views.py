"""The parts of a report's page that come from run folders: trainings, images and curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pirgan_tf.analysis.figures import pictures
from pirgan_tf.analysis.figures import training_figures as figures
from pirgan_tf.analysis.table.run_parts import Training
from pirgan_tf.analysis.table.runs import ObjectiveRun, Run
from pirgan_tf.analysis.table.selection import COLORS, LAYERS


def run_view(run: Run, drawn: Path) -> dict[str, Any]:
    """Gather what the page shows of a run, and draw its figures into the folder `drawn`."""
    objectives = sorted(run.objectives, key=_place)
    return {
        "run": run,
        "options": run.options.get("options", {}),
        "seconds": {
            "Pretraining": _seconds([run.gan]),
            "Estimators": _seconds([o.estimator for o in _once(objectives)]),
            "Tuning": _seconds([o.tuning for o in objectives]),
        },
        "gan": run.gan and _gan_view(run.gan, drawn / f"{run.name}-pretraining"),
        "objectives": [_objective_view(run, objective, drawn) for objective in objectives],
    }


def _place(objective: ObjectiveRun) -> tuple[int, str, int]:
    """Return what sorts objectives as the paper does; those whose family is unknown come last."""
    evaluation = objective.evaluation
    family = evaluation.family if evaluation else None
    parts = (family, *objective.text.split(":"))
    order = (*COLORS, *LAYERS)
    place = next((order.index(part) for part in parts if part in order), len(order))
    return place, objective.slug, objective.round


def _once(objectives: Sequence[ObjectiveRun]) -> list[ObjectiveRun]:
    """Return one for each estimator; several PIR weights share theirs."""
    return list({o.estimator.folder: o for o in objectives if o.estimator}.values())


def _seconds(trainings: Sequence[Training | None]) -> float | None:
    known = [t.seconds for t in trainings if t and t.seconds is not None]
    return sum(known) if known else None


def _objective_view(run: Run, objective: ObjectiveRun, drawn: Path) -> dict[str, Any]:
    evaluation, tuning = objective.evaluation, objective.tuning
    name = f"{run.name}-{objective.slug}"
    figure = figures.objective_figure(objective)
    if figure:
        pictures.save_small(figure, drawn / name)
    return {
        "anchor": name,
        "objective": objective,
        "pir_weight": tuning and tuning.options.get("options", {}).get("pir_weight"),
        "before": _grid(evaluation.before if evaluation else None),
        "after": _grid(evaluation.after if evaluation else None),
        "first": _grid(tuning.first if tuning else None),
        "last": _grid(tuning.last if tuning else None),
        "curves": figure and pictures.inline(drawn / f"{name}.png"),
    }


def _gan_view(gan: Training, name: Path) -> dict[str, Any]:
    figure = figures.training_figure(gan.stats)
    if figure:
        pictures.save_small(figure, name)
    return {
        "reals": gan.reals and pictures.inline_photo(gan.reals),
        "first": gan.first and pictures.inline_photo(gan.first),
        "last": gan.last and pictures.inline_photo(gan.last),
        "last_step": gan.last_step,
        "curves": figure and pictures.inline(name.with_name(f"{name.name}.png")),
    }


def _grid(path: Path | None) -> str | None:
    return pictures.inline_photo(path, crop=True) if path else None
