"""A row of results.csv, gathered from a run folder."""

import dataclasses
import json
from pathlib import Path

from pirgan_tf.analysis.statistics.comparison import verdict
from pirgan_tf.analysis.table.run_parts import Evaluation, Training
from pirgan_tf.analysis.table.runs import ObjectiveRun, Run
from pirgan_tf.analysis.table.selection import LAYERS
from pirgan_tf.files.json import Json

_DIVERSITY = (
    "features",
    "distance_before",
    "distance_after",
    "precision",
    "recall",
    "density",
    "coverage",
    "kid",
)


def objective_row(run: Run, objective: ObjectiveRun) -> Json:
    """Gather what results.csv has on an objective that was evaluated or failed.

    Returns:
        Columns by name; what is not known is None, or not there.
    """
    text = objective.text
    outcome: Json = {}
    if objective.evaluation:
        outcome = _figures(objective.evaluation)
    elif objective.failure:
        outcome = _failure(objective.failure)
    return {
        "run": run.name,
        "objective": text,
        "layer": next((part for part in text.split(":") if part in LAYERS), None),
        "seed": _options(run.options).get("seed"),
        "round": objective.round,
        "kept": objective.kept,
        **_settings(run, objective),
        **outcome,
        **_fit(objective),
        "seconds": objective.seconds,
        "seconds_estimator": objective.estimator and objective.estimator.seconds,
        "seconds_tuning": objective.tuning and objective.tuning.seconds,
        "git_revision": run.options.get("git_revision"),
        "run_options": _json(run.options, without="objectives"),
        "estimator_options": _json(_file(objective.estimator)),
        "tuning_options": _json(_file(objective.tuning)),
    }


def _settings(run: Run, objective: ObjectiveRun) -> Json:
    """Gather the settings; older files lack some, which then had the paper's values."""
    # Later rounds train the same estimator on more images: that is the same setting.
    first = objective.first or objective
    users = _options(objective.interactions or {})
    estimator = _options(_file(first.estimator))
    tuning = _options(_file(objective.tuning))
    settings: Json = {
        "num_images": _options(run.options).get("sample_num_images"),
        "num_train": (first.fit or {}).get("num_train"),
        "impressions": users.get("impressions"),
    }
    if users:
        settings["rescaled"] = users.get("rescale", False)
    if estimator:
        settings |= {
            "labels": estimator.get("labels", "hard"),
            "head": estimator.get("head", "softmax"),
            "temperature": estimator.get("temperature"),
            "members": estimator.get("members", 1),
            "initial": _initial(estimator),
        }
    if tuning:
        settings |= {
            "temperature": tuning.get("temperature"),
            "caution": tuning.get("caution", 0.0),
            "pir_weight": tuning.get("pir_weight"),
            "adversarial_weight": tuning.get("adversarial_weight", 1.0),
            "tune_steps": tuning.get("steps"),
        }
    if estimator.get("fit_temperature"):
        # It differs between the objectives and rounds of one experiment.
        settings["temperature"] = None
    return settings | {"training_precision": (tuning or estimator).get("precision")}


def _initial(estimator: Json) -> str:
    """Tell what an estimator began with: "random", "slim", or the name of a folder."""
    if estimator.get("slim_checkpoint"):
        return "slim"
    initial = estimator.get("initial") or "random"
    # What is no text is refused with the other cells.
    return Path(initial).name if isinstance(initial, str) else initial


def _failure(failure: Json) -> Json:
    reason = " ".join(str(failure["reason"]).split())
    return {"family": failure["family"], "failure": f"{failure['stage']}: {reason}"}


def _figures(evaluation: Evaluation) -> Json:
    diversity = evaluation.diversity or {}
    kid = evaluation.kid or {}
    estimated = evaluation.estimated or {}
    return {
        "family": evaluation.family,
        **dataclasses.asdict(evaluation.comparison),
        "verdict": verdict(evaluation.comparison),
        "undefined_before": evaluation.undefined_before,
        "undefined_after": evaluation.undefined_after,
        **{f"estimated_{name}": estimated.get(name) for name in ("before", "after", "change")},
        "learned_before": estimated.get("learned_before"),
        **{name: diversity.get(name) for name in _DIVERSITY},
        "diversity_images": diversity.get("num_images"),
        **{f"photographs_kid_{name}": kid.get(name, {}).get("kid") for name in ("before", "after")},
        "images_before": _path(evaluation.before),
        "images_after": _path(evaluation.after),
        "evaluation_options": _json(evaluation.options),
    }


def _fit(objective: ObjectiveRun) -> Json:
    fit = objective.fit or {}
    # The paper's are of the rates that were simulated for the first estimator (section 3.2).
    first = (objective.first or objective).fit or {}
    return {
        "percent_nonzero": first.get("percent_nonzero"),
        "heldout_spearman": fit.get("spearman"),
        "heldout_spearman_ceiling": fit.get("spearman_ceiling"),
        "heldout_mae": fit.get("mae"),
        # Version 0.1 wrote num_heldout, of which some may have chosen the step.
        "fit_num_heldout": fit.get("num_test", fit.get("num_heldout")),
        "fit_chosen_step": fit.get("chosen_step"),
    }


def _file(training: Training | None) -> Json:
    return training.options if training else {}


def _options(file: Json) -> Json:
    return file.get("options", {})


def _json(file: Json, without: str | None = None) -> str | None:
    if "options" not in file:
        return None
    # A sweep's list of objectives, in the row of each, would be most of the file.
    options = {name: value for name, value in file["options"].items() if name != without}
    return json.dumps(options, sort_keys=True)


def _path(image: Path | None) -> str | None:
    return str(image.resolve()) if image else None
