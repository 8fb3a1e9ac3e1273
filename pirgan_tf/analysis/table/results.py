"""results.csv: one row an objective, PIR weight and round, which carries its whole setting.

Figures and claims are drawn from this table alone. Cells are empty where something
is not known, was not computed, or has failed.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE, holm
from pirgan_tf.analysis.table.cells import check_cell, check_row, parse_cell
from pirgan_tf.analysis.table.rows import objective_row
from pirgan_tf.analysis.table.runs import Run
from pirgan_tf.analysis.table.selection import COLORS, LAYERS
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Json
from pirgan_tf.files.table import read_table

RESULTS_VERSION = 2

# Each column's type in memory, in the file's order.
COLUMNS = {
    "results_version": "Int64",
    # What was tried, and whether it ended well.
    "run": "object",
    "objective": "object",
    "family": "object",
    "layer": "object",
    "failure": "object",
    "seed": "Int64",
    "round": "Int64",
    "kept": "boolean",
    # What tells one experiment from another, and is the same in all its rounds.
    "num_images": "Int64",
    "num_train": "Int64",
    "impressions": "Int64",
    "rescaled": "boolean",
    "labels": "object",
    "head": "object",
    "temperature": "float64",
    "initial": "object",
    "pir_weight": "float64",
    "adversarial_weight": "float64",
    "tune_steps": "Int64",
    # True rates before and after tuning: `Comparison`.
    "num_before": "Int64",
    "num_after": "Int64",
    "mean_before": "float64",
    "mean_after": "float64",
    "sd_before": "float64",
    "sd_after": "float64",
    "change": "float64",
    "cohens_d": "float64",
    "cohens_d_low": "float64",
    "cohens_d_high": "float64",
    "t": "float64",
    "df": "float64",
    "p": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "significant": "boolean",
    "p_holm": "float64",
    "significant_holm": "boolean",
    "verdict": "object",
    "percent_nonzero": "float64",
    "undefined_before": "Int64",
    "undefined_after": "Int64",
    "estimated_before": "float64",
    "estimated_after": "float64",
    "estimated_change": "float64",
    # `Diversity` of all images after tuning against all before.
    "features": "object",
    "distance_before": "float64",
    "distance_after": "float64",
    "precision": "float64",
    "recall": "float64",
    "density": "float64",
    "coverage": "float64",
    "kid": "float64",
    "diversity_images": "Int64",
    # How good the estimator was on images that it did not learn from.
    "heldout_spearman": "float64",
    "heldout_spearman_ceiling": "float64",
    "heldout_mae": "float64",
    "fit_num_heldout": "Int64",
    "fit_chosen_step": "Int64",
    # Seconds: the whole objective, with all weights and rounds, and this row's trainings.
    "seconds": "float64",
    "seconds_estimator": "float64",
    "seconds_tuning": "float64",
    # Grids of images: absolute paths in memory, relative to the file in the file.
    "images_before": "object",
    "images_after": "object",
    # Where it comes from; the options are JSON.
    "git_revision": "object",
    "run_options": "object",
    "estimator_options": "object",
    "tuning_options": "object",
    "evaluation_options": "object",
}
_NEVER_EMPTY = ("results_version", "run", "objective", "family", "round", "kept")
_IMAGES = ("images_before", "images_after")
_CORRECTED = ("p_holm", "significant_holm")


def results_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Build the table of all objectives of some runs that were evaluated or failed.

    Returns:
        A table with the columns and types of COLUMNS, each run's rows in the paper's
        order: colours by their number, then filters layer by layer. What is empty in the file is
        NaN in a column of numbers, None in one of texts, and otherwise pandas.NA.
    """
    rows: list[Json] = []
    for run in runs:
        of_run = [
            _checked(
                {"results_version": RESULTS_VERSION} | objective_row(run, objective),
                f"{objective.slug} of run {run.name}",
            )
            for objective in run.objectives
            if objective.evaluation or objective.failure
        ]
        rows += sorted(of_run, key=_papers_order)
    return correct(_typed(rows))


def correct(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Holm's correction over all its rows: p_holm, significant_holm.

    Tables are joined by `correct(pandas.concat(tables, ignore_index=True))`.

    Raises:
        InputError: a row occurs twice, as when a file was given twice.
    """
    # A copied file has other paths, and a part of it another correction.
    twice = table.duplicated([name for name in COLUMNS if name not in (*_IMAGES, *_CORRECTED)])
    if twice.any():
        row = table[twice].iloc[0]
        raise InputError(
            "results must differ in at least one column, but a file may have been given twice, or "
            f"a run and its results.csv. Received: {row['objective']} of {row['run']} twice"
        )
    p_holm = holm(table["p"])
    significant = pd.array(p_holm < SIGNIFICANCE, "boolean")
    significant[table["significant"].isna()] = pd.NA
    return table.assign(p_holm=p_holm, significant_holm=significant)


def write_results(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of `results_table` to a file, which `read_results` reads back exactly."""
    path = Path(path)
    relative = {name: [_relative(image, path.parent) for image in table[name]] for name in _IMAGES}
    table.assign(**relative).to_csv(path, columns=list(COLUMNS), index=False)


def read_results(path: str | Path) -> pd.DataFrame:
    """Read results.csv.

    Columns that it does not need to have are left out.

    Returns:
        The table, as `results_table` builds it.

    Raises:
        InputError: there is no such file; it is another version's, lacks columns,
            or has a cell of a wrong type, which the message names.
    """
    table = read_table(path)
    read = table.rows()
    for place, fields in read:
        version = fields.get("results_version", str(RESULTS_VERSION))
        if version != str(RESULTS_VERSION):
            raise InputError(
                f"results_version must be {RESULTS_VERSION}. Received: {version!r} in {place}"
            )
    table.require(list(COLUMNS))
    rows = []
    for place, fields in read:
        row = {
            name: parse_cell(fields[name], name, dtype, place) for name, dtype in COLUMNS.items()
        }
        images = {name: _absolute(row[name], name, table.path.parent, place) for name in _IMAGES}
        rows.append(_checked(row | images, place))
    return _typed(rows)


def _papers_order(row: Json) -> tuple[int, int]:
    family, layer = row["family"], row["layer"]
    return (
        LAYERS.index(layer) + 1 if layer else 0,
        COLORS.index(family) if family in COLORS else len(COLORS),
    )


def _checked(row: Json, place: str) -> Json:
    """Return a row's values by column, None where they are empty, or raise InputError."""
    values = {
        name: check_cell(row.get(name), name, dtype, place, needed=name in _NEVER_EMPTY)
        for name, dtype in COLUMNS.items()
    }
    check_row(values, place)
    return values


def _absolute(image: str | None, column: str, folder: Path, place: str) -> str | None:
    """Return the path of a picture; a table may lead to those of evaluations alone."""
    if image is None:
        return None
    name = f"{column.removeprefix('images_')}.png"
    path = PurePosixPath(image)
    if path.is_absolute() or path.name != name or "\0" in image:
        raise InputError(
            f"{column} must be the relative path of an evaluation's {name}. "
            f"Received: {image!r} in {place}"
        )
    return str((folder / image).resolve())


def _relative(image: Any, folder: Path) -> str | None:
    return None if pd.isna(image) else Path(os.path.relpath(image, folder.resolve())).as_posix()


def _typed(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], dtype=dtype)
            for name, dtype in COLUMNS.items()
        }
    )
