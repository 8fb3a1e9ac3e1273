"""results.csv: one row per objective, PIR weight and round, with its whole setting.

Figures and claims are drawn from this table alone. Cells are empty where something
is not known, was not computed, or has failed.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from pirgan_tf.analysis.statistics.comparison import SIGNIFICANCE
from pirgan_tf.analysis.statistics.multiple import holm
from pirgan_tf.analysis.table.cells import check_cell, check_row, parse_cell
from pirgan_tf.analysis.table.columns import COLUMNS, LATER, NEVER_EMPTY, RESULTS_VERSION
from pirgan_tf.analysis.table.rows import objective_row
from pirgan_tf.analysis.table.runs import Run
from pirgan_tf.analysis.table.selection import COLORS, LAYERS
from pirgan_tf.errors import InputError
from pirgan_tf.files.json import Json
from pirgan_tf.files.table import read_table

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

    Columns of other names are left out; those that earlier versions lacked may be missing.

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
    table.require([name for name in COLUMNS if name not in LATER])
    rows = []
    for place, fields in read:
        row = {
            name: parse_cell(fields.get(name, ""), name, dtype, place)
            for name, dtype in COLUMNS.items()
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
        name: check_cell(row.get(name), name, dtype, place, needed=name in NEVER_EMPTY)
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
