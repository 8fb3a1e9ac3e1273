"""The parts of a report's page that come from the table of results alone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from pirgan_tf.analysis.figures import pictures
from pirgan_tf.analysis.figures.objective_figures import NothingToDraw
from pirgan_tf.analysis.figures.sweep_figures import FIGURES, SweepFigure
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.statistics.models import LinearModel
from pirgan_tf.analysis.table import selection

_SETTINGS = (*selection.SETTINGS, "pir_weight", "features", "git_revision")


@dataclasses.dataclass(frozen=True)
class PaperModel:
    """A linear model of the paper.

    Attributes:
        title: section, and what is explained by what.
        fit: fits it to rows of the table.
        paper: what the paper says of it, by coefficient or "R²".
        line: its predictor, if it has only one: then a robust line is shown beside it.
    """

    title: str
    fit: Callable[[pd.DataFrame], LinearModel | None]
    paper: dict[str, str]
    line: str | None = None


MODELS = (
    PaperModel(
        "4.1: effect size of sets of filters by layer (pool1 is 1, fc8 is 8)",
        models.effect_by_layer,
        {"layer": "-0.13, t -7.8, p < 1e-10"},
    ),
    PaperModel(
        "4.3.1: true change by estimated change",
        models.change_by_estimate,
        {"estimated_change": "1.67"},
        "estimated_change",
    ),
    PaperModel(
        "4.3.2: change by the rates before tuning",
        models.change_by_variability,
        {"sd_before": "0.99, t 10.6, p < 1e-10"},
    ),
    PaperModel(
        "4.3.2: change by their standard deviation alone",
        models.variability_alone,
        {"R²": "about 0.5"},
        "sd_before",
    ),
)


def tally(table: pd.DataFrame) -> dict[str, int]:
    """Count what became of the objectives by their first tuning, and what failed."""
    rows = selection.first_tuning(table)
    verdicts = rows["verdict"].value_counts()
    return {
        "rows": len(rows),
        "objectives": rows["objective"].nunique(),
        "improved": int(verdicts.get("improved significantly", 0)),
        "unchanged": int(verdicts.get("no significant change", 0)),
        "worse": int(verdicts.get("got worse", 0)),
        "failed": int(table["failure"].notna().sum()),
    }


def draw_figures(table: pd.DataFrame, folder: Path) -> list[dict[str, Any]]:
    """Draw the figures over all objectives into a folder.

    Returns:
        For each, `figure` and either `source`, for the page, or `missing`, the reason.
    """
    return [_drawn(figure, table, folder) for figure in FIGURES]


def _drawn(figure: SweepFigure, table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    try:
        drawing = figure.draw(table)
    except NothingToDraw as reason:
        return {"figure": figure, "missing": str(reason)}
    pictures.save_figure(drawing, folder / figure.name)
    if figure.photographic:
        return {"figure": figure, "source": pictures.inline_photo(folder / f"{figure.name}.png")}
    return {"figure": figure, "source": pictures.inline(folder / f"{figure.name}.svg")}


def fit_models(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Fit the paper's linear models to the first tuning of each objective."""
    rows = selection.first_tuning(table)
    return [_fitted(model, rows) for model in MODELS]


def _fitted(model: PaperModel, rows: pd.DataFrame) -> dict[str, Any]:
    ours = model.fit(rows)
    return {
        "paper": model,
        "ours": ours,
        "robust": model.line and models.robust_line(rows, "change", model.line),
        "influential": list(rows.loc[list(ours.influential), "objective"]) if ours else [],
    }


def estimates_note(table: pd.DataFrame) -> str:
    """Return what is to be said wherever estimated changes stand; "" where nothing is."""
    rows = selection.evaluated(table).dropna(subset=["estimated_change"])
    unknown, learned = rows["learned_before"].isna().sum(), rows["learned_before"].sum()
    notes = []
    if learned:
        notes.append(f"In {learned} rows the estimator learned from these images.")
    if unknown:
        notes.append(f"Of {unknown} rows it is not recorded whether it learned from these images.")
    if not notes:
        return ""
    return " ".join(["The paper's estimate before tuning is of new images.", *notes])


def group_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Group the evaluated rows by family and layer, in the paper's order."""
    rows = selection.evaluated(table)
    order = {name: place for place, name in enumerate((*selection.COLORS, *selection.LAYERS))}
    groups = []
    for (family, layer), group in rows.groupby(["family", "layer"], dropna=False, sort=False):
        is_color = pd.isna(layer)
        groups.append(
            {
                "place": (not is_color, order.get(family if is_color else layer), family),
                "title": family if is_color else f"{layer}, {family}",
                "rows": list(group.itertuples()),
                "improved": int((group["verdict"] == "improved significantly").sum()),
                "median_d": group["cohens_d"].median(),
            }
        )
    return sorted(groups, key=lambda group: group["place"])


def settings_of(table: pd.DataFrame) -> tuple[dict[str, Any], dict[str, dict[Any, int]]]:
    """Return the settings that all rows share, and of the others how many rows have which."""
    shared, varying = {}, {}
    rows = selection.evaluated(table)
    for name in _SETTINGS:
        counts = rows[name].value_counts().sort_index()
        unknown = len(rows) - counts.sum()
        if len(counts) + (unknown > 0) > 1:
            varying[name] = counts.to_dict() | ({"not recorded": unknown} if unknown else {})
        elif len(counts):
            shared[name] = counts.index[0]
    return shared, varying
