"""A report of finished runs: one page that opens anywhere, its figures, and a table."""

import base64
import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from matplotlib.figure import Figure

from pirgan_tf.analysis import figures
from pirgan_tf.analysis.runs import ObjectiveRun, Run, Training, read_run
from pirgan_tf.analysis.statistics import Comparison, format_p
from pirgan_tf.errors import InputError

DPI = 160
FAMILIES = ("single color", "two colors", "three colors")
FIT_COLUMNS = {
    "num_train": "fit_num_train",
    "num_heldout": "fit_num_heldout",
    "chosen_step": "fit_chosen_step",
    "mae": "heldout_mae",
    "spearman": "heldout_spearman",
    "spearman_ceiling": "heldout_spearman_ceiling",
}


def write_report(run_folders: Sequence[str | Path], output: str | Path) -> None:
    """Write `index.html`, `results.csv` and `figures/` into a folder.

    The page holds its images and styles and needs no other file. What a run lacks
    is named on the page as missing.

    Args:
        run_folders: folders of `bin/reproduce`, or of one evaluation.
        output: a folder, which is made if need be.

    Raises:
        InputError: no folder was given, or one of them holds nothing to report.
    """
    if not run_folders:
        raise InputError("nothing to report: no run folder was given")
    runs = [_sorted(read_run(folder)) for folder in run_folders]
    names = [run.name for run in runs]
    # Figures and links are told apart by the run's name.
    runs = [
        dataclasses.replace(run, name=f"{run.name}-{index + 1}")
        if names.count(run.name) > 1
        else run
        for index, run in enumerate(runs)
    ]
    output = Path(output)
    drawn = output / "figures"
    drawn.mkdir(parents=True, exist_ok=True)

    _table(runs).to_csv(output / "results.csv", index=False)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pirgan_tf.analysis"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "signed": _signed,
        "p_value": format_p,
        "verdict": verdict,
        "duration": _duration,
    }
    page = environment.get_template("report.html").render(
        runs=[_run_view(run, drawn) for run in runs],
        verdicts=[
            verdict(o.evaluation.comparison) for run in runs for o in run.objectives if o.evaluation
        ],
    )
    (output / "index.html").write_text(page, encoding="utf-8")


def verdict(comparison: Comparison) -> str:
    """Return in words which way the mean rate went, if it went significantly."""
    if not comparison.significant:
        return "no significant change"
    return "improved significantly" if comparison.change > 0 else "got worse"


def _sorted(run: Run) -> Run:
    def order(objective: ObjectiveRun) -> tuple[int, str]:
        family = objective.evaluation.family if objective.evaluation else None
        return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES), objective.slug)

    return dataclasses.replace(run, objectives=sorted(run.objectives, key=order))


def _table(runs: Sequence[Run]) -> pd.DataFrame:
    """Build a table with one row an evaluated objective, which carries its whole setting."""
    rows = []
    for run in runs:
        for objective in run.objectives:
            evaluation = objective.evaluation
            if evaluation is None:
                continue
            estimated = evaluation.estimated or {}
            fit = objective.fit or {}
            rows.append(
                {
                    "run": run.name,
                    "objective": evaluation.objective,
                    "family": evaluation.family,
                    **evaluation.comparison.as_dict(),
                    "verdict": verdict(evaluation.comparison),
                    "undefined_before": evaluation.undefined_before,
                    "undefined_after": evaluation.undefined_after,
                    **{f"estimated_{k}": estimated.get(k) for k in ("before", "after", "change")},
                    **{column: fit.get(key) for key, column in FIT_COLUMNS.items()},
                    "git_revision": run.options.get("git_revision"),
                    "run_options": _options(run.options),
                    "estimator_options": _options(_options_of(objective.estimator)),
                    "tuning_options": _options(_options_of(objective.tuning)),
                    "evaluation_options": _options(evaluation.options),
                }
            )
    return pd.DataFrame(rows)


def _options_of(training: Training | None) -> dict[str, Any]:
    return training.options if training else {}


def _options(options: dict[str, Any]) -> str | None:
    return json.dumps(options["options"], sort_keys=True) if "options" in options else None


def _run_view(run: Run, drawn: Path) -> dict[str, Any]:
    """Gather what the template shows of a run."""
    stages = [("Pretraining", run.gan)]
    for objective in run.objectives:
        stages += [
            (f"Estimator, {objective.text}", objective.estimator),
            (f"Tuning, {objective.text}", objective.tuning),
        ]
    return {
        "run": run,
        "seed": run.options.get("options", {}).get("seed"),
        "seconds": [
            ("Pretraining", _seconds([run.gan])),
            ("Estimators", _seconds([o.estimator for o in run.objectives])),
            ("Tuning", _seconds([o.tuning for o in run.objectives])),
        ],
        "options": [("Run", run.options)]
        + [(name, stage.options) for name, stage in stages if stage and stage.options]
        + [
            (f"Evaluation, {o.text}", o.evaluation.options)
            for o in run.objectives
            if o.evaluation and o.evaluation.options
        ],
        "gan": _training_view(run.gan, drawn / f"{run.name}-pretraining.png"),
        "objectives": [_objective_view(run, objective, drawn) for objective in run.objectives],
    }


def _objective_view(run: Run, objective: ObjectiveRun, drawn: Path) -> dict[str, Any]:
    def file(part: str) -> Path:
        return drawn / f"{run.name}-{objective.slug}-{part}.png"

    evaluation, fit, estimator = objective.evaluation, objective.fit or {}, objective.estimator
    groups = fit.get("calibration")
    return {
        "anchor": f"{run.name}-{objective.slug}",
        "text": objective.text,
        "evaluation": evaluation,
        "fit": objective.fit,
        "before": _inline(evaluation.before if evaluation else None),
        "after": _inline(evaluation.after if evaluation else None),
        "rates": evaluation
        and _draw(
            figures.rate_histogram(evaluation.rates_before, evaluation.rates_after), file("rates")
        ),
        "calibration": groups and _draw(figures.calibration_plot(groups), file("calibration")),
        "estimator_curves": estimator
        and _draw(
            figures.estimator_curves(estimator.stats, fit.get("chosen_step")), file("estimator")
        ),
        "tuning": _training_view(objective.tuning, file("tuning")),
    }


def _training_view(training: Training | None, file: Path) -> dict[str, Any] | None:
    if training is None:
        return None
    return {
        "reals": _inline(training.reals),
        "first": _inline(training.first),
        "last": _inline(training.last),
        "last_step": training.last_step,
        "curves": _draw(figures.training_curves(training.stats), file),
    }


def _draw(figure: Figure | None, file: Path) -> str | None:
    if figure is None:
        return None
    figure.savefig(file, dpi=DPI)
    return _inline(file)


def _inline(file: Path | None) -> str | None:
    if file is None:
        return None
    return "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode("ascii")


def _seconds(trainings: Sequence[Training | None]) -> float | None:
    """Add up how long trainings took, as far as they tell."""
    last_rows = [training.stats[-1] for training in trainings if training and training.stats]
    seconds = [row["seconds"] for row in last_rows if "seconds" in row]
    return sum(seconds) if seconds else None


def _number(value: float | None, digits: int = 4) -> str:
    return "not defined" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _signed(value: float | None, digits: int = 4) -> str:
    return "not defined" if value is None or math.isnan(value) else f"{value:+.{digits}f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "not recorded"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
